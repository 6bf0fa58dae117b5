/** Copies the rows of all tables from one database into another one at the same schema. */
import type { PgQueryable } from './pool.ts'

/** Rows that one statement moves. A row of the journal or of a snapshot takes up to a megabyte. */
const batchRowsMax = 250

export interface Progress {
  table: string
  rows: number
}

/**
 * Both are sessions, not pools. Returns the number of rows. What the migrations have put into the target is replaced. Throws when
 * a table does not have as many rows as its source had.
 *
 * Rows cross as the text of a whole row, which PostgreSQL reads back to the same bytes. Rejected:
 * values by the client; it reads a time to the millisecond, and the database keeps microseconds.
 */
export async function moveRows(
  source: PgQueryable,
  target: PgQueryable,
  say: (progress: Progress) => void,
): Promise<number> {
  const tables = await tablesOf(target)
  await target.query('begin')
  // Triggers and foreign keys have done their work where the rows come from.
  await target.query('set local session_replication_role = replica')
  await target.query(`truncate ${tables.map(({ name }) => name).join(', ')}`)
  let moved = 0
  for (const table of tables) {
    const rows = await moveTable(source, target, table)
    if (rows > 0) say({ table: table.name, rows })
    moved += rows
  }
  await moveSequences(source, target)
  await target.query('commit')
  await target.query('analyze')
  return moved
}

interface Table {
  name: string
  /** Those that are stored; the others are computed from them. */
  columns: string[]
}

async function tablesOf(database: PgQueryable): Promise<Table[]> {
  const { rows } = await database.query<Table>(
    `select quote_ident(c.relname) as name,
       array_agg(quote_ident(a.attname) order by a.attnum) as columns
     from pg_class c join pg_attribute a on a.attrelid = c.oid
     where c.relkind = 'r' and c.relnamespace = 'public'::regnamespace
       and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
     group by c.relname order by c.relname`,
  )
  return rows
}

async function moveTable(
  source: PgQueryable,
  target: PgQueryable,
  { name, columns }: Table,
): Promise<number> {
  const list = columns.join(', ')
  await source.query('begin')
  // Rejected: to ask for the rows after a place in the table, because each question sorts the rest.
  await source.query(
    `declare moving no scroll cursor for select whole_row::text as row from ${name} as whole_row`,
  )
  let moved = 0
  for (;;) {
    const { rows } = await source.query<{ row: string }>(`fetch ${batchRowsMax} from moving`)
    if (rows.length === 0) break
    const { rowCount } = await target.query(
      `insert into ${name} (${list}) overriding system value
       select ${columns.map(column => `(one.row).${column}`).join(', ')}
       from (select text::${name} as row from unnest($1::text[]) as text) as one`,
      [rows.map(({ row }) => row)],
    )
    moved += rowCount ?? 0
  }
  await source.query('commit')
  const {
    rows: [count],
  } = await source.query<{ n: string }>(`select count(*)::text as n from ${name}`)
  if (Number(count!.n) !== moved)
    throw new Error(`${name} has ${count!.n} rows, and ${moved} were read`)
  return moved
}

async function moveSequences(source: PgQueryable, target: PgQueryable): Promise<void> {
  const { rows } = await source.query<{ name: string; last: string }>(
    `select quote_ident(sequencename) as name, last_value::text as last
     from pg_sequences where schemaname = 'public' and last_value is not null`,
  )
  for (const { name, last } of rows)
    await target.query('select setval($1::regclass, $2::bigint)', [name, last])
}
