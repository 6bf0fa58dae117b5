/**
 * When a calendar must be looked at again without a command, and why. It is derived from the state,
 * so recovery needs no stored timers.
 */
import { appointmentLimits } from '../../protocol/appointments/limits.ts'
import { minuteMs } from '../../protocol/appointments/zones.ts'
import type { Appointment, Calendar, OpenCalendar } from './state.ts'
import { opensAtMs } from './waiting.ts'

/**
 * `open`: the booking window reaches a place that a customer waits for. `lapse`: a hold or an offer
 * is over. `unconfirmed`: it begins, and nobody confirmed it. `unmet`: the times that suit are over.
 * `miss`: nobody came. `close`: nobody closed it.
 */
export type Due =
  | { atMs: number; why: 'open' }
  | {
      atMs: number
      why: 'lapse' | 'unconfirmed' | 'unmet' | 'remind' | 'miss' | 'close'
      appointment: Appointment
    }

/** The next thing that happens to one appointment by itself. */
function dueOf({ terms }: OpenCalendar, appointment: Appointment): Due | null {
  const { status, startMs, endMs, wish, heldUntilMs, remindersMs } = appointment
  const at = (atMs: number, why: Exclude<Due['why'], 'open'>): Due => ({ atMs, why, appointment })
  switch (status) {
    case 'waitlist':
      return wish === null ? null : at(wish.toMs - terms.duration_minutes * minuteMs, 'unmet')
    case 'proposed':
      return heldUntilMs === null ? null : at(heldUntilMs, 'lapse')
    case 'pending':
      return startMs === null ? null : at(startMs, 'unconfirmed')
    case 'booked':
      if (remindersMs.length > 0) return at(remindersMs[0]!, 'remind')
      if (terms.automatic_no_show && startMs !== null)
        return at(startMs + terms.grace_minutes * minuteMs, 'miss')
      return endMs === null ? null : at(endMs + appointmentLimits.closesAfterMs, 'close')
    case 'arrived':
    case 'checked_in':
      return endMs === null ? null : at(endMs + appointmentLimits.closesAfterMs, 'close')
    default:
      return null
  }
}

/** The first thing that happens by itself; null for none. */
export function nextDue(calendar: Calendar): Due | null {
  if (calendar.kind === 'absent') return null
  const openMs = opensAtMs(calendar)
  let first: Due | null = openMs === null ? null : { atMs: openMs, why: 'open' }
  for (const appointment of calendar.live) {
    const due = dueOf(calendar, appointment)
    if (due !== null && (first === null || due.atMs < first.atMs)) first = due
  }
  return first
}
