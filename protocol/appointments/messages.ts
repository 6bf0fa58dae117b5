/** The WebSocket messages about appointments. */
import Type from 'typebox'
import { ids } from '../kernel/examples.ts'
import { heard } from '../kernel/messages.ts'
import { nullable, oneOf, Text, Timestamp } from '../kernel/schema.ts'
import { Uuid } from '../kernel/principal.ts'
import { appointmentStatuses } from './statuses.ts'

const about = {
  appointment_id: Uuid,
  service_id: Uuid,
  service_name: Text,
  status: oneOf(appointmentStatuses),
  start: nullable(Timestamp),
}
const example = {
  appointment_id: ids.appointment,
  service_id: ids.service,
  service_name: 'Flu vaccination',
  start: '2026-12-24T08:30:00.000Z',
}

export const appointmentMessages = {
  appointment: heard(
    ['customer', 'terminal'],
    'An appointment was made or changed. Read it for the rest.',
    Type.Object({ type: Type.Literal('appointment'), ...about }),
    { type: 'appointment', ...example, status: 'booked' },
  ),
  appointment_reminder: heard(
    ['customer'],
    "A customer's appointment is near.",
    Type.Object({ type: Type.Literal('appointment_reminder'), ...about }),
    { type: 'appointment_reminder', ...example, status: 'booked' },
  ),
}
