/** The export of a person: every table has its say, nothing is secret or another's, and bounds. */
import t from 'tap'
import { newId, startFixture, viewOf } from '../acceptance/fixture-edge.ts'
import { Exports } from './export.ts'
import type { Known } from './known.ts'
import { knownTables } from './known-tables.ts'
import { privacyLimits } from './limits.ts'

const edge = await startFixture()
t.teardown(() => edge.stop())
const { call, database } = edge
const admin = await edge.admin()
const customer = await edge.customer()
const other = await edge.customer()
const pharmacy = await edge.pharmacy()
const driver = await edge.driver(pharmacy.id)

interface Document {
  readme: string[]
  account_id: string
  parts: { table: string; about: string; rows: Record<string, unknown>[] }[]
  left_out: Record<string, string>
}
const exported = async (by: { token: string }): Promise<Document> => {
  const answer = await call('GET', '/api/auth/me/export', by)
  t.equal(answer.status, 200)
  return answer.body
}
const rowsOf = ({ parts }: Document, table: string) =>
  parts.filter(part => part.table === table).flatMap(part => part.rows)

/** The tables that keep the steps of a migration. */
const ofMigrations = /^kysely_/

t.test('the list has every table of the database, and every id in it', async t => {
  const { rows } = await database.pool.query<{ table: string; ids: string[] }>(
    `select t.table_name as table,
       coalesce(array_agg(c.column_name::text) filter (where c.udt_name in ('uuid', '_uuid')), '{}') as ids
     from information_schema.tables t join information_schema.columns c using (table_schema, table_name)
     where t.table_schema = 'public' group by 1`,
  )
  const found = rows.filter(({ table }) => !ofMigrations.test(table))
  t.strictSame(
    found.map(({ table }) => table).toSorted(),
    Object.keys(knownTables).toSorted(),
    'a table that holds nothing about people has its reason in the list',
  )
  for (const { table, ids } of found) {
    const known: Known = knownTables[table as keyof typeof knownTables]
    const named = new Set([
      ...(known.otherIds ?? []),
      ...('parts' in known ? known.parts : []).flatMap(({ of }) =>
        typeof of === 'function' ? [] : of,
      ),
    ])
    t.strictSame(
      ids.filter(id => !named.has(id)),
      [],
      `${table}: each id is one of a person or is named as another`,
    )
    t.strictSame(
      [...named].filter(id => !ids.includes(id)),
      [],
      `${table}: no id is named that does not exist`,
    )
  }
})

t.test('a customer gets the own records and nobody else gets them', async t => {
  const notes = 'the bell is broken\u0000'
  const order = viewOf({
    id: newId(),
    user_id: customer.id,
    vendor_id: pharmacy.id,
    driver_id: driver.id,
    status: 'delivered',
    customer_name: 'Mina Rai',
    notes,
    delivered_at: '2026-01-01T10:00:00.000Z',
    ended_at: '2026-01-01T10:00:00.000Z',
  })
  await edge.store(order)
  await call('GET', `/api/admin/accounts/${customer.id}`, admin)
  while (
    rowsOf(await exported(customer), 'audit_log').every(row => row['operation'] !== 'getAccount')
  )
    await new Promise(resolve => {
      setTimeout(resolve, 50)
    })
  const mine = await exported(customer)
  t.equal(mine.account_id, customer.id)
  t.ok(mine.readme.length > 3)
  t.match(rowsOf(mine, 'users'), [{ id: customer.id, email: customer.email }])
  t.match(rowsOf(mine, 'orders'), [{ id: order.id, customer_name: 'Mina Rai', notes }])
  t.ok(rowsOf(mine, 'sessions').length > 0)
  const seen = rowsOf(mine, 'audit_log')
  t.match(
    seen.find(row => row['operation'] === 'getAccount'),
    { actor_role: 'admin', actor_id: undefined, address: undefined },
  )
  t.ok(
    seen.some(row => row['operation'] === 'exportMe'),
    'the export itself is in the trail',
  )
  const letters = await call('GET', '/api/admin/outbox', admin)
  t.match(JSON.stringify(letters.body), /A copy of all data of your account was made/)
  t.match(mine.left_out, { snapshots: /steps/ })
  const text = JSON.stringify(mine)
  t.notMatch(text, /"(?:password|token|secret|code)_hash"/)
  t.notMatch(text, new RegExp(other.id))

  t.notMatch(JSON.stringify(await exported(other)), /Mina Rai|bell is broken/)
  const carried = await exported(driver)
  t.match(rowsOf(carried, 'orders'), [{ status: 'delivered', id: undefined, placed: undefined }])
  t.notMatch(JSON.stringify(carried), /Mina Rai|bell is broken/)
  t.notMatch(JSON.stringify(await exported(pharmacy)), /Mina Rai|bell is broken/)
})

t.test('a person of many rows gets each of them once', async t => {
  const rows = privacyLimits.exportPageRows * 2 + 1
  // Many of the same time: the pages must not lose or repeat rows beside each other.
  await database.pool.query(
    `insert into notifications (id, account_id, event_id, kind, about_kind, about_id, data, at)
     select gen_random_uuid(), $1, '1.' || n, 'order.delivered', 'order', gen_random_uuid(), '{}', now()
     from generate_series(1, $2::integer) n`,
    [other.id, rows],
  )
  await database.pool.query(
    `insert into breadcrumbs (order_id, at, driver_id, latitude, longitude)
     select o.id, '2026-01-01T09:00:00.000001Z'::timestamptz + n * interval '1 microsecond', $1, 1, 1
     from orders o, generate_series(1, $2::integer) n where o.driver_id = $1`,
    [driver.id, rows],
  )
  t.equal(new Set(rowsOf(await exported(other), 'notifications').map(row => row['id'])).size, rows)
  t.equal(new Set(rowsOf(await exported(driver), 'breadcrumbs').map(row => row['at'])).size, rows)
})

t.test('an account has one export at a time, and an edge has few', async t => {
  const exports = new Exports({ database, nowMs: Date.now, vault: edge.edge.parts.vault })
  const person = () => ({ accountId: newId(), ids: [newId()], mayWork: true })
  const begin = (who = person()) => exports.of(who, () => {})
  const mine = person()
  const first = begin(mine)
  await first.next()
  await t.rejects(begin(mine).next(), { code: 'too_many_requests' })
  const others = Array.from({ length: privacyLimits.exportsAtOnceMax - 1 }, () => begin())
  for (const one of others) await one.next()
  await t.rejects(begin().next(), { code: 'overloaded' })
  await first.return(undefined)
  const again = begin(mine)
  t.notOk((await again.next()).done, 'an export that was given up makes room')
  for (const one of [again, ...others]) await one.return(undefined)
})
