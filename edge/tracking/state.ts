/**
 * An order as the holder of a tracking link may see it: the shape of `GET /api/tracking/{token}`
 * and of the first message of `/ws/tracking/{token}`. It contains only first names; the phone, the
 * items and the notes are left out. The place of delivery is exact only while a driver must find
 * it; after the end of the order it is a point within about a kilometre.
 */
import { statusTable, type StatusFacts } from '../../protocol/orders/statuses.ts'
import type { OrderView } from '../../protocol/orders/view.ts'
import type { TrackingView } from '../../protocol/tracking/messages.ts'
import type { PositionAnswer } from '../../protocol/tracking/positions.ts'
import type { Kernel } from '../kernel/kernel.ts'

/** A hundredth of a degree is about 1.1 km. */
const coarse = (degrees: number): number => Math.round(degrees * 100) / 100
const firstName = (name: string): string => name.trim().split(/\s+/, 1)[0] ?? ''

/**
 * A position that is not available is null, because the state of the order is useful without it.
 */
export async function trackingState(
  ctx: Pick<Kernel, 'commands' | 'nowMs'>,
  order: OrderView,
): Promise<TrackingView> {
  const { heading }: StatusFacts = statusTable[order.status]
  const answer =
    order.driver_id !== null && heading !== null
      ? await ctx.commands
          .position({
            driver_id: order.driver_id,
            target: { latitude: order.delivery_latitude, longitude: order.delivery_longitude },
            // Before the pick-up the route leads past the pharmacy.
            ...(heading === 'pickup' &&
              order.pickup_latitude !== null &&
              order.pickup_longitude !== null && {
                via: { latitude: order.pickup_latitude, longitude: order.pickup_longitude },
              }),
          })
          .catch(() => nowhere)
      : nowhere
  const { position, eta_minutes } = answer
  const over = order.ended_at !== null
  return {
    order: {
      id: order.id,
      order_number: order.order_number,
      status: order.status,
      customer_name: firstName(order.customer_name),
      pharmacy_name: order.vendor_name,
      driver_name: order.driver_name === null || over ? null : firstName(order.driver_name),
      pickup_latitude: order.pickup_latitude,
      pickup_longitude: order.pickup_longitude,
      delivery_address: over ? null : order.delivery_address,
      delivery_latitude: over ? coarse(order.delivery_latitude) : order.delivery_latitude,
      delivery_longitude: over ? coarse(order.delivery_longitude) : order.delivery_longitude,
      estimated_delivery_time:
        eta_minutes === null ? null : new Date(ctx.nowMs() + eta_minutes * 60_000).toISOString(),
      created_at: order.created_at,
      picked_up_at: order.picked_up_at,
      delivered_at: order.delivered_at,
    },
    driver_location: position && {
      latitude: position.latitude,
      longitude: position.longitude,
      heading: position.heading,
      speed: position.speed,
      last_update: new Date(position.at_ms).toISOString(),
    },
    eta_minutes,
    distance_km: answer.distance_km,
  }
}

const nowhere: PositionAnswer = { position: null, distance_km: null, eta_minutes: null }
