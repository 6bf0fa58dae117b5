/** The times at which a customer is reminded, out of the quiet hours. */
import { minuteOf, type Terms } from '../../protocol/appointments/terms.ts'
import { dayMs, instantsOf, localMsOf, minuteMs } from '../../protocol/appointments/zones.ts'

/**
 * When the customer is reminded of an appointment, in order. A reminder within the quiet hours comes
 * before they begin; a later one might come after the appointment. Times that are over are left out.
 */
export function plannedReminders(
  { reminder_minutes, quiet_hours: quiet }: Terms,
  timeZone: string,
  startMs: number,
  nowMs: number,
): number[] {
  const outsideQuiet = (atMs: number): number => {
    if (quiet === null) return atMs
    const localMs = localMsOf(timeZone, atMs)
    const minute = Math.floor((localMs % dayMs) / minuteMs)
    const [from, to] = [minuteOf(quiet.from), minuteOf(quiet.to)]
    const length = (to - from + 24 * 60) % (24 * 60)
    const since = (minute - from + 24 * 60) % (24 * 60)
    if (since >= length) return atMs
    const beginsLocalMs = Math.floor(localMs / minuteMs) * minuteMs - (since + 1) * minuteMs
    return instantsOf(timeZone, beginsLocalMs)[0] ?? atMs - (since + 1) * minuteMs
  }
  const times = reminder_minutes.map(minutes => outsideQuiet(startMs - minutes * minuteMs))
  return [...new Set(times)].filter(atMs => atMs > nowMs).toSorted((a, b) => a - b)
}
