/**
 * Opens a database at this code's schema: a server by its URL, or PGlite in a directory. Both give
 * the same `Database`, so no code behind this file knows which one it is.
 *
 * Column types are the same in both: int8 and numeric are numbers, timestamptz is a Date, json is
 * parsed, uuid is text, bytea is a Buffer.
 */
import { Kysely, PostgresDialect } from 'kysely'
import { mkdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { lockDirectory } from './lock.ts'
import { migrate } from './migrate.ts'
import { startEmbedded } from './pglite-stream.ts'
import { embeddedPool, serverPool, silentLog, type Log, type PgPool } from './pool.ts'
import type { Tables } from './tables.ts'

export type { Log, PgPool, QueryConfig } from './pool.ts'
export type { Tables } from './tables.ts'

export interface Database {
  readonly pool: PgPool
  readonly kysely: Kysely<Tables>
  /** True for PGlite: one connection, one process, no fsync. */
  readonly embedded: boolean
  close(): Promise<void>
}

export interface OpenOptions {
  /** A Postgres URL; wins over `dataDir`. */
  url?: string
  /**
   * Directory of an embedded database, locked for this process. 'memory', or none, keeps it in
   * memory.
   */
  dataDir?: string
  log?: Log
  /** Number of connections to a server; the embedded database has one. */
  connectionsMax?: number
  /** Time after which a silent server's connection counts as dead, ms. */
  answerTimeoutMs?: number
  /**
   * For an engine: see `pool.ts`. The embedded database keeps plans in any case
   * (`pglite-worker.ts`).
   */
  keepsPlans?: boolean
}

const connectionsMaxDefault = 10
const inMemory = 'memory'

/**
 * Opens, migrates, and returns when the database is ready. Every failure is one line that names the
 * variable.
 */
export async function openDatabase(options: OpenOptions = {}): Promise<Database> {
  return options.url === undefined ? openEmbedded(options) : openServer(options.url, options)
}

async function openServer(url: string, options: OpenOptions): Promise<Database> {
  let where: string
  try {
    const { hostname, port, pathname } = new URL(url)
    where = `${hostname}:${port || '5432'}${pathname}`
  } catch (cause) {
    throw new Error(
      'DATABASE_URL is not a URL; it should look like postgres://user:password@host:5432/database',
      { cause },
    )
  }
  const pool = serverPool(
    url,
    { connectionsMax: connectionsMaxDefault, ...options },
    options.log ?? silentLog,
  )
  try {
    await pool.query('select 1')
  } catch (cause) {
    await pool.end()
    throw new Error(`DATABASE_URL: no connection to ${where}: ${reason(cause)}`, { cause })
  }
  return atSchema({ pool, embedded: false, release: async () => {} })
}

async function openEmbedded(options: OpenOptions): Promise<Database> {
  const log = options.log ?? silentLog
  const persistent = options.dataDir !== undefined && options.dataDir !== inMemory
  const lock = persistent ? await lockDirectory(options.dataDir!) : null
  try {
    const databaseDir = persistent ? join(resolve(options.dataDir!), 'database') : undefined
    if (databaseDir !== undefined) mkdirSync(databaseDir, { recursive: true })
    const embedded = await startEmbedded(databaseDir === undefined ? {} : { databaseDir }, log)
    const release = async (): Promise<void> => {
      await embedded.close()
      await lock?.release()
    }
    return await atSchema({ pool: embeddedPool(embedded.openStream, log), embedded: true, release })
  } catch (error) {
    await lock?.release()
    throw error
  }
}

interface Opened {
  pool: PgPool
  embedded: boolean
  /** Ends the worker and releases the directory, after the pool has ended. */
  release(): Promise<void>
}

async function atSchema({ pool, embedded, release }: Opened): Promise<Database> {
  // Kysely's dialect only connects and releases. This file ends the pool.
  const kysely = new Kysely<Tables>({ dialect: new PostgresDialect({ pool: pool as never }) })
  const close = async (): Promise<void> => {
    await pool.end()
    await release()
  }
  try {
    await migrate(pool)
  } catch (error) {
    await close()
    throw error
  }
  let closed: Promise<void> | null = null
  return { pool, kysely, embedded, close: () => (closed ??= close()) }
}

/** node-postgres reports a host with several addresses as an AggregateError without a message. */
function reason(cause: unknown): string {
  if (cause instanceof AggregateError && cause.message === '')
    return cause.errors.map(reason).join(', ')
  return cause instanceof Error ? cause.message : String(cause)
}
