/**
 * Appointments as an iCalendar (RFC 5545). Times have their zone, because some clients show a time
 * in UTC as it is. The text names no service and no person: calendars are shared, and other
 * programs read them.
 *
 * Rejected: rules of recurrence for the zones. A list of the changes around the appointments is
 * exact also where a government decides each year.
 */
import ical, { ICalCalendarMethod, ICalEventStatus } from 'ical-generator'
import { Temporal } from 'temporal-polyfill'
import type { AppointmentView } from '../../protocol/appointments/view.ts'
import { dayMs, stretchesOf } from '../../protocol/appointments/zones.ts'
import { visitLimits } from './limits.ts'

export interface CalendarEntry {
  record: AppointmentView
  summary: string
  location: string | null
}

const statuses: Partial<Record<AppointmentView['status'], ICalEventStatus>> = {
  proposed: ICalEventStatus.TENTATIVE,
  pending: ICalEventStatus.TENTATIVE,
  cancelled: ICalEventStatus.CANCELLED,
}

/** The bytes of a calendar depend only on its arguments, so an unchanged one keeps its ETag. */
export function calendarOf(name: string, entries: readonly CalendarEntry[]): string {
  const times = entries.flatMap(({ record: { start } }) =>
    start === null ? [] : [Date.parse(start)],
  )
  const [fromMs, toMs] = [Math.min(...times) - dayMs, Math.max(...times) + 2 * dayMs]
  const calendar = ical({
    // The library writes the name as it comes, and readers disagree upon escapes in it.
    name: name.replaceAll(/[\\;,\s]+/g, ' '),
    method: ICalCalendarMethod.PUBLISH,
    prodId: '//caduceus//appointments//EN',
    ttl: visitLimits.feedRefreshMinutes * 60,
    timezone: { name: null, generator: zone => zoneOf(zone, fromMs, toMs) },
  })
  for (const { record, summary, location } of entries) {
    const { id, start, end, time_zone: timezone, status, sequence, updated_at, created_at } = record
    if (start === null || end === null) continue
    const at = (text: string) => Temporal.Instant.from(text).toZonedDateTimeISO(timezone)
    calendar.createEvent({
      id: `${id}@caduceus`,
      sequence,
      start: at(start),
      end: at(end),
      timezone,
      summary,
      ...(location !== null && { location }),
      status: statuses[status] ?? ICalEventStatus.CONFIRMED,
      stamp: new Date(updated_at),
      created: new Date(created_at),
      lastModified: new Date(updated_at),
    })
  }
  return calendar.toString()
}

/** The zone with every change of its clocks in this time. */
function zoneOf(zone: string, fromMs: number, toMs: number): string {
  const stretches = stretchesOf(zone, fromMs, toMs)
  const standardMs = Math.min(...stretches.map(({ offsetMs }) => offsetMs))
  const lines = stretches.flatMap(({ fromMs: atMs, offsetMs }, i) => {
    const name = offsetMs > standardMs ? 'DAYLIGHT' : 'STANDARD'
    const beforeMs = stretches[i - 1]?.offsetMs ?? offsetMs
    return [
      `BEGIN:${name}`,
      // The first one holds since long before the first appointment.
      `DTSTART:${i === 0 ? '19700101T000000' : localText(atMs + beforeMs)}`,
      `TZOFFSETFROM:${offsetText(beforeMs)}`,
      `TZOFFSETTO:${offsetText(offsetMs)}`,
      `END:${name}`,
    ]
  })
  return ['BEGIN:VTIMEZONE', `TZID:${zone}`, ...lines, 'END:VTIMEZONE'].join('\r\n')
}

const localText = (localMs: number): string =>
  new Date(localMs).toISOString().slice(0, 19).replaceAll(/[-:]/g, '')

function offsetText(offsetMs: number): string {
  const minutes = Math.abs(offsetMs) / 60_000
  const two = (n: number): string => String(Math.floor(n)).padStart(2, '0')
  return `${offsetMs < 0 ? '-' : '+'}${two(minutes / 60)}${two(minutes % 60)}`
}
