/** The effects of a calendar's event. */
import { appointmentStatusTable } from '../../protocol/appointments/statuses.ts'
import type { AppointmentEvent } from '../../protocol/dispatch/events.ts'
import type { SourceFact } from '../../protocol/dispatch/facts.ts'
import { topics } from '../../protocol/dispatch/pushes.ts'
import { isoTime } from '../../protocol/kernel/iso-time.ts'
import type { Principal } from '../../protocol/kernel/principal.ts'
import type { ActorCommand, Effect } from '../actors/effects.ts'
import type { CalendarCommand } from './commands.ts'
import { appointmentIn, type OpenCalendar } from './state.ts'

/** The name of the kind: stored, and published in the subjects of its facts. */
export const calendarName = 'appointment'
const system: Principal = { role: 'system', id: 'calendar' }

type Own = Extract<CalendarCommand, { verb: 'look' | 'offer' }>
/** A command of a calendar to itself. */
const toItself = (serviceId: string, id: string, command: Own): ActorCommand => ({
  kind: calendarName,
  actorId: serviceId,
  id,
  command,
})

/** Asks the calendar to look at what has come due. */
export const lookAt = (serviceId: string, version: number): ActorCommand =>
  toItself(serviceId, `look:${version}`, { verb: 'look', by: system, serviceId })

/** `source`: the place of the event in its slot. */
export function react(
  event: AppointmentEvent,
  calendar: OpenCalendar,
  { slot, seq }: SourceFact,
): Effect[] {
  if (event.type === 'calendar_described' || event.type === 'window_moved') return []
  const { serviceId, vendorId } = calendar
  const { appointment_id } = event.data
  if (event.type === 'seat_promised')
    return [
      {
        do: 'command',
        to: toItself(serviceId, `${appointment_id}:promised:${slot}.${seq}`, {
          verb: 'offer',
          by: system,
          serviceId,
          data: { appointment_id },
        }),
      },
    ]
  const one = appointmentIn(calendar, appointment_id)
  // After a crash the state may be later than the event, and the appointment forgotten.
  if (one === undefined) return []
  const message = {
    appointment_id,
    service_id: serviceId,
    service_name: one.serviceName,
    status: one.status,
    start: one.startMs === null ? null : isoTime(one.startMs),
  }
  const push = (topic: string, type: 'appointment' | 'appointment_reminder'): Effect => ({
    do: 'push',
    push: { kind: 'topic', topic, message: { type, ...message } },
  })
  if (event.type === 'reminder_due')
    // It may have ended, or moved, since then.
    return appointmentStatusTable[one.status].ended || one.startMs !== event.data.start_ms
      ? []
      : [push(topics.customer(one.customerId), 'appointment_reminder')]
  if (event.type === 'seat_withdrawn' || event.type === 'reminders_dropped') return []
  return [
    push(topics.customer(one.customerId), 'appointment'),
    push(topics.pharmacy(vendorId), 'appointment'),
  ]
}
