/**
 * The topics of the older system that Caduceus replaces, as event names with the same meaning. A
 * service that consumed `trip.requested` changes its broker and not its logic. A trip is an order.
 *
 * They are published beside the events that they derive from, in the order of their slot, on
 * `caduceus.v1.<topic>.<order_id>` and not below `event.`, where each sequence number must stay
 * unique. `driver.location.updated` has no order and no history, so it is in no stream.
 */
import Type from 'typebox'
import { Currency, Latitude, Longitude, Minor, nullable, oneOf } from '../kernel/schema.ts'
import { Place } from './facts.ts'
import { at, ids } from '../kernel/examples.ts'
import { Uuid } from '../kernel/principal.ts'
import { paymentMethods } from '../orders/said-money.ts'

const row = <T extends Type.TSchema>(description: string, data: T, example: Type.Static<T>) => ({
  description,
  data,
  example,
})
const home = { latitude: 27.7172, longitude: 85.324, address: '456 Home Ave' }

export const olderTopics = {
  'trip.requested': row(
    'A customer asks for a delivery: `broadcast_opened` (to the pharmacies nearby, no pick-up yet) or `order_placed`.',
    Type.Object({
      trip_id: Uuid,
      customer_id: Uuid,
      vendor_id: nullable(Uuid),
      pickup: nullable(Place),
      dropoff: Place,
      fee_minor: nullable(Minor),
    }),
    {
      trip_id: ids.order,
      customer_id: ids.customer,
      vendor_id: null,
      pickup: null,
      dropoff: home,
      fee_minor: null,
    },
  ),
  'trip.assigned': row(
    'The delivery has its driver: `driver_assigned`.',
    Type.Object({
      trip_id: Uuid,
      driver_id: Uuid,
      driver_name: Type.String(),
      vehicle_type: Type.String(),
    }),
    { trip_id: ids.order, driver_id: ids.driver, driver_name: 'Dora', vehicle_type: 'bike' },
  ),
  'trip.started': row(
    'The driver has the parcel: `picked_up`.',
    Type.Object({ trip_id: Uuid, driver_id: nullable(Uuid) }),
    { trip_id: ids.order, driver_id: ids.driver },
  ),
  'trip.completed': row(
    'Handed over: `delivered`.',
    Type.Object({
      trip_id: Uuid,
      driver_id: Uuid,
      distance_km: nullable(Type.Number()),
      fee_minor: Minor,
    }),
    { trip_id: ids.order, driver_id: ids.driver, distance_km: 1.42, fee_minor: 300 },
  ),
  'payment.processed': row(
    "A customer has paid for a delivered order, by card or in cash: the payment's `captured`. The fee that a driver earns is `event.driver.earned`. In earlier releases this name was the driver's booking.",
    Type.Object({
      trip_id: Uuid,
      driver_id: nullable(Uuid),
      amount_minor: Minor,
      currency: Currency,
      method: oneOf(paymentMethods),
    }),
    {
      trip_id: ids.order,
      driver_id: ids.driver,
      amount_minor: 1_850,
      currency: 'USD',
      method: 'card',
    },
  ),
} as const
export type OlderTopic = keyof typeof olderTopics
export type OlderFact = {
  [Topic in OlderTopic]: { type: Topic; data: Type.Static<(typeof olderTopics)[Topic]['data']> }
}[OlderTopic]

/** The message on `caduceus.v1.<topic>.<order_id>`. */
export const OlderMessage = Type.Object({
  id: Type.String({ description: '`<slot>.<seq>.<topic>`: the message id for deduplication' }),
  slot: Type.Integer({ minimum: 0 }),
  seq: Type.Integer({ minimum: 1, description: 'Of the event it is derived from' }),
  order_seq: Type.Integer({ minimum: 1 }),
  at: Type.String({ format: 'date-time' }),
  type: Type.String(),
  data: Type.Unknown(),
})
export type OlderMessage = Type.Static<typeof OlderMessage>

/**
 * `driver.location.updated`: the live positions of an engine's drivers that moved, every few
 * seconds.
 */
export const DriverLocationsUpdated = Type.Object({
  type: Type.Literal('driver.location.updated'),
  at: Type.String({ format: 'date-time' }),
  data: Type.Array(
    Type.Object({
      driver_id: Uuid,
      latitude: Latitude,
      longitude: Longitude,
      heading: nullable(Type.Number()),
      speed: nullable(Type.Number()),
      at_ms: Type.Integer({ description: "The device's time of the position, ms since the epoch" }),
    }),
  ),
})
export type DriverLocationsUpdated = Type.Static<typeof DriverLocationsUpdated>
export const driverLocationsExample: DriverLocationsUpdated = {
  type: 'driver.location.updated',
  at,
  data: [
    {
      driver_id: ids.driver,
      latitude: 27.7145,
      longitude: 85.3271,
      heading: 180,
      speed: 8,
      at_ms: 1_790_000_000_000,
    },
  ],
}
