/** In a database of a release without members, the account of each pharmacy becomes its owner. */
import { join } from 'node:path'
import t from 'tap'
import { testId } from '../../engine/journal/contract/rows.ts'
import { openCluster } from '../cluster/cluster.ts'
import { migrate } from '../database/migrate.ts'
import { serverPool, silentLog } from '../database/pool.ts'
import { migrations } from './index.ts'

t.test('the account of a pharmacy becomes its owner, also beside an older edge', async t => {
  const cluster = await openCluster(join(t.testdir(), 'cluster'), { temporary: true, log() {} })
  const pool = serverPool(cluster.url, { connectionsMax: 2 }, silentLog)
  t.teardown(async () => {
    await pool.end()
    await cluster.stop()
  })
  const before = Object.entries(migrations).filter(([name]) => name < '0044')
  await migrate(pool, Object.fromEntries(before))
  const found = (id: string, account: string) =>
    pool.query(
      `insert into vendors (id, user_id, business_name, email, phone, latitude, longitude)
        values ($1, $2, 'Corner', 'x@example.org', '+97715550100', 27.7, 85.3)`,
      [id, account],
    )
  const [early, late, owner, other] = [testId(), testId(), testId(), testId()]
  await found(early, owner)
  const { rows: revisions } = await pool.query('select revision, updated_at from vendors')
  await migrate(pool)
  await found(late, other)
  const { rows } = await pool.query(
    'select id, vendor_id, user_id, role, ended_at, joined_at is not null as joined from members order by joined_at',
  )
  const row = { role: 'owner', ended_at: null, joined: true }
  t.same(rows, [
    { ...row, id: early, vendor_id: early, user_id: owner },
    { ...row, id: late, vendor_id: late, user_id: other },
  ])
  t.same(
    (await pool.query('select revision, updated_at from vendors where id = $1', [early])).rows,
    revisions,
    'engines and pages see no change',
  )
  await t.rejects(found(testId(), owner), { code: '23505' }, 'an account has one place at a time')
})
