/**
 * Converts events of older releases to today's shape. The journal keeps the original, so a change
 * of shape is a new version and one step here from the version before it. Steps are chained. Every
 * reader of the table of events calls this, so no other code knows an older shape. Pure: the same
 * event always gives the same result.
 *
 * Rejected: rewriting stored events in a migration, which alters facts and cannot be undone. Also
 * rejected: readers that accept both shapes, which makes every field optional for ever.
 */
import { firstCurrency } from '../pricing/money.ts'
import { eventVersion, type DriverEvent, type OrderEvent } from './events.ts'
import { givenNames, noneGiven } from '../orders/fields.ts'
import type { Principal } from '../kernel/principal.ts'

/** An event as the journal stores it. `by` is missing in events before version 5. */
export interface RawEvent {
  type: string
  data: object
  by?: Principal | null
}
/**
 * An event in today's shape, with its actor. The actor is null when an older release did not store
 * it and it cannot be derived.
 */
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

/** Each step converts events of its version to the next version. */
const steps: Readonly<Record<number, Step>> = {
  // At first the fee was known only at acceptance, later sometimes at the beginning. Since version
  // 2 every order says whether a fee was quoted.
  1: event =>
    event.type === 'broadcast_opened' || event.type === 'order_placed'
      ? { ...event, data: { fee: null, ...event.data } }
      : event,
  // Since version 3 a hold names the event that asked for it.
  2: event =>
    event.type === 'offer_held' ? { ...event, data: { source: null, ...event.data } } : event,
  // Since version 4 there are new events that an older release does not know. Known events did not
  // change.
  3: event => event,
  // Since version 5 every event names its actor, and a delivery its distance from the door.
  4: event => ({
    ...event,
    by: actorOf(event),
    ...(event.type === 'delivered' && {
      data: { door_distance_m: null, reason: null, flag: null, ...event.data },
    }),
  }),
  // Since version 6 every event with money names the currency. Before that there was only one.
  5: event =>
    withMoney.has(event.type)
      ? { ...event, data: { currency: firstCurrency, ...event.data } }
      : event,
  // Since version 7 there are events of custody. Known events did not change.
  6: event => event,
}

const engine: Principal = { role: 'system', id: 'engine' }
/** Event types that, before version 5, only timers, geofences and actors themselves caused. */
const actorOfOlder: Readonly<Record<string, Principal>> = {
  driver_search_ended: engine,
  arrived_at_pickup: engine,
  arrived_at_dropoff: engine,
  offer_held: { role: 'system', id: 'order' },
  order_assigned: { role: 'system', id: 'order' },
  order_completed: { role: 'system', id: 'order' },
}

/**
 * The actor, where the event alone proves it. The driver, the pharmacy or an administrator may have
 * reported a delivery, so such events name nobody: a guess would accuse a person.
 */
function actorOf({ type, data }: RawEvent): Principal | null {
  if (type === 'request_expired' && (data as { reason?: unknown }).reason === 'deadline')
    return engine
  return actorOfOlder[type] ?? null
}

const begins: ReadonlySet<string> = new Set<OrderEvent['type']>([
  'broadcast_opened',
  'order_placed',
])

/**
 * Adds the fields that customers may give today and that the release of the event did not know:
 * they were not given. Such a field needs no version of its own, because its absence has only one
 * meaning.
 */
function withGiven(data: object): object {
  return givenNames.every(name => name in data) ? data : { ...noneGiven, ...data }
}

class UnknownEventVersionError extends Error {
  constructor(v: number) {
    super(
      `the journal holds events of version ${v} and this release reads up to ${eventVersion}: start a release at least as new as the one that wrote them`,
    )
    this.name = 'UnknownEventVersionError'
  }
}

/**
 * Converts an event that was stored with version `v`. Throws UnknownEventVersionError for an event
 * of a newer release.
 */
export function upcast(v: number, stored: RawEvent): Upcast {
  if (!(v >= 1 && v <= eventVersion)) throw new UnknownEventVersionError(v)
  let current = stored
  for (let from = v; from < eventVersion; from++) current = steps[from]!(current)
  const { type, by = null } = current
  const data = begins.has(type) ? withGiven(current.data) : current.data
  return { event: { type, data } as OrderEvent | DriverEvent, by }
}
