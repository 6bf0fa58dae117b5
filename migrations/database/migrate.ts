/**
 * Brings a database to this code's schema. Several processes start at once, so everything happens
 * under one advisory lock, held by the connection that migrates. When the process dies, the lock is
 * free again.
 *
 * Rejected: Kysely's own lock alone. It is taken after Kysely has made its bookkeeping tables, and
 * two `create table if not exists` at the same moment can fail on a unique index of the catalogue.
 */
import { Kysely, Migrator, PostgresDialect, type Migration } from 'kysely'
import { migrations } from '../steps/index.ts'
import type { PgClient, PgPool } from './pool.ts'

/** The number of the advisory lock: 'cadu' in ASCII. */
const advisoryLockKey = 0x63616475
const lockWaitMs = 60_000
const migrationTimeoutMs = 10 * 60_000

/**
 * Does nothing when the database is at this schema. Throws an error of one line when the database
 * is newer than this code or a migration fails. `table`: the table that notes which migrations ran;
 * each list needs its own.
 */
export async function migrate(
  pool: PgPool,
  list: Readonly<Record<string, Migration>> = migrations,
  table = 'kysely_migration',
): Promise<void> {
  const client = await pool.connect()
  try {
    await client.query(`set statement_timeout = ${migrationTimeoutMs}`)
    await client.query(`set lock_timeout = ${lockWaitMs}`)
    await client.query('select pg_advisory_lock($1)', [advisoryLockKey])
    await refuseNewer(client, list, table)
    await runMigrations(client, list, table)
  } finally {
    // Close the connection and do not give it back: its timeouts differ from those of the pool, and
    // its lock ends with it.
    client.release(true)
  }
}

async function refuseNewer(
  client: PgClient,
  list: Readonly<Record<string, Migration>>,
  table: string,
): Promise<void> {
  const {
    rows: [known],
  } = await client.query<{ name: string | null }>('select to_regclass($1)::text as name', [table])
  if (!known?.name) return
  const { rows } = await client.query<{ name: string }>(`select name from ${table} order by name`)
  const unknown = rows.map(row => row.name).filter(name => !Object.hasOwn(list, name))
  if (unknown.length > 0)
    throw new Error(
      `the database is newer than this program (it has migration ${unknown.join(', ')}): run the newer release, or restore a backup`,
    )
}

async function runMigrations(
  client: PgClient,
  list: Readonly<Record<string, Migration>>,
  table: string,
): Promise<void> {
  const oneConnection = {
    connect: async () => ({ query: client.query.bind(client), release() {} }),
    async end() {},
  }
  const kysely = new Kysely<unknown>({
    dialect: new PostgresDialect({ pool: oneConnection as never }),
  })
  const migrator = new Migrator({
    db: kysely,
    provider: { getMigrations: async () => list },
    migrationTableName: table,
    migrationLockTableName: `${table}_lock`,
  })
  const { error, results } = await migrator.migrateToLatest()
  if (error === undefined) return
  const failed = results?.find(result => result.status === 'Error')?.migrationName ?? 'the first'
  throw new Error(
    `migration ${failed} failed and was rolled back: ${error instanceof Error ? error.message : String(error)}`,
    { cause: error },
  )
}
