/**
 * The statement that writes a group of appends, and its values. Both are made from the tables of
 * the kinds, in walks over the same lists, so they cannot disagree.
 */
import { eventVersion } from '../../protocol/dispatch/events.ts'
import type { ArrayWriter } from './arrays.ts'
import { eventColumns, type EventToWrite } from './columns.ts'
import type { AppendRequest } from './journal.ts'
import type { NumberedAppend } from './rows.ts'
import type { ColumnType, ListColumn, StoredKind, Table } from './table.ts'

/** SQL types of the elements in the arrays of the append. */
export const sqlTypes: Record<ColumnType, string> = {
  int2: 'smallint',
  int4: 'integer',
  int8: 'bigint',
  float8: 'double precision',
  text: 'text',
  json: 'json',
  uuid: 'uuid',
  timestamptz: 'timestamptz',
}

export interface AppendPlan {
  /**
   * The query that writes a group with at most one append per actor. Its values are the writer's
   * bytes, valid until the writer begins again. Throws at a value that its column cannot hold, and
   * at a kind that is not in the list.
   */
  query(writer: ArrayWriter, group: readonly NumberedAppend[]): AppendQuery
  /** For a reader of the values: the tables of the append with this name, if it is one. */
  placesOf(statement: string): readonly TablePlace[] | undefined
}
/** The statement has a name, so node-postgres prepares it once per connection. */
export interface AppendQuery {
  readonly name: string
  readonly text: string
  readonly values: unknown[]
}
/**
 * The place where the columns of a table begin among the values, from 0. The columns are followed
 * by two columns for each of the table's lists (begin and end of the slice), then by the lists.
 */
export interface TablePlace {
  readonly kind: string
  readonly table: Table<unknown>
  readonly columnsAt: number
  readonly spansAt: number
  readonly listsAt: number
}

/** The tables that some groups write, and the statement for them. */
interface Variant {
  readonly name: string
  readonly text: string
  readonly places: readonly TablePlace[]
}

/**
 * Number of values of the fence: slots, epochs, and ids and versions of the continued actors.
 */
const fenceValues = 4

/**
 * Makes the statements for these kinds. A group writes few tables: most groups have no driver, or
 * no new order. Each set of tables has its own statement, because PostgreSQL opens every insert and
 * every array of a statement even when the arrays are empty. Rejected: one statement for all
 * tables. It took 6 % more of PostgreSQL's processor for a transition of an order. The number of
 * sets is the number of those that occur, for t tables at most 2^t.
 */
export function appendPlan(kinds: readonly StoredKind[]): AppendPlan {
  const tables = kinds.flatMap(({ name, tables: own }) => own.map(table => ({ kind: name, table })))
  const indexesOf = new Map(
    kinds.map(({ name }) => [
      name,
      tables.flatMap(({ kind }, index) => (kind === name ? [index] : [])),
    ]),
  )
  const variants = new Map<string, Variant>()

  function variantOf(written: readonly number[]): Variant {
    const name = `journal_append_${written.join('_')}`
    let variant = variants.get(name)
    if (variant === undefined) {
      const places = placesFrom(written.map(index => tables[index]!))
      variants.set(name, (variant = { name, text: textOf(places), places }))
    }
    return variant
  }

  function query(writer: ArrayWriter, group: readonly NumberedAppend[]): AppendQuery {
    const fences = new Map<number, number>()
    const continued: AppendRequest[] = []
    const events: EventToWrite[] = []
    const rows: unknown[][] = tables.map(() => [])
    for (const { request, firstSeq } of group) {
      fences.set(request.slot, request.epoch)
      if (request.fromVersion > 0) continued.push(request)
      for (let index = 0; index < request.events.length; index++)
        events.push({ request, index, seq: firstSeq + index })
      const mine = indexesOf.get(request.kind)
      if (mine === undefined) throw new Error(`the journal knows no kind ${request.kind}`)
      for (const index of mine) {
        const { takes } = tables[index]!.table
        if (takes === undefined || takes(request.row)) rows[index]!.push(request.row)
      }
    }
    writer.begin()
    writer.column('int2', [...fences.keys()], itself)
    writer.column('int8', [...fences.values()], itself)
    writer.column('uuid', continued, request => request.actorId)
    writer.column('int4', continued, request => request.fromVersion)
    for (const { type, of } of eventColumns) writer.column(type, events, of)
    const written = tables.flatMap((_, index) => (rows[index]!.length > 0 ? [index] : []))
    for (const index of written) {
      const { columns, lists } = tables[index]!.table
      for (const { type, of } of columns) writer.column(type, rows[index]!, of)
      if (lists !== undefined) writeLists(writer, lists, rows[index]!)
    }
    const { name, text } = variantOf(written)
    return { name, text, values: [...writer.take(), fences.size, eventVersion] }
  }

  return { query, placesOf: statement => variants.get(statement)?.places }
}

