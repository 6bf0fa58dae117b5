/** Times that callers give: instants, dates, and local times that a change of the clock may skip. */
import {
  calendarRule,
  inCalendar,
  instantsOf,
  localMsOfText,
  piecesOf,
  stretchesOf,
  dayMs,
} from '../../protocol/appointments/zones.ts'
import { CaduceusError } from '../../protocol/kernel/errors.ts'
import { dayMs as msOfDay, instantMs, instantRule } from '../../protocol/kernel/iso-time.ts'
import { invalid } from '../kernel/validate.ts'

/** An instant, or the beginning of a date in the zone. Throws `invalid_request`. */
export function momentOf(text: string, zone: string, field: string): number {
  const exactMs = instantMs(text)
  const localMs = exactMs ?? msOfDay(text)
  if (localMs === null)
    throw invalid([{ field, rule: `must be a day such as 2026-01-31, or it ${instantRule}` }])
  if (!inCalendar(localMs)) throw invalid([{ field, rule: calendarRule }])
  if (exactMs !== null) return exactMs
  const [first] = piecesOf(
    stretchesOf(zone, localMs - 2 * dayMs, localMs + 3 * dayMs),
    localMs,
    localMs + dayMs,
  )
  // The zone skipped the whole day.
  return first?.fromMs ?? localMs
}

/**
 * The beginning of a slot: an instant, or a local time in the zone. Throws `invalid_request`, and
 * `slot_in_gap` or `slot_ambiguous` on the days when clocks change.
 */
export function startOf(
  { start, start_local }: { start?: string; start_local?: string },
  zone: string,
): number {
  if ((start === undefined) === (start_local === undefined))
    throw invalid([{ field: 'start', rule: 'or start_local must be given, and not both' }])
  if (start !== undefined) {
    const startMs = instantMs(start)!
    if (!inCalendar(startMs)) throw invalid([{ field: 'start', rule: calendarRule }])
    return startMs
  }
  const localMs = localMsOfText(start_local!)
  const field = 'start_local'
  if (localMs === null)
    throw invalid([{ field, rule: 'must be a local time such as 2026-12-24T12:00' }])
  if (!inCalendar(localMs)) throw invalid([{ field, rule: calendarRule }])
  const instants = instantsOf(zone, localMs)
  if (instants.length === 0)
    throw refused('slot_in_gap', field, `must be a time that clocks of ${zone} show`)
  if (instants.length > 1)
    throw refused('slot_ambiguous', field, 'must not repeat that day; give start instead')
  return instants[0]!
}

/** A refusal that names its field and rule, as the refusals of the validation do. */
const refused = (code: 'slot_in_gap' | 'slot_ambiguous', field: string, rule: string) =>
  new CaduceusError(code, `${field} ${rule}`, [{ field, rule }])
