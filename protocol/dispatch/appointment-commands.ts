/**
 * Commands to the calendar of a service, which decides upon its appointments: one row a verb. The
 * actor is the service.
 */
import Type from 'typebox'
import { requirements, stepOutcomes } from '../appointments/statuses.ts'
import { Terms } from '../appointments/terms.ts'
import { ids } from '../kernel/examples.ts'
import { limits } from '../kernel/limits.ts'
import { Uuid } from '../kernel/principal.ts'
import { AtMs, oneOf } from '../kernel/schema.ts'
import { command, text } from './command.ts'
import { flu } from './appointment-examples.ts'

const one = { appointment_id: Uuid }
const example = { appointment_id: ids.appointment }
const closed = <P extends Type.TProperties>(properties: P) =>
  Type.Object(properties, { additionalProperties: false })
const calendar = { vendor_id: Uuid, terms: Terms }
const who = {
  customer_id: Uuid,
  customer_name: text(limits.nameCharactersMax),
  customer_phone: text(),
  customer_time_zone: Type.Optional(text(64)),
  notes: Type.Optional(text()),
  check_in_code: Type.String({ minLength: 8, maxLength: 64 }),
}
const ann = {
  customer_id: ids.customer,
  customer_name: 'John Doe',
  customer_phone: '9841234567',
  check_in_code: 'k7Qm2Xw9Lp4Z',
}

/** The commands that other services on the bus may not send, because the edge knows the terms. */
export const closedAppointmentVerbs: ReadonlySet<string> = new Set([
  'describe',
  'book',
  'admit',
  'join_waitlist',
  'reschedule',
])

/** The commands of a calendar, one row each. */
export const appointmentCommands = {
  describe: command('Tells the calendar the terms of its service.', closed(calendar), {
    vendor_id: ids.pharmacy,
    terms: flu,
  }),
  book: command('Claims a slot.', closed({ ...one, ...calendar, ...who, start_ms: AtMs }), {
    ...example,
    vendor_id: ids.pharmacy,
    terms: flu,
    ...ann,
    start_ms: 1_798_100_000_000,
  }),
  admit: command(
    'A person without an account stands in the pharmacy: claims the slot that has begun, or the next free one, and has been received. `customer_id` is the id of the appointment.',
    closed({
      ...one,
      ...calendar,
      ...who,
      start_ms: Type.Union([AtMs, Type.Null()], { description: 'Null: the first free seat' }),
      settles: Type.Array(oneOf(requirements), {
        description: 'Things that the service wants and that were seen to at the counter',
      }),
    }),
    {
      ...example,
      vendor_id: ids.pharmacy,
      terms: flu,
      ...ann,
      customer_id: ids.appointment,
      start_ms: null,
      settles: [],
    },
  ),
  join_waitlist: command(
    'Waits for a place.',
    closed({ ...one, ...calendar, ...who, from_ms: AtMs, to_ms: AtMs }),
    {
      ...example,
      vendor_id: ids.pharmacy,
      terms: flu,
      ...ann,
      from_ms: 1_798_100_000_000,
      to_ms: 1_798_200_000_000,
    },
  ),
  confirm: command(
    'Confirms an appointment; of a place that was offered to a customer who waited: accepts it.',
    closed({
      ...one,
      settles: Type.Array(oneOf(requirements), {
        description: 'Things that were missing and are settled hereby',
      }),
    }),
    { ...example, settles: [] },
  ),
  settle: command(
    'Says that something that an appointment waits for is there: reviewed papers, or a payment.',
    closed({ ...one, what: oneOf(requirements) }),
    { ...example, what: 'payment' },
  ),
  reschedule: command(
    'Claims another slot and gives up the old one.',
    closed({ ...one, ...calendar, start_ms: AtMs }),
    { ...example, vendor_id: ids.pharmacy, terms: flu, start_ms: 1_798_200_000_000 },
  ),
  cancel: command(
    'Cancels it.',
    closed({
      ...one,
      reason: Type.Optional(text()),
      if_waiting: Type.Optional(
        Type.Boolean({ description: 'Only while it waits, or its offer is open' }),
      ),
    }),
    { ...example, reason: 'ill' },
  ),
  check_in: command(
    'The customer is there; by the pharmacy: and was received.',
    closed({ ...one, code: Type.Optional(text(200)) }),
    { ...example, code: 'k7Qm2Xw9Lp4Z' },
  ),
  complete_step: command(
    'A step is done, or left out.',
    closed({
      ...one,
      step_id: text(40),
      outcome: oneOf(stepOutcomes),
      person_id: text(100),
      person_name: text(limits.nameCharactersMax),
    }),
    {
      ...example,
      step_id: 'consent',
      outcome: 'done',
      person_id: ids.pharmacy,
      person_name: 'City Pharmacy',
    },
  ),
  complete: command('It took place.', closed(one), example),
  no_show: command('Nobody came.', closed(one), example),
} as const
