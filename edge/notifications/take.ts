/**
 * From the journal to the inboxes: one batch of events becomes notifications, in the transaction
 * that moves the positions behind them. So each event is told exactly once, also when the edge dies
 * in between, and events that happen while no edge runs are told by the next one.
 */
import { sql, type Kysely } from 'kysely'
import type { Tables } from '../../migrations/database/tables.ts'
import { uuidV7 } from '../../protocol/kernel/ids.ts'
import {
  rowOfKind,
  type Hearer,
  type NotificationKind,
  type NotificationSubject,
} from '../../protocol/notifications/kinds.ts'
import type { Kernel } from '../kernel/kernel.ts'
import { takeEvents, type Batch } from '../orders/following.ts'
import type { JournalRow } from '../orders/journal-positions.ts'
import { storeLetters } from './letters.ts'
import { notificationLimits } from './limits.ts'
import {
  isTold,
  told,
  whoHears,
  type JournalSubject,
  type Hearing,
  type OneEvent,
  type Parties,
} from './who.ts'

/** A notification that was stored, for the sockets of its person. */
export interface Stored {
  id: string
  accountId: string
  side: Hearer
  recordId: string
  kind: NotificationKind
  about: { kind: NotificationSubject; id: string }
  at: Date
}
export interface Taken extends Omit<Batch<Stored[]>, 'result'> {
  stored: Stored[]
}

/** The parties of a record, and the values for its texts. */
interface Subject {
  parties: Parties
  data: Readonly<Record<string, string>>
}
/** A notification to be stored. A repeat of `eventId` for a person is left out. */
export interface Wanted extends Hearing {
  about: Stored['about']
  data: string
  eventId: string
  at: Date
  /** Of a reminder: the beginning of the appointment. */
  startAt?: Date
}

/**
 * Takes the next batch. Rejected: the lease of webhooks, because nothing here leaves the
 * transaction.
 */
export async function takeNews({
  database,
  nowMs,
  random,
}: Pick<Kernel, 'database' | 'nowMs' | 'random'>): Promise<Taken> {
  const { batchEventsMax } = notificationLimits
  const { led, more, result } = await takeEvents(
    { database },
    'notification_positions',
    batchEventsMax,
    async (tx, rows) => {
      const wanted = await wantedOf(tx, rows)
      await storeLetters(
        tx,
        wanted.flatMap(({ recordId, about, startAt, ...one }) =>
          startAt === undefined
            ? []
            : [{ ...one, accountId: recordId, aboutId: about.id, startAt }],
        ),
      )
      return storeNotifications(tx, wanted, nowMs(), random)
    },
  )
  return { led, more, stored: result ?? [] }
}

/** The id of the record that an event is about: one calendar keeps the appointments of a service. */
const subjectOf = (actor: JournalSubject, actorId: string, event: OneEvent): string =>
  actor === 'appointment' && 'appointment_id' in event.data ? event.data.appointment_id : actorId

const startOf = (event: OneEvent): { startAt?: Date } =>
  event.type === 'reminder_due' ? { startAt: new Date(event.data.start_ms) } : {}

async function wantedOf(tx: Kysely<Tables>, rows: readonly JournalRow[]): Promise<Wanted[]> {
  const events = rows.flatMap(row => {
    const { kind: actor } = row
    if (!isTold(actor) || !Object.hasOwn(told[actor], row.type)) return []
    const { event, by, at } = row.read()
    const id = subjectOf(actor, row.actor_id, event)
    return [{ actor, id, event, by, at, eventId: `${row.slot}.${row.seq}` }]
  })
  const records = await recordsOf(tx, events)
  const seen = new Set<string>()
  return events.flatMap(({ actor, id, event, by, at, eventId }) => {
    const record = records.get(id)
    if (record === undefined) return []
    const about = { kind: actor, id }
    return whoHears(actor, event, by, record.parties)
      .map(hearing => ({
        ...hearing,
        about,
        data: JSON.stringify(record.data),
        eventId,
        at,
        ...startOf(event),
      }))
      .filter(({ kind, recordId }) => {
        if (!rowOfKind(kind).onceUnread) return true
        const key = `${kind} ${recordId} ${id}`
        const isFirst = !seen.has(key)
        seen.add(key)
        return isFirst
      })
  })
}

async function recordsOf(
  tx: Kysely<Tables>,
  events: readonly { actor: NotificationSubject; id: string }[],
): Promise<Map<string, Subject>> {
  if (events.length === 0) return new Map()
  const idsOf = (actor: JournalSubject): string[] => [
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
export async function storeNotifications(
  tx: Kysely<Tables>,
  wanted: readonly Wanted[],
  nowMs: number,
  random: () => number,
): Promise<Stored[]> {
  if (wanted.length === 0) return []
  // Ids of the same millisecond have no order, and lists are read by id, so these ids are sorted in
  // the order of the events.
  const ids = wanted.map(() => uuidV7(nowMs, random)).toSorted()
  const byId = new Map(wanted.map((one, i) => [ids[i]!, one]))
  const column = <T>(of: (one: Wanted) => T): T[] => wanted.map(of)
  const { rows } = await sql<{ id: string; account_id: string }>`
    insert into notifications (id, account_id, event_id, kind, about_kind, about_id, data, at)
    select w.id, u.id, w.event_id, w.kind, w.about_kind, w.about_id, w.data, w.at
    from unnest(${ids}::uuid[], ${column(w => w.side)}::text[], ${column(w => w.recordId)}::uuid[],
      ${column(w => w.eventId)}::text[], ${column(w => w.kind)}::text[],
      ${column(w => w.about.kind)}::text[], ${column(w => w.about.id)}::uuid[],
      ${column(w => w.data)}::json[], ${column(w => w.at)}::timestamptz[], ${column(w => rowOfKind(w.kind).onceUnread)}::boolean[])
      as w(id, side, record_id, event_id, kind, about_kind, about_id, data, at, once)
    left join vendors v on w.side = 'vendor' and v.id = w.record_id
    left join drivers d on w.side = 'driver' and d.id = w.record_id
    join users u on u.is_active and u.id = case w.side
      when 'customer' then w.record_id when 'vendor' then v.user_id else d.user_id end
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
