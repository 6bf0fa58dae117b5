/** The times at which a customer is reminded, out of the quiet hours. */
import { quietAt } from '../../protocol/appointments/quiet.ts'
import type { Terms } from '../../protocol/appointments/terms.ts'
import { instantsOf, localMsOf, minuteMs } from '../../protocol/appointments/zones.ts'

/**
 * When the customer is reminded of an appointment, in order. A reminder within the quiet hours comes
 * before they begin; a later one might come after the appointment. Times that are over are left out.
 */
export function plannedReminders(
  { reminder_minutes, quiet_hours }: Terms,
  timeZone: string,
  startMs: number,
  nowMs: number,
): number[] {
  const outsideQuiet = (atMs: number): number => {
    const quiet = quietAt(quiet_hours, timeZone, atMs)
    if (quiet === null) return atMs
    const backMs = (quiet.sinceMinutes + 1) * minuteMs
    const localMs = Math.floor(localMsOf(timeZone, atMs) / minuteMs) * minuteMs
    return instantsOf(timeZone, localMs - backMs)[0] ?? atMs - backMs
  }
  const times = reminder_minutes.map(minutes => outsideQuiet(startMs - minutes * minuteMs))
  return [...new Set(times)].filter(atMs => atMs > nowMs).toSorted((a, b) => a - b)
}
