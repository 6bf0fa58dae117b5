/**
 * Days of a pharmacy's local time. A day is a date and not a number of hours: on two days of the
 * year it has 23 or 25 hours, and some places have no midnight on one of them.
 *
 * The database decides the day of a moment, because it also counts the day; this code only lists
 * dates and formats moments.
 */
import { CaduceusError } from '../../protocol/kernel/errors.ts'
import { dayMs as dayOf } from '../../protocol/kernel/iso-time.ts'
import { reportLimits } from './limits.ts'
import { invalid } from '../kernel/validate.ts'

/** A range with both days included, as `YYYY-MM-DD`. */
export interface DateRange {
  from: string
  to: string
}

const dayMs = 24 * 3_600_000
export const datePattern = '^\\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\\d|3[01])$'

const clocks = new Map<string, Intl.DateTimeFormat>()
/**
 * Formats `YYYY-MM-DD HH:MM:SS`. Zone names come from a column that admits only known zones, so the
 * map is small.
 */
function clockOf(timeZone: string): Intl.DateTimeFormat {
  let clock = clocks.get(timeZone)
  if (clock === undefined)
    clocks.set(
      timeZone,
      (clock = new Intl.DateTimeFormat('sv-SE', {
        timeZone,
        dateStyle: 'short',
        timeStyle: 'medium',
      })),
    )
  return clock
}

/** The local date at a time in ms. */
export const dateAt = (ms: number, timeZone: string): string =>
  clockOf(timeZone).format(ms).slice(0, 10)

/** A time of UTC as local time with its offset from UTC: `2026-03-29T03:30:00+02:00`. */
export function localTime(utc: string | null, timeZone: string): string {
  if (utc === null) return ''
  const seconds = Math.floor(Date.parse(utc) / 1000)
  const local = clockOf(timeZone)
    .format(seconds * 1000)
    .replace(' ', 'T')
  const offsetMinutes = Math.round((Date.parse(`${local}Z`) / 1000 - seconds) / 60)
  const two = (n: number) => String(n).padStart(2, '0')
  const [hours, minutes] = [Math.trunc(Math.abs(offsetMinutes) / 60), Math.abs(offsetMinutes) % 60]
  return `${local}${offsetMinutes < 0 ? '-' : '+'}${two(hours)}:${two(minutes)}`
}

/** Every date of the range. */
export function datesOf({ from, to }: DateRange): string[] {
  const dates: string[] = []
  for (let ms = Date.parse(from); ms <= Date.parse(to); ms += dayMs)
    dates.push(new Date(ms).toISOString().slice(0, 10))
  return dates
}

/**
 * One day, or `from` and `to`, or today's local date. Throws `invalid_request` for an invalid date
 * and for a range that is too long or runs backwards.
 */
export function rangeOf(
  asked: { date?: string; from?: string; to?: string },
  timeZone: string,
  nowMs: number,
  daysMax: number = reportLimits.reportDaysMax,
): DateRange {
  const { date, from, to } = asked
  if (date !== undefined && (from !== undefined || to !== undefined))
    throw new CaduceusError('invalid_request', 'give date, or from and to, not both')
  for (const [field, value] of Object.entries({ date, from, to }))
    // The pattern admits the 31st of every month; the calendar does not.
    if (value !== undefined && !isDate(value))
      throw invalid([{ field, rule: 'is no day of the calendar' }])
  if (date !== undefined) return { from: date, to: date }
  const today = dateAt(nowMs, timeZone)
  const range = {
    from: from ?? to ?? today,
    to: to ?? (from !== undefined && from > today ? from : today),
  }
  if (range.from > range.to) throw invalid([{ field: 'from', rule: 'is after to' }])
  if ((Date.parse(range.to) - Date.parse(range.from)) / dayMs >= daysMax)
    throw invalid([{ field: 'to', rule: `is more than ${daysMax} days from the beginning` }])
  return range
}

const isDate = (text: string): boolean => dayOf(text) !== null
