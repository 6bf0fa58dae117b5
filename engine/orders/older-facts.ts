/**
 * The events of an order that are also published under an older name, with their older fields.
 * Pure. `order` is the state after the event, or a later one when events are published again after
 * a crash, so only fields that no later event changes are read from it.
 */
import type { OrderEvent } from '../../protocol/dispatch/events.ts'
import type { OlderFact } from '../../protocol/dispatch/older-topics.ts'
import type { OlderFactOf } from '../actors/effects.ts'
import { deliveryOf, type Order } from './state.ts'

/** Null for an event that has no older name. */
export function olderFact(event: OrderEvent, order: Order): OlderFactOf | null {
  if (order.kind === 'absent') return null
  const { orderId } = order.core
  const of = (fact: OlderFact): OlderFactOf => ({ orderId, fact })
  switch (event.type) {
    case 'broadcast_opened':
      return of({
        type: 'trip.requested',
        data: {
          trip_id: orderId,
          customer_id: event.data.customer_id,
          vendor_id: null,
          pickup: null,
          dropoff: event.data.dropoff,
          fee_minor: event.data.fee?.fee_minor ?? null,
        },
      })
    case 'order_placed': {
      const { vendor, customer_id, dropoff, fee } = event.data
      const pickup = {
        latitude: vendor.latitude,
        longitude: vendor.longitude,
        address: vendor.address,
      }
      return of({
        type: 'trip.requested',
        data: {
          trip_id: orderId,
          customer_id,
          vendor_id: vendor.vendor_id,
          pickup,
          dropoff,
          fee_minor: fee?.fee_minor ?? null,
        },
      })
    }
    case 'driver_assigned': {
      const { driver } = event.data
      return of({
        type: 'trip.assigned',
        data: {
          trip_id: orderId,
          driver_id: driver.driver_id,
          driver_name: driver.name,
          vehicle_type: driver.vehicle_type,
        },
      })
    }
    case 'picked_up':
      return of({
        type: 'trip.started',
        data: { trip_id: orderId, driver_id: deliveryOf(order)?.driver.driver_id ?? null },
      })
    case 'delivered':
      return of({
        type: 'trip.completed',
        data: {
          trip_id: orderId,
          driver_id: event.data.driver_id,
          distance_km: event.data.actual_distance_km,
          fee_minor: order.kind === 'delivered' ? order.deal.feeMinor : event.data.earnings_minor,
        },
      })
    default:
      return null
  }
}
