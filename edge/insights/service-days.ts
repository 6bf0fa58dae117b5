/**
 * The appointments of a service in a day or a week, beside those of the day or the week before, in
 * the shape of charts. It is a page of the pharmacy's books: exact, of today too, and only for those
 * who read the appointments themselves.
 */
import { sql, type Kysely } from 'kysely'
import type { Tables } from '../../migrations/database/tables.ts'
import {
  appointmentStatuses,
  type AppointmentStatus,
} from '../../protocol/appointments/statuses.ts'
import { datesOf, type DateRange } from '../reports/calendar.ts'
import { weekdayOf } from './week.ts'

export type Period = 'day' | 'week'
type Counts = Record<AppointmentStatus, number>
export interface ServiceDays {
  from: string
  to: string
  before: DateRange
  /** Appointments by their state; those of the waiting list have no time and are left out. */
  statuses: { status: AppointmentStatus; now: number; before: number }[]
  /** Appointments that take place or took place, by hour of the day or by weekday. */
  cells: { key: string; label: string; now: number; before: number }[]
}

const dayMs = 24 * 3_600_000
const dateOf = (ms: number): string => new Date(ms).toISOString().slice(0, 10)
const shifted = (date: string, days: number): string => dateOf(Date.parse(date) + days * dayMs)
const weekdays = ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday']

/** The day, or the week from Monday on that it is in. */
function rangeAround(period: Period, date: string): DateRange {
  if (period === 'day') return { from: date, to: date }
  const from = shifted(date, 1 - weekdayOf(date))
  return { from, to: shifted(from, 6) }
}

/** Times are those of the service's zone. */
export async function serviceDays(
  db: Kysely<Tables>,
  { id, timeZone }: { id: string; timeZone: string },
  period: Period,
  date: string,
): Promise<ServiceDays> {
  const range = rangeAround(period, date)
  const length = period === 'day' ? 1 : 7
  const before = { from: shifted(range.from, -length), to: shifted(range.to, -length) }
  const [now, earlier] = [await read(range), await read(before)]
  const keys =
    period === 'day'
      ? Array.from({ length: 24 }, (_, hour) => {
          const key = String(hour).padStart(2, '0')
          return { key, label: `${key}:00`, of: key }
        })
      : datesOf(range).map((day, i) => ({ key: String(i + 1), label: weekdays[i]!, of: day }))
  return {
    ...range,
    before,
    statuses: appointmentStatuses
      .filter(status => status !== 'waitlist')
      .map(status => ({ status, now: now.statuses[status], before: earlier.statuses[status] })),
    cells: keys.map(({ key, label, of }) => ({
      key,
      label,
      now: now.cells.get(of) ?? 0,
      before: earlier.cells.get(period === 'day' ? of : shifted(of, -7)) ?? 0,
    })),
  }

  async function read({ from, to }: DateRange) {
    const local = sql`a.start_at at time zone ${timeZone}`
    const { rows } = await sql<{ part: string; status: AppointmentStatus; count: number }>`
      select to_char(${local}, ${period === 'day' ? 'HH24' : 'YYYY-MM-DD'}) as part, a.status,
        count(*)::int as count
      from appointments as a
      where a.service_id = ${id} and a.start_at >= (${from}::date::timestamp at time zone ${timeZone})
        and a.start_at < ((${to}::date + 1)::timestamp at time zone ${timeZone})
      group by 1, 2`.execute(db)
    const statuses = Object.fromEntries(appointmentStatuses.map(status => [status, 0])) as Counts
    const cells = new Map<string, number>()
    for (const { part, status, count } of rows) {
      statuses[status] += count
      if (status !== 'cancelled') cells.set(part, (cells.get(part) ?? 0) + count)
    }
    return { statuses, cells }
  }
}
