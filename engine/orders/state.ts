/**
 * What an order can be. A union, so that a delivered order without a driver, or an open request with
 * a winner, cannot be written down. A request is an order in its first state; the id stays the same.
 */
import type { DeliveryFlag } from '../../protocol/orders/delivery-flag.ts'
import type { SearchPolicy } from '../../protocol/drivers/policies.ts'
import {
  cancellableStatuses,
  endedStatuses,
  statusTable,
  underWayStatuses,
  type OrderStatus,
  type StatusFacts,
  type StatusWith,
} from '../../protocol/orders/statuses.ts'
import type {
  CandidateFact,
  DriverFact,
  FeeFact,
  Place,
  PharmacyFact,
} from '../../protocol/dispatch/facts.ts'

/** What every order has from its birth. Only the tracking token can change. */
export interface OrderCore {
  orderId: string
  origin: 'broadcast' | 'direct'
  trackingToken: string
  customerId: string
  customerName: string
  customerPhone: string
  dropoff: Place
  items: { name: string; quantity: number }[]
  quantity: number | null
  notes: string | null
  prescriptionUrl: string | null
  /** Of all its money; absent in a snapshot of an older release. */
  currency?: string
  /** The fee that the customer was told; null in a request without a quote. */
  fee: FeeFact | null
  createdAtMs: number
}

/** The broadcast's own part. `candidates` stay with the order: a late answer from one who was asked differs from a stranger's. */
export interface Broadcast {
  radiusKm: number
  expiresAtMs: number
  candidates: CandidateFact[]
  rejections: {
    vendorId: string
    textMessage: string | null
    audioUrl: string | null
    atMs: number
  }[]
}

/** From acceptance on: who sells, how far, what it costs. */
export interface Deal {
  vendor: PharmacyFact
  distanceKm: number
  feeMinor: number
  acceptedAtMs: number
  textMessage: string | null
  audioUrl: string | null
}

export interface Offer {
  offerId: string
  driverId: string
  mode: 'offer' | 'assign'
  expiresAtMs: number
  etaMinutes: number | null
  distanceKm: number | null
}

/** How an accepted order looks for its driver. `auto` is null for an assignment by the pharmacy's own hand. */
export type Search =
  | { kind: 'idle' }
  | { kind: 'searching'; auto: AutoSearch }
  | { kind: 'offering'; auto: AutoSearch | null; offer: Offer }
  | { kind: 'exhausted'; offersMade: number }

export interface AutoSearch {
  /** How drivers are chosen; not there for the default policy. */
  policy?: SearchPolicy
  offerTtlMs: number
  deadlineMs: number
  offersMade: number
  /** Drivers who declined or stayed silent: not asked twice in one search. */
  triedDriverIds: string[]
  /** Drivers who could not take it at that moment (another order was quicker, off duty): asked again, but not at once. */
  unavailable: { driverId: string; atMs: number }[]
}

export interface Delivery {
  driver: DriverFact
  assignmentId: string
  assignedAtMs: number
  arrivedAtPickupMs: number | null
  pickedUpAtMs: number | null
  outForDeliveryAtMs: number | null
  arrivedAtDropoffMs: number | null
}

