/**
 * All that is known of a person as one JSON document, read page by page. A document that was cut
 * off is not JSON, so nobody takes a part of it for the whole.
 *
 * Rejected: an archive with the bytes of the files. A prescription of ten megabytes would have to
 * be read again after each lost connection; the document names the files, and each has its URL.
 */
import { sql, type Kysely, type RawBuilder } from 'kysely'
import { CaduceusError } from '../../protocol/kernel/errors.ts'
import type { Tables } from '../../migrations/database/tables.ts'
import type { WithVault } from '../keys/vault.ts'
import type { Kernel } from '../kernel/kernel.ts'
import type { Known, Part, Person } from './known.ts'
import { knownTables } from './known-tables.ts'
import { privacyLimits } from './limits.ts'

const readme = [
  'This is all that this server knows of you, made at the time in made_at.',
  'Each entry of "parts" is one reason for which something is kept: "about" says which, "table" is its name in the database, "rows" are the records.',
  'Times are in UTC unless their name ends in _local. Amounts that end in _minor are in the smallest unit of the currency.',
  'Files are named and not contained: each can be read with your sign-in at /api/uploads/{id}.',
  'Secrets, such as the hash of your password, are left out. So is what is about other people: who carried which parcel to whom, who gave which rating, which administrator read a record. A pharmacy or a driver who may not work now gets neither notifications nor conversations.',
  '"left_out" has the tables that hold nothing of their own about you, each with the reason.',
]

type Row = Record<string, unknown>
type ExportContext = Pick<Kernel, 'database' | 'nowMs'> & WithVault

/** The condition for the rows of the table `t` that are about the person. */
export const conditionOf = ({ of }: Part, person: Person): RawBuilder<unknown> =>
  typeof of === 'function'
    ? of(person)
    : sql`(${sql.join(
        of.map(column => sql`${sql.ref(`t.${column}`)} = any(${person.ids}::uuid[])`),
        sql` or `,
      )})`

/** The rows of one part, in pages. */
async function* pagesOf(
  db: Kysely<Tables>,
  table: string,
  part: Part,
  person: Person,
): AsyncGenerator<Row[]> {
  const { key = ['id'] } = part
  const keys = sql.join(key.map(column => sql.ref(`t.${column}`)))
  const about = conditionOf(part, person)
  let last: readonly string[] | null = null
  for (;;) {
    const after: RawBuilder<unknown> =
      last === null ? sql`true` : sql`(${keys}) > (${sql.join(last.map(value => sql`${value}`))})`
    // As json and not jsonb, which refuses the U+0000 that a text of a customer may have.
    const { rows } = await sql<{ row: Row; place: string[] }>`
      select row_to_json(t) as row, array[${sql.join(key.map(column => sql`${sql.ref(`t.${column}`)}::text`))}] as place
      from ${sql.table(table)} as t where ${about} and ${after}
      order by ${keys} limit ${privacyLimits.exportPageRows}`.execute(db)
    if (rows.length > 0) yield rows.map(({ row }) => row)
    if (rows.length < privacyLimits.exportPageRows) return
    last = rows.at(-1)!.place
  }
}

function shaped(row: Row, { leave = [], shape }: Part, person: Person, nowMs: number): unknown {
  if (shape !== undefined) return shape(row, person, nowMs)
  const shown = { ...row }
  for (const column of leave) delete shown[column]
  return shown
}

/** The document in pieces of about a page. */
async function* documentOf(
  { database, nowMs, vault }: ExportContext,
  person: Person,
): AsyncGenerator<string> {
  const tables = Object.entries(knownTables) as [string, Known][]
  const madeAtMs = nowMs()
  const head = { readme, account_id: person.accountId, made_at: new Date(madeAtMs).toISOString() }
  yield `${JSON.stringify(head, null, 1).slice(0, -2)},\n "parts": [`
  let parts = 0
  for (const [table, known] of tables)
    for (const part of 'parts' in known ? known.parts : []) {
      if (part.work === true && !person.mayWork) continue
      yield `${parts++ === 0 ? '' : ','}\n  {"table": ${JSON.stringify(table)}, "about": ${JSON.stringify(part.about)}, "rows": [`
      let rows = 0
      for await (const page of pagesOf(database.kysely, table, part, person)) {
        const opened = await part.open?.(vault, page)
        for (const [at, text] of (opened ?? []).entries()) page[at]!['text'] = text
        const texts = page.map(row => JSON.stringify(shaped(row, part, person, madeAtMs)))
        yield `${rows === 0 ? '' : ','}\n   ${texts.join(',\n   ')}`
        rows += page.length
      }
      yield ']}'
    }
  const leftOut = Object.fromEntries(
    tables.flatMap(([table, known]) => ('why' in known ? [[table, known.why]] : [])),
  )
  yield `\n ],\n "left_out": ${JSON.stringify(leftOut)}\n}\n`
}

/** The exports of one edge. */
export class Exports {
  readonly #ctx: ExportContext
  readonly #underWay = new Set<string>()

  constructor(ctx: ExportContext) {
    this.#ctx = ctx
  }

  /**
   * The bytes of the document. The first step throws `too_many_requests` while the account has an
   * export under way, and `overloaded` while too many accounts have; otherwise it calls `begun`.
   */
  async *of(person: Person, begun: () => void): AsyncGenerator<Uint8Array> {
    const { exportsAtOnceMax, retryAfterSeconds } = privacyLimits
    if (this.#underWay.has(person.accountId))
      throw new CaduceusError(
        'too_many_requests',
        'an export of this account is under way; wait for its end',
        undefined,
        retryAfterSeconds,
      )
    if (this.#underWay.size >= exportsAtOnceMax)
      throw new CaduceusError(
        'overloaded',
        `${exportsAtOnceMax} exports are under way; come again`,
        undefined,
        retryAfterSeconds,
      )
    this.#underWay.add(person.accountId)
    try {
      begun()
      for await (const text of documentOf(this.#ctx, person)) yield Buffer.from(text)
    } finally {
      this.#underWay.delete(person.accountId)
    }
  }
}
