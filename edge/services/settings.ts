/** The body that makes or changes a service, and the columns that it becomes. */
import Type from 'typebox'
import type { ServiceSettings } from '../../migrations/database/tables-appointments.ts'
import { defaultTerms, termFields } from '../../protocol/appointments/terms.ts'
import {
  calendarRule,
  inCalendar,
  isKnownZone,
  localMsOfText,
} from '../../protocol/appointments/zones.ts'
import type { FieldError } from '../../protocol/kernel/errors.ts'
import { Uuid } from '../../protocol/kernel/principal.ts'
import { decimalOfMinor, minorOfDecimal } from '../../protocol/pricing/money.ts'
import { nullable, PersonName, Text } from '../kernel/shapes.ts'
import { invalid } from '../kernel/validate.ts'
import { serviceLimits } from './limits.ts'

export const Icon = Type.String({ minLength: 1, maxLength: serviceLimits.iconCharactersMax })

const optional = Object.fromEntries(
  Object.entries(termFields).map(([name, schema]) => [name, Type.Optional(schema)]),
) as { [Name in keyof typeof termFields]: Type.TOptional<(typeof termFields)[Name]> }

/** Fields of both bodies; `name` is required only in the first. */
export const serviceBody = {
  description: Type.Optional(nullable(Text)),
  icon: Type.Optional(nullable(Icon)),
  main_service_id: Type.Optional(nullable(Uuid)),
  price: Type.Optional(nullable(Type.Number({ minimum: 0, maximum: serviceLimits.priceMinorMax }))),
  is_active: Type.Optional(Type.Boolean()),
  ...optional,
}
export const serviceName = PersonName
export type ServiceBody = Type.Static<Type.TObject<typeof serviceBody>> & { name?: string }

const termNames = Object.keys(termFields) as (keyof ServiceSettings)[]

/** The settings of a service that is new or had these before. Throws `invalid_request`. */
export function settingsOf(
  body: ServiceBody,
  before: ServiceSettings | { time_zone: string },
): ServiceSettings {
  const given = Object.fromEntries(
    termNames.flatMap(name => (body[name] === undefined ? [] : [[name, body[name]]])),
  )
  const settings = { ...defaultTerms, ...before, ...given } as unknown as ServiceSettings
  const broken = mistakesIn(settings)
  if (broken.length > 0) throw invalid(broken)
  return settings
}

/** The rules that no schema can say. */
function mistakesIn({ time_zone, overrides, leave, steps }: ServiceSettings): FieldError[] {
  const fields: FieldError[] = []
  const mistake = (field: string, rule: string): void => void fields.push({ field, rule })
  if (!isKnownZone(time_zone))
    mistake('time_zone', 'must be an IANA time zone such as Asia/Kolkata')
  const dates = new Set<string>()
  for (const [i, { date }] of overrides.entries()) {
    if (dates.has(date)) mistake(`overrides.${i}.date`, 'must be there once')
    dates.add(date)
    const dayMs = localMsOfText(`${date}T00:00`)
    if (dayMs !== null && !inCalendar(dayMs)) mistake(`overrides.${i}.date`, calendarRule)
  }
  for (const [i, { from, to }] of leave.entries())
    for (const rule of periodMistakes(from, to)) mistake(`leave.${i}.${rule.field}`, rule.rule)
  const ids = new Set<string>()
  for (const [i, { id }] of steps.entries()) {
    if (ids.has(id)) mistake(`steps.${i}.id`, 'must be there once')
    ids.add(id)
  }
  return fields
}

/** The mistakes in a period of local times. */
export function periodMistakes(from: string, to: string): FieldError[] {
  const [fromMs, toMs] = [localMsOfText(from), localMsOfText(to)]
  const rule = 'must be a local time such as 2026-12-24T12:00'
  if (fromMs === null) return [{ field: 'from', rule }]
  if (toMs === null) return [{ field: 'to', rule }]
  if (!inCalendar(fromMs)) return [{ field: 'from', rule: calendarRule }]
  if (!inCalendar(toMs)) return [{ field: 'to', rule: calendarRule }]
  return fromMs < toMs ? [] : [{ field: 'to', rule: 'must be after from' }]
}

/** The price in minor units. Throws `invalid_request`. */
export function priceOf(price: number | null, currency: string): number | null {
  if (price === null) return null
  const minor = minorOfDecimal(price, currency)
  if (minor === null)
    throw invalid([{ field: 'price', rule: `must be whole in the smallest unit of ${currency}` }])
  if (minor > serviceLimits.priceMinorMax)
    throw invalid([
      {
        field: 'price',
        rule: `must be at most ${decimalOfMinor(serviceLimits.priceMinorMax, currency)}`,
      },
    ])
  return minor
}
