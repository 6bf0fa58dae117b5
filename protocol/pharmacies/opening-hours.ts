/**
 * Opening hours of a pharmacy: a week of local times and a time zone. Pure: the time is an
 * argument. Times are wall clock times, so the days when clocks change need no special code. 01:00
 * to 03:00 is open in both of October's repeated hours, and an interval that begins in the hour
 * that March skips begins after the jump.
 *
 * Rejected: storing instants or offsets from UTC. Both are wrong twice a year.
 */
import Type from 'typebox'
import { weekdays, type Weekday } from './weekdays.ts'

/** Intervals that a day may have. */
const intervalsMax = 6
const Interval = Type.Object(
  {
    open: Type.String({
      pattern: '^([01]\\d|2[0-3]):[0-5]\\d$',
      'x-rule': 'must be a time of day such as 09:30',
    }),
    close: Type.String({
      pattern: '^(([01]\\d|2[0-3]):[0-5]\\d|24:00)$',
      'x-rule': 'must be a time of day such as 17:30, or 24:00',
      description: 'at or before `open` it is of the next day',
    }),
  },
  { additionalProperties: false },
)
const Day = Type.Optional(Type.Array(Interval, { maxItems: intervalsMax }))

/** A day that is missing is closed all day. */
export const OpeningHours = Type.Object(
  { mon: Day, tue: Day, wed: Day, thu: Day, fri: Day, sat: Day, sun: Day },
  { additionalProperties: false },
)
export type OpeningHours = Type.Static<typeof OpeningHours>

const dayMinutes = 24 * 60
const weekMinutes = 7 * dayMinutes

/** A week as pairs of start (minute of the week, Monday 00:00 is 0) and length in minutes. */
export type Week = readonly number[]

/** The hours in the form of `Week`. */
export function weekOf(hours: OpeningHours): Week {
  const week: number[] = []
  weekdays.forEach((day, index) => {
    for (const { open, close } of hours[day] ?? []) {
      const from = minuteOf(open)
      const to = minuteOf(close)
      week.push(index * dayMinutes + from, to > from ? to - from : to + dayMinutes - from)
    }
  })
  return week
}
const minuteOf = (time: string): number => Number(time.slice(0, 2)) * 60 + Number(time.slice(3))

/**
 * Whether a minute of the week lies in an interval. The first minute of an interval belongs to it;
 * the minute after its end does not.
 */
export function openInWeek(week: Week, minuteOfWeek: number): boolean {
  for (let i = 0; i < week.length; i += 2)
    if ((minuteOfWeek - week[i]! + weekMinutes) % weekMinutes < week[i + 1]!) return true
  return false
}

/**
 * Whether a pharmacy with these hours is open. Null means never closed. An unknown time zone counts
 * as UTC.
 */
export const openAt = (hours: OpeningHours | null, timeZone: string, nowMs: number): boolean =>
  hours === null || openInWeek(weekOf(hours), localMinuteOfWeek(timeZone, nowMs))

/**
 * A formatter per time zone, with its last answer: a request asks for the same minute for hundreds
 * of pharmacies.
 */
interface Clock {
  format: Intl.DateTimeFormat
  minute: number
  minuteOfWeek: number
}
const clocks = new Map<string, Clock>()
/** There are about 600 names of time zones. More would come from a caller that invents them. */
export const clocksMax = 1_000
/** Number of time zones that are remembered. */
export const clocksHeld = (): number => clocks.size

/** Minute of the local week, Monday 00:00 is 0. Offsets have been whole minutes since 1972. */
export function localMinuteOfWeek(timeZone: string, nowMs: number): number {
  let clock = clocks.get(timeZone)
  if (clock === undefined) {
    if (clocks.size >= clocksMax) clocks.clear()
    clocks.set(
      timeZone,
      (clock = {
        format: formatOf(isTimeZone(timeZone) ? timeZone : 'UTC'),
        minute: NaN,
        minuteOfWeek: 0,
      }),
    )
  }
  const minute = Math.floor(nowMs / 60_000)
  if (clock.minute !== minute) {
    const part = new Map(
      clock.format.formatToParts(minute * 60_000).map(({ type, value }) => [type, value]),
    )
    const day = weekdays.indexOf(part.get('weekday')!.toLowerCase() as Weekday)
    clock.minute = minute
    clock.minuteOfWeek =
      day * dayMinutes + Number(part.get('hour')) * 60 + Number(part.get('minute'))
  }
  return clock.minuteOfWeek
}
const formatOf = (timeZone: string): Intl.DateTimeFormat =>
  new Intl.DateTimeFormat('en-US', {
    timeZone,
    weekday: 'short',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  })

/** Accepts only IANA names. Some databases read an offset such as +05:30 as its opposite. */
export function isTimeZone(name: string): boolean {
  if (!/^(UTC|[A-Za-z_]{1,32}(\/[A-Za-z0-9_+-]{1,32}){1,2})$/.test(name)) return false
  try {
    formatOf(name)
    return true
  } catch {
    return false
  }
}
