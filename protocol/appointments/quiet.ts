/** The hours of a day in which nobody is disturbed. */
import { minuteOf, type Terms } from './terms.ts'
import { dayMs, localMsOf, minuteMs } from './zones.ts'

const dayMinutes = 24 * 60

/**
 * How many minutes of the quiet hours have passed at this time, and how many they have; null outside
 * of them. `timeZone` is that of the person.
 */
export function quietAt(
  quiet: Terms['quiet_hours'],
  timeZone: string,
  atMs: number,
): { sinceMinutes: number; lengthMinutes: number } | null {
  if (quiet === null) return null
  const minute = Math.floor((localMsOf(timeZone, atMs) % dayMs) / minuteMs)
  const [from, to] = [minuteOf(quiet.from), minuteOf(quiet.to)]
  const lengthMinutes = (to - from + dayMinutes) % dayMinutes
  const sinceMinutes = (minute - from + dayMinutes) % dayMinutes
  return sinceMinutes < lengthMinutes ? { sinceMinutes, lengthMinutes } : null
}
