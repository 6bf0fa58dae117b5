/** What the tables say of conversations: their rows, entries, unread counts and texts. */
import { sql, type Kysely, type RawBuilder, type Selectable, type SqlBool } from 'kysely'
import type { Tables } from '../../migrations/database/tables.ts'
import type { ConversationsTable } from '../../migrations/database/tables-conversations.ts'
import { conversationLimits } from '../../protocol/conversations/limits.ts'
import { sides, type Entry, type Side } from '../../protocol/conversations/parts.ts'
import type { ConversationView } from '../../protocol/conversations/view.ts'
import { CaduceusError } from '../../protocol/kernel/errors.ts'
import { carriedStatuses } from '../../protocol/orders/statuses.ts'
import type { Vault } from '../keys/vault.ts'
import { uploadUrl } from '../../protocol/uploads/url.ts'
import { textsOf, type Reading } from './sealed.ts'
import type { Speaker } from './sides.ts'

type Db = Kysely<Tables>
export type ConversationRow = Selectable<ConversationsTable>

/** The id of a side in a row; null when that side has no part in it. */
export function idOfSide(row: ConversationRow, side: Side): string | null {
  switch (side) {
    case 'customer':
      return row.customer_id
    case 'vendor':
      return row.vendor_id
    case 'driver':
      return row.driver_id
    case 'support':
      return row.topic === 'support' ? 'support' : null
  }
}

/** Is the caller one of its sides? `ownRows` says whether the caller may still see it. */
export const isSideOf = (row: ConversationRow, { side, id }: Speaker): boolean =>
  idOfSide(row, side) === id

const notFound = (): CaduceusError =>
  new CaduceusError('conversation_not_found', 'there is no such conversation')

/** Throws `conversation_not_found`, also for a conversation of others. */
export const findOwn = (db: Db, speaker: Speaker, id: string): Promise<ConversationRow> =>
  findWhere(db, id, ownRows(speaker))

/** Throws `conversation_not_found`. */
export const findAny = (db: Db, id: string): Promise<ConversationRow> =>
  findWhere(db, id, sql<SqlBool>`true`)

/** A participant, or support, which oversees all. Throws `conversation_not_found`. */
export const findReadable = (db: Db, speaker: Speaker, id: string): Promise<ConversationRow> =>
  speaker.side === 'support' ? findAny(db, id) : findOwn(db, speaker, id)

async function findWhere(db: Db, id: string, where: RawBuilder<SqlBool>): Promise<ConversationRow> {
  const { rows } = await sql<ConversationRow>`
    select c.* from conversations as c where c.id = ${id} and ${where}`.execute(db)
  if (rows[0] === undefined) throw notFound()
  return rows[0]
}

/** The statuses in which a driver has the parcel, as a list in SQL. */
const carried = sql.join(carriedStatuses.map(status => sql.lit(status)))

/**
 * Condition for the rows that the caller may see. The sight of a pharmacy and of a driver ends with
 * their claim to the order, even before the conversation is closed:
 *
 * - A pharmacy sees conversations about an order that it has or that nobody has yet, and about one
 *   that it had accepted before the end.
 * - A driver sees open conversations, about a delivery for as long as it is the driver's own. One who
 *   is no member any more sees only those about parcels that the driver still has.
 */
export function ownRows({ side, id, carriesOnly }: Speaker): RawBuilder<SqlBool> {
  switch (side) {
    case 'customer':
      return sql<SqlBool>`c.customer_id = ${id}`
    case 'vendor':
      return sql<SqlBool>`(c.vendor_id = ${id} and (c.topic <> 'pharmacy' or c.about_kind <> 'order'
        or exists (select from orders as o where o.id = c.about_id
          and coalesce(o.vendor_id, c.vendor_id) = c.vendor_id
          and (o.ended_as is null or o.accepted_at is not null))))`
    case 'driver':
      return carriesOnly
        ? sql<SqlBool>`(c.driver_id = ${id} and c.status <> 'closed' and c.topic = 'delivery'
            and exists (select from orders as o where o.id = c.about_id
              and o.driver_id = c.driver_id and o.status in (${carried})))`
        : sql<SqlBool>`(c.driver_id = ${id} and c.status <> 'closed' and (c.topic <> 'delivery'
            or exists (select from orders as o where o.id = c.about_id
              and (o.driver_id = c.driver_id or (o.driver_id is null and o.ended_as is not null)))))`
    case 'support':
      return sql<SqlBool>`c.topic = 'support'`
  }
}

/** The read mark of a side. */
const readMark = (side: Side): RawBuilder<number> => sql<number>`c.${sql.ref(`${side}_read`)}`

/** Messages of others after the mark that were not taken back. */
export const unreadOf = (side: Side): RawBuilder<number> => sql<number>`(
  select count(*)::integer from conversation_texts as t
  where t.conversation_id = c.id and t.number > ${readMark(side)} and t.side <> ${side} and t.taken_back_at is null)`

export interface EntryRow {
  id: string
  conversation_id: string
  number: number
  kind: Entry['kind']
  side: Side | null
  of_id: string | null
  reason: Entry['reason']
  at: Date
  text: string | null
  sealed: string | null
  upload_id: string | null
  taken_back_at: Date | null
}

export const entryColumns = sql`e.id, e.conversation_id, e.number, e.kind, e.side, e.of_id, e.reason, e.at, t.text, t.sealed, t.upload_id, t.taken_back_at`

/** Entries as participants see them. Throws `unavailable`. */
export async function entriesOf(vault: Vault, rows: readonly EntryRow[]): Promise<Entry[]> {
  const texts = await textsOf(vault, rows)
  return rows.map((row, at) => entryOf(row, texts[at]!))
}

