/**
 * Times as text (RFC 3339). They are written in UTC with milliseconds, and one strict reader reads
 * those from outside. The last text written is kept, because one transition writes the same moment
 * several times and writing it costs 0.4 µs.
 *
 * Rejected for reading: `Date.parse`. It takes a time without a zone as the server's local time,
 * reads "driver 7" as the year 2007 and the 30th of February as the 2nd of March, and refuses a
 * leap second.
 */

let lastMs = Number.NaN
let lastText = ''

/** The text of a time in ms since the epoch. Throws RangeError when it is not a valid time. */
export function isoTime(ms: number): string {
  if (ms !== lastMs) {
    lastText = new Date(ms).toISOString()
    lastMs = ms
  }
  return lastText
}

/** The rule in words, for the sender of another text. */
export const instantRule =
  'must be a time of RFC 3339 with its zone, such as 2026-01-31T09:30:00Z or 2026-01-31T15:15:00+05:45 (in a query "+" is written %2B)'
export const dayRule = 'must be a day such as 2026-01-31'

/**
 * A time with a zone, as ms since the epoch; null for any other text. It accepts the years 1 to
 * 9999 in UTC, which RFC 3339 can write and a database can keep. It cuts off digits beyond
 * milliseconds. It takes a leap second (23:59:60 in UTC) as the first moment of the next day, as
 * POSIX does.
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

/**
 * The midnight in UTC that begins the day `YYYY-MM-DD`, in ms since the epoch; null when it is not
 * a day of the calendar.
 */
export function dayMs(text: string): number | null {
  const parts = day.exec(text)
  if (parts === null) return null
  const [year, month, date] = parts.slice(1).map(Number) as [number, number, number]
  const moment = new Date(0)
  // Date.UTC would take the years 0 to 99 as 1900 to 1999.
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
