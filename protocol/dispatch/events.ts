/**
 * Events are facts. The journal stores them, and the bus publishes them after commit. The journal
 * keeps `data` as written here, so a change of shape is a new `v` with an upcaster, never an edit.
 * Times inside data are ms since the epoch, with `_ms` in the name.
 *
 * They are schemas and not interfaces: the AsyncAPI document shows these very objects, and a test
 * checks every event of a run against them. The schemas allow further fields, because a consumer
 * must accept new ones; the test does not allow them.
 */
import Type from 'typebox'
import { Principal, Uuid } from '../kernel/principal.ts'
import { Text } from '../kernel/schema.ts'
import { moneySlot } from '../kernel/slots.ts'
import type { appointmentEvents } from './appointment-events.ts'
import type { driverEvents } from './driver-events.ts'
import type { orderEvents } from './order-events.ts'

type Events<Rows extends Record<string, { data: Type.TSchema }>> = {
  [Name in keyof Rows]: { type: Name; data: Type.Static<Rows[Name]['data']> }
}[keyof Rows]
export type OrderEvent = Events<typeof orderEvents>
export type DriverEvent = Events<typeof driverEvents>
export type AppointmentEvent = Events<typeof appointmentEvents>

/** Version of the shapes above. The journal stores it beside each event. */
export const eventVersion = 7

/** The message on `caduceus.v1.event.<actor>.<type>.<id>`. */
export const PublishedEvent = Type.Object({
  id: Type.String({
    description:
      '`<slot>.<seq>`: the message id for deduplication; a republication carries the same',
  }),
  slot: Type.Integer({
    minimum: 0,
    description: `Facts about money, which edges publish, have the slot ${moneySlot}`,
  }),
  seq: Type.Integer({ minimum: 1, description: 'Contiguous per slot' }),
  order_seq: Type.Integer({
    minimum: 1,
    description: 'Version of the actor after this event: contiguous per actor',
  }),
  at: Type.String({ format: 'date-time' }),
  actor: Type.String({
    description: 'The kind of actor: order, driver, appointment, conversation or payment',
  }),
  /** Of an appointment's event it is the service, whose calendar decides. */
  actor_id: Uuid,
  type: Text,
  v: Type.Integer({ minimum: 1, description: 'Version of the shape of the event' }),
  by: Type.Union([Principal, Type.Null()], {
    description:
      'Who acted: a person, a pharmacy, a service, or `system` for timers, geofences and what actors tell each other. Null when an older release wrote the event and did not say',
  }),
  data: Type.Unknown(),
})
export type PublishedEvent = Type.Static<typeof PublishedEvent>