const entryOf = (row: EntryRow, text: string | null): Entry => ({
  number: row.number,
  id: row.id,
  kind: row.kind,
  side: row.side,
  text,
  upload_id: row.upload_id,
  url: row.upload_id === null ? null : uploadUrl(row.upload_id),
  taken_back: row.taken_back_at !== null,
  of: row.of_id,
  reason: row.reason,
  at: row.at.toISOString(),
})

/** The entries after a number, up to another one, oldest first. */
export async function entriesBetween(
  { kysely, vault }: Reading,
  conversationId: string,
  after: number,
  through: number,
): Promise<Entry[]> {
  const { rows } = await sql<EntryRow>`
    select ${entryColumns} from conversation_entries as e
    left join conversation_texts as t on t.id = e.id
    where e.conversation_id = ${conversationId} and e.number > ${after} and e.number <= ${through}
    order by e.number`.execute(kysely)
  return entriesOf(vault, rows)
}

/**
 * Everything after a number; null when it is more than a client should take in one answer.
 * `bytesMax`: of the entries as JSON.
 */
export async function gapAfter(
  reading: Reading,
  row: ConversationRow,
  after: number,
  bytesMax = Infinity,
): Promise<Entry[] | null> {
  if (row.last_number - after > conversationLimits.gapEntriesMax) return null
  const entries = await entriesBetween(reading, row.id, after, row.last_number)
  if (bytesMax === Infinity) return entries
  return Buffer.byteLength(JSON.stringify(entries)) > bytesMax ? null : entries
}

/** The row of an entry, with its text as it is stored; null when there is no such entry. */
export async function findEntryRow(
  db: Db,
  conversationId: string,
  entryId: string,
): Promise<EntryRow | null> {
  const { rows } = await sql<EntryRow>`
    select ${entryColumns} from conversation_entries as e
    left join conversation_texts as t on t.id = e.id
    where e.id = ${entryId} and e.conversation_id = ${conversationId}`.execute(db)
  return rows[0] ?? null
}

/** Null when there is no such entry. */
export async function findEntry(
  { kysely, vault }: Reading,
  conversationId: string,
  entryId: string,
): Promise<Entry | null> {
  const row = await findEntryRow(kysely, conversationId, entryId)
  return row === null ? null : (await entriesOf(vault, [row]))[0]!
}

type ListRow = ConversationRow & {
  unread: number
  vendor_name: string | null
  open_reports: number
  last: Omit<EntryRow, 'at' | 'taken_back_at'> & { at: string; taken_back_at: string | null }
}

/**
 * Conversations with their last entry and the unread count of the caller, newest first, each with
 * the cursor of the page after it. `where`: a condition on the row `c`.
 */
export async function listed(
  { kysely, vault }: Reading,
  speaker: Speaker,
  where: RawBuilder<SqlBool>,
  limit: number,
): Promise<{ view: ConversationView; cursor: string }[]> {
  const { rows } = await sql<ListRow>`
    select c.*, ${unreadOf(speaker.side)} as unread, v.business_name as vendor_name,
      (select count(*)::integer from conversation_reports as r
       where r.conversation_id = c.id and r.decided_at is null) as open_reports,
      (select row_to_json(one) from (
        select ${entryColumns} from conversation_entries as e left join conversation_texts as t on t.id = e.id
        where e.conversation_id = c.id and e.number = c.last_number) as one) as last
    from conversations as c
    left join vendors as v on v.id = c.vendor_id
    where ${where}
    order by c.last_at desc, c.id desc limit ${limit}`.execute(kysely)
  // Support reads the words of others only with a reason, by their messages.
  const shown = rows.filter(row => isSideOf(row, speaker) && row.last !== null)
  const entries = await entriesOf(
    vault,
    shown.map(({ last }) => ({
      ...last,
      at: new Date(last.at),
      taken_back_at: last.taken_back_at === null ? null : new Date(last.taken_back_at),
    })),
  )
  const lasts = new Map(shown.map((row, at) => [row, entries[at]!]))
  return rows.map(row => ({
    view: viewOf(speaker, row, lasts.get(row) ?? null),
    cursor: `${row.last_at.getTime()}.${row.id}`,
  }))
}

function viewOf(speaker: Speaker, row: ListRow, last: Entry | null): ConversationView {
  const isOwn = isSideOf(row, speaker)
  return {
    id: row.id,
    topic: row.topic,
    about: row.about_id === null ? null : { kind: row.about_kind!, id: row.about_id },
    status: row.status,
    participants: sides
      .filter(side => idOfSide(row, side) !== null)
      .map(side => ({
        side,
        name: side === 'vendor' ? row.vendor_name : null,
        read_through: row[`${side}_read`],
      })),
    my_side: isOwn ? speaker.side : null,
    last_number: row.last_number,
    unread: isOwn ? row.unread : 0,
    last,
    closes_at: row.closes_at?.toISOString() ?? null,
    created_at: row.created_at.toISOString(),
    ...(speaker.side === 'support' && { open_reports: row.open_reports }),
  }
}

/** One conversation as the caller sees it. Throws `conversation_not_found`. */
export async function shown(
  reading: Reading,
  speaker: Speaker,
  id: string,
): Promise<ConversationView> {
  await findReadable(reading.kysely, speaker, id)
  const [one] = await listed(reading, speaker, sql<SqlBool>`c.id = ${id}`, 1)
  if (one === undefined) throw notFound()
  return one.view
}
