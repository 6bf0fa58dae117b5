/**
 * Times as text, RFC 3339: written in UTC with milliseconds, and read from outside by one strict reader.
 * One transition names its own moment several times, and others of the same millisecond follow it, so the
 * last text is kept: writing one costs 0.4 µs.
 *
 * Rejected for reading: `Date.parse`, which takes a time without a zone for the server's own, "driver 7"
 * for the year 2007 and the 30th of February for the 2nd of March, and refuses a leap second.
 */

let lastMs = Number.NaN
let lastText = ''

/** From ms since the epoch. Throws RangeError for what is no time. */
export function isoTime(ms: number): string {
  if (ms !== lastMs) {
    lastText = new Date(ms).toISOString()
    lastMs = ms
  }
  return lastText
}

/** In words, for whoever sent something else. */
export const instantRule =
  'must be a time of RFC 3339 with its zone, such as 2026-01-31T09:30:00Z or 2026-01-31T15:15:00+05:45 (in a query "+" is written %2B)'
export const dayRule = 'must be a day such as 2026-01-31'

/**
 * ms since the epoch of a time with a zone, from the year 1 to the year 9999 in UTC, which is what RFC
 * 3339 can write and a database can keep; null for anything else. Digits beyond milliseconds are cut off.
 * A leap second (23:59:60 in UTC) is the first moment of the next day, as POSIX counts it.
 */
export function instantMs(text: string): number | null {
  if (text.length > instantCharactersMax) return null
  const parts = instant.exec(text)
  if (parts === null) return null
  const [, day, hour, minute, second, fraction = '', sign, zoneHour = '0', zoneMinute = '0'] = parts
  const startMs = dayMs(day!)
  if (
    startMs === null ||
    Number(hour) > 23 ||
    Number(minute) > 59 ||
    Number(second) > 60 ||
    Number(zoneHour) > 23 ||
    Number(zoneMinute) > 59
  )
    return null
  const zoneMinutes = (sign === '-' ? -1 : 1) * (Number(zoneHour) * 60 + Number(zoneMinute))
  const ms =
    startMs + ((Number(hour) * 60 + Number(minute) - zoneMinutes) * 60 + Number(second)) * 1_000
  if (Number(second) === 60) {
    if (ms % msPerDay !== 0) return null
    return inRange(ms)
  }
  return inRange(ms + Number(fraction.slice(0, 3).padEnd(3, '0')))
}

/** ms since the epoch of the midnight in UTC that begins the day `YYYY-MM-DD`; null for what is no day of the calendar. */
export function dayMs(text: string): number | null {
  const parts = day.exec(text)
  if (parts === null) return null
  const [year, month, date] = parts.slice(1).map(Number) as [number, number, number]
  const moment = new Date(0)
  // Date.UTC takes the years 0 to 99 for the twentieth century.
  moment.setUTCFullYear(year, month - 1, date)
  return year >= 1 && moment.getUTCMonth() === month - 1 && moment.getUTCDate() === date
    ? moment.getTime()
    : null
}

const instantCharactersMax = 64
const msPerDay = 24 * 3_600_000
const day = /^(\d{4})-(\d\d)-(\d\d)$/
const instant =
  /^(\d{4}-\d\d-\d\d)[Tt](\d\d):(\d\d):(\d\d)(?:\.(\d+))?(?:[Zz]|([+-])(\d\d):(\d\d))$/
const firstMs = -62_135_596_800_000
const lastMsOfAll = 253_402_300_799_999
const inRange = (ms: number): number | null => (ms >= firstMs && ms <= lastMsOfAll ? ms : null)
