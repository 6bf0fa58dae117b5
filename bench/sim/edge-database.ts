/**
 * The edge's view of the simulated database: a Kysely whose driver understands the few statements
 * that the played parts of an edge send, and no others. The real query builder runs, so the real
 * idempotency and the real resynchronisation of terminals do.
 */
import { Kysely, PostgresAdapter, PostgresIntrospector, PostgresQueryCompiler, type CompiledQuery, type DatabaseConnection, type Driver, type QueryResult } from 'kysely'
import type { SimDatabase } from '../../engine/sim/database.ts'
import type { SimNode } from '../../engine/sim/node.ts'
import type { Database, Tables } from '../../migrations/open.ts'

type Row = Record<string, unknown>
/** Rows of `idempotency_keys`, by account and key; as durable as commits are. */
export type KeyRows = Map<string, Row>

export function edgeDatabase(node: SimNode, database: SimDatabase, keys: KeyRows): Database {
  const connection: DatabaseConnection = {
    executeQuery: async <R>(query: CompiledQuery) => await database.call(node, () => execute(database, keys, query)) as QueryResult<R>,
    streamQuery() { throw new Error('the simulated database does not stream') },
  }
  const driver: Driver = {
    async init() {}, async destroy() {}, async acquireConnection() { return connection }, async releaseConnection() {},
    async beginTransaction() {}, async commitTransaction() {}, async rollbackTransaction() {},
  }
  const kysely = new Kysely<Tables>({
    dialect: {
      createAdapter: () => new PostgresAdapter(), createDriver: () => driver,
      createIntrospector: db => new PostgresIntrospector(db), createQueryCompiler: () => new PostgresQueryCompiler(),
    },
  })
  return { kysely, embedded: false, close: async () => {} } as unknown as Database
}

/** By statement: a simulation sends one text ten thousand times. */
const columnsBySql = new Map<string, string[]>()
function columnsOf(sql: string): string[] {
  let columns = columnsBySql.get(sql)
  if (columns === undefined) columnsBySql.set(sql, columns = /\(([^)]*)\)/.exec(sql)![1]!.replaceAll('"', '').split(', '))
  return columns
}

function execute(database: SimDatabase, keys: KeyRows, { sql, parameters }: CompiledQuery): QueryResult<Row> {
  if (sql.startsWith('insert into "idempotency_keys"')) {
    const row: Row = {}
    columnsOf(sql).forEach((column, i) => { row[column] = parameters[i] })
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
    if (row !== undefined && row['status'] === null) Object.assign(row, { status, response: JSON.parse(String(response)) as unknown })
    return { rows: [] }
  }
  if (sql.startsWith('select "id", "status", "vendor_id" from "orders" where "id" in')) {
    const found = parameters.slice(0, -1).map(id => database.store.orders.get(String(id))?.view).filter(view => view !== undefined)
    return { rows: found.filter(view => view.status !== parameters.at(-1)).map(({ id, status, vendor_id }) => ({ id, status, vendor_id })) }
  }
  throw new Error(`the simulated database does not know: ${sql}`)
}
