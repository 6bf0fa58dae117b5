/**
 * What subscribers are told: the journal's order events under their public names, and whom each
 * concerns. Pure.
 *
 * A pharmacy hears of an order from the moment it is its own, and never what came before: who else was
 * asked about a broadcast, and what they answered, is not its business. That moment is read from the
 * event and not from the order as it is now, because a catch-up sees yesterday's events beside today's
 * order.
 */
import { eventVersion, type OrderEvent } from '../../../protocol/events.ts'
import type { Principal } from '../../../protocol/principal.ts'

/** A kind of event that is forgotten here does not compile. */
export const publicNames = {
  broadcast_opened: 'order.requested',
  order_placed: 'order.placed',
  response_recorded: 'order.response_recorded',
  order_accepted: 'order.accepted',
  order_rejected: 'order.rejected',
  request_expired: 'order.expired',
  order_cancelled: 'order.cancelled',
  tracking_reissued: 'order.tracking_reissued',
  driver_search_started: 'order.driver_search_started',
  offer_made: 'order.offer_made',
  offer_closed: 'order.offer_closed',
  driver_search_ended: 'order.driver_search_ended',
  driver_assigned: 'order.driver_assigned',
  driver_unassigned: 'order.driver_unassigned',
  assigned_driver_updated: 'order.driver_updated',
  arrived_at_pickup: 'order.arrived_at_pickup',
  picked_up: 'order.picked_up',
  out_for_delivery: 'order.out_for_delivery',
  arrived_at_dropoff: 'order.arrived_at_dropoff',
  delivered: 'order.delivered',
  delivery_failed: 'order.failed',
  return_started: 'order.returning',
  returned: 'order.returned',
} as const satisfies Record<OrderEvent['type'], string>

export type WebhookEventName = (typeof publicNames)[OrderEvent['type']]
export const webhookEventNames: readonly WebhookEventName[] = Object.values(publicNames)

/** Before an order has its pharmacy; the rest of the events follow that. */
const beforeAcceptance: ReadonlySet<string> = new Set<OrderEvent['type']>([
  'broadcast_opened',
  'response_recorded',
  'request_expired',
])

/** An event of the journal's table, in today's shape. */
export interface JournalEvent {
  slot: number
  seq: number
  actorId: string
  /** Version of the order after it. */
  version: number
  type: string
  atMs: number
  /** Who acted; null where an older release did not say. */
  by: Principal | null
  data: unknown
}
export interface Subscriber {
  id: string
  /** Null: every order of the deployment. */
  vendorId: string | null
  /** Empty: all of them. */
  events: readonly string[]
  hearsFromMs: number
}

export const nameOf = (type: string): WebhookEventName | null =>
  Object.hasOwn(publicNames, type) ? (publicNames as Record<string, WebhookEventName>)[type]! : null

/** `vendorId`: of the order as it is now. */
export function concerns(
  subscriber: Subscriber,
  event: JournalEvent,
  vendorId: string | null,
): boolean {
  const name = nameOf(event.type)
  if (name === null || event.atMs < subscriber.hearsFromMs) return false
  if (subscriber.events.length > 0 && !subscriber.events.includes(name)) return false
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
    type: nameOf(event.type),
    order_id: event.actorId,
    order_seq: event.version,
    at: new Date(event.atMs).toISOString(),
    v: eventVersion,
    by: event.by,
    data: toPharmacy ? withoutLink(event.data) : event.data,
  })

const withoutLink = (data: unknown): unknown =>
  typeof data === 'object' && data !== null && 'tracking_token' in data
    ? { ...data, tracking_token: '' }
    : data
