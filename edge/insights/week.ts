/**
 * Weeks of a pharmacy's local time: from Monday to Sunday, with the names of ISO 8601. Only whole
 * weeks that are over have insights; `edge/insights/README.md` gives the reason.
 */
import type { DateRange } from '../reports/calendar.ts'
import { dateAt } from '../reports/calendar.ts'
import { invalid } from '../kernel/validate.ts'

/** A week by its Monday, `YYYY-MM-DD`. */
export type Monday = string

const dayMs = 24 * 3_600_000
const dateOf = (ms: number): string => new Date(ms).toISOString().slice(0, 10)
/** 1 is Monday, 7 is Sunday. */
export const weekdayOf = (date: string): number => new Date(date).getUTCDay() || 7
const mondayOf = (date: string): Monday => dateOf(Date.parse(date) - (weekdayOf(date) - 1) * dayMs)

export const weeksBefore = (week: Monday, weeks: number): Monday =>
  dateOf(Date.parse(week) - weeks * 7 * dayMs)
/** The days of the week. */
export const daysOf = (week: Monday): DateRange => ({
  from: week,
  to: dateOf(Date.parse(week) + 6 * dayMs),
})

/** The name of the week, such as `2026-W47`: its year is that of its Thursday. */
export function nameOf(week: Monday): string {
  const thursday = dateOf(Date.parse(week) + 3 * dayMs)
  const year = thursday.slice(0, 4)
  const number = Math.floor((Date.parse(thursday) - Date.parse(`${year}-01-01`)) / (7 * dayMs)) + 1
  return `${year}-W${String(number).padStart(2, '0')}`
}

/** The last week that is over in the zone. */
export const lastWeek = (nowMs: number, timeZone: string): Monday =>
  weeksBefore(mondayOf(dateAt(nowMs, timeZone)), 1)

/**
 * The week with this name. Throws `invalid_request` for a name that no week has, and for a week that
 * is not over in the zone.
 */
export function weekNamed(name: string, nowMs: number, timeZone: string): Monday {
  const [year, number] = name.split('-W') as [string, string]
  const week = weeksBefore(mondayOf(`${year}-01-04`), 1 - Number(number))
  if (nameOf(week) !== name) throw invalid([{ field: 'week', rule: 'is no week of the calendar' }])
  if (week > lastWeek(nowMs, timeZone))
    throw invalid([{ field: 'week', rule: `must be over in ${timeZone}` }])
  return week
}
