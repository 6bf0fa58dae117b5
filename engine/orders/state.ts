/**
 * The states of an order. The union makes wrong states impossible, such as a delivered order
 * without a driver, or an open request with a winner. A request is an order in its first state; its
 * id stays the same.
 */
import type { DeliveryFlag } from '../../protocol/orders/delivery-flag.ts'
import type { GivenState } from '../../protocol/orders/fields.ts'
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
import type { OrderCustody } from './custody-state.ts'

/** The part that every order has from the start. Only the tracking token and the custody can change. */
export interface OrderCore extends GivenState {
  orderId: string
  origin: 'broadcast' | 'direct'
  trackingToken: string
  customerId: string
  customerName: string
  customerPhone: string
  dropoff: Place
  items: { name: string; quantity: number }[]
  quantity: number | null
  /** Currency of all its money; absent in a snapshot of an older release. */
  currency?: string
  /** The fee that the customer was told; null in a request without a quote. */
  fee: FeeFact | null
  createdAtMs: number
  /** Absent until something of its custody has happened. */
  custody?: OrderCustody
}

/**
 * The part of a request. `candidates` stay with the order, so a late answer of a pharmacy that was
 * asked differs from a stranger's.
 */
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

/** The part from acceptance on: the pharmacy, the distance and the price. */
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

/**
 * How an accepted order searches for its driver. `auto` is null for an assignment by the pharmacy's
 * hand.
 */
export type Search =
  | { kind: 'idle' }
  | { kind: 'searching'; auto: AutoSearch }
  | { kind: 'offering'; auto: AutoSearch | null; offer: Offer }
  | { kind: 'exhausted'; offersMade: number }

export interface AutoSearch {
  /** How drivers are chosen; absent for the default policy. */
  policy?: SearchPolicy
  offerTtlMs: number
  deadlineMs: number
  offersMade: number
  /** Drivers who declined or did not answer. One search does not ask them twice. */
  triedDriverIds: string[]
  /**
   * Drivers who could not take the order at that time (another order was faster, off duty). They
   * are asked again later.
   */
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
      /**
       * The reason why the driver was not at the door, or the flag that no reason was given; absent
       * for a normal delivery.
       */
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
/** The order is over. */
export const isEnded = (order: Order): order is Ended => ended.has(order.kind)

/** The order has its driver and is not over. */
export const isUnderWay = (order: Order): order is OrderThat<'underWay'> => underWay.has(order.kind)

/** The order may still be cancelled. So may an open request, whose status is shown as `pending`. */
export const isCancellable = (
  order: Order,
): order is OrderThat<'cancellable'> | Extract<Order, { kind: 'broadcast' }> =>
  order.kind === 'broadcast' || cancellable.has(order.kind)

/** The driver is on the way to the pharmacy, or waits there. */
export const isBeingFetched = (
  order: Order,
): order is Extract<Order, { kind: StatusWith<'heading', 'pickup'> }> =>
  headings.get(order.kind) === 'pickup'

/** The driver brings the order to the door. */
export const isBeingBrought = (
  order: Order,
): order is Extract<Order, { kind: StatusWith<'heading', 'dropoff'> }> =>
  headings.get(order.kind) === 'dropoff'

/** Where the driver of the order is going; null when there is nothing to follow. */
export const headingOf = (order: Order): StatusFacts['heading'] => headings.get(order.kind) ?? null

/** The pharmacy of an order; null while a request is open. */
export function pharmacyOf(order: Order): PharmacyFact | null {
  if ('vendor' in order) return order.vendor
  return 'deal' in order ? order.deal.vendor : null
}

/** The driver of an order, once one is assigned. */
export const deliveryOf = (order: Order): Delivery | null =>
  'delivery' in order ? order.delivery : null
