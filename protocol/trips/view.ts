/** A trip is an order in the words of the rides backend. */
import Type from 'typebox'
import { Uuid } from '../kernel/principal.ts'
import { nullable, oneOf, Timestamp } from '../kernel/schema.ts'
import { orderStatuses, statusTable, type OrderStatus } from '../orders/statuses.ts'
import { OrderView } from '../orders/view.ts'

const tripStatuses = ['requested', 'assigned', 'started', 'completed', 'cancelled'] as const
export type TripStatus = (typeof tripStatuses)[number]

/** The status of a trip, from the facts of the order's status. */
export function tripStatusOf(status: OrderStatus): TripStatus {
  const { ended, carried, underWay } = statusTable[status]
  if (status === 'delivered') return 'completed'
  if (ended) return 'cancelled'
  if (carried) return 'started'
  return underWay ? 'assigned' : 'requested'
}

const order = OrderView.properties
export const TripView = Type.Object({
  id: Uuid,
  trip_id: Type.Unsafe<string>({ ...Uuid, description: 'The same as id' }),
  status: oneOf(tripStatuses),
  order_status: oneOf(orderStatuses),
  order_number: order.order_number,
  user_id: order.user_id,
  driver_id: order.driver_id,
  driver_name: order.driver_name,
  driver_phone: order.driver_phone,
  vendor_id: order.vendor_id,
  vendor_name: order.vendor_name,
  pickup_address: order.pickup_address,
  pickup_latitude: order.pickup_latitude,
  pickup_longitude: order.pickup_longitude,
  dropoff_address: order.delivery_address,
  dropoff_latitude: order.delivery_latitude,
  dropoff_longitude: order.delivery_longitude,
  distance_km: nullable(Type.Number()),
  fare: order.delivery_fee,
  currency: order.currency,
  tracking_token: order.tracking_token,
  pharmacies_notified: order.pharmacies_notified,
  requested_at: Timestamp,
  assigned_at: nullable(Timestamp),
  started_at: nullable(Timestamp),
  completed_at: nullable(Timestamp),
  ended_at: nullable(Timestamp),
})
export type TripView = Type.Static<typeof TripView>

/** The order, as its reader may see it, in the shape of a trip. */
export const tripView = (view: OrderView): TripView => ({
  id: view.id,
  trip_id: view.id,
  status: tripStatusOf(view.status),
  order_status: view.status,
  order_number: view.order_number,
  user_id: view.user_id,
  driver_id: view.driver_id,
  driver_name: view.driver_name,
  driver_phone: view.driver_phone,
  vendor_id: view.vendor_id,
  vendor_name: view.vendor_name,
  pickup_address: view.pickup_address,
  pickup_latitude: view.pickup_latitude,
  pickup_longitude: view.pickup_longitude,
  dropoff_address: view.delivery_address,
  dropoff_latitude: view.delivery_latitude,
  dropoff_longitude: view.delivery_longitude,
  distance_km: view.actual_distance_km ?? view.estimated_distance_km,
  fare: view.delivery_fee,
  currency: view.currency,
  tracking_token: view.tracking_token,
  pharmacies_notified: view.pharmacies_notified,
  requested_at: view.created_at,
  assigned_at: view.driver_assigned_at,
  started_at: view.picked_up_at,
  completed_at: view.delivered_at,
  ended_at: view.ended_at,
})
