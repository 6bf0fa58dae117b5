/**
 * Applies an event to an order. It never refuses and never looks at the clock, so a replay gives
 * the same state every time. An event that does not fit its state is a defect of the journal, and
 * throws.
 */
import { stateOf } from '../../protocol/orders/fields.ts'
import { searchPolicyDefault } from '../../protocol/drivers/policies.ts'
import type { OrderEvent } from '../../protocol/dispatch/events.ts'
import { unreachable } from '../actors/decision.ts'
import { custodyKindsOf, custodyOf, evolveCustody, noCustody } from './custody-state.ts'
import {
  deliveryOf,
  isBeingBrought,
  isBeingFetched,
  isCancellable,
  isUnderWay,
  pharmacyOf,
  type Broadcast,
  type Deal,
  type Delivery,
  type Order,
  type OrderCore,
  type Search,
} from './state.ts'

/** `atMs`: time of the event, ms since the epoch. */
export function evolve(order: Order, event: OrderEvent, atMs: number): Order {
  switch (event.type) {
    case 'broadcast_opened': {
      const d = event.data
      return {
        kind: 'broadcast',
        core: core(d, 'broadcast', atMs),
        broadcast: {
          radiusKm: d.radius_km,
          expiresAtMs: d.expires_at_ms,
          candidates: d.candidates,
          rejections: [],
        },
      }
    }
    case 'order_placed':
      return {
        kind: 'pending',
        core: core(event.data, 'direct', atMs),
        vendor: event.data.vendor,
        distanceKm: event.data.distance_km,
      }
    default:
      return order.kind === 'absent' ? misfit(order, event) : evolveLiving(order, event, atMs)
  }
}

/**
 * Number of characters of all refusal texts that an order remembers. Two hundred pharmacies with
 * the longest texts would make an order that fits no message. The order keeps the later refusals
 * without their texts; those are in the events, and the customer gets them at once.
 */
export const responseCharactersMax = 40_000
const charactersOf = (rejections: Broadcast['rejections']): number =>
  rejections.reduce(
    (sum, { textMessage, audioUrl }) => sum + (textMessage?.length ?? 0) + (audioUrl?.length ?? 0),
    0,
  )

type Later = Exclude<OrderEvent, { type: 'broadcast_opened' | 'order_placed' }>

