/**
 * The part of node-postgres' Pool that we use, as an interface, so that a test can wrap the real
 * one with faults, and so that the pool cannot queue without bound.
 *
 * Rejected: passing `pg.Pool` itself. Its waiting list has no limit, and its dozen overloads make
 * every wrapper a page of types.
 */
import pg from 'pg'

export interface QueryConfig {
  text: string
  values?: unknown[]
  /** A named statement is prepared once per connection. */
  name?: string
}
// A row has the columns of its statement; the caller names them where it reads them.
export interface QueryAnswer<R> {
  rows: R[]
  rowCount: number | null
  command: string
}

export interface PgQueryable {
  query<R = Record<string, unknown>>(
    text: string | QueryConfig,
    values?: readonly unknown[],
  ): Promise<QueryAnswer<R>>
}
export interface PgClient extends PgQueryable {
  /** Gives the connection back; with true it is closed instead. */
  release(destroy?: boolean): void
}
export interface PgPool extends PgQueryable {
  connect(): Promise<PgClient>
  end(): Promise<void>
}

/** The methods of a log that this folder uses. A pino logger has them. */
export interface Log {
  debug(fields: object, message: string): void
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}
export const silentLog: Log = { debug() {}, info() {}, warn() {}, error() {} }

/** Thrown when too many callers wait for a connection; a retry later may succeed. */
class PoolOverloadedError extends Error {
  constructor(waiting: number) {
    super(`${waiting} callers wait for a database connection already`)
    this.name = 'PoolOverloadedError'
  }
}

const oid = { int8: 20, numeric: 1700 } as const
/**
 * int8 and numeric arrive as text by default. Ours are counts, sequence numbers and sums of cents,
 * far below 2^53, so numbers are exact. timestamptz is a Date, json is parsed, bytea is a Buffer.
 */
function columnTypes(): pg.TypeOverrides {
  const types = new pg.TypeOverrides()
  types.setTypeParser(oid.int8, Number)
  types.setTypeParser(oid.numeric, Number)
  return types
}

const connectTimeoutMs = 5_000
const statementTimeoutMs = 15_000
const idleInTransactionTimeoutMs = 30_000
/**
 * Timeout on this side, for a silent server, ms. It is longer than the server's own limit, which
 * ends a statement more cleanly.
 */
const answerTimeoutMsDefault = 20_000
const waitingMax = 2_000

export interface ServerPoolOptions {
  connectionsMax: number
  answerTimeoutMs?: number
  /**
   * Keep one plan for each prepared statement, whatever its values. An engine uses it, because each
   * of its statements has one best plan. A single append costs 651 µs of server CPU when planned
   * anew, 353 µs with a kept plan.
   */
  keepsPlans?: boolean
}

/** A pool over TCP or a unix socket. */
export function serverPool(
  url: string,
  {
    connectionsMax,
    answerTimeoutMs = answerTimeoutMsDefault,
    keepsPlans = false,
  }: ServerPoolOptions,
  log: Log,
): PgPool {
  return wrap(
    new pg.Pool({
      connectionString: url,
      max: connectionsMax,
      connectionTimeoutMillis: connectTimeoutMs,
      statement_timeout: statementTimeoutMs,
      query_timeout: answerTimeoutMs,
      idle_in_transaction_session_timeout: idleInTransactionTimeoutMs,
      keepAlive: true,
      application_name: 'caduceus',
      types: columnTypes(),
      // The pool waits for this promise; the types of the option do not say so yet.
      ...(keepsPlans && {
        onConnect: client =>
          client.query('set plan_cache_mode = force_generic_plan') as unknown as void,
      }),
    }),
    log,
  )
}

/**
 * A connection that is lent to a caller. When a query ended without the database's answer (for
 * example by a timeout on a half-open connection), the connection is useless to the next caller, so
 * it is closed however it is given back. `Pool.query` does the same; the query builder returns
 * every connection as a good one.
 */
function lend(client: pg.PoolClient): PgClient {
  let broken = false
  return {
    async query<R>(text: string | QueryConfig, values?: readonly unknown[]) {
      try {
        return (await client.query(
          text as string,
          values as unknown[],
        )) as unknown as QueryAnswer<R>
      } catch (error) {
        broken ||= !(error instanceof pg.DatabaseError)
        throw error
      }
    },
    release: destroy => client.release(destroy === true || broken),
  }
}

function wrap(pool: pg.Pool, log: Log): PgPool {
  // The end of a pool does not wait for its connections, and then our own server ends some of them.
  const lost = (what: string) => (error: Error) => {
    if (!pool.ending) log.warn({ error: error.message }, `${what} lost`)
  }
  // Without a handler an idle connection that the server closes would end the process.
  pool.on('error', lost('idle database connection'))
  // The same for a connection that a caller holds between two statements. Its next statement fails.
  pool.on('connect', client => client.on('error', lost('database connection')))
  const admit = (): void => {
    if (pool.waitingCount >= waitingMax) throw new PoolOverloadedError(pool.waitingCount)
  }
  return {
    async query<R>(text: string | QueryConfig, values?: readonly unknown[]) {
      admit()
      return (await pool.query(text as string, values as unknown[])) as unknown as QueryAnswer<R>
    },
    async connect() {
      admit()
      return lend(await pool.connect())
    },
    end: () => pool.end(),
  }
}
