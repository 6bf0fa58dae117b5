/** Positions of drivers on the bus: pushed from engines to edges, and asked for one driver. */
import Type from 'typebox'
import { Uuid } from '../kernel/principal.ts'
import { AtMs, Latitude, Longitude, nullable, Point, Text } from '../kernel/schema.ts'

const pin = {
  latitude: Latitude,
  longitude: Longitude,
  heading: nullable(Type.Number()),
  speed: nullable(Type.Number()),
  at_ms: AtMs,
}
export const OrderLocation = Type.Object({
  order_id: Uuid,
  ...pin,
  eta_minutes: Type.Union([Type.Number(), Type.Null()], {
    description: 'To the drop-off; before the pick-up by way of the pharmacy',
  }),
  distance_km: Type.Number(),
})
export type OrderLocation = Type.Static<typeof OrderLocation>
export const FleetLocation = Type.Object({ vendor_id: Uuid, driver_id: Uuid, status: Text, ...pin })
export type FleetLocation = Type.Static<typeof FleetLocation>
/** From an engine to one edge, once a tick: the positions that the edge watches. */
export const LocationPush = Type.Object({
  orders: Type.Array(OrderLocation),
  fleet: Type.Array(FleetLocation),
})
export type LocationPush = Type.Static<typeof LocationPush>

/** `query.position`: an edge asks, any engine answers. */
export const PositionQuery = Type.Object({
  driver_id: Uuid,
  target: Type.Optional(Point),
  /** A point on the way to the target, for an order that is not yet picked up. */
  via: Type.Optional(Point),
})
export type PositionQuery = Type.Static<typeof PositionQuery>
export const PositionAnswer = Type.Object({
  position: nullable(Type.Object(pin)),
  distance_km: nullable(Type.Number()),
  eta_minutes: nullable(Type.Number()),
})
export type PositionAnswer = Type.Static<typeof PositionAnswer>