function placesFrom(
  tables: readonly { kind: string; table: Table<unknown> }[],
): readonly TablePlace[] {
  let at = fenceValues + eventColumns.length
  return tables.map(({ kind, table }) => {
    const lists = table.lists?.length ?? 0
    const [columnsAt, spansAt] = [at, at + table.columns.length]
    at = spansAt + 3 * lists
    return { kind, table, columnsAt, spansAt, listsAt: spansAt + 2 * lists }
  })
}

const itself = <V>(value: V): V => value

/**
 * The slice of a row counts from 1 and includes both ends. It begins at 0 for a row without a list
 * to write.
 */
function writeLists(
  writer: ArrayWriter,
  lists: readonly ListColumn<unknown>[],
  rows: readonly unknown[],
): void {
  const values = lists.map(list => {
    const [from, to, all]: [number[], number[], unknown[]] = [[], [], []]
    for (const row of rows) {
      const items = list.of(row)
      from.push(items === null ? 0 : all.length + 1)
      if (items !== null) for (const item of items) all.push(item)
      to.push(all.length)
    }
    writer.column('int4', from, itself)
    writer.column('int4', to, itself)
    return all
  })
  lists.forEach(({ type, item }, i) => writer.column(type, values[i]!, item))
}

/**
 * Writes a group of appends in one round trip. `fence` takes a share lock on the slots whose epoch
 * is as expected. An acquisition must wait for the lock, and the fence sees the latest epoch even
 * if it had to wait itself. The group is all or nothing: when one append is fenced or discontinued
 * nothing is written, and the answer names the appends to blame.
 *
 * `gap` uses a scalar subquery. Rejected: `not exists`, because a plan that is made while the table
 * is empty is kept and hashes the whole table; a subquery can only use the index. For the same
 * reason a row is inserted and, on conflict, updated. Rejected: `update … from`, which is a join
 * and would be a hashed one as long as that plan lives. It would save a tenth (15.2 µs for a row
 * with its event, against 16.7 µs).
 */
function textOf(places: readonly TablePlace[]): string {
  const array = (at: number, type: ColumnType): string => `$${at + 1}::${sqlTypes[type]}[]`
  const eventNames = eventColumns.map(column => column.name).join(', ')
  const events = eventColumns.map(({ type }, i) => array(fenceValues + i, type)).join(', ')
  const last = places.reduce(
    (end, { listsAt, table }) => Math.max(end, listsAt + (table.lists?.length ?? 0)),
    fenceValues + eventColumns.length,
  )
  const writes = places.map(
    (place): string => `${place.table.name}_written as (${insertOf(place, array)})`,
  )
  return `
    with fence as (
      select s.slot from slots s
      join unnest(${array(0, 'int2')}, ${array(1, 'int8')}) as expected(slot, epoch) on expected.slot = s.slot and expected.epoch = s.epoch
      order by s.slot for share of s
    ), gap as (
      select continued.actor_id from unnest(${array(2, 'uuid')}, ${array(3, 'int4')}) as continued(actor_id, version)
      where (select e.version from events e where e.actor_id = continued.actor_id and e.version = continued.version) is null
    ), pass as (
      select where (select count(*) from fence) = $${last + 1}::integer and not exists (select from gap)
    ), written as (
      insert into events (${eventNames}, v)
      select ${eventNames}, $${last + 2}::smallint
      from pass, unnest(${events}) as e(${eventNames})
    )${writes.map(write => `, ${write}`).join('')}
    select exists (select from pass) as committed, array(select slot from fence) as held_slots, array(select actor_id from gap) as gap_actor_ids`
}

function insertOf(
  { table, columnsAt, spansAt, listsAt }: TablePlace,
  array: (at: number, type: ColumnType) => string,
): string {
  const { name, columns, lists = [] } = table
  const names = columns.map(column => column.name)
  const spans = lists.flatMap(list => [`${list.name}_from`, `${list.name}_to`])
  const values = [
    ...columns.map(column => column.sql ?? column.name),
    ...lists.map(
      (list, i) =>
        `case when ${list.name}_from > 0 then (${array(listsAt + i, list.type)})[${list.name}_from:${list.name}_to] end`,
    ),
  ]
  const arrays = [
    ...columns.map(({ type }, i) => array(columnsAt + i, type)),
    ...spans.map((_, i) => array(spansAt + i, 'int4')),
  ]
  const changing = columns.filter(column => column.isFixed !== true)
  const onConflict =
    changing.length === 0
      ? 'on conflict do nothing'
      : `on conflict (${names[0]}) do update set ${changing.map(column => `${column.name} = excluded.${column.name}`).join(', ')}
      where ${name}.version < excluded.version`
  return `
      insert into ${name} (${[...names, ...lists.map(list => list.name)].join(', ')})
      select ${values.join(', ')}
      from pass, unnest(${arrays.join(', ')}) as r(${[...names, ...spans].join(', ')})
      ${onConflict}
    `
}
