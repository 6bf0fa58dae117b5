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
import { webhookLimits } from './limits.ts'
import { eventColumns, recorded, type EventRow } from '../orders/recorded-events.ts'
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
import { isLive, promote } from './queue.ts'

export interface IntakeContext {
  db: Kysely<Tables>
  nowMs(): number
  random(): number
  names: PublicNames
}
type Row = EventRow & {
  slot: number
  seq: number
  actor_id: string
  kind: string
  read_from: number
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
      if ((await subscribersOf(tx)).length > 0) return { queued: 0, more: true, subscribed: true }
      await savePositions(tx, heads)
      return { queued: 0, more: false, subscribed: false }
    }
    const rows = contiguous(await eventsAfter(tx))
    const told = (kind: string): boolean => Object.keys(namesOf(ctx.names, kind)).length > 0
    const events = rows.flatMap(row => (told(row.kind) ? toEvent(row, ctx.names) : []))
    const deliveries = await deliveriesOf(tx, ctx, events, subscribers)
    if (deliveries.length > 0) {
      await insert(tx, deliveries)
      await promote(tx, deliveries)
    }
    const positions = new Map<number, number>()
    const counts = new Map<number, number>()
    for (const row of rows) {
      positions.set(row.slot, row.seq)
      counts.set(row.slot, (counts.get(row.slot) ?? 0) + 1)
    }
    await savePositions(tx, positions)
    return {
      queued: deliveries.length,
      more: [...counts.values()].some(count => count >= webhookLimits.webhookBatchEventsMax),
      subscribed: true,
    }
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

/** A slot has a row from its first lease on, so every slot with an event has one. */
async function headsOf(tx: Kysely<Tables>): Promise<Map<number, number>> {
  const { rows } = await sql<{ slot: number; seq: number }>`
    select s.slot, head.seq from slots as s
    cross join lateral (select seq from events where events.slot = s.slot order by seq desc limit 1) as head`.execute(
    tx,
  )
  return new Map(rows.map(row => [row.slot, row.seq]))
}

async function eventsAfter(tx: Kysely<Tables>): Promise<Row[]> {
  const { rows } = await sql<Row>`
    select e.*, coalesce(p.seq, 0) as read_from from slots as s
    left join webhook_positions p on p.slot = s.slot
    cross join lateral (
      select slot, seq, actor_id, kind, ${sql.join(eventColumns.map(name => sql.ref(name)))} from events
      where events.slot = s.slot and events.seq > coalesce(p.seq, 0) order by seq limit ${webhookLimits.webhookBatchEventsMax}
    ) as e order by e.slot, e.seq`.execute(tx)
  return rows
}

/**
 * The journal numbers without gaps, so an event after a gap follows one whose transaction is not
 * visible yet.
 */
function contiguous(rows: readonly Row[]): Row[] {
  const next = new Map<number, number>()
  return rows.filter(row => {
    if (row.seq !== (next.get(row.slot) ?? row.read_from + 1)) return false
    next.set(row.slot, row.seq + 1)
    return true
  })
}

/** Empty for an event without a public name. */
function toEvent(row: Row, names: PublicNames): JournalEvent[] {
  const { version, at, by, event } = recorded(row)
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
      .filter(subscriber => concerns(subscriber, event, pharmacyOf.get(event.actorId) ?? null))
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

async function savePositions(
  tx: Kysely<Tables>,
  positions: ReadonlyMap<number, number>,
): Promise<void> {
  if (positions.size === 0) return
  await sql`
    insert into webhook_positions (slot, seq) select * from unnest(${[...positions.keys()]}::smallint[], ${[...positions.values()]}::bigint[])
    on conflict (slot) do update set seq = excluded.seq where webhook_positions.seq < excluded.seq`.execute(
    tx,
  )
}