function evolveLiving(
  order: Exclude<Order, { kind: 'absent' }>,
  event: Later,
  atMs: number,
): Order {
  switch (event.type) {
    case 'response_recorded': {
      if (order.kind !== 'broadcast') return misfit(order, event)
      const { vendor_id, text_message, audio_url } = event.data
      const before = order.broadcast.rejections
      const words =
        charactersOf(before) + (text_message?.length ?? 0) + (audio_url?.length ?? 0) <=
        responseCharactersMax
      const rejections = [
        ...before,
        {
          vendorId: vendor_id,
          textMessage: words ? text_message : null,
          audioUrl: words ? audio_url : null,
          atMs,
        },
      ]
      return { ...order, broadcast: { ...order.broadcast, rejections } }
    }
    case 'order_accepted': {
      if (order.kind !== 'broadcast' && order.kind !== 'pending') return misfit(order, event)
      const d = event.data
      return {
        kind: 'accepted',
        core: order.core,
        broadcast: order.kind === 'broadcast' ? order.broadcast : null,
        search: { kind: 'idle' },
        deal: {
          vendor: d.vendor,
          distanceKm: d.distance_km,
          feeMinor: d.fee_minor,
          acceptedAtMs: atMs,
          textMessage: d.text_message,
          audioUrl: d.audio_url,
        },
      }
    }
    case 'order_rejected':
      if (order.kind !== 'pending') return misfit(order, event)
      return {
        kind: 'rejected',
        core: order.core,
        vendor: order.vendor,
        distanceKm: order.distanceKm,
        endedAtMs: atMs,
        reason: event.data.reason,
      }
    case 'request_expired':
      if (order.kind !== 'broadcast') return misfit(order, event)
      return {
        kind: 'expired',
        core: order.core,
        broadcast: order.broadcast,
        endedAtMs: atMs,
        reason: event.data.reason,
      }
    case 'order_cancelled': {
      if (!isCancellable(order)) return misfit(order, event)
      const deal = 'deal' in order ? order.deal : null
      return {
        kind: 'cancelled',
        core: order.core,
        broadcast: order.kind === 'pending' ? null : order.broadcast,
        endedAtMs: atMs,
        by: event.data.by,
        reason: event.data.reason,
        vendor: pharmacyOf(order),
        deal,
        delivery: deliveryOf(order),
      }
    }
    case 'tracking_reissued':
      return { ...order, core: { ...order.core, trackingToken: event.data.tracking_token } }
    case 'parcel_packed':
    case 'package_scanned':
    case 'agent_named':
    case 'code_refused':
    case 'code_renewed':
    case 'chain_broken':
    case 'chain_mended':
      if (!custodyKindsOf[event.type].has(order.kind)) return misfit(order, event)
      return {
        ...order,
        core: { ...order.core, custody: evolveCustody(custodyOf(order), event, atMs) },
      }
    case 'driver_search_started':
      return withSearch(order, event, () => ({
        kind: 'searching',
        auto: {
          ...(event.data.policy !== searchPolicyDefault && { policy: event.data.policy }),
          offerTtlMs: event.data.offer_ttl_ms,
          deadlineMs: event.data.deadline_ms,
          offersMade: 0,
          triedDriverIds: [],
          unavailable: [],
        },
      }))
    case 'offer_made':
      return withSearch(order, event, search => ({
        kind: 'offering',
        auto:
          search.kind === 'searching'
            ? { ...search.auto, offersMade: search.auto.offersMade + 1 }
            : null,
        offer: {
          offerId: event.data.offer_id,
          driverId: event.data.driver_id,
          mode: event.data.mode,
          expiresAtMs: event.data.expires_at_ms,
          etaMinutes: event.data.eta_minutes,
          distanceKm: event.data.distance_km,
        },
      }))
    case 'offer_closed':
      return withSearch(order, event, search => {
        if (search.kind !== 'offering') return misfit(order, event)
        if (search.auto === null) return { kind: 'idle' }
        const { auto } = search
        const driverId = event.data.driver_id
        return {
          kind: 'searching',
          auto:
            event.data.outcome === 'unavailable'
              ? {
                  ...auto,
                  unavailable: [
                    ...auto.unavailable.filter(one => one.driverId !== driverId),
                    { driverId, atMs },
                  ],
                }
              : { ...auto, triedDriverIds: [...auto.triedDriverIds, driverId] },
        }
      })
    case 'driver_search_ended':
      return withSearch(order, event, search => ({
        kind: 'exhausted',
        offersMade: search.kind === 'searching' ? search.auto.offersMade : 0,
      }))
    case 'driver_assigned': {
      if (order.kind !== 'accepted') return misfit(order, event)
      const { core, broadcast, deal } = order
      return {
        kind: 'driver_assigned',
        core,
        broadcast,
        deal,
        delivery: {
          driver: event.data.driver,
          assignmentId: event.data.offer_id,
          assignedAtMs: atMs,
          arrivedAtPickupMs: null,
          pickedUpAtMs: null,
          outForDeliveryAtMs: null,
          arrivedAtDropoffMs: null,
        },
      }
    }
    case 'driver_unassigned':
      if (!isBeingFetched(order)) return misfit(order, event)
      return {
        ...moving(order),
        // The next driver scans again.
        core:
          order.core.custody === undefined
            ? order.core
            : {
                ...order.core,
                custody: { ...order.core.custody, scanned: noCustody.scanned },
              },
        kind: 'accepted',
        search: { kind: 'idle' },
      }
    case 'assigned_driver_updated':
      if (!isUnderWay(order)) return misfit(order, event)
      return { ...order, delivery: { ...order.delivery, driver: event.data.driver } }
    case 'arrived_at_pickup':
      if (!isBeingFetched(order)) return misfit(order, event)
      return { ...order, delivery: { ...order.delivery, arrivedAtPickupMs: atMs } }
    case 'picked_up':
      if (order.kind !== 'driver_assigned') return misfit(order, event)
      return {
        ...moving(order),
        kind: 'picked_up',
        // A phone without a connection reports it later than the steps that follow it happened.
        delivery: {
          ...order.delivery,
          pickedUpAtMs: event.data.custody?.happened_at_ms ?? atMs,
        },
      }
    case 'out_for_delivery':
      if (order.kind !== 'picked_up') return misfit(order, event)
      return {
        ...moving(order),
        kind: 'out_for_delivery',
        delivery: { ...order.delivery, outForDeliveryAtMs: atMs },
      }
    case 'arrived_at_dropoff':
      if (order.kind !== 'out_for_delivery') return misfit(order, event)
      return { ...order, delivery: { ...order.delivery, arrivedAtDropoffMs: atMs } }
    case 'delivered': {
      if (order.kind !== 'out_for_delivery') return misfit(order, event)
      const d = event.data
      return {
        ...moving(order),
        kind: 'delivered',
        delivery: order.delivery,
        endedAtMs: atMs,
        proofPhotoUrl: d.proof_photo_url,
        signatureUrl: d.signature_url,
        actualDistanceKm: d.actual_distance_km,
        ...(d.reason !== null && { reason: d.reason }),
        ...(d.flag !== null && { flag: d.flag }),
      }
    }
    case 'delivery_failed':
      if (!isBeingBrought(order)) return misfit(order, event)
      return {
        ...moving(order),
        kind: 'failed',
        delivery: order.delivery,
        reason: event.data.reason,
        failedAtMs: atMs,
      }
    case 'return_started':
      if (order.kind !== 'failed') return misfit(order, event)
      return { ...order, kind: 'returning' }
    case 'returned':
      if (order.kind !== 'returning') return misfit(order, event)
      return {
        ...moving(order),
        kind: 'returned',
        delivery: order.delivery,
        reason: order.reason,
        endedAtMs: atMs,
      }
    default:
      return unreachable(event)
  }
}

function core(
  d: Extract<OrderEvent, { type: 'broadcast_opened' | 'order_placed' }>['data'],
  origin: OrderCore['origin'],
  atMs: number,
): OrderCore {
  return {
    orderId: d.order_id,
    origin,
    trackingToken: d.tracking_token,
    customerId: d.customer_id,
    customerName: d.customer_name,
    customerPhone: d.customer_phone,
    dropoff: d.dropoff,
    items: d.items,
    quantity: d.quantity,
    ...stateOf(d),
    currency: d.currency,
    fee: d.fee,
    createdAtMs: atMs,
  }
}

const moving = (order: {
  core: OrderCore
  broadcast: Broadcast | null
  deal: Deal
  delivery: Delivery
}) => ({ core: order.core, broadcast: order.broadcast, deal: order.deal })

function withSearch(order: Order, event: OrderEvent, next: (search: Search) => Search): Order {
  return order.kind === 'accepted' ? { ...order, search: next(order.search) } : misfit(order, event)
}

function misfit(order: Order, event: OrderEvent): never {
  throw new Error(`journal defect: event ${event.type} on an order that is ${order.kind}`)
}
