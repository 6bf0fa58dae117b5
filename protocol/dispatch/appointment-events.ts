/**
 * Events of a calendar: one row a type. Those of an appointment name it by `appointment_id`; the
 * actor is the service. `publicName`: the name in webhooks.
 */
import Type from 'typebox'
import {
  appointmentStatuses,
  cancelCauses,
  requirements,
  stepOutcomes,
} from '../appointments/statuses.ts'
import { Terms } from '../appointments/terms.ts'
import { ids } from '../kernel/examples.ts'
import { Uuid } from '../kernel/principal.ts'
import { AtMs, nullable, oneOf, Text } from '../kernel/schema.ts'
import { fact } from './event-row.ts'
import { flu } from './appointment-examples.ts'

const one = { appointment_id: Uuid }
const example = { appointment_id: ids.appointment }
const when = { start_ms: AtMs, end_ms: AtMs }
const then = { start_ms: 1_798_100_000_000, end_ms: 1_798_101_800_000 }
const Status = oneOf(appointmentStatuses)
const Missing = Type.Array(oneOf(requirements))
const RemindersMs = Type.Array(AtMs)
const HeldUntilMs = nullable(AtMs)
const who = {
  customer_id: Uuid,
  customer_name: Text,
  customer_phone: Text,
  customer_time_zone: nullable(Text),
  notes: nullable(Text),
  check_in_code: Type.String({ description: 'Treat it as a secret' }),
}
const ann = {
  customer_id: ids.customer,
  customer_name: 'John Doe',
  customer_phone: '9841234567',
  customer_time_zone: null,
  notes: null,
  check_in_code: 'k7Qm2Xw9Lp4Z',
}

const row = <T extends Type.TSchema, Name extends `appointment.${string}` | null>(
  publicName: Name,
  ...args: Parameters<typeof fact<T>>
) => ({ ...fact(...args), publicName })

/** The events of a calendar, one row each. */
export const appointmentEvents = {
  calendar_described: row(
    null,
    'The service has these terms from now on.',
    Type.Object({ service_id: Uuid, vendor_id: Uuid, terms: Terms }),
    { service_id: ids.service, vendor_id: ids.pharmacy, terms: flu },
  ),
  slot_claimed: row(
    'appointment.requested',
    'A customer has a seat: proposed while something is missing, pending until the pharmacy confirms, otherwise booked.',
    Type.Object({
      ...one,
      ...who,
      status: Status,
      ...when,
      missing: Missing,
      held_until_ms: HeldUntilMs,
      reminders_ms: RemindersMs,
    }),
    {
      ...example,
      ...ann,
      status: 'booked',
      ...then,
      missing: [],
      held_until_ms: null,
      reminders_ms: [1_798_013_600_000],
    },
  ),
  waitlist_joined: row(
    'appointment.waiting',
    'A customer waits for a place within these times.',
    Type.Object({ ...one, ...who, from_ms: AtMs, to_ms: AtMs }),
    { ...example, ...ann, from_ms: then.start_ms, to_ms: then.end_ms },
  ),
  seat_promised: row(
    null,
    'A free seat is kept for the customer who has waited longest; the offer follows.',
    Type.Object({ ...one, ...when }),
    { ...example, ...then },
  ),
  seat_withdrawn: row(
    null,
    'The promised seat can no longer be offered; the customer waits on.',
    Type.Object(one),
    example,
  ),
  window_moved: row(
    null,
    'Slots that begin before this time can be booked by now, and are promised to customers who wait.',
    Type.Object({ service_id: Uuid, until_ms: AtMs }),
    { service_id: ids.service, until_ms: 1_798_200_000_000 },
  ),
  waitlist_offered: row(
    'appointment.offered',
    'A customer who waited is offered a place until a deadline.',
    Type.Object({ ...one, ...when, held_until_ms: AtMs }),
    { ...example, ...then, held_until_ms: 1_798_000_000_000 },
  ),
  waitlist_accepted: row(
    'appointment.accepted',
    'The customer takes the offered place.',
    Type.Object({
      ...one,
      status: Status,
      missing: Missing,
      held_until_ms: HeldUntilMs,
      reminders_ms: RemindersMs,
    }),
    { ...example, status: 'booked', missing: [], held_until_ms: null, reminders_ms: [] },
  ),
  requirement_met: row(
    'appointment.requirement_met',
    'Something that the appointment waited for is there.',
    Type.Object({
      ...one,
      what: oneOf(requirements),
      status: Status,
      held_until_ms: HeldUntilMs,
      reminders_ms: RemindersMs,
    }),
    { ...example, what: 'payment', status: 'booked', held_until_ms: null, reminders_ms: [] },
  ),
  appointment_confirmed: row(
    'appointment.confirmed',
    'The pharmacy has confirmed it.',
    Type.Object({ ...one, reminders_ms: RemindersMs }),
    { ...example, reminders_ms: [1_798_013_600_000] },
  ),
  appointment_rescheduled: row(
    'appointment.rescheduled',
    'It is at another time.',
    Type.Object({
      ...one,
      ...when,
      previous_start_ms: AtMs,
      status: Status,
      held_until_ms: HeldUntilMs,
      reminders_ms: RemindersMs,
    }),
    {
      ...example,
      ...then,
      previous_start_ms: 1_798_000_000_000,
      status: 'booked',
      held_until_ms: null,
      reminders_ms: [],
    },
  ),
  appointment_arrived: row(
    'appointment.arrived',
    'The customer says: I am here.',
    Type.Object(one),
    example,
  ),
  appointment_checked_in: row(
    'appointment.checked_in',
    'The pharmacy has received the customer.',
    Type.Object(one),
    example,
  ),
  step_completed: row(
    'appointment.step_completed',
    'A step is done, or left out, by this person.',
    Type.Object({
      ...one,
      step_id: Text,
      outcome: oneOf(stepOutcomes),
      person_id: Text,
      person_name: Text,
    }),
    {
      ...example,
      step_id: 'consent',
      outcome: 'done',
      person_id: ids.pharmacy,
      person_name: 'City Pharmacy',
    },
  ),
  appointment_fulfilled: row('appointment.fulfilled', 'It took place.', Type.Object(one), example),
  appointment_cancelled: row(
    'appointment.cancelled',
    'It will not take place; the seat is free.',
    Type.Object({ ...one, cause: oneOf(cancelCauses), reason: nullable(Text) }),
    { ...example, cause: 'customer', reason: 'ill' },
  ),
  appointment_missed: row('appointment.no_show', 'Nobody came.', Type.Object(one), example),
  reminder_due: row(
    'appointment.reminder_due',
    'The customer should be reminded now.',
    Type.Object({ ...one, start_ms: AtMs, due_ms: AtMs }),
    { ...example, start_ms: then.start_ms, due_ms: 1_798_013_600_000 },
  ),
  reminders_dropped: row(
    null,
    'It has begun, so nobody is reminded of it any more.',
    Type.Object(one),
    example,
  ),
} as const
