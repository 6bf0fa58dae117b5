/** Times that follow from the terms: reminders out of the quiet hours, deadlines, offered seats. */
import { nextFree } from '../../protocol/appointments/availability.ts'
import { minuteOf, type Terms } from '../../protocol/appointments/terms.ts'
import { dayMs, instantsOf, localMsOf, minuteMs } from '../../protocol/appointments/zones.ts'
import type { AppointmentEvent } from '../../protocol/dispatch/events.ts'
import { takenIn, type OpenCalendar } from './state.ts'

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

/** The seats that are free for customers who wait, the longest wait first, as promises. */
export function promises(calendar: OpenCalendar, nowMs: number): AppointmentEvent[] {
  const events: AppointmentEvent[] = []
  const taken = takenIn(calendar)
  const { terms } = calendar
  const durationMs = terms.duration_minutes * minuteMs
  for (const { id, status, wish } of calendar.live) {
    if (status !== 'waitlist' || wish === null) continue
    if (calendar.promised.some(one => one.appointmentId === id)) continue
    const window = { fromMs: wish.fromMs, toMs: wish.toMs - durationMs + 1 }
    const [startMs] = nextFree(terms, taken, window, nowMs, 1)
    if (startMs === undefined) continue
    const endMs = startMs + durationMs
    taken.push({ startMs, endMs })
    events.push({
      type: 'seat_promised',
      data: { appointment_id: id, start_ms: startMs, end_ms: endMs },
    })
  }
  return events
}
