/** The list of a caller's conversations, and the search in their messages. */
import Type from 'typebox'
import { sql, type RawBuilder, type SqlBool } from 'kysely'
import { conversationStatuses, topics, type Entry } from '../../protocol/conversations/parts.ts'
import type { ConversationView } from '../../protocol/conversations/view.ts'
import { limits } from '../../protocol/kernel/limits.ts'
import { Uuid } from '../../protocol/kernel/principal.ts'
import { closedObject, cursorRule, page } from '../kernel/shapes.ts'
import { invalid } from '../kernel/validate.ts'
import { chatLimits } from './limits.ts'
import { entriesOf, entryColumns, listed, ownRows, unreadOf, type EntryRow } from './reads.ts'
import { marksOf, wordsIn, type Reading } from './sealed.ts'
import type { Speaker } from './sides.ts'

/**
 * The cursor is the place of the last row and not the row itself: a conversation that moves to the
 * top meanwhile must not make the next page begin there.
 */
export const ListQuery = closedObject({
  limit: page.limit,
  cursor: Type.Optional(
    Type.String({
      pattern: '^\\d{1,15}\\.[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$',
      description: 'next_cursor of the page before',
      'x-rule': cursorRule,
    }),
  ),
  topic: Type.Optional(Type.Enum([...topics])),
  status: Type.Optional(Type.Enum([...conversationStatuses])),
  order_id: Type.Optional(Uuid),
  unread: Type.Optional(Type.Boolean({ description: 'true: those with unread messages' })),
  reported: Type.Optional(
    Type.Boolean({ description: 'Administrators: true for those with reports to decide upon' }),
  ),
})

/** Throws `invalid_request` for a filter that is not the caller's. */
export async function listConversations(
  reading: Reading,
  speaker: Speaker,
  query: Type.Static<typeof ListQuery>,
): Promise<{ conversations: ConversationView[]; next_cursor: string | null }> {
  const { limit = limits.listLimitDefault, cursor, topic, status, order_id } = query
  if (query.reported !== undefined && speaker.side !== 'support')
    throw invalid([{ field: 'reported', rule: 'is a filter for administrators' }])
  // Support finds conversations of others by their reports and by their order.
  const looksWide =
    speaker.side === 'support' && (query.reported === true || order_id !== undefined)
  const where: RawBuilder<SqlBool>[] = [looksWide ? sql<SqlBool>`true` : ownRows(speaker)]
  if (topic !== undefined) where.push(sql<SqlBool>`c.topic = ${topic}`)
  if (status !== undefined) where.push(sql<SqlBool>`c.status = ${status}`)
  if (order_id !== undefined)
    where.push(sql<SqlBool>`c.about_kind = 'order' and c.about_id = ${order_id}`)
  if (query.reported === true)
    where.push(
      sql<SqlBool>`exists (select from conversation_reports as r
        where r.conversation_id = c.id and r.decided_at is null)`,
    )
  if (query.unread === true) where.push(sql<SqlBool>`${unreadOf(speaker.side)} > 0`)
  if (cursor !== undefined) {
    const [atMs, id] = cursor.split('.') as [string, string]
    where.push(
      sql<SqlBool>`(c.last_at, c.id) < (to_timestamp(${Number(atMs) / 1000}::double precision), ${id}::uuid)`,
    )
  }
  const rows = await listed(
    reading,
    speaker,
    sql<SqlBool>`${sql.join(where, sql` and `)}`,
    limit + 1,
  )
  return {
    conversations: rows.slice(0, limit).map(({ view }) => view),
    next_cursor: rows.length > limit ? rows[limit - 1]!.cursor : null,
  }
}

/**
 * Messages of the caller's own conversations that have all words of the text, newest first. Words
 * that were taken back are not found, because they are nowhere. Throws `invalid_request` for a text
 * without a word, and `unavailable`.
 */
export async function searchOwn(
  { kysely, vault }: Reading,
  speaker: Speaker,
  {
    text,
    limit = limits.listLimitDefault,
    cursor,
  }: { text: string; limit?: number; cursor?: string },
): Promise<{
  messages: { conversation_id: string; message: Entry }[]
  next_cursor: string | null
}> {
  if (!/[\p{L}\p{N}]/u.test(text))
    throw invalid([{ field: 'text', rule: 'must have a letter or a digit' }])
  const before =
    cursor === undefined
      ? sql<SqlBool>`true`
      : sql<SqlBool>`(e.at, e.id) < (select at, id from conversation_entries where id = ${cursor})`
  const { rows } = await sql<EntryRow>`
    select ${entryColumns} from conversation_texts as t
    join conversation_entries as e on e.id = t.id
    join conversations as c on c.id = t.conversation_id
    where ${ownRows(speaker)} and t.text is not null
      and to_tsvector('simple', t.text) @@ plainto_tsquery('simple', ${text}) and ${before}
    order by e.at desc, e.id desc limit ${limit + 1}`.execute(kysely)
  let found = rows
  if (vault.encrypts) {
    const words = await wordsIn(kysely, text)
    if (words.length > 0)
      for await (const page of sealedWith({ kysely, vault }, speaker, words, before, limit + 1))
        found = [...found, ...page].toSorted(newestFirst).slice(0, limit + 1)
  }
  const shown = found.slice(0, limit)
  const entries = await entriesOf(vault, shown)
  return {
    messages: entries.map((message, at) => ({
      conversation_id: shown[at]!.conversation_id,
      message,
    })),
    next_cursor: found.length > limit ? shown.at(-1)!.id : null,
  }
}

const newestFirst = (a: EntryRow, b: EntryRow): number =>
  b.at.getTime() - a.at.getTime() || (a.id < b.id ? 1 : -1)

/**
 * The newest sealed messages with all these words, for each page of the caller's conversations. Each
 * conversation has a key of its own, so each has other marks for the same words.
 */
async function* sealedWith(
  { kysely, vault }: Reading,
  speaker: Speaker,
  words: readonly string[],
  before: RawBuilder<SqlBool>,
  limit: number,
): AsyncGenerator<EntryRow[]> {
  let last = '00000000-0000-0000-0000-000000000000'
  for (;;) {
    const { rows: own } = await sql<{ id: string }>`
      select c.id from conversations as c
      where ${ownRows(speaker)} and c.id > ${last}
        and exists (select from file_keys as k where k.upload_id = c.id)
      order by c.id limit ${chatLimits.searchedAtOnceMax}`.execute(kysely)
    const keys = [...(await vault.fileKeys(own.map(({ id }) => id)))]
    const { rows } = await sql<EntryRow>`
      select ${entryColumns}
      from unnest(${keys.map(([id]) => id)}::uuid[],
        ${keys.map(([, key]) => marksOf(key, words).join(' '))}::text[]) as wanted (id, marks)
      join conversation_texts as t on t.conversation_id = wanted.id and t.sealed is not null
        and string_to_array(t.marks, ' ') @> string_to_array(wanted.marks, ' ')
      join conversation_entries as e on e.id = t.id
      where ${before}
      order by e.at desc, e.id desc limit ${limit}`.execute(kysely)
    yield rows
    if (own.length < chatLimits.searchedAtOnceMax) return
    last = own.at(-1)!.id
  }
}
