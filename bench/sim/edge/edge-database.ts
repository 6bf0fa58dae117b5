/**
 * The edge's view of the simulated database: a Kysely whose driver understands only the few
 * statements that the simulated parts of an edge send. The real query builder runs, and so do the
 * real idempotency and the real resynchronisation of terminals.
 */
import { factsOf } from '../../../protocol/orders/statuses.ts'
import {
  Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  type CompiledQuery,
  type DatabaseConnection,
  type Driver,
  type QueryResult,
} from 'kysely'
import type { SimDatabase } from '../../../engine/sim/database.ts'
import type { SimNode } from '../../../engine/sim/node.ts'
import type { Database, Tables } from '../../../migrations/database/open.ts'
import { talkRows } from './talk-rows.ts'

type Row = Record<string, unknown>
/** Rows of `idempotency_keys`, by account and key. They are as durable as commits. */
export type KeyRows = Map<string, Row>

/** A deliberate bug's change of the rows that a socket reads when it opens. */
export type Amend = (statement: string, rows: Row[]) => Row[]

/** The database as the edge of this process sees it. */
export function edgeDatabase(
  node: SimNode,
  database: SimDatabase,
  keys: KeyRows,
  amend: Amend,
): Database {
  const connection: DatabaseConnection = {
    executeQuery: async <R>(query: CompiledQuery) =>
      (await database.call(node, () => {
        const talk = talkRows(database, query)
        if (talk === null) return execute(database, keys, query)
        return { rows: amend(talk.name, talk.rows) }
      })) as QueryResult<R>,
    streamQuery() {
      throw new Error('the simulated database does not stream')
    },
  }
  const driver: Driver = {
    async init() {},
    async destroy() {},
    async acquireConnection() {
      return connection
    },
    async releaseConnection() {},
    async beginTransaction() {},
    async commitTransaction() {},
    async rollbackTransaction() {},
  }
  const kysely = new Kysely<Tables>({
    dialect: {
      createAdapter: () => new PostgresAdapter(),
      createDriver: () => driver,
      createIntrospector: db => new PostgresIntrospector(db),
      createQueryCompiler: () => new PostgresQueryCompiler(),
    },
  })
  const pool = {
    query: async ({ name, values }: { name: string; values: readonly unknown[] }) =>
      await database.call(node, () => ({
        rows: amend(name, firstOf(database, name, values[0] as string[])),
      })),
  }
  return { kysely, pool, embedded: false, close: async () => {} } as unknown as Database
}

/** Answers the prepared statements of `edge/sockets/first-rows.ts`, by their names. */
function firstOf(database: SimDatabase, name: string, keys: readonly string[]): Row[] {
  const { store } = database
  const drivers = database.columnsOf('drivers')
  const orders = store.orders().sort((a, b) => (a.view.id < b.view.id ? -1 : 1))
  const parts = (key: string, { placed, view }: (typeof orders)[number]): Row => ({
    key,
    placed,
    progress: view,
  })
  switch (name) {
    case 'first_driver':
      return keys.flatMap(key => (drivers.has(key) ? [{ key, ...drivers.get(key) }] : []))
    case 'first_offered':
      return keys.flatMap(key =>
        orders
          .filter(order => order.offeredDriverId === key)
          .slice(-1)
          .map(order => parts(key, order)),
      )
    case 'first_under_way':
      return keys.flatMap(key =>
        orders
          .filter(({ view }) => view.driver_id === key && factsOf(view.status)?.underWay === true)
          .map(order => parts(key, order)),
      )
    case 'first_open_orders':
      return keys.flatMap(key =>
        orders
          .filter(({ view }) => view.user_id === key && view.ended_at === null)
          .map(({ view: { id } }) => ({ key, id })),
      )
    default:
      throw new Error(`the simulated database does not know the statement ${name}`)
  }
}

/** Columns by statement, because a simulation sends one text ten thousand times. */
const columnsBySql = new Map<string, string[]>()
function columnsOf(sql: string): string[] {
  let columns = columnsBySql.get(sql)
  if (columns === undefined)
    columnsBySql.set(sql, (columns = /\(([^)]*)\)/.exec(sql)![1]!.replaceAll('"', '').split(', ')))
  return columns
}

function execute(
  database: SimDatabase,
  keys: KeyRows,
  { sql, parameters }: CompiledQuery,
): QueryResult<Row> {
  if (sql.startsWith('insert into "idempotency_keys"')) {
    const row: Row = {}
    columnsOf(sql).forEach((column, i) => {
      row[column] = parameters[i]
    })
    row['status'] = row['response'] = null
    const at = `${String(row['account_id'])} ${String(row['key'])}`
    if (keys.has(at)) return { rows: [] }
    keys.set(at, row)
    return { rows: [{ key: row['key'] }] }
  }
  if (sql.startsWith('select * from "idempotency_keys"')) {
    const row = keys.get(`${String(parameters[0])} ${String(parameters[1])}`)
    return { rows: row === undefined ? [] : [{ ...row }] }
  }
  if (sql.startsWith('update "idempotency_keys" set "status"')) {
    const [status, response, account, key] = parameters
    const row = keys.get(`${String(account)} ${String(key)}`)
    if (row !== undefined && row['status'] === null)
      Object.assign(row, { status, response: JSON.parse(String(response)) as unknown })
    return { rows: [] }
  }
  if (sql.startsWith('select "id", "status", "vendor_id" from "orders" where "id" in')) {
    const found = parameters
      .slice(0, -1)
      .map(id => database.store.order(String(id))?.view)
      .filter(view => view !== undefined)
    return {
      rows: found
        .filter(view => view.status !== parameters.at(-1))
        .map(({ id, status, vendor_id }) => ({ id, status, vendor_id })),
    }
  }
  throw new Error(`the simulated database does not know: ${sql}`)
}
