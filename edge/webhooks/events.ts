/**
 * What subscribers are told: the journal's events under their public names, and whom each concerns. Pure.
 *
 * A pharmacy hears of an order from the moment it is its own, and never what came before: who else was
 * asked about a broadcast, and what they answered, is not its business. That moment is read from the
 * event and not from the order as it is now, because a catch-up sees yesterday's events beside today's
 * order.
 */
import { eventVersion, type DriverEvent, type OrderEvent } from '../../protocol/dispatch/events.ts'
import { orderEvents } from '../../protocol/dispatch/order-events.ts'
import type { Principal } from '../../protocol/kernel/principal.ts'

/** Public names of events, by the kind of actor and the type in the journal. */
export interface PublicNames {
  order: Readonly<Record<OrderEvent['type'], `order.${string}`>>
  /** An event that is not here is told to nobody. */
  driver: Readonly<Partial<Record<DriverEvent['type'], `driver.${string}`>>>
}

/**
 * The name of an order's event stands in its row of `orderEvents`. A driver's event gets its name here. None is
 * public yet, because an empty `events` of a subscription means all of them.
 */
export const publicNames: PublicNames = {
  order: Object.fromEntries(
    Object.entries(orderEvents).map(([type, { publicName }]) => [type, publicName]),
  ) as PublicNames['order'],
  driver: {},
}
export const webhookEventNames: readonly string[] = Object.values(publicNames).flatMap(
  (names: Readonly<Record<string, string>>) => Object.values(names),
)

/** Before an order has its pharmacy; the rest of the events follow that. */
const beforeAcceptance: ReadonlySet<string> = new Set<OrderEvent['type']>([
  'broadcast_opened',
  'response_recorded',
  'request_expired',
])

/** An event of the journal's table, in today's shape, with its public name. */
export interface JournalEvent {
  kind: string
  /** Its public name. */
  name: string
  slot: number
  seq: number
  actorId: string
  /** Version of the order or driver after it. */
  version: number
  type: string
  atMs: number
  /** Who acted; null where an older release did not say. */
  by: Principal | null
  data: unknown
}
export interface Subscriber {
  id: string
  /** Null: everything of the deployment. */
  vendorId: string | null
  /** Empty: all of them. */
  events: readonly string[]
  hearsFromMs: number
}

/** The public events of a kind of actor. Empty for a kind whose events are told to nobody. */
export const namesOf = (names: PublicNames, kind: string): Readonly<Record<string, string>> =>
  Object.hasOwn(names, kind) ? names[kind as keyof PublicNames] : {}

/** Null for an event that is told to nobody. */
export function nameOf(names: PublicNames, kind: string, type: string): string | null {
  const ofKind = namesOf(names, kind)
  return Object.hasOwn(ofKind, type) ? ofKind[type]! : null
}

/** `vendorId`: of the order or driver as it is now. */
export function concerns(
  subscriber: Subscriber,
  event: JournalEvent,
  vendorId: string | null,
): boolean {
  if (event.atMs < subscriber.hearsFromMs) return false
  if (subscriber.events.length > 0 && !subscriber.events.includes(event.name)) return false
  if (subscriber.vendorId === null) return true
  return vendorId === subscriber.vendorId && !beforeAcceptance.has(event.type)
}

/** `<slot>.<seq>`, as on the bus: the same for every subscriber, every attempt and every replay. */
export const eventId = (event: Pick<JournalEvent, 'slot' | 'seq'>): string =>
  `${event.slot}.${event.seq}`

/**
 * The exact text that is signed and sent; it is made once and stored. A pharmacy is told of an order before it has
 * accepted it, so it is told no tracking link: it reads the link in the order once the order is its own.
 */
export const bodyOf = (event: JournalEvent, toPharmacy: boolean): string =>
  JSON.stringify({
    id: eventId(event),
    type: event.name,
    [`${event.kind}_id`]: event.actorId,
    [`${event.kind}_seq`]: event.version,
    at: new Date(event.atMs).toISOString(),
    v: eventVersion,
    by: event.by,
    data: toPharmacy ? withoutLink(event.data) : event.data,
  })

const withoutLink = (data: unknown): unknown =>
  typeof data === 'object' && data !== null && 'tracking_token' in data
    ? { ...data, tracking_token: '' }
    : data
