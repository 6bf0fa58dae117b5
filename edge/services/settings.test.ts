/** Times and settings that a pharmacy gives, with each rule that no schema can say. */
import t from 'tap'
import type { ServiceSettings } from '../../migrations/database/tables-appointments.ts'
import { defaultTerms } from '../../protocol/appointments/terms.ts'
import { calendarRule } from '../../protocol/appointments/zones.ts'
import { CaduceusError } from '../../protocol/kernel/errors.ts'
import { instantRule } from '../../protocol/kernel/iso-time.ts'
import { serviceLimits } from './limits.ts'
import { momentOf, startOf } from './moments.ts'
import { periodMistakes, priceOf, settingsOf, type ServiceBody } from './settings.ts'

const newYork = 'America/New_York'
/** The value, or the code and the broken rules of the refusal. */
const outcome = <T>(ask: () => T): T | string => {
  try {
    return ask()
  } catch (error) {
    if (!(error instanceof CaduceusError)) throw error
    return [error.code, ...(error.fields ?? []).map(({ field, rule }) => `${field} ${rule}`)].join(
      '; ',
    )
  }
}
const iso = (value: number | string): string =>
  typeof value === 'number' ? new Date(value).toISOString() : value

t.test('an instant is itself, and a date begins when its clocks begin it', async t => {
  const moment = (text: string, zone = newYork) => iso(outcome(() => momentOf(text, zone, 'from')))
  t.equal(moment('2027-06-07T12:00:00Z'), '2027-06-07T12:00:00.000Z')
  t.equal(moment('2027-06-07'), '2027-06-07T04:00:00.000Z')
  t.equal(moment('2027-03-14'), '2027-03-14T05:00:00.000Z', 'the day of a change')
  t.equal(moment('2027-03-15'), '2027-03-15T04:00:00.000Z', 'the day after it')
  t.equal(moment('2027-06-07', 'Pacific/Kiritimati'), '2027-06-06T10:00:00.000Z')
  // Clocks of Cairo go from 00:00 to 01:00.
  t.equal(moment('2025-04-25', 'Africa/Cairo'), '2025-04-24T22:00:00.000Z')
  t.equal(moment('2011-12-30', 'Pacific/Apia'), '2011-12-30T00:00:00.000Z', 'it was skipped')
  t.equal(
    moment('soon'),
    `invalid_request; from must be a day such as 2026-01-31, or it ${instantRule}`,
  )
  for (const far of ['1999-12-31', '2100-01-01', '1999-12-31T23:59:59Z', '2100-01-01T00:00:00Z'])
    t.equal(moment(far), `invalid_request; from ${calendarRule}`, far)
  t.equal(moment('2099-12-31', 'UTC'), '2099-12-31T00:00:00.000Z')
})

t.test('a slot begins at an instant or at one local time', async t => {
  const start = (given: Parameters<typeof startOf>[0]) =>
    iso(outcome(() => startOf(given, newYork)))
  const at = (start_local: string) => start({ start_local })
  t.equal(start({ start: '2027-06-07T12:00:00Z' }), '2027-06-07T12:00:00.000Z')
  t.equal(at('2027-06-07T08:00'), '2027-06-07T12:00:00.000Z')
  const one = 'invalid_request; start or start_local must be given, and not both'
  t.equal(start({}), one)
  t.equal(start({ start: '2027-06-07T12:00:00Z', start_local: '2027-06-07T08:00' }), one)
  t.equal(start({ start: '2100-01-01T00:00:00Z' }), `invalid_request; start ${calendarRule}`)
  t.equal(at('2100-01-01T00:00'), `invalid_request; start_local ${calendarRule}`)
  t.equal(
    at('2027-02-30T08:00'),
    'invalid_request; start_local must be a local time such as 2026-12-24T12:00',
  )
  t.equal(
    at('2027-03-14T02:30'),
    'slot_in_gap; start_local must be a time that clocks of America/New_York show',
  )
  t.equal(
    at('2027-11-07T01:30'),
    'slot_ambiguous; start_local must not repeat that day; give start instead',
  )
})

