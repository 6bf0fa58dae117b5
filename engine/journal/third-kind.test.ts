/**
 * A made-up third kind of actor over real databases: the rows of its tables are written with its
 * events, and the next engine has its state.
 */
import t, { type Test } from 'tap'
import { openDatabase, type Database } from '../../migrations/database/open.ts'
import { preparedDatabase } from '../../migrations/database/prepared.ts'
import { memoryBus } from '../../protocol/bus/memory.ts'
import { memoryClaims } from '../../protocol/claims/memory.ts'
import { realEnv } from '../../protocol/kernel/env.ts'
import { uuidV7 } from '../../protocol/kernel/ids.ts'
import { requireOrSkip, startPostgres } from '../../protocol/testing/services.ts'
import { Engine } from '../engine.ts'
import { kinds } from '../kinds.ts'
import { sendTo } from '../testing/errand-people.ts'
import { anyErrand, createErrandTables } from '../testing/errands.ts'
import type { Store } from './journal.ts'
import { postgresJournal } from './postgres.ts'

const list = [...kinds, anyErrand()]

/** Runs an engine and its successor, and checks the stored rows. */
async function overDatabase(t: Test, database: Database): Promise<void> {
  const { pool } = database
  await createErrandTables(pool)
  const env = realEnv()
  const bus = memoryBus()
  const send = sendTo(bus)
  const boot = async (engineId: string, journal: Store) => {
    const engine = new Engine({
      engineId,
      env,
      journal,
      bus,
      claims: memoryClaims(env.nowMs, env.after),
      exclusive: true,
      kinds: list,
      log: (level, message) => {
        if (level === 'error') t.fail(message)
      },
    })
    await engine.start()
    return engine
  }
  const ids = Array.from({ length: 40 }, () => uuidV7(env.nowMs(), env.random))
  const first = postgresJournal(pool, list, env)
  const engine = await boot('e1', first)
  await Promise.all(
    ids.map((id, i) =>
      send(id, 'ask', {
        what: `no ${i}`,
        tags: Array.from({ length: i % 4 }, (_, n) => `t${i}.${n}`),
        ...(i % 2 === 0 && { due_ms: 3_600_000 }),
      }),
    ),
  )
  const passed = await Promise.all(
    ids.slice(1).map((id, i) => send(id, 'pass_on', { to: ids[i]! })),
  )
  t.ok(passed.every(reply => reply.ok))
  await engine.stop()
  await first.close()
  const second = postgresJournal(pool, list, env)
  const successor = await boot('e2', second)
  t.match(await send(ids[0]!, 'finish', {}), { ok: true, errand: { heardOf: [ids[1]!] } })
  const { rows } = await pool.query<{
    id: string
    what: string
    status: string
    tags: string[] | null
    version: number
  }>('select id, what, status, tags, version from errands')
  t.equal(rows.length, ids.length)
  const rowOf = (id: string) => rows.find(row => row.id === id)
  t.match(rowOf(ids[0]!), {
    id: ids[0],
    what: 'no 0',
    status: 'done',
    tags: { length: 0 },
    version: 3,
  })
  t.match(rowOf(ids[3]!), {
    id: ids[3],
    what: 'no 3',
    status: 'open',
    tags: ['t3.0', 't3.1', 't3.2'],
  })
  const times = await pool.query<{ n: number }>('select count(*)::integer as n from errand_times')
  t.equal(times.rows[0]!.n, ids.length / 2)
  await successor.stop()
  await second.close()
}

t.test('the embedded database: rows and state stay', async t => {
  const database = await preparedDatabase()
  t.teardown(() => database.close())
  await overDatabase(t, database)
})

t.test('Postgres: rows and state stay', { skip: requireOrSkip(t, 'postgres') }, async t => {
  const server = await startPostgres()
  t.teardown(() => server.stop())
  const database = await openDatabase({ url: server.url, keepsPlans: true })
  t.teardown(() => database.close())
  await overDatabase(t, database)
})
