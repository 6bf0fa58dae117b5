/**
 * Answers the statements of the edge's conversations from the tables of the simulated database, and
 * keeps the generations of conversations, which no actor writes. It is the simulator's own reading of
 * these statements: who may see a row, the entries of a gap, and the number of unread messages.
 */
import type { CompiledQuery } from 'kysely'
import type { SimDatabase } from '../../../engine/sim/database.ts'

type Row = Record<string, unknown>
type Statement = (database: SimDatabase, parameters: readonly unknown[], sql: string) => Row[]

const generations = new WeakMap<SimDatabase, Map<string, number>>()
function generationsOf(database: SimDatabase): Map<string, number> {
  let own = generations.get(database)
  if (own === undefined) generations.set(database, (own = new Map()))
  return own
}

const times = ['created_at', 'last_at', 'closes_at', 'at', 'taken_back_at', 'accepted_at']
/** A row as the driver gives it: times are dates. */
const dated = (row: Row): Row => ({
  ...row,
  ...Object.fromEntries(
    times.flatMap(name => (row[name] == null ? [] : [[name, new Date(Number(row[name]))]])),
  ),
})
const rowsOf = (database: SimDatabase, table: string): Row[] => [
  ...(database.store.table(table).rows.values() as Iterable<Row>),
]
const rowOf = (database: SimDatabase, table: string, id: unknown): Row | undefined =>
  database.store.table(table).rows.get(String(id)) as Row | undefined

/** Messages of others after the mark that were not taken back. */
export const unreadIn = (database: SimDatabase, row: Row, side: string): number =>
  rowsOf(database, 'conversation_texts').filter(
    text =>
      text['conversation_id'] === row['id'] &&
      text['side'] !== side &&
      text['taken_back_at'] === null &&
      Number(text['number']) > Number(row[`${side}_read`]),
  ).length

/** The side of the caller in a statement with the condition of one's own rows. */
const sideIn = (sql: string): string | null =>
  /c\.(customer|vendor|driver)_id = \$/.exec(sql)?.[1] ?? null

/** May this side see the row? */
function sees(database: SimDatabase, row: Row, side: string | null, id: unknown): boolean {
  if (side === null) return true
  if (row[`${side}_id`] !== id) return false
  const order = rowOf(database, 'orders', row['about_id'])
  if (side === 'vendor' && row['topic'] === 'pharmacy')
    return (
      order !== undefined &&
      (order['vendor_id'] ?? id) === id &&
      (order['ended_as'] === null || order['accepted_at'] !== null)
    )
  if (side === 'driver')
    return (
      row['status'] !== 'closed' &&
      order !== undefined &&
      (order['driver_id'] === id || (order['driver_id'] === null && order['ended_as'] !== null))
    )
  return true
}

function entryRows(database: SimDatabase, matches: (entry: Row) => boolean): Row[] {
  return rowsOf(database, 'conversation_entries')
    .filter(matches)
    .toSorted((a, b) => Number(a['number']) - Number(b['number']))
    .map(entry => {
      const text = rowOf(database, 'conversation_texts', entry['id'])
      return dated({
        ...entry,
        text: text?.['text'] ?? null,
        upload_id: text?.['upload_id'] ?? null,
        taken_back_at: text?.['taken_back_at'] ?? null,
      })
    })
}

/** By a part of the statement's text. The name is for deliberate bugs. */
const statements: readonly [part: string, name: string, Statement][] = [
  // It orders reports and taking back. Nobody reports here, so nobody waits for it.
  ['select pg_advisory_xact_lock', 'conversation_turn', () => []],
  [
    'select c.* from conversations as c where c.id = $1 and',
    'conversation_of',
    (database, [id, own], sql) =>
      [rowOf(database, 'conversations', id)].flatMap(row =>
        row !== undefined && sees(database, row, sideIn(sql), own) ? [dated(row)] : [],
      ),
  ],
  [
    'where e.id = $1 and e.conversation_id = $2',
    'conversation_entry',
    (database, [id, conversationId]) =>
      entryRows(
        database,
        entry => entry['id'] === id && entry['conversation_id'] === conversationId,
      ),
  ],
  [
    'where e.conversation_id = $1 and e.number > $2 and e.number <= $3',
    'conversation_gap',
    (database, [conversationId, after, through]) =>
      entryRows(
        database,
        entry =>
          entry['conversation_id'] === conversationId &&
          Number(entry['number']) > Number(after) &&
          Number(entry['number']) <= Number(through),
      ),
  ],
  [
    'select c.id as conversation_id, c.last_number,',
    'conversation_numbers',
    (database, parameters, sql) => {
      const side = sideIn(sql)!
      return rowsOf(database, 'conversations')
        .filter(row => sees(database, row, side, row[`${side}_id`]))
        .filter(row => parameters.includes(row[`${side}_id`]))
        .map(row => ({
          conversation_id: row['id'],
          last_number: row['last_number'],
          unread: unreadIn(database, row, side),
        }))
    },
  ],
  [
    'from "orders" where "id" = $1',
    'conversation_order',
    (database, [id]) => {
      const order = database.store.order(String(id))
      if (order === undefined) return []
      const { accepted_at } = rowOf(database, 'orders', id)!
      return [dated({ placed: order.placed, progress: order.view, accepted_at })]
    },
  ],
  [
    'select * from "conversations" where "id" = $1',
    'conversation_any',
    (database, [id]) =>
      [rowOf(database, 'conversations', id)].flatMap(row =>
        row === undefined ? [] : [dated(row)],
      ),
  ],
  [
    'select * from "conversations" where "about_id" = $1',
    'conversations_about',
    (database, [id]) =>
      rowsOf(database, 'conversations')
        .filter(
          row => row['about_id'] === id && row['status'] !== 'closed' && row['closes_at'] === null,
        )
        .map(dated),
  ],
  [
    'select "side" from "conversation_entries" where "conversation_id" = $1',
    'conversation_closing',
    (database, [id, kind]) =>
      entryRows(database, entry => entry['conversation_id'] === id && entry['kind'] === kind).slice(
        0,
        1,
      ),
  ],
  ['from "conversation_reports"', 'conversation_reports', () => []],
  [
    'select "generation" from "conversation_generations"',
    'conversation_generation',
    (database, [id]) => {
      const generation = generationsOf(database).get(String(id))
      return generation === undefined ? [] : [{ generation }]
    },
  ],
  [
    'insert into "conversation_generations"',
    'conversation_follow',
    (database, [id, next, , before]) => {
      const own = generationsOf(database)
      if (!own.has(String(id)) || own.get(String(id)) === before) own.set(String(id), Number(next))
      return []
    },
  ],
]

/** The rows of a statement of conversations with its name; null for any other statement. */
export function talkRows(
  database: SimDatabase,
  { sql, parameters }: Pick<CompiledQuery, 'sql' | 'parameters'>,
): { name: string; rows: Row[] } | null {
  const found = statements.find(([part]) => sql.includes(part))
  if (found === undefined) return null
  const [, name, run] = found
  return { name, rows: run(database, parameters, sql) }
}
