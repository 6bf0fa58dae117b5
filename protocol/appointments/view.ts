/** The appointment as readers see it, and as its row stores it. */
import Type from 'typebox'
import { nullable, oneOf, Text, Timestamp } from '../kernel/schema.ts'
import { Uuid } from '../kernel/principal.ts'
import { appointmentStatuses, cancelCauses, requirements, stepOutcomes } from './statuses.ts'

const StepView = Type.Object({
  id: Text,
  name: Text,
  minutes: Type.Integer(),
  outcome: nullable(oneOf(stepOutcomes)),
  at: nullable(Timestamp),
  by_id: nullable(Text),
  by_name: nullable(Text),
})

export const AppointmentView = Type.Object({
  id: Uuid,
  service_id: Uuid,
  vendor_id: Uuid,
  user_id: Type.Union([Uuid, Type.Null()], {
    description: 'Null for a person who came without an account',
  }),
  service_name: Text,
  status: oneOf(appointmentStatuses),
  customer_name: Text,
  customer_phone: Text,
  customer_time_zone: Type.Optional(
    Type.Union([Text, Type.Null()], {
      description: 'Of the quiet hours; null: that of the service. Absent in older rows',
    }),
  ),
  notes: nullable(Text),
  start: nullable(Timestamp),
  end: nullable(Timestamp),
  start_local: Type.Union([Text, Type.Null()], {
    description: 'The beginning as clocks of the zone show it, such as 2026-12-24T09:30',
  }),
  time_zone: Text,
  wish: Type.Union([Type.Object({ from: Timestamp, to: Timestamp }), Type.Null()], {
    description: 'Of an entry of the waiting list: the times that suit',
  }),
  missing: Type.Array(oneOf(requirements)),
  offered: Type.Boolean({ description: 'A place for one of the waiting list, to be accepted' }),
  held_until: nullable(Timestamp),
  steps: Type.Array(StepView),
  reminders: Type.Array(Timestamp),
  sequence: Type.Integer({ description: 'Grows with each change that calendars show' }),
  rescheduled_from: nullable(Timestamp),
  price: nullable(Type.Number()),
  currency: Text,
  check_in_code: Type.Union([Text, Type.Null()], {
    description: 'Only its customer sees it; the pharmacy scans it',
  }),
  cancel_cause: nullable(oneOf(cancelCauses)),
  reason: nullable(Text),
  created_at: Timestamp,
  updated_at: Timestamp,
  booked_at: nullable(Timestamp),
  arrived_at: nullable(Timestamp),
  checked_in_at: nullable(Timestamp),
  ended_at: nullable(Timestamp),
})
export type AppointmentView = Type.Static<typeof AppointmentView>
