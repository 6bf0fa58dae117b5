/**
 * Opens a database at this code's schema: a server by its URL, or a server of our own in a
 * directory. Both give the same `Database`, so no code behind this file knows which one it is.
 *
 * Column types: int8 and numeric are numbers, timestamptz is a Date, json is
 * parsed, uuid is text, bytea is a Buffer.
 */
import { Kysely, PostgresDialect } from 'kysely'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { openCluster, type Cluster } from '../cluster/cluster.ts'
import { moveEarlierDatabase } from './earlier.ts'
import { moveEarlierVersion } from './earlier-version.ts'
import { lockDirectory } from './lock.ts'
import { migrate } from './migrate.ts'
import { clusterLog, clusterName } from './move-into-cluster.ts'
import { serverPool, silentLog, type Log, type PgPool } from './pool.ts'
import type { Tables } from './tables.ts'

export type { Log, PgPool, QueryConfig } from './pool.ts'
export type { Tables } from './tables.ts'

export interface Database {
  readonly pool: PgPool
  readonly kysely: Kysely<Tables>
  /**
   * For a second pool on the same server. It may hold a password, so it belongs into no log and no
   * error.
   */
  readonly url: string
  /** True for a server of our own: this process alone uses it, and it ends with this database. */
  readonly embedded: boolean
  close(): Promise<void>
}

export interface OpenOptions {
  /** A Postgres URL; wins over `dataDir`. */
  url?: string
  /**
   * Directory of an embedded database, locked for this process. 'memory', or none: a temporary one
   * that is gone when it is closed.
   */
  dataDir?: string
  log?: Log
  /** Number of connections. */
  connectionsMax?: number
  /** Time after which a silent server's connection counts as dead, ms. */
  answerTimeoutMs?: number
  /** For an engine: see `pool.ts`. */
  keepsPlans?: boolean
}

const connectionsMaxDefault = 10
const inMemory = 'memory'

/**
 * Opens, migrates, and returns when the database is ready. Every failure is one line that names the
 * variable.
 */
export async function openDatabase(options: OpenOptions = {}): Promise<Database> {
  if (options.url !== undefined) return openServer(options.url, options)
  if (options.dataDir === undefined || options.dataDir === inMemory) return openTemporary(options)
  return openDirectory(options.dataDir, options)
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
  return atSchema({ pool, url, embedded: false, release: async () => {} })
}

/** A directory below the system's temporary one, removed when the database is closed. */
async function openTemporary({ log = silentLog, ...options }: OpenOptions): Promise<Database> {
  const directory = mkdtempSync(join(tmpdir(), 'caduceus-memory-'))
  const remove = async (): Promise<void> => rmSync(directory, { recursive: true, force: true })
  try {
    const cluster = await openCluster(join(directory, clusterName), {
      temporary: true,
      log: clusterLog(log),
    })
    return await overCluster(cluster, remove, { ...options, log })
  } catch (error) {
    await remove()
    throw error
  }
}

async function openDirectory(
  dataDir: string,
  { log = silentLog, ...options }: OpenOptions,
): Promise<Database> {
  const lock = await lockDirectory(dataDir)
  try {
    await moveEarlierDatabase(dataDir, log)
    await moveEarlierVersion(dataDir, log)
    const cluster = await openCluster(join(resolve(dataDir), clusterName), {
      temporary: false,
      log: clusterLog(log),
    })
    return await overCluster(cluster, () => lock.release(), { ...options, log })
  } catch (error) {
    await lock.release()
    throw error
  }
}

async function overCluster(
  { url, stop }: Cluster,
  release: () => Promise<void>,
  options: OpenOptions & { log: Log },
): Promise<Database> {
  const pool = serverPool(url, { connectionsMax: connectionsMaxDefault, ...options }, options.log)
  return atSchema({
    pool,
    url,
    embedded: true,
    async release() {
      await stop()
      await release()
    },
  })
}

interface Opened {
  pool: PgPool
  url: string
  embedded: boolean
  /** Ends the server and releases the directory, after the pool has ended. */
  release(): Promise<void>
}

async function atSchema({ pool, url, embedded, release }: Opened): Promise<Database> {
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
  return { pool, kysely, url, embedded, close: () => (closed ??= close()) }
}

/** node-postgres reports a host with several addresses as an AggregateError without a message. */
function reason(cause: unknown): string {
  if (cause instanceof AggregateError && cause.message === '')
    return cause.errors.map(reason).join(', ')
  return cause instanceof Error ? cause.message : String(cause)
}