t.test('settings are those of the body, then those of before, then the usual ones', async t => {
  const fresh = settingsOf({ capacity: 3 } as ServiceBody, { time_zone: 'UTC' })
  t.strictSame(fresh, { ...defaultTerms, time_zone: 'UTC', capacity: 3 })
  t.strictSame(settingsOf({ window_days: 7, name: 'x' } as ServiceBody, fresh), {
    ...fresh,
    window_days: 7,
  })
  t.equal(settingsOf({ quiet_hours: null } as ServiceBody, fresh).quiet_hours, null)
})

t.test('settings that no calendar can keep are refused, each with its place', async t => {
  const refused = (body: Partial<ServiceSettings>) =>
    outcome(() => typeof settingsOf(body as ServiceBody, { time_zone: 'UTC' }))
  const override = (date: string) => ({ date, intervals: [] })
  const step = (id: string) => ({ id, name: id, minutes: 1 })
  t.equal(refused({}), 'object')
  t.equal(
    refused({ time_zone: 'Mars/Base' }),
    'invalid_request; time_zone must be an IANA time zone such as Asia/Kolkata',
  )
  t.equal(refused({ overrides: [override('2027-06-07'), override('2027-06-08')] }), 'object')
  t.equal(
    refused({
      overrides: [override('2027-06-07'), override('2027-06-08'), override('2027-06-07')],
    }),
    'invalid_request; overrides.2.date must be there once',
  )
  t.equal(
    refused({ overrides: [override('2099-12-31'), override('2100-01-01')] }),
    `invalid_request; overrides.1.date ${calendarRule}`,
  )
  t.equal(refused({ steps: [step('a'), step('b')] }), 'object')
  t.equal(
    refused({ steps: [step('a'), step('a')] }),
    'invalid_request; steps.1.id must be there once',
  )
  const day = { from: '2027-06-07T09:00', to: '2027-06-07T10:00' }
  t.equal(refused({ leave: [day] }), 'object')
  t.equal(
    refused({ leave: [day, { ...day, to: day.from }] }),
    'invalid_request; leave.1.to must be after from',
  )
  t.match(refused({ time_zone: 'x', steps: [step('a'), step('a')] }), /time_zone.*steps\.1\.id/)
})

t.test('a period of local times ends after its beginning, in the years of calendars', async t => {
  const first = (from: string, to: string) => {
    const mistakes = periodMistakes(from, to)
    t.ok(mistakes.length <= 1)
    return mistakes[0] === undefined ? '' : `${mistakes[0].field} ${mistakes[0].rule}`
  }
  const text = 'must be a local time such as 2026-12-24T12:00'
  t.equal(first('2027-06-07T09:00', '2027-06-07T09:01'), '')
  t.equal(first('2027-06-07T09:00', '2027-06-07T09:00'), 'to must be after from')
  t.equal(first('2027-06-07T09:00', '2027-06-07T08:00'), 'to must be after from')
  t.equal(first('x', 'x'), `from ${text}`)
  t.equal(first('2027-06-07T09:00', '2027-02-30T09:00'), `to ${text}`)
  t.equal(first('1999-06-07T09:00', '2027-06-07T09:00'), `from ${calendarRule}`)
  t.equal(first('2027-06-07T09:00', '2100-06-07T09:00'), `to ${calendarRule}`)
})

t.test('a price is whole in the smallest unit, and not beyond the bound', async t => {
  const price = (value: number | null, currency = 'USD') => outcome(() => priceOf(value, currency))
  t.equal(price(null), null)
  t.equal(price(0), 0)
  t.equal(price(12.5), 1_250)
  t.equal(price(12.505), 'invalid_request; price must be whole in the smallest unit of USD')
  t.equal(price(12.5, 'JPY'), 'invalid_request; price must be whole in the smallest unit of JPY')
  const most = serviceLimits.priceMinorMax
  t.equal(price(most, 'JPY'), most)
  t.equal(price(most + 1, 'JPY'), `invalid_request; price must be at most ${most}`)
})
