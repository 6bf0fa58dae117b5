/** In a database of a release without members, the account of each pharmacy becomes its owner. */
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { testId } from '../../engine/journal/contract/rows.ts'
import { openCluster } from '../cluster/cluster.ts'
import { migrate } from '../database/migrate.ts'
import { serverPool, silentLog, type PgQueryable } from '../database/pool.ts'
import { migrations } from './index.ts'

t.test('the account of a pharmacy becomes its owner, also beside an older edge', async t => {
  const cluster = await openCluster(join(t.testdir(), 'cluster'), { temporary: true, log() {} })
  const pool = serverPool(cluster.url, { connectionsMax: 3 }, silentLog)
  t.teardown(async () => {
    await pool.end()
    await cluster.stop()
  })
  const before = Object.entries(migrations).filter(([name]) => name < '0044')
  await migrate(pool, Object.fromEntries(before))
  const found = (id: string, account: string, by: PgQueryable = pool) =>
    by.query(
      `insert into vendors (id, user_id, business_name, email, phone, latitude, longitude)
        values ($1, $2, 'Corner', 'x@example.org', '+97715550100', 27.7, 85.3)`,
      [id, account],
    )
  const [early, underWay, late] = [testId(), testId(), testId()]
  const [owner, third, other] = [testId(), testId(), testId()]
  await found(early, owner)
  const { rows: revisions } = await pool.query('select revision, updated_at from vendors')
  const olderEdge = await pool.connect()
  await olderEdge.query('begin')
  await found(underWay, third, olderEdge)
  const migrated = migrate(pool)
  for (let waits = false; !waits; await sleep(5))
    waits =
      (
        await pool.query(
          `select from pg_locks where not granted and relation = 'vendors'::regclass`,
        )
      ).rowCount === 1
  await olderEdge.query('commit')
  olderEdge.release()
  await migrated
  await found(late, other)
  const { rows } = await pool.query(
    'select id, vendor_id, user_id, role, ended_at, joined_at is not null as joined from members order by joined_at',
  )
  const row = { role: 'owner', ended_at: null, joined: true }
  t.same(rows, [
    { ...row, id: early, vendor_id: early, user_id: owner },
    { ...row, id: underWay, vendor_id: underWay, user_id: third },
    { ...row, id: late, vendor_id: late, user_id: other },
  ])
  t.same(
    (await pool.query('select revision, updated_at from vendors where id = $1', [early])).rows,
    revisions,
    'engines and pages see no change',
  )
  await t.rejects(found(testId(), owner), { code: '23505' }, 'an account has one place at a time')
})
