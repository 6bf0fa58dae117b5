/**
 * A data directory of an earlier release, whose database was PGlite, is moved once: each row arrives
 * as it was, also from a schema of before, and nothing of the old directory is lost.
 */
import t, { type Test } from 'tap'
import { cpSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { openPglite } from '../pglite/stream.ts'
import { migrations } from '../steps/index.ts'
import { migrate } from './migrate.ts'
import { openDatabase, type Log } from './open.ts'
import type { PgClient } from './pool.ts'

const orderId = '01890000-0000-7000-8000-000000000001'
const userId = '01890000-0000-7000-8000-000000000002'
/** The release before orders had a currency, so rows are moved through later migrations as well. */
const earlierSteps = Object.fromEntries(
  Object.entries(migrations).filter(([name]) => name < '0019'),
)

type Query = PgClient['query']

/** A directory as an earlier release has left it. */
async function earlierDirectory(t: Test): Promise<string> {
  const dataDir = t.testdir()
  const directory = join(dataDir, 'database')
  mkdirSync(directory)
  const { query: ask, close } = await openPglite(directory)
  const query = ask as Query
  await migrate(
    { query, connect: async () => ({ query, release() {} }), async end() {} },
    earlierSteps,
  )
  await query(
    `insert into users (id, email, phone, full_name, password_hash, role, created_at)
     values ($1, 'ärzte,"(x)"\\@example.org', '', E'a\\nb\\tc\\\\d "e" (f), NULL', 'x', 'user', '2026-01-02 03:04:05.678901+00')`,
    [userId],
  )
  // More than one batch, with what JSON may hold and bytes that are no text.
  await query(
    `insert into idempotency_keys (account_id, key, route, request_hash, command_id, target_id, status, response)
     select 'someone', 'key ' || n, 'POST /', 'hash', 'command', null, 201, $1::json from generate_series(1, 700) n`,
    [`{"escaped": "\\u0000", "spaced" :  [1.50, "é"]}`],
  )
  await query(
    `insert into snapshots (actor_id, slot, kind, version, finished, bytes) values ($1, 1, 'order', 1, true, $2)`,
    [orderId, Buffer.from([0, 1, 92, 255])],
  )
  await close()
  return dataDir
}

const collected = (): { log: Log; lines: string[] } => {
  const lines: string[] = []
  const say = (_fields: object, line: string): void => {
    lines.push(line)
  }
  return { lines, log: { debug() {}, info: say, warn: say, error: say } }
}

/** The number of rows of each table that has some, with a digest of all of them. */
async function digests(query: Query): Promise<Record<string, unknown>> {
  const { rows } = await query<{ name: string }>(
    // The table of migrations notes when each ran.
    `select tablename as name from pg_tables where schemaname = 'public' and tablename not like 'kysely%' order by 1`,
  )
  const found: Record<string, unknown> = {}
  for (const { name } of rows) {
    const {
      rows: [digest],
    } = await query<{ n: number }>(
      `select count(*)::int as n,
         md5(string_agg(whole_row::text, '|' order by whole_row::text)) as digest from ${name} as whole_row`,
    )
    if (digest!.n > 0) found[name] = digest
  }
  return found
}

t.test('every row is moved, and the old directory keeps its own', async t => {
  const dataDir = await earlierDirectory(t)
  // What the rows must be: those of a copy at this release's schema.
  const copy = join(dataDir, 'copy')
  cpSync(join(dataDir, 'database'), copy, { recursive: true })
  const earlier = await openPglite(copy)
  const query = earlier.query as Query
  await migrate({ query, connect: async () => ({ query, release() {} }), async end() {} })
  const expected = await digests(query)
  await earlier.close()
  t.match(expected, { users: { n: 1 }, idempotency_keys: { n: 700 }, snapshots: { n: 1 } })

  const { log, lines } = collected()
  const database = await openDatabase({ dataDir, log })
  t.same(await digests(database.pool.query.bind(database.pool)), expected)
  t.same(
    (await database.pool.query(`select created_at::text from users where id = $1`, [userId])).rows,
    [{ created_at: '2026-01-02 03:04:05.678901+00' }],
    'to the microsecond',
  )
  await database.close()
  t.match(lines, [/is of an earlier release/, /^moving /])
  t.match(lines.at(-1), /^moved; /)
  t.notOk(existsSync(join(dataDir, 'database')))
  t.ok(existsSync(join(dataDir, 'database-before-the-move', 'PG_VERSION')))

  const again = collected()
  const reopened = await openDatabase({ dataDir, log: again.log })
  t.same(await digests(reopened.pool.query.bind(reopened.pool)), expected)
  await reopened.close()
  t.same(again.lines, [], 'it is moved once')
})

t.test('a move that was cut short begins again', async t => {
  const dataDir = await earlierDirectory(t)
  mkdirSync(join(dataDir, 'postgres.moving'))
  writeFileSync(join(dataDir, 'postgres.moving', 'PG_VERSION'), '18\n')
  const database = await openDatabase({ dataDir })
  t.equal((await database.pool.query('select from idempotency_keys')).rowCount, 700)
  await database.close()

  // Cut between the two renames: the cluster is whole, the old directory has its old name.
  cpSync(join(dataDir, 'database-before-the-move'), join(dataDir, 'database'), { recursive: true })
  rmSync(join(dataDir, 'database-before-the-move'), { recursive: true })
  const reopened = await openDatabase({ dataDir })
  t.equal((await reopened.pool.query('select from idempotency_keys')).rowCount, 700)
  await reopened.close()
  t.notOk(existsSync(join(dataDir, 'database')))
})

t.test('a directory that PGlite cannot read is left as it is', async t => {
  const dataDir = t.testdir({ database: { PG_VERSION: '1' } })
  await t.rejects(openDatabase({ dataDir }), {
    message: new RegExp(
      `^the embedded database in ${dataDir}/database cannot be moved to this release: [^\\n]+$`,
    ),
  })
  t.ok(existsSync(join(dataDir, 'database', 'PG_VERSION')))
  t.notOk(existsSync(join(dataDir, 'postgres')))
})
