/**
 * A second fold of orders from their journaled events: a flat record, kept by other code than the
 * product's (engine/orders/evolve.ts). A wrong fold in the product agrees with itself, but it does
 * not agree with this one. The names of states are those of `orderMachine`.
 */
import type { OrderEvent } from '../../../protocol/dispatch/events.ts'
import type {
  CandidateFact,
  DriverFact,
  FeeFact,
  PharmacyFact,
} from '../../../protocol/dispatch/facts.ts'
import type { OrderStatus } from '../../../protocol/orders/statuses.ts'
import { orderMachine } from '../../orders/machine.ts'

type Opened = Extract<OrderEvent, { type: 'broadcast_opened' }>['data']
type Placed = Extract<OrderEvent, { type: 'order_placed' }>['data']
type DataOf<T extends OrderEvent['type']> = Extract<OrderEvent, { type: T }>['data']

/** The data that an order has from the start. */
export type Wish = Omit<Opened, 'radius_km' | 'expires_at_ms' | 'candidates'> &
  Partial<Pick<Opened, 'radius_km' | 'expires_at_ms' | 'candidates'>> &
  Partial<Pick<Placed, 'vendor' | 'distance_km'>>

/** Times of an order's events, ms since the epoch. */
export type Moment =
  | 'created'
  | 'accepted'
  | 'assigned'
  | 'arrived_at_pickup'
  | 'picked_up'
  | 'out_for_delivery'
  | 'arrived_at_dropoff'
  | 'ended'

/** An order after some events. */
export interface OrderModel {
  id: string
  state: string
  version: number
  wish: Wish
  token: string
  at: Partial<Record<Moment, number>>
  /** Time of the last event. */
  updatedAtMs: number
  /** Refusals of pharmacies, in the order in which they came. */
  noes: (DataOf<'response_recorded'> & { atMs: number })[]
  /** The acceptance of the winner; null before it. */
  yes: DataOf<'order_accepted'> | null
  vendor: PharmacyFact | null
  offersMade: number
  offer: DataOf<'offer_made'> | null
  driver: DriverFact | null
  assignmentId: string | null
  delivered: DataOf<'delivered'> | null
  reason: string | null
}

/** States with the public name `accepted`. */
export const lookingForDriver: ReadonlySet<string> = new Set([
  'accepted',
  'searching',
  'offering',
  'assigning',
  'exhausted',
])
/** States in which a driver has the goods, or will have them soon. */
export const underWay: ReadonlySet<string> = new Set([
  'driver_assigned',
  'picked_up',
  'out_for_delivery',
  'failed',
  'returning',
])
/** Events that may come after the end: a new link, and a late decision upon a broken chain. */
const afterTheEnd: ReadonlySet<string> = new Set(['tracking_reissued', 'chain_mended'])
/** Can the order change no more? */
export const isOver = (order: Pick<OrderModel, 'state'>): boolean =>
  Object.keys(orderMachine.steps[order.state] ?? {}).every(type => afterTheEnd.has(type))
/** The public name of the state. */
export const publicStatus = ({ state }: Pick<OrderModel, 'state'>): OrderStatus =>
  state === 'broadcast'
    ? 'pending'
    : lookingForDriver.has(state)
      ? 'accepted'
      : (state as OrderStatus)
/** The pharmacies that a request was sent to; none for an order to a known pharmacy. */
export const candidatesOf = ({ wish }: Pick<OrderModel, 'wish'>): readonly CandidateFact[] =>
  wish.candidates ?? []
/** Did the order begin as a request? */
export const wasRequest = ({ wish }: Pick<OrderModel, 'wish'>): boolean =>
  wish.candidates !== undefined
/** The fee that the customer was told; null in a request without a quote. */
export const toldFee = ({ wish }: Pick<OrderModel, 'wish'>): FeeFact | null => wish.fee

/**
 * The order after an event that leads to `state`; null where the event needs an order and there is
 * none. `before` stays as it is.
 */
export function folded(
  before: OrderModel | null,
  id: string,
  state: string,
  event: OrderEvent,
  version: number,
  atMs: number,
): OrderModel | null {
  if (event.type === 'broadcast_opened' || event.type === 'order_placed')
    return {
      id,
      state,
      version,
      wish: event.data,
      token: event.data.tracking_token,
      at: { created: atMs },
      updatedAtMs: atMs,
      noes: [],
      yes: null,
      vendor: event.type === 'order_placed' ? event.data.vendor : null,
      offersMade: 0,
      offer: null,
      driver: null,
      assignmentId: null,
      delivered: null,
      reason: null,
    }
  if (before === null) return null
  const after: OrderModel = { ...before, at: { ...before.at }, state, version, updatedAtMs: atMs }
  if (isOver(after) && !isOver(before)) after.at.ended = atMs
  // An offer is open in only two states.
  if (state !== 'offering' && state !== 'assigning') after.offer = null
  switch (event.type) {
    case 'response_recorded':
      after.noes = [...before.noes, { ...event.data, atMs }]
      break
    case 'order_accepted':
      after.yes = event.data
      after.vendor = event.data.vendor
      after.at.accepted = atMs
      break
    case 'driver_search_started':
      after.offersMade = 0
      break
    case 'offer_made':
      after.offer = event.data
      // An assignment by the pharmacy's hand counts as one offer, whatever was before.
      after.offersMade = before.state === 'searching' ? before.offersMade + 1 : 1
      break
    case 'driver_assigned':
      after.driver = event.data.driver
      after.assignmentId = event.data.offer_id
      after.at.assigned = atMs
      break
    case 'driver_unassigned':
      after.driver = null
      after.assignmentId = null
      for (const moment of ['assigned', 'arrived_at_pickup'] as const) delete after.at[moment]
      break
    case 'arrived_at_pickup':
    case 'picked_up':
    case 'out_for_delivery':
    case 'arrived_at_dropoff':
      after.at[event.type] = atMs
      break
    case 'assigned_driver_updated':
      after.driver = event.data.driver
      break
    case 'delivered':
      after.delivered = event.data
      after.reason = event.data.reason
      break
    case 'tracking_reissued':
      after.token = event.data.tracking_token
      break
    case 'order_rejected':
    case 'request_expired':
    case 'order_cancelled':
    case 'delivery_failed':
      after.reason = event.data.reason
      break
    default:
      break
  }
  return after
}
