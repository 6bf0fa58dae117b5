/**
 * Rules of SMS: the countries that get them, and their number in a day. Codes cost money, and
 * fraudsters earn it: they have codes sent to many numbers of their own in countries where a
 * message is expensive. So a deployment names its countries, and a day has a bound for all numbers
 * and for each prefix.
 */
import {
  getCountryCallingCode,
  isSupportedCountry,
  parsePhoneNumberFromString,
  type CountryCode,
} from 'libphonenumber-js/max'
import { sql, type Kysely } from 'kysely'
import type { Tables } from '../../migrations/database/tables.ts'
import {
  ConfigError,
  integerVariable,
  textVariable,
  type Environment,
} from '../../protocol/kernel/environment.ts'
import { CaduceusError } from '../../protocol/kernel/errors.ts'
import { isInternational, phoneNotice } from '../../protocol/accounts/phones.ts'
import { smsPerDayDefault, smsPerPrefixPerDayDefault, smsPrefixDigits } from './limits.ts'

export interface SmsRules {
  /** Countries that get SMS; null: all. */
  countries: readonly CountryCode[] | null
  perDayMax: number
  perPrefixPerDayMax: number
}

const dayMs = 24 * 3_600_000

/**
 * Reads SMS_COUNTRIES (default: the country of PHONE_COUNTRY, or all), SMS_PER_DAY and
 * SMS_PER_PREFIX_PER_DAY. Throws ConfigError.
 */
export function readSmsRules(environment: Environment, phoneCountry: CountryCode | null): SmsRules {
  const given = textVariable(environment, 'SMS_COUNTRIES')
  const named = (given ?? '')
    .split(',')
    .map(name => name.trim().toUpperCase())
    .filter(name => name !== '')
  const unknown = named.find(name => name !== '*' && !isSupportedCountry(name))
  if (unknown !== undefined)
    throw new ConfigError(
      `SMS_COUNTRIES: "${unknown}" is not a country's two letters such as NP, and not *`,
    )
  const perDayMax = integerVariable(environment, 'SMS_PER_DAY', smsPerDayDefault, 1, 10_000_000)
  return {
    countries:
      given === null
        ? phoneCountry === null
          ? null
          : [phoneCountry]
        : named.includes('*')
          ? null
          : (named as CountryCode[]),
    perDayMax,
    perPrefixPerDayMax: integerVariable(
      environment,
      'SMS_PER_PREFIX_PER_DAY',
      Math.min(perDayMax, smsPerPrefixPerDayDefault),
      1,
      10_000_000,
    ),
  }
}

/**
 * Throws `invalid_request` for a number without a country, and for a country that is not served.
 */
export function refusePhone(rules: SmsRules, phone: string): void {
  const refuse = (rule: string): never => {
    throw new CaduceusError('invalid_request', `phone: ${rule}`, [{ field: 'phone', rule }])
  }
  if (!isInternational(phone)) refuse(phoneNotice)
  if (rules.countries === null) return
  const number = parsePhoneNumberFromString(phone)
  // Countries share calling codes. A number that exists belongs to one of them; an SMS to one that
  // does not exist costs nothing.
  const served =
    number?.country === undefined
      ? rules.countries.some(
          country => getCountryCallingCode(country) === number?.countryCallingCode,
        )
      : rules.countries.includes(number.country)
  if (!served) refuse('is of a country to which this server sends no SMS')
}

/**
 * Runs in the transaction that notes the message as sent, under its lock. Throws
 * `too_many_requests`.
 */
export async function refuseTooManySms(
  tx: Kysely<Tables>,
  rules: SmsRules,
  nowMs: number,
  phone: string,
): Promise<void> {
  const prefix = phone.slice(0, 1 + smsPrefixDigits)
  const {
    rows: [sent],
  } = await sql<{ all: number; alike: number; oldest: Date | null }>`
    select count(*)::int as all, count(*) filter (where starts_with(destination, ${prefix}))::int as alike, min(sent_at) as oldest
    from one_time_codes where sent_at > ${new Date(nowMs - dayMs)} and purpose = 'sign_in_phone'`.execute(
    tx,
  )
  if (sent!.all < rules.perDayMax && sent!.alike < rules.perPrefixPerDayMax) return
  const waitSeconds = Math.max(1, Math.ceil((sent!.oldest!.getTime() + dayMs - nowMs) / 1_000))
  throw new CaduceusError(
    'too_many_requests',
    'this server has sent as many SMS as it may in a day',
    undefined,
    waitSeconds,
  )
}

/** Whether one more SMS may go to a phone. `never`: not to this number, on no day. */
export type SmsAllowance = (phone: string) => 'now' | 'later' | 'never'

/**
 * The allowance of reminders and news: by the countries of the deployment, and by the number of
 * their SMS of the last day, in all and to alike numbers. They have a bound of their own beside the
 * codes, so they never keep anybody from signing in. Each `now` counts.
 */
export async function smsAllowance(
  db: Kysely<Tables>,
  rules: SmsRules,
  nowMs: number,
): Promise<SmsAllowance> {
  const since = new Date(nowMs - dayMs)
  const { rows } = await sql<{ prefix: string; sent: number }>`
    select left(u.phone, ${1 + smsPrefixDigits}::int) as prefix, count(*)::int as sent
    from notification_deliveries d join users u on u.id = d.account_id
    where d.channel = 'sms' and d.state = 'sent' and d.ended_at > ${since}
    group by 1`.execute(db)
  const sentTo = new Map(rows.map(({ prefix, sent }) => [prefix, sent]))
  let all = rows.reduce((sum, { sent }) => sum + sent, 0)
  return phone => {
    try {
      refusePhone(rules, phone)
    } catch {
      return 'never'
    }
    const prefix = phone.slice(0, 1 + smsPrefixDigits)
    const alike = sentTo.get(prefix) ?? 0
    if (all >= rules.perDayMax || alike >= rules.perPrefixPerDayMax) return 'later'
    all++
    sentTo.set(prefix, alike + 1)
    return 'now'
  }
}
