/**
 * From the journal to the queues. It reads the events after each slot's position and writes one
 * delivery for each subscriber concerned, in the transaction that moves the position. So each event
 * is queued exactly once, and events that happen while no edge runs are queued by the next edge.
 *
 * The bus only tells when to look. Rejected: taking events from the bus, and lost ones from the
 * journal, because such systems lose or repeat events at the seam between the two.
 */
import { sql, type Kysely } from 'kysely'
import type { Tables } from '../../migrations/database/tables.ts'
import { uuidV7 } from '../../protocol/kernel/ids.ts'
import { moneySlot } from '../../protocol/kernel/slots.ts'
import type { PaymentEvent } from '../../protocol/dispatch/money-events.ts'
import { webhookLimits } from './limits.ts'
import {
  eventsAfterPositions,
  headsOf,
  passEvents,
  savePositions,
  type JournalRow,
} from '../orders/journal-positions.ts'
import {
  bodyOf,
  concerns,
  eventId,
  nameOf,
  type JournalEvent,
  namesOf,
  type PublicNames,
  type Subscriber,
} from './events.ts'
import { fence, type Lease } from './lease.ts'
import { lastNumber, moneyRowsAfter } from '../facts/store.ts'
import { isLive, promote } from './queue.ts'

export interface IntakeContext {
  db: Kysely<Tables>
  nowMs(): number
  random(): number
  names: PublicNames
}

/**
 * Takes one batch. `subscribed` is false without subscribers; then the positions only follow the
 * journal. `more` is true when a slot had a full batch. Throws LeaseLost.
 */
export function takeEvents(
  ctx: IntakeContext,
  lease: Lease,
): Promise<{ queued: number; more: boolean; subscribed: boolean }> {
  return ctx.db.transaction().execute(async tx => {
    await fence(tx, lease)
    const subscribers = await subscribersOf(tx)
    if (subscribers.length === 0) {
      // Read the subscribers again after the heads: a subscription created in between must not miss
      // later events.
      const heads = await headsOf(tx)
      heads.set(moneySlot, await lastNumber(tx))
      if ((await subscribersOf(tx)).length > 0) return { queued: 0, more: true, subscribed: true }
      await savePositions(tx, 'webhook_positions', heads)
      return { queued: 0, more: false, subscribed: false }
    }
    const rowsMax = webhookLimits.webhookBatchEventsMax
    const rows = [
      ...(await eventsAfterPositions(tx, 'webhook_positions', rowsMax)),
      ...(await moneyRowsAfter(tx, 'webhook_positions', rowsMax)),
    ]
    const told = (kind: string): boolean => Object.keys(namesOf(ctx.names, kind)).length > 0
    const events = rows.flatMap(row => (told(row.kind) ? toEvent(row, ctx.names) : []))
    const deliveries = await deliveriesOf(tx, ctx, events, subscribers)
    if (deliveries.length > 0) {
      await insert(tx, deliveries)
      await promote(tx, deliveries)
    }
    const { more } = await passEvents(tx, 'webhook_positions', rows, rowsMax)
    return { queued: deliveries.length, more, subscribed: true }
  })
}

/**
 * The rows are locked, so that the end of an attempt and a delivery queued here cannot miss each
 * other in `promote`.
 */
async function subscribersOf(tx: Kysely<Tables>): Promise<Subscriber[]> {
  const rows = await tx
    .selectFrom('webhook_subscriptions as s')
    .select(['s.id', 's.vendor_id', 's.events', 's.hears_from'])
    .where(isLive)
    .orderBy('s.id')
    .forNoKeyUpdate()
    .execute()
  return rows.map(row => ({
    id: row.id,
    pharmacyId: row.vendor_id,
    events: row.events,
    hearsFromMs: row.hears_from.getTime(),
  }))
}

/** Empty for an event without a public name. */
function toEvent(row: JournalRow, names: PublicNames): JournalEvent[] {
  const { version, at, by, event } = row.read()
  const { kind } = row
  const name = nameOf(names, kind, event.type)
  if (name === null) return []
  return [
    {
      kind,
      name,
      slot: row.slot,
      seq: row.seq,
      actorId: row.actor_id,
      version,
      type: event.type,
      atMs: at.getTime(),
      by,
      data: event.data,
    },
  ]
}

interface NewDelivery {
  id: string
  subscriptionId: string
  toPharmacy: boolean
  event: JournalEvent
  /** Id of the order, driver or service: deliveries of one actor are sent in their order. */
  orderId: string
  atMs: number
}

async function deliveriesOf(
  tx: Kysely<Tables>,
  ctx: IntakeContext,
  events: readonly JournalEvent[],
  subscribers: readonly Subscriber[],
): Promise<NewDelivery[]> {
  if (events.length === 0) return []
  const idsOf = (kind: string): string[] => [
    ...new Set(events.flatMap(event => (event.kind === kind ? [event.actorId] : []))),
  ]
  const { rows } = await sql<{
    id: string
    vendor_id: string | null
  }>`
    select id, vendor_id from orders where id = any(${idsOf('order')}::uuid[])
    union all select id, vendor_id from drivers where id = any(${idsOf('driver')}::uuid[])
    union all select id, vendor_id from conversations where id = any(${idsOf('conversation')}::uuid[])
    union all select id, vendor_id from services where id = any(${idsOf('appointment')}::uuid[])`.execute(
    tx,
  )
  const pharmacyOf = new Map(rows.map(row => [row.id, row.vendor_id]))
  const atMs = ctx.nowMs()
  const wanted = events.flatMap(event =>
    subscribers
      .filter(subscriber =>
        concerns(
          subscriber,
          event,
          event.kind === 'payment'
            ? (event.data as PaymentEvent['data']).vendor_id
            : (pharmacyOf.get(event.actorId) ?? null),
        ),
      )
      .map(subscriber => ({
        subscriptionId: subscriber.id,
        toPharmacy: subscriber.pharmacyId !== null,
        event,
        orderId: event.actorId,
        atMs,
      })),
  )
  // Ids of the same millisecond have no order, and the log is read by id, so these ids are sorted
  // in the order of the events.
  const ids = wanted.map(() => uuidV7(atMs, ctx.random)).toSorted()
  return wanted.map((delivery, i) => ({ id: ids[i]!, ...delivery }))
}

async function insert(tx: Kysely<Tables>, deliveries: readonly NewDelivery[]): Promise<void> {
  const column = <T>(of: (delivery: NewDelivery) => T): T[] => deliveries.map(of)
  const at = new Date(deliveries[0]!.atMs)
  await sql`
    insert into webhook_deliveries (id, subscription_id, event_id, event_type, order_id, order_seq, body, state, next_attempt_at, created_at)
    select id, subscription_id, event_id, event_type, order_id, order_seq, body, 'queued', ${at}::timestamptz, ${at}::timestamptz
    from unnest(${column(d => d.id)}::uuid[], ${column(d => d.subscriptionId)}::uuid[], ${column(d => eventId(d.event))}::text[],
      ${column(d => d.event.name)}::text[], ${column(d => d.orderId)}::uuid[], ${column(d => d.event.version)}::integer[], ${column(d => bodyOf(d.event, d.toPharmacy))}::text[])
      as d(id, subscription_id, event_id, event_type, order_id, order_seq, body)
    on conflict (subscription_id, event_id) where replay_of is null do nothing`.execute(tx)
}
