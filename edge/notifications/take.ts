/**
 * From the journal to the inboxes: one batch of events becomes notifications, in the transaction
 * that moves the positions behind them. So each event is told exactly once, also when the edge dies
 * in between, and events that happen while no edge runs are told by the next one.
 */
import { sql, type Kysely } from 'kysely'
import type { Tables } from '../../migrations/database/tables.ts'
import { uuidV7 } from '../../protocol/kernel/ids.ts'
import type { Principal } from '../../protocol/kernel/principal.ts'
import {
  rowOfKind,
  type Hearer,
  type NotificationKind,
  type NotificationSubject,
} from '../../protocol/notifications/kinds.ts'
import type { Kernel } from '../kernel/kernel.ts'
import { takeEvents, type Batch } from '../orders/following.ts'
import type { JournalRow } from '../orders/journal-positions.ts'
import { notificationLimits } from './limits.ts'
import { forMembers } from './members.ts'
import type { News, Wanted } from './news.ts'
import { queueDeliveries, withDevices, withdraw } from './deliveries.ts'
import { takeAccountNews } from './account-news.ts'
import {
  isTold,
  overWith,
  told,
  whoHears,
  type OneEvent,
  type Parties,
  type JournalSubject,
} from './who.ts'

/** A notification that was stored, for the sockets of its person. */
export interface Stored {
  id: string
  accountId: string
  side: Hearer | 'account'
  recordId: string
  kind: NotificationKind
  about: { kind: NotificationSubject; id: string }
  at: Date
  /** It will be sent to a device, unless a socket shows it first. */
  waits: boolean
}
/** News that no inbox has and that wait to be sent, unless a socket of the side shows them first. */
export type Waiting = Pick<News, 'id' | 'side' | 'recordId' | 'accountId' | 'kind'>
export interface Taken extends Omit<Batch<never>, 'result'> {
  stored: Stored[]
  waiting: Waiting[]
}

/** The parties of a record, and the values for its texts. */
interface Subject {
  parties: Parties
  data: Readonly<Record<string, string>>
}
/**
 * Takes the next batch: events of the journal, and what rooms have told. Rejected: the lease of
 * webhooks, because nothing here leaves the transaction.
 */
export async function takeNews({
  database,
  nowMs,
  random,
}: Pick<Kernel, 'database' | 'nowMs' | 'random'>): Promise<Taken> {
  const { batchEventsMax } = notificationLimits
  const clock = { nowMs, random }
  const ofJournal = await takeEvents(
    { database },
    'notification_positions',
    batchEventsMax,
    async (tx, rows) => {
      const events = eventsOf(rows)
      await withdraw(
        tx,
        events.flatMap(({ event, id }) => overWith(event).map(kind => ({ kind, id }))),
        nowMs(),
      )
      return keep(tx, await wantedOf(tx, events), clock)
    },
  )
  const db = database.kysely
  const first = await db.selectFrom('account_news').select('id').limit(1).executeTakeFirst()
  const ofAccounts =
    first === undefined
      ? null
      : await db.transaction().execute(async tx => {
          const news = await takeAccountNews(tx, batchEventsMax)
          return { more: news.length >= batchEventsMax, kept: await keep(tx, news, clock) }
        })
  const kept = [ofJournal.result, ofAccounts?.kept].flatMap(one => one ?? [])
  return {
    led: ofJournal.led,
    more: ofJournal.more || ofAccounts?.more === true,
    stored: kept.flatMap(({ stored }) => stored),
    waiting: kept.flatMap(({ waiting }) => waiting),
  }
}

/** Puts news into the inboxes and on their way. */
async function keep(
  tx: Kysely<Tables>,
  wanted: readonly Wanted[],
  { nowMs, random }: Pick<Kernel, 'nowMs' | 'random'>,
): Promise<Pick<Taken, 'stored' | 'waiting'>> {
  const each = await forMembers(tx, wanted)
  if (each.length === 0) return { stored: [], waiting: [] }
  const now = nowMs()
  // Ids of the same millisecond have no order, and lists are read by id, so these ids are sorted in
  // the order of the news.
  const ids = each.map(() => uuidV7(now, random)).toSorted()
  const news = each.map((one, i): News => ({
    ...one,
    id: ids[i]!,
    expiresAt:
      one.expiresAt ?? new Date(one.at.getTime() + rowOfKind(one.kind).livesMinutes * 60_000),
  }))
  const stored = await store(tx, news)
  const storedIds = new Set(stored.map(({ id }) => id))
  const waiting = await queueDeliveries(tx, news, storedIds, now)
  return {
    stored: stored.map(one => ({ ...one, waits: waiting.has(one.id) })),
    waiting: news.filter(({ id }) => waiting.has(id) && !storedIds.has(id)),
  }
}

/** Stores the news of a room in its transaction, and puts them on their way. */
export async function storeNotifications(
  tx: Kysely<Tables>,
  wanted: readonly Wanted[],
  nowMs: number,
  random: () => number,
): Promise<Stored[]> {
  return (await keep(tx, wanted, { nowMs: () => nowMs, random })).stored
}

/** The id of the record that an event is about: one calendar keeps the appointments of a service. */
const subjectOf = (actor: JournalSubject, actorId: string, event: OneEvent): string =>
  actor === 'appointment' && 'appointment_id' in event.data ? event.data.appointment_id : actorId

