/**
 * When a person may be told: quiet hours and the time of the daily mail, in the zone of the person.
 * Pure: the time is an argument. Times are wall clock times, so the days when clocks change need no
 * code of their own.
 */
import { Temporal } from 'temporal-polyfill'

/** Local times such as 22:00; `from` after `to` goes over midnight. */
export interface QuietHours {
  from: string
  to: string
}

/** The daily mail comes at this local time. */
const digestTime = '08:00'

const zoned = (ms: number, zone: string): Temporal.ZonedDateTime =>
  Temporal.Instant.fromEpochMilliseconds(ms).toZonedDateTimeISO(zone)

/**
 * The first time after `afterMs` when the clock shows `time`. A time that a day has twice is found
 * twice; one that a day skips is found on both sides of the gap.
 */
function nextTime(afterMs: number, time: string, zone: string): number {
  const today = zoned(afterMs, zone).toPlainDate()
  for (const days of [0, 1])
    for (const disambiguation of ['earlier', 'later'] as const) {
      const local = today.add({ days }).toPlainDateTime(Temporal.PlainTime.from(time))
      const { epochMilliseconds } = local.toZonedDateTime(zone, { disambiguation })
      if (epochMilliseconds > afterMs) return epochMilliseconds
    }
  throw new RangeError(`${zone} has no ${time} within a day`)
}

/** The end of the quiet hours in which `nowMs` lies; null outside of them. */
export function quietUntil(nowMs: number, { from, to }: QuietHours, zone: string): number | null {
  const time = zoned(nowMs, zone).toPlainTime().toString({ smallestUnit: 'minute' })
  const isQuiet = from < to ? from <= time && time < to : from <= time || time < to
  return isQuiet ? nextTime(nowMs, to, zone) : null
}

/** The time of the daily mail that has a news of `atMs`. */
export const digestTimeOf = (atMs: number, zone: string): number => nextTime(atMs, digestTime, zone)
