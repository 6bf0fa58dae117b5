/**
 * In a database of a release without approvals, pharmacies and drivers that work continue to work,
 * and a pharmacy that had closed itself stays closed.
 */
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { testId } from '../../engine/journal/contract/rows.ts'
import { requireOrSkip, startPostgres } from '../../protocol/testing/services.ts'
import { migrations } from './index.ts'
import { migrate } from '../database/migrate.ts'
import { openCluster } from '../cluster/cluster.ts'
import { serverPool, silentLog, type PgPool } from '../database/pool.ts'

interface VendorRow {
  id: string
  status: string
  paused: boolean
  is_active: boolean
  latitude: number
  decided_latitude: number
  decided_longitude: number
  move_asked_at: Date | null
  standing: string
  updated_at: Date
  revision: number
  registered_from: string | null
  business_name: string
}
interface DriverRow {
  id: string
  user_id: string | null
  vendor_id: string
  membership: string
  is_active: boolean
  status: string
  active_order_ids: string[]
  total_deliveries: number
  revision: number
  version: number
  standing: string
  registered_from: string | null
  full_name: string
}

async function upgrades(t: Test, pool: PgPool): Promise<void> {
  await migrate(
    pool,
    Object.fromEntries(Object.entries(migrations).filter(([name]) => name < '0011')),
  )
  const [works, closed, many] = [
    testId(),
    testId(),
    Array.from({ length: 300 }, () => testId()),
  ] as const
  const vendor = (id: string, is_active: boolean) =>
    pool.query(
      `insert into vendors (id, user_id, business_name, email, phone, latitude, longitude, is_active) values ($1, $2, 'Corner', 'x@example.org', '+97715550100', 27.7, 85.3, $3)`,
      [id, testId(), is_active],
    )
  await vendor(works, true)
  await vendor(closed, false)
  for (const id of many) await vendor(id, true)
  const [busy, unmarked, byCommand] = [testId(), testId(), testId()] as const
  const [account, order] = [testId(), testId()]
  const driver = (
    id: string,
    userId: string | null,
    vendorId: string,
    status: string,
    orders: string[],
    is_active = true,
  ) =>
    pool.query(
      `insert into drivers (id, user_id, vendor_id, full_name, phone, vehicle_type, status, active_order_ids, total_deliveries, version, is_active)
     values ($1, $2, $3, 'Dora', '+97715550101', 'bike', $4, $5, 7, 9, $6)`,
      [id, userId, vendorId, status, orders, is_active],
    )
  await driver(busy, account, works, 'busy', [order])
  // No release set is_active of a driver to false, and none read it: such a driver works.
  await driver(unmarked, testId(), closed, 'available', [], false)
  await driver(byCommand, null, testId(), 'offline', [])
  // This pharmacy was edited before, and the revision that a page has must stay valid.
  await pool.query(`update vendors set business_name = 'Corner Pharmacy' where id = $1`, [works])
  const before = (
    await pool.query<{ id: string; updated_at: Date; revision: number }>(
      'select id, updated_at, revision from vendors',
    )
  ).rows
  await migrate(pool)

  const vendors = async () =>
    (await pool.query<VendorRow>('select *, standing_at::text as standing from vendors')).rows
  const drivers = async () =>
    (await pool.query<DriverRow>('select *, standing_at::text as standing from drivers')).rows
  const rows = await vendors()
  t.equal(rows.length, 302, 'every pharmacy is still there')
  const of = (id: string) => rows.find(row => row.id === id)!
  t.match(of(works), {
    status: 'active',
    paused: false,
    is_active: true,
    business_name: 'Corner Pharmacy',
    move_asked_at: null,
    registered_from: null,
  })
  t.match(
    of(closed),
    { status: 'active', paused: true, is_active: false },
    'the pharmacy closed itself, and may open itself again',
  )
  t.ok(
    rows.every(
      row =>
        row.status === 'active' && row.decided_latitude === 27.7 && row.decided_longitude === 85.3,
    ),
    'a later move is measured from the present place',
  )
  t.ok(
    rows.every(row => row.standing === '-infinity'),
    'no pharmacy has a new decision',
  )
  t.same(
    before.filter(
      old =>
        of(old.id).revision !== old.revision ||
        of(old.id).updated_at.getTime() !== old.updated_at.getTime(),
    ),
    [],
    'engines and pages see no change',
  )

  const driverRows = await drivers()
  t.match(
    driverRows.find(row => row.id === busy),
    {
      user_id: account,
      vendor_id: works,
      membership: 'active',
      is_active: true,
      status: 'busy',
      active_order_ids: [order],
      total_deliveries: 7,
      version: 9,
      revision: 1,
      standing: '-infinity',
    },
    'a driver keeps the pharmacy, the membership and the order',
  )
  t.match(
    driverRows.find(row => row.id === unmarked),
    { vendor_id: closed, membership: 'active', status: 'available' },
  )
  t.match(
    driverRows.find(row => row.id === byCommand),
    { user_id: null, membership: 'active' },
    'a driver without an account is a member too',
  )

  // An edge of the release before inserts no status.
  const late = testId()
  await pool.query(
    `insert into vendors (id, user_id, business_name, email, phone, latitude, longitude) values ($1, $2, 'Late', 'y@example.org', '1', 1, 1)`,
    [late, testId()],
  )
  t.match(
    (await vendors()).find(row => row.id === late),
    { status: 'pending', is_active: false },
    'a pharmacy without a decision is not active',
  )
  await t.rejects(
    pool.query('update vendors set is_active = true where id = $1', [late]),
    { code: '428C9' },
    'is_active follows from the decisions and cannot be written',
  )
  await t.rejects(pool.query('update drivers set is_active = true where id = $1', [busy]), {
    code: '428C9',
  })
  await t.rejects(pool.query(`update vendors set status = 'open' where id = $1`, [late]), {
    code: '23514',
  })

  await pool.query(`update vendors set registered_from = '192.0.2.1' where id = $1`, [late])
  await pool.query(`update drivers set registered_from = '192.0.2.1' where id = $1`, [busy])
  t.match(
    [
      (await vendors()).find(row => row.id === late),
      (await drivers()).find(row => row.id === busy),
    ],
    [
      { registered_from: '192.0.2.1', standing: '-infinity' },
      { registered_from: '192.0.2.1', standing: '-infinity' },
    ],
    'another change is not a decision',
  )
  await pool.query(`update vendors set status = 'rejected' where id = $1`, [late])
  await pool.query(`update drivers set membership = 'ended', version = version + 1 where id = $1`, [
    busy,
  ])
  const [refused, ended] = [
    (await vendors()).find(row => row.id === late)!,
    (await drivers()).find(row => row.id === busy)!,
  ]
  t.match(
    [refused.registered_from, ended.registered_from],
    [null, null],
    'the decision removes the address of the registration',
  )
  for (const row of [refused, ended])
    t.not(row.standing, '-infinity', 'the decision has its time, so edges find it')
  t.equal(
    ended.revision,
    2,
    "an edit of the profile changes the revision, and the journal's write does not",
  )
}

t.test('embedded: pharmacies and drivers keep working', async t => {
  const cluster = await openCluster(join(t.testdir(), 'cluster'), { temporary: true, log() {} })
  const pool = serverPool(cluster.url, { connectionsMax: 2 }, silentLog)
  t.teardown(async () => {
    await pool.end()
    await cluster.stop()
  })
  await upgrades(t, pool)
})

t.test(
  'Postgres: pharmacies and drivers keep working',
  { skip: requireOrSkip(t, 'postgres') },
  async t => {
    const server = await startPostgres()
    const pool = serverPool(server.url, { connectionsMax: 2 }, silentLog)
    t.teardown(async () => {
      await pool.end()
      await server.stop()
    })
    await upgrades(t, pool)
  },
)