interface TakenEvent {
  actor: JournalSubject
  id: string
  event: OneEvent
  by: Principal | null
  at: Date
  eventId: string
}

const eventsOf = (rows: readonly JournalRow[]): TakenEvent[] =>
  rows.flatMap(row => {
    const { kind: actor } = row
    if (!isTold(actor) || !Object.hasOwn(told[actor], row.type)) return []
    const { event, by, at } = row.read()
    const id = subjectOf(actor, row.actor_id, event)
    return [{ actor, id, event, by, at, eventId: `${row.slot}.${row.seq}` }]
  })

/** The news of a batch, oldest first, without those that a later event of the batch ends. */
async function wantedOf(tx: Kysely<Tables>, events: readonly TakenEvent[]): Promise<Wanted[]> {
  const records = await recordsOf(tx, events)
  const asked = await withDevices(tx, [
    ...new Set(
      events.flatMap(({ event }) =>
        event.type === 'broadcast_opened' ? event.data.candidates.map(one => one.vendor_id) : [],
      ),
    ),
  ])
  const seen = new Set<string>()
  let news: Wanted[] = []
  for (const { actor, id, event, by, at, eventId } of events) {
    const over = overWith(event)
    if (over.length > 0) news = news.filter(one => one.about.id !== id || !over.includes(one.kind))
    const record = records.get(id)
    if (record === undefined) continue
    const data = JSON.stringify(record.data)
    for (const { endsAtMs, ...hearing } of whoHears(actor, event, by, record.parties)) {
      const { kind, recordId } = hearing
      const { onceUnread } = rowOfKind(kind)
      if (kind === 'order.requested' && !asked.has(recordId)) continue
      if (onceUnread) {
        const key = `${kind} ${recordId} ${id}`
        if (seen.has(key)) continue
        seen.add(key)
      }
      news.push({
        ...hearing,
        about: { kind: actor, id },
        data,
        eventId,
        at,
        ...(endsAtMs !== null && { expiresAt: new Date(endsAtMs) }),
      })
    }
  }
  return news
}

async function recordsOf(
  tx: Kysely<Tables>,
  events: readonly { actor: NotificationSubject; id: string }[],
): Promise<Map<string, Subject>> {
  if (events.length === 0) return new Map()
  const idsOf = (actor: NotificationSubject): string[] => [
    ...new Set(events.flatMap(event => (event.actor === actor ? [event.id] : []))),
  ]
  const { rows } = await sql<{
    id: string
    order_number: string | null
    customer: string | null
    vendor: string | null
    driver: string | null
  }>`
    select id, order_number, user_id as customer, vendor_id as vendor, driver_id as driver
      from orders where id = any(${idsOf('order')}::uuid[])
    union all select id, null, null, vendor_id, id from drivers where id = any(${idsOf('driver')}::uuid[])
    union all select id, null, user_id, vendor_id, null
      from appointments where id = any(${idsOf('appointment')}::uuid[])
    union all select id, null, customer_id, vendor_id, case when status = 'closed' then null else driver_id end
      from conversations where id = any(${idsOf('conversation')}::uuid[])`.execute(tx)
  return new Map(
    rows.map(({ id, order_number, customer, vendor, driver }) => [
      id,
      {
        parties: { customer, vendor, driver },
        data: order_number === null ? {} : { order: order_number },
      },
    ]),
  )
}

/**
 * Stores what is wanted for persons who have an account that works and have not turned the kind
 * off. A kind that is told once is left out while an unread one is there.
 */
async function store(tx: Kysely<Tables>, news: readonly News[]): Promise<Omit<Stored, 'waits'>[]> {
  const wanted = news.filter(({ kind }) => !rowOfKind(kind).pushOnly)
  if (wanted.length === 0) return []
  const byId = new Map(wanted.map(one => [one.id, one]))
  const column = <T>(of: (one: News) => T): T[] => wanted.map(of)
  const { rows } = await sql<{ id: string; account_id: string }>`
    insert into notifications (id, account_id, event_id, kind, about_kind, about_id, data, at)
    select w.id, u.id, w.event_id, w.kind, w.about_kind, w.about_id, w.data, w.at
    from unnest(${column(w => w.id)}::uuid[], ${column(w => w.accountId)}::uuid[],
      ${column(w => (w.side === 'driver' ? w.recordId : null))}::uuid[],
      ${column(w => w.eventId)}::text[], ${column(w => w.kind)}::text[],
      ${column(w => w.about.kind)}::text[], ${column(w => w.about.id)}::uuid[],
      ${column(w => w.data)}::json[], ${column(w => w.at)}::timestamptz[],
      ${column(w => rowOfKind(w.kind).onceUnread)}::boolean[])
      as w(id, account_id, driver_id, event_id, kind, about_kind, about_id, data, at, once)
    left join drivers d on d.id = w.driver_id
    join users u on u.is_active and u.id = coalesce(w.account_id, d.user_id)
    where not exists (select from notification_preferences p
        where p.account_id = u.id and p.kind = w.kind and p.channel = 'inbox' and not p.wanted)
      and (not w.once or not exists (select from notifications n
        where n.account_id = u.id and n.about_id = w.about_id and n.kind = w.kind and n.read_at is null))
    on conflict (account_id, event_id) do nothing
    returning id, account_id`.execute(tx)
  return rows.map(({ id, account_id }) => {
    const { side, recordId, kind, about, at } = byId.get(id)!
    return { id, accountId: account_id, side, recordId, kind, about, at }
  })
}
