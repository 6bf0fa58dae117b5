/**
 * The state machines of orders and drivers, written down a second time and by events: what may follow
 * in each state, and where it leads. The simulator and the property tests hold the journal against
 * it, and the simulator counts which of its steps were ever taken.
 */
import type { DriverEvent, OrderEvent } from '../../protocol/events.ts'
import type { Order } from '../order/state.ts'

type Machine = Record<string, Record<string, string>>

export const orderMachine: Machine = {
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
} satisfies Record<string, Partial<Record<OrderEvent['type'], string>>>
for (const state of ['driver_assigned', 'picked_up', 'out_for_delivery', 'failed', 'returning'])
  orderMachine[state]!['assigned_driver_updated'] = state
// The link can be taken back at any time, and changes nothing else.
for (const [state, next] of Object.entries(orderMachine))
  if (state !== 'absent') next['tracking_reissued'] = state

/** The name of an order's state in `orderMachine`. */
export const orderStateName = (order: Order): string =>
  order.kind !== 'accepted' || order.search.kind === 'idle'
    ? order.kind
    : order.search.kind === 'offering'
      ? order.search.auto === null
        ? 'assigning'
        : 'offering'
      : order.search.kind

/**
 * Drivers, by duty, whether one is asked, and whether one is under way. The order leads: being
 * assigned is a fact in any state with a hold, whatever the duty became meanwhile. Whoever has a delivery
 * under way cannot go off duty, and off duty nobody is asked; only the end of a membership makes somebody both,
 * off duty, at once. What a membership is does not show here: it makes nobody do anything but go off duty.
 */
export const driverMachine: Machine = { absent: { driver_registered: 'offline' } }
for (const duty of ['offline', 'available', 'on_break'])
  for (const asked of ['', ' asked'])
    for (const busy of ['', ' busy']) {
      if (duty === 'on_break' && asked !== '' && busy !== '') continue
      const next: Partial<Record<DriverEvent['type'], string>> =
        duty === 'available' && busy !== '' ? {} : { status_changed: '' }
      next.membership_changed = ''
      next.duty_barred = `${duty}${asked}${busy}`
      if (asked === '' && duty === 'available') next.offer_held = `${duty} asked${busy}`
      if (asked !== '') {
        next.offer_released = `${duty}${busy}`
        next.order_assigned = `${duty} busy`
      }
      if (busy !== '') next.order_completed = ''
      next.driver_updated = `${duty}${asked}${busy}`
      driverMachine[`${duty}${asked}${busy}`] = next
    }

/** Which steps were taken, and which never. A target of '' is one of several. */
export class Coverage {
  readonly #seen = new Map<string, number>()

  take(kind: 'order' | 'driver', from: string, event: string): void {
    const step = `${kind}: ${from} + ${event}`
    this.#seen.set(step, (this.#seen.get(step) ?? 0) + 1)
  }

  add(other: Coverage): void {
    for (const [step, count] of other.#seen)
      this.#seen.set(step, (this.#seen.get(step) ?? 0) + count)
  }

  /** All steps of both machines with how often each was taken, in the order of the tables. */
  steps(): [string, number][] {
    return (
      [
        ['order', orderMachine],
        ['driver', driverMachine],
      ] as const
    ).flatMap(([kind, machine]) =>
      Object.entries(machine).flatMap(([from, next]) =>
        Object.keys(next).map((event): [string, number] => {
          const step = `${kind}: ${from} + ${event}`
          return [step, this.#seen.get(step) ?? 0]
        }),
      ),
    )
  }
}
