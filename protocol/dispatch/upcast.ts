/**
 * Events of older releases in today's shape. The journal keeps what was written, so a change of shape is
 * a new version and one step here, from the version before it; steps are chained, and every reader of the
 * table of events asks here, so nobody else knows that there ever was another shape. Pure: the same event
 * becomes the same event.
 *
 * Rejected: rewriting stored events in a migration, which alters facts and cannot be undone; readers that
 * accept both shapes, which makes every field optional for ever.
 */
import { firstCurrency } from '../pricing/money.ts'
import { eventVersion, type DriverEvent, type OrderEvent } from './events.ts'
import type { Principal } from '../kernel/principal.ts'

/** An event as the journal holds it. `by` is missing in what was written before version 5. */
export interface RawEvent {
  type: string
  data: object
  by?: Principal | null
}
/** An event in today's shape, with who acted; null where an older release did not say and it cannot be known. */
export interface Upcast {
  event: OrderEvent | DriverEvent
  by: Principal | null
}
type Step = (event: RawEvent) => RawEvent

const withMoney: ReadonlySet<string> = new Set([
  'broadcast_opened',
  'order_placed',
  'driver_registered',
  'offer_held',
  'order_completed',
])

/** Each makes events of its version those of the next. */
const steps: Readonly<Record<number, Step>> = {
  // Fees were told at acceptance only, then sometimes at the beginning. Since 2 every order says whether one was told.
  1: event =>
    event.type === 'broadcast_opened' || event.type === 'order_placed'
      ? { ...event, data: { fee: null, ...event.data } }
      : event,
  // Since 3 a hold says which event asked for it.
  2: event =>
    event.type === 'offer_held' ? { ...event, data: { source: null, ...event.data } } : event,
  // Since 4 there are events that a release before it does not know; those it knew stay as they were.
  3: event => event,
  // Since 5 every event says who acted, and a delivery how far from the door it was.
  4: event => ({
    ...event,
    by: actorOf(event),
    ...(event.type === 'delivered' && {
      data: { door_distance_m: null, reason: null, flag: null, ...event.data },
    }),
  }),
  // Since 6 whatever holds money says in which currency; there was one before.
  5: event =>
    withMoney.has(event.type)
      ? { ...event, data: { currency: firstCurrency, ...event.data } }
      : event,
}

const engine: Principal = { role: 'system', id: 'engine' }
/** Before version 5: only timers, geofences and actors themselves ever caused these. */
const actorOfOlder: Readonly<Record<string, Principal>> = {
  driver_search_ended: engine,
  arrived_at_pickup: engine,
  arrived_at_dropoff: engine,
  offer_held: { role: 'system', id: 'order' },
  order_assigned: { role: 'system', id: 'order' },
  order_completed: { role: 'system', id: 'order' },
}

/**
 * Who must have acted, where the event alone proves it. A delivery may have been reported by the driver, the
 * pharmacy or an administrator, so of such events nobody is named: a guess would accuse somebody.
 */
function actorOf({ type, data }: RawEvent): Principal | null {
  if (type === 'request_expired' && (data as { reason?: unknown }).reason === 'deadline')
    return engine
  return actorOfOlder[type] ?? null
}

class UnknownEventVersionError extends Error {
  constructor(v: number) {
    super(
      `the journal holds events of version ${v} and this release reads up to ${eventVersion}: start a release at least as new as the one that wrote them`,
    )
    this.name = 'UnknownEventVersionError'
  }
}

/** An event that was stored with version `v`. Throws UnknownEventVersionError for what a newer release wrote. */
export function upcast(v: number, stored: RawEvent): Upcast {
  if (!(v >= 1 && v <= eventVersion)) throw new UnknownEventVersionError(v)
  let current = stored
  for (let from = v; from < eventVersion; from++) current = steps[from]!(current)
  const { type, data, by = null } = current
  return { event: { type, data } as OrderEvent | DriverEvent, by }
}
