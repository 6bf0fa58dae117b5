/**
 * The state machine of orders, written a second time by events: the events that may follow in each
 * state, and the state that each leads to.
 */
import type { OrderEvent } from '../../protocol/dispatch/events.ts'
import type { Machine } from '../actors/kind.ts'
import { custodyKindsOf } from './custody-state.ts'
import type { Order } from './state.ts'

/** An accepted order has one name for each way in which it looks for its driver. */
type Name = Order['kind'] | 'exhausted' | 'searching' | 'offering' | 'assigning'

const transitions: Record<Name, Partial<Record<OrderEvent['type'], Name>>> = {
  absent: { broadcast_opened: 'broadcast', order_placed: 'pending' },
  broadcast: {
    response_recorded: 'broadcast',
    order_accepted: 'accepted',
    request_expired: 'expired',
    order_cancelled: 'cancelled',
  },
  pending: { order_accepted: 'accepted', order_rejected: 'rejected', order_cancelled: 'cancelled' },
  accepted: {
    driver_search_started: 'searching',
    offer_made: 'assigning',
    order_cancelled: 'cancelled',
  },
  exhausted: {
    driver_search_started: 'searching',
    offer_made: 'assigning',
    order_cancelled: 'cancelled',
  },
  searching: {
    offer_made: 'offering',
    driver_search_ended: 'exhausted',
    order_cancelled: 'cancelled',
  },
  offering: { offer_closed: 'searching', driver_assigned: 'driver_assigned' },
  assigning: { offer_closed: 'accepted', driver_assigned: 'driver_assigned' },
  driver_assigned: {
    driver_unassigned: 'accepted',
    arrived_at_pickup: 'driver_assigned',
    picked_up: 'picked_up',
    order_cancelled: 'cancelled',
  },
  picked_up: { out_for_delivery: 'out_for_delivery', delivery_failed: 'failed' },
  out_for_delivery: {
    arrived_at_dropoff: 'out_for_delivery',
    delivered: 'delivered',
    delivery_failed: 'failed',
  },
  failed: { return_started: 'returning' },
  returning: { returned: 'returned' },
  delivered: {},
  returned: {},
  cancelled: {},
  rejected: {},
  expired: {},
}
const steps: Record<string, Record<string, string>> = transitions
const accepting: ReadonlySet<string> = new Set(['exhausted', 'searching', 'offering', 'assigning'])
for (const state of ['driver_assigned', 'picked_up', 'out_for_delivery', 'failed', 'returning'])
  steps[state]!['assigned_driver_updated'] = state
// An accepted order has several names, and its custody does not care which.
for (const [type, kinds] of Object.entries(custodyKindsOf))
  for (const state of Object.keys(steps))
    if (kinds.has(accepting.has(state) ? 'accepted' : state)) steps[state]![type] = state
// The link can be taken back at any time, and this changes nothing else.
for (const [state, next] of Object.entries(steps))
  if (state !== 'absent') next['tracking_reissued'] = state

/** The name of an order's state in `orderMachine`. */
const nameOf = (order: Order): Name =>
  order.kind !== 'accepted' || order.search.kind === 'idle'
    ? order.kind
    : order.search.kind === 'offering'
      ? order.search.auto === null
        ? 'assigning'
        : 'offering'
      : order.search.kind

export const orderMachine: Machine<Order> = { steps, nameOf }
