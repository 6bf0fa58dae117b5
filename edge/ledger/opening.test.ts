/** Drivers' totals of before the ledger enter it once, under the ids that later transfers use. */
import { join } from 'node:path'
import t from 'tap'
import { openCluster } from '../../migrations/cluster/cluster.ts'
import { migrate } from '../../migrations/database/migrate.ts'
import { serverPool, silentLog } from '../../migrations/database/pool.ts'
import { migrations } from '../../migrations/steps/index.ts'
import { uuidV7 } from '../../protocol/kernel/ids.ts'
import { slotOf } from '../../protocol/kernel/slots.ts'
import { accountOf, transferId } from './chart.ts'

const newId = (): string => uuidV7(Date.now(), Math.random)

t.test("drivers' totals of before enter as opening transfers, and later events follow", async t => {
  const cluster = await openCluster(join(t.testdir(), 'cluster'), { temporary: true, log() {} })
  const pool = serverPool(cluster.url, { connectionsMax: 2 }, silentLog)
  t.teardown(async () => {
    await pool.end()
    await cluster.stop()
  })
  const before = Object.entries(migrations).filter(([name]) => name < '0037')
  await migrate(pool, Object.fromEntries(before))
  const [paid, unpaid, vendor] = [newId(), newId(), newId()]
  const slot = slotOf(paid)
  for (const [id, minor] of [
    [paid, 4_200],
    [unpaid, 0],
  ] as const)
    await pool.query(
      `insert into drivers (id, vendor_id, full_name, phone, vehicle_type, total_earnings_minor, currency) values ($1, $2, 'D', '1', 'bike', $3, 'KWD')`,
      [id, vendor, minor],
    )
  await pool.query(
    `insert into slots (slot, owner, epoch, lease_until) values ($1, 'e', 1, now())`,
    [slot],
  )
  await pool.query(
    `insert into events (actor_id, version, slot, seq, kind, at, type, v, data) values ($1, 1, $2, 1, 'driver', now(), 'order_completed', 8, '{}')`,
    [paid, slot],
  )
  await migrate(pool)
  const { rows } = await pool.query(
    'select id, code, owner_id, credits_posted, debits_posted from ledger_accounts order by code',
  )
  t.same(rows, [
    {
      id: accountOf('driver_payable', paid, 'KWD').id,
      code: 'driver_payable',
      owner_id: paid,
      credits_posted: 4_200,
      debits_posted: 0,
    },
    {
      id: accountOf('world', null, 'KWD').id,
      code: 'world',
      owner_id: null,
      credits_posted: 0,
      debits_posted: 4_200,
    },
  ])
  const transfers = await pool.query('select id, code, amount, about_id from ledger_transfers')
  t.same(transfers.rows, [
    { id: transferId('opening', paid, 'KWD'), code: 'opening', amount: 4_200, about_id: paid },
  ])
  t.same((await pool.query('select slot, seq from ledger_positions')).rows, [{ slot, seq: 1 }])
})
