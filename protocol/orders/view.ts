/**
 * The public shape of an order: the answer of REST, the row of the read model, and the reply to
 * commands. Requests and orders share it, because a request is an order in its first state.
 */
import Type from 'typebox'
import { OrderCustodyView } from '../custody/facts.ts'
import { Item, Latitude, Longitude, nullable, Timestamp, oneOf } from '../kernel/schema.ts'
import { toldSchemas } from './fields.ts'
import { DeliveryFlag } from './delivery-flag.ts'
import { orderStatuses, type OrderStatus } from './statuses.ts'
import { Uuid } from '../kernel/principal.ts'

/** The status in messages. */
export const StatusShown = Type.Unsafe<OrderStatus>(Type.String({ enum: orderStatuses }))

export const SearchView = Type.Object({
  state: Type.Union([
    Type.Literal('idle'),
    Type.Literal('searching'),
    Type.Literal('offering'),
    Type.Literal('exhausted'),
  ]),
  offers_made: Type.Integer(),
  offer: nullable(Type.Object({ offer_id: Uuid, driver_id: Uuid, expires_at: Timestamp })),
})

export const ResponseView = Type.Object({
  vendor_id: Uuid,
  response_type: Type.Union([Type.Literal('ACCEPTED'), Type.Literal('REJECTED')]),
  text_message: nullable(Type.String()),
  audio_url: nullable(Type.String()),
  responded_at: Timestamp,
})

export const OrderView = Type.Object({
  id: Uuid,
  kind: Type.Union([Type.Literal('broadcast'), Type.Literal('direct')]),
  order_number: Type.String(),
  tracking_token: Type.String({
    description: 'Empty for a pharmacy that does not have the order, and for drivers',
  }),
  status: oneOf(orderStatuses),
  user_id: Type.Unsafe<string>(
    Type.Union([Uuid, Type.Literal('')], {
      description: 'Empty for whoever need not know who the customer is',
    }),
  ),
  vendor_id: nullable(Uuid),
  vendor_name: nullable(Type.String()),
  driver_id: nullable(Uuid),
  driver_name: nullable(Type.String()),
  driver_phone: nullable(Type.String()),
  /** The offer or assignment by which the order got its driver. */
  assignment_id: nullable(Uuid),

  pickup_address: nullable(Type.String()),
  pickup_latitude: nullable(Latitude),
  pickup_longitude: nullable(Longitude),
  delivery_address: nullable(Type.String()),
  delivery_latitude: Latitude,
  delivery_longitude: Longitude,

  customer_name: Type.String(),
  customer_phone: Type.String(),
  items: Type.Array(Item),
  quantity: nullable(Type.Integer()),
  ...toldSchemas,

  /** Only in requests. */
  radius_km: nullable(Type.Number()),
  pharmacies_notified: nullable(Type.Integer()),
  expires_at: nullable(Timestamp),
  responses: Type.Array(ResponseView),

  driver_search: SearchView,

  estimated_distance_km: nullable(Type.Number()),
  actual_distance_km: nullable(Type.Number()),
  delivery_fee: nullable(Type.Number()),
  currency: Type.String(),
  proof_photo_url: nullable(Type.String()),
  signature_url: nullable(Type.String()),
  delivery_flag: Type.Union([DeliveryFlag, Type.Null()], {
    description:
      'For the pharmacy and administrators: delivered more than 300 m from the door, or without a fresh position of the driver, and nobody gave a reason',
  }),
  reason: nullable(Type.String()),
  custody: Type.Union([OrderCustodyView, Type.Null()], {
    description: 'What the policy of its goods asks for, and what was done; null for plain goods',
  }),

  created_at: Timestamp,
  updated_at: Timestamp,
  accepted_at: nullable(Timestamp),
  driver_assigned_at: nullable(Timestamp),
  arrived_at_pickup_at: nullable(Timestamp),
  picked_up_at: nullable(Timestamp),
  out_for_delivery_at: nullable(Timestamp),
  arrived_at_dropoff_at: nullable(Timestamp),
  delivered_at: nullable(Timestamp),
  /** The time of the end, whatever the outcome. */
  ended_at: nullable(Timestamp),
  version: Type.Integer(),
})
export type OrderView = Type.Static<typeof OrderView>
