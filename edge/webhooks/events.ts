/**
 * The events that subscribers get: the journal's events under public names, and the subscribers
 * whom each concerns. Pure.
 *
 * A pharmacy gets the events of an order from the moment it has the order, and no earlier ones,
 * because it must not learn which other pharmacies were asked and what they answered. That moment
 * follows from the event and not from the order's present state, because a catch-up sees
 * yesterday's events beside today's order.
 */
import {
  conversationEvents,
  type ConversationEvent,
} from '../../protocol/dispatch/conversation-events.ts'
import { appointmentEvents } from '../../protocol/dispatch/appointment-events.ts'
import {
  eventVersion,
  type AppointmentEvent,
  type DriverEvent,
  type OrderEvent,
} from '../../protocol/dispatch/events.ts'
import { paymentEvents, type PaymentEvent } from '../../protocol/dispatch/money-events.ts'
import { orderEvents } from '../../protocol/dispatch/order-events.ts'
import type { Principal } from '../../protocol/kernel/principal.ts'

/** Public names of events, by kind of actor and by type in the journal. */
export interface PublicNames {
  order: Readonly<Record<OrderEvent['type'], `order.${string}`>>
  /** A type of driver event that is missing here is told to nobody. */
  driver: Readonly<Partial<Record<DriverEvent['type'], `driver.${string}`>>>
  conversation: Readonly<Partial<Record<ConversationEvent['type'], `conversation.${string}`>>>
  /** A change of a service's terms, and a seat that is only promised, are told to nobody. */
  appointment: Readonly<Partial<Record<AppointmentEvent['type'], `appointment.${string}`>>>
  payment: Readonly<Record<PaymentEvent['type'], `payment.${string}`>>
}

/**
 * The row of an event of an order, a conversation, an appointment or a payment has its public name; a
 * driver event gets its name here. No driver event is public yet, because an empty `events` of a subscription means all
 * events, so present subscribers would get the new ones unasked.
 */
export const publicNames: PublicNames = {
  order: Object.fromEntries(
    Object.entries(orderEvents).map(([type, { publicName }]) => [type, publicName]),
  ) as PublicNames['order'],
  driver: {},
  conversation: Object.fromEntries(
    Object.entries(conversationEvents).flatMap(([type, { publicName }]) =>
      publicName === null ? [] : [[type, publicName]],
    ),
  ) as PublicNames['conversation'],
  appointment: Object.fromEntries(
    Object.entries(appointmentEvents).flatMap(([type, { publicName }]) =>
      publicName === null ? [] : [[type, publicName]],
    ),
  ),
  payment: Object.fromEntries(
    Object.entries(paymentEvents).map(([type, { publicName }]) => [type, publicName]),
  ) as PublicNames['payment'],
}
export const webhookEventNames: readonly string[] = Object.values(publicNames).flatMap(
  (names: Readonly<Record<string, string>>) => Object.values(names),
)

/** Events before an order has its pharmacy; all others follow that moment. */
const beforeAcceptance: ReadonlySet<string> = new Set<OrderEvent['type']>([
  'broadcast_opened',
  'response_recorded',
  'request_expired',
])

/** An event of the journal's table in today's shape, with its public name. */
export interface JournalEvent {
  kind: string
  /** Public name of the event. */
  name: string
  slot: number
  seq: number
  actorId: string
  /** Version of the order or driver after the event. */
  version: number
  type: string
  atMs: number
  /** The acting principal; null when an older release did not record it. */
  by: Principal | null
  data: unknown
}
export interface Subscriber {
  id: string
  /** Pharmacy whose events it gets; null: all events of the deployment. */
  pharmacyId: string | null
  /** Names of the wanted events; empty: all. */
  events: readonly string[]
  /** Earlier events are not for this subscriber. */
  hearsFromMs: number
}

/** The public events of a kind of actor; empty for a kind without public events. */
export const namesOf = (names: PublicNames, kind: string): Readonly<Record<string, string>> =>
  Object.hasOwn(names, kind) ? names[kind as keyof PublicNames] : {}

/** Null for an event without a public name. */
export function nameOf(names: PublicNames, kind: string, type: string): string | null {
  const ofKind = namesOf(names, kind)
  return Object.hasOwn(ofKind, type) ? ofKind[type]! : null
}

/**
 * True when the subscriber gets the event. `pharmacyId`: present pharmacy of the order or driver; that
 * of a payment is in its event.
 */
export function concerns(
  subscriber: Subscriber,
  event: JournalEvent,
  pharmacyId: string | null,
): boolean {
  if (event.atMs < subscriber.hearsFromMs) return false
  if (subscriber.events.length > 0 && !subscriber.events.includes(event.name)) return false
  if (subscriber.pharmacyId === null) return true
  return pharmacyId === subscriber.pharmacyId && !beforeAcceptance.has(event.type)
}

/** `<slot>.<seq>`, as on the bus: the same for every subscriber, every attempt and every replay. */
export const eventId = (event: Pick<JournalEvent, 'slot' | 'seq'>): string =>
  `${event.slot}.${event.seq}`

/**
 * The exact text that is signed and sent; it is made once and stored. A pharmacy gets the events of
 * a direct order before it accepts the order, so it gets no tracking link; it reads the link in the
 * order once it has accepted. It gets no check-in code either, because it scans the customer's.
 */
export const bodyOf = (event: JournalEvent, toPharmacy: boolean): string =>
  JSON.stringify({
    id: eventId(event),
    type: event.name,
    ...recordOf(event),
    [`${event.kind}_seq`]: event.version,
    at: new Date(event.atMs).toISOString(),
    v: eventVersion,
    by: event.by,
    data: toPharmacy ? withoutSecrets(event.data) : event.data,
  })

/** The ids of the record. One calendar keeps the appointments of a service. */
const recordOf = ({ kind, actorId, data }: JournalEvent): object =>
  typeof data === 'object' && data !== null && 'appointment_id' in data
    ? { appointment_id: data.appointment_id, service_id: actorId }
    : { [`${kind}_id`]: actorId }

const secrets = ['tracking_token', 'check_in_code'] as const

function withoutSecrets(data: unknown): unknown {
  if (typeof data !== 'object' || data === null) return data
  const held = secrets.filter(name => name in data)
  return held.length === 0 ? data : { ...data, ...Object.fromEntries(held.map(name => [name, ''])) }
}