export type Order =
  | { kind: 'absent' }
  | { kind: 'broadcast'; core: OrderCore; broadcast: Broadcast }
  | { kind: 'pending'; core: OrderCore; vendor: PharmacyFact; distanceKm: number }
  | { kind: 'accepted'; core: OrderCore; broadcast: Broadcast | null; deal: Deal; search: Search }
  | {
      kind: 'driver_assigned'
      core: OrderCore
      broadcast: Broadcast | null
      deal: Deal
      delivery: Delivery
    }
  | {
      kind: 'picked_up'
      core: OrderCore
      broadcast: Broadcast | null
      deal: Deal
      delivery: Delivery
    }
  | {
      kind: 'out_for_delivery'
      core: OrderCore
      broadcast: Broadcast | null
      deal: Deal
      delivery: Delivery
    }
  | {
      kind: 'failed'
      core: OrderCore
      broadcast: Broadcast | null
      deal: Deal
      delivery: Delivery
      reason: string
      failedAtMs: number
    }
  | {
      kind: 'returning'
      core: OrderCore
      broadcast: Broadcast | null
      deal: Deal
      delivery: Delivery
      reason: string
      failedAtMs: number
    }
  | {
      kind: 'delivered'
      core: OrderCore
      broadcast: Broadcast | null
      deal: Deal
      delivery: Delivery
      endedAtMs: number
      proofPhotoUrl: string | null
      signatureUrl: string | null
      actualDistanceKm: number | null
      /** Why it was delivered where the driver was not at the door, and that nobody said why; absent where there is nothing to say. */
      reason?: string
      flag?: DeliveryFlag
    }
  | {
      kind: 'returned'
      core: OrderCore
      broadcast: Broadcast | null
      deal: Deal
      delivery: Delivery
      reason: string
      endedAtMs: number
    }
  | {
      kind: 'cancelled'
      core: OrderCore
      broadcast: Broadcast | null
      endedAtMs: number
      by: string
      reason: string | null
      vendor: PharmacyFact | null
      deal: Deal | null
      delivery: Delivery | null
    }
  | {
      kind: 'rejected'
      core: OrderCore
      vendor: PharmacyFact
      distanceKm: number
      endedAtMs: number
      reason: string | null
    }
  | { kind: 'expired'; core: OrderCore; broadcast: Broadcast; endedAtMs: number; reason: string }

export const absentOrder: Order = { kind: 'absent' }

/** An order whose status has `true` in this column of the table of statuses. */
type OrderThat<Column extends keyof StatusFacts> = Extract<
  Order,
  { kind: StatusWith<Column, true> }
>
const kindsOf = (statuses: readonly OrderStatus[]): ReadonlySet<string> => new Set(statuses)
const ended = kindsOf(endedStatuses)
const underWay = kindsOf(underWayStatuses)
const cancellable = kindsOf([...cancellableStatuses])
const headings = new Map<string, StatusFacts['heading']>(
  Object.entries(statusTable).map(([status, { heading }]) => [status, heading]),
)

/** No further command changes such an order; it leaves memory. */
export type Ended = OrderThat<'ended'>
export const isEnded = (order: Order): order is Ended => ended.has(order.kind)

/** It has its driver and is not over. */
export const isUnderWay = (order: Order): order is OrderThat<'underWay'> => underWay.has(order.kind)

/** It may still be cancelled. So may an open request, which shows as `pending`. */
export const isCancellable = (
  order: Order,
): order is OrderThat<'cancellable'> | Extract<Order, { kind: 'broadcast' }> =>
  order.kind === 'broadcast' || cancellable.has(order.kind)

/** The driver is on the way to the pharmacy, or waits there. */
export const isBeingFetched = (
  order: Order,
): order is Extract<Order, { kind: StatusWith<'heading', 'pickup'> }> =>
  headings.get(order.kind) === 'pickup'

/** The driver brings it to the door. */
export const isBeingBrought = (
  order: Order,
): order is Extract<Order, { kind: StatusWith<'heading', 'dropoff'> }> =>
  headings.get(order.kind) === 'dropoff'

/** Where the driver of the order is going; null when there is nothing to follow. */
export const headingOf = (order: Order): StatusFacts['heading'] => headings.get(order.kind) ?? null

/** The pharmacy of an order, once one is known; null while a request is open. */
export function vendorOf(order: Order): PharmacyFact | null {
  if ('vendor' in order) return order.vendor
  return 'deal' in order ? order.deal.vendor : null
}

/** The driver of an order, once one is assigned. */
export const deliveryOf = (order: Order): Delivery | null =>
  'delivery' in order ? order.delivery : null
