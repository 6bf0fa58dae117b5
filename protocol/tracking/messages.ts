/**
 * The WebSocket messages about a driver's position: from the driver's app, and to its followers.
 */
import Type from 'typebox'
import { at, ids, pin } from '../kernel/examples.ts'
import { heard, said } from '../kernel/messages.ts'
import { Latitude, Longitude, nullable, Text, Timestamp } from '../kernel/schema.ts'
import { Uuid } from '../kernel/principal.ts'
import { StatusShown } from '../orders/view.ts'

/**
 * The facts that the holder of a tracking link may know of an order. `GET /api/tracking/{token}`
 * answers the same. Of people it shows no more than first names.
 */
export const TrackingView = Type.Object({
  order: Type.Object({
    id: Uuid,
    order_number: Text,
    status: StatusShown,
    customer_name: Type.String({ description: 'The first name' }),
    pharmacy_name: nullable(Text),
    driver_name: nullable(Text),
    pickup_latitude: nullable(Latitude),
    pickup_longitude: nullable(Longitude),
    delivery_address: nullable(Text),
    delivery_latitude: Latitude,
    delivery_longitude: Longitude,
    estimated_delivery_time: nullable(Timestamp),
    created_at: Timestamp,
    picked_up_at: nullable(Timestamp),
    delivered_at: nullable(Timestamp),
  }),
  driver_location: nullable(
    Type.Object({
      latitude: Latitude,
      longitude: Longitude,
      heading: nullable(Type.Number()),
      speed: nullable(Type.Number()),
      last_update: Timestamp,
    }),
  ),
  eta_minutes: nullable(Type.Number()),
  distance_km: nullable(Type.Number()),
})
export type TrackingView = Type.Static<typeof TrackingView>

export const trackingMessages = {
  /** The text form of a frame. The edge reads it by hand, like the binary form. */
  location_text: said(
    ['driver'],
    'One location as text; an array of 1 to 64 of them is one message too.',
    Type.Object(
      {
        type: Type.Literal('location'),
        seq: Type.Optional(
          Type.Integer({
            minimum: 0,
            maximum: 2 ** 32 - 1,
            description: 'Supplied by the edge when absent',
          }),
        ),
        timestamp: Type.Optional(
          Type.Union([Type.Integer({ description: 'ms since the epoch' }), Timestamp]),
        ),
        latitude: Latitude,
        longitude: Longitude,
        heading: Type.Optional(nullable(Type.Number({ minimum: 0, exclusiveMaximum: 360 }))),
        speed: Type.Optional(
          nullable(Type.Number({ minimum: 0, maximum: 150, description: 'm/s' })),
        ),
        accuracy: Type.Optional(nullable(Type.Number({ minimum: 0, description: 'm' }))),
      },
      { additionalProperties: false },
    ),
    { type: 'location', ...pin, accuracy: 5 },
  ),

  ack: heard(
    ['driver'],
    'Every frame up to `seq` has been handed to the bus: the app may drop it.',
    Type.Object({ type: Type.Literal('ack'), seq: Type.Integer() }),
    { type: 'ack', seq: 118 },
  ),

  location: heard(
    ['customer', 'tracking', 'trips'],
    "Where an order's driver is, at most a few times a second.",
    Type.Object({
      type: Type.Literal('location'),
      order_id: Uuid,
      latitude: Latitude,
      longitude: Longitude,
      heading: nullable(Type.Number()),
      speed: nullable(Type.Number()),
      eta_minutes: nullable(Type.Number()),
      distance_km: Type.Number(),
      at: Timestamp,
    }),
    { type: 'location', order_id: ids.order, ...pin, eta_minutes: 3, distance_km: 0.9, at },
  ),

  tracking_state: heard(
    ['tracking'],
    'First message of a tracking link: the whole state, as `GET /api/tracking/{token}` answers it.',
    Type.Object({ type: Type.Literal('state'), ...TrackingView.properties }),
    {
      type: 'state',
      order: {
        id: ids.order,
        order_number: 'ORD-7K3M9Q2X',
        status: 'out_for_delivery',
        customer_name: 'John',
        pharmacy_name: 'City Pharmacy',
        driver_name: 'Dora',
        pickup_latitude: 27.71,
        pickup_longitude: 85.33,
        delivery_address: '456 Home Ave',
        delivery_latitude: 27.7172,
        delivery_longitude: 85.324,
        estimated_delivery_time: at,
        created_at: at,
        picked_up_at: at,
        delivered_at: null,
      },
      driver_location: { ...pin, last_update: at },
      eta_minutes: 3,
      distance_km: 0.9,
    },
  ),

  tracking_reissued: heard(
    [],
    'To edges: the link was replaced; whoever came by the old one is sent away. Never reaches a client.',
    Type.Object({ type: Type.Literal('tracking_reissued'), order_id: Uuid }),
    { type: 'tracking_reissued', order_id: ids.order },
  ),
}
