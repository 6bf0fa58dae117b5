/**
 * Opening a database: its schema, several processes at once, the lock on a data directory, and a
 * crash.
 */
import { kinds } from '../../engine/kinds.ts'
import t, { type Test } from 'tap'
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { requireOrSkip, startPostgres } from '../../protocol/testing/services.ts'
import { FaultProxy } from '../../protocol/testing/proxy/proxy.ts'
import { postgresJournal } from '../../engine/journal/postgres.ts'
import { sql } from 'kysely'
import { realEnv } from '../../protocol/kernel/env.ts'
import { migrations } from '../steps/index.ts'
import { DataDirInUseError, lockDirectory } from './lock.ts'
import { migrate } from './migrate.ts'
import { openDatabase, type Database } from './open.ts'

const childPath = fileURLToPath(new URL('./fixture-child.js', import.meta.url))

interface Child {
  process: ChildProcess
  lines: string[]
  /** Resolves with the first line. */
  first: Promise<string>
}
function startChild(dataDir: string, mode: 'hold' | 'append'): Child {
  const child = spawn(process.execPath, [childPath, dataDir, mode], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  t.teardown(() => child.kill('SIGKILL'))
  const lines: string[] = []
  const reader = createInterface({ input: child.stdout! })
  const first = once(reader, 'line').then(([line]) => line as string)
  reader.on('line', line => lines.push(line))
  return { process: child, lines, first }
}

const appliedMigrations = async (database: Database): Promise<string[]> =>
  (
    await database.pool.query<{ name: string }>('select name from kysely_migration order by name')
  ).rows.map(row => row.name)

t.test('Postgres', { skip: requireOrSkip(t, 'postgres') }, async t => {
  const server = await startPostgres()
  t.teardown(() => server.stop())

  await t.test('several processes start at once on an empty database', async t => {
    for (let round = 0; round < 2; round++) {
      const databases = await Promise.all(
        Array.from({ length: 6 }, () => openDatabase({ url: server.url, connectionsMax: 2 })),
      )
      t.same(await appliedMigrations(databases[0]!), Object.keys(migrations))
      await Promise.all(databases.map(database => database.close()))
    }
  })

  await t.test('column types are what open.ts promises', t =>
    columnTypes(t, () => openDatabase({ url: server.url })),
  )

  await t.test('a connection that does not answer in time is replaced', async t => {
    const proxy = await FaultProxy.start(server.port)
    const url = new URL(server.url)
    url.port = String(proxy.port)
    const database = await openDatabase({
      url: url.href,
      connectionsMax: 1,
      answerTimeoutMs: 2_000,
    })
    await database.kysely.selectFrom('users').select('id').execute()
    proxy.set({ swallowing: true })
    await t.rejects(database.kysely.selectFrom('users').select('id').execute(), {
      message: 'Query read timeout',
    })
    proxy.clear()
    await t.resolves(
      database.kysely.selectFrom('users').select('id').execute(),
      'the only connection of the pool is a new one',
    )
    await t.rejects(
      database.kysely
        .selectFrom('nothing' as 'users')
        .select('id')
        .execute(),
      { code: '42P01' },
    )
    t.equal(
      proxy.connections,
      2,
      'a connection that got an answer stays, also after an error; the dead one is still open at the proxy',
    )
    await database.close()
    await proxy.close()
  })

  await t.test('a migration that fails is rolled back, and the error names it', async t => {
    const database = await openDatabase({ url: server.url })
    const broken = {
      ...migrations,
      '9000_broken': {
        up: async (db: Database['kysely']) => {
          await sql`create table half_made (id integer)`.execute(db)
          throw new Error('no such thing')
        },
      },
    }
    await t.rejects(migrate(database.pool, broken), {
      message: 'migration 9000_broken failed and was rolled back: no such thing',
    })
    t.same(await appliedMigrations(database), Object.keys(migrations))
    const { rows } = await database.pool.query(`select to_regclass('half_made') as made`)
    t.same(rows, [{ made: null }], 'the table that it made is gone')
    await database.close()
  })

  await t.test('a database of a newer release is refused with one line', async t => {
    const database = await openDatabase({ url: server.url })
    await database.pool.query(
      `insert into kysely_migration (name, timestamp) values ('9999_future', 'x')`,
    )
    await t.rejects(openDatabase({ url: server.url }), {
      message: /^the database is newer than this program \(it has migration 9999_future\)[^\n]*$/,
    })
    await database.close()
  })

  await t.test('an unreachable server or a wrong URL: the error names DATABASE_URL', async t => {
    const hidden = 'secret'
    const unreachable = await openDatabase({ url: `postgres://u:${hidden}@127.0.0.1:1/x` }).then(
      () => '',
      (error: Error) => error.message,
    )
    t.match(unreachable, /^DATABASE_URL: no connection to 127\.0\.0\.1:1\/x: [^\n]+$/)
    t.notMatch(unreachable, hidden)
    await t.rejects(openDatabase({ url: 'localhost' }), { message: /^DATABASE_URL is not a URL/ })
  })

  await t.test('a server that restarts does not end the process', async t => {
    const other = await startPostgres()
    const database = await openDatabase({ url: other.url })
    await database.pool.query('select 1')
    await other.restart()
    await sleep(50)
    t.equal((await database.pool.query('select 1')).rowCount, 1)
    await database.close()
    await other.stop()
  })
})

t.test('a database in a directory', async t => {
  const dataDir = t.testdir()
  await t.test('column types are what open.ts promises', t =>
    columnTypes(t, () => openDatabase({ dataDir })),
  )

  await t.test('a directory that is opened again has its schema and its data', async t => {
    const database = await openDatabase({ dataDir })
    t.same(await appliedMigrations(database), Object.keys(migrations))
    t.equal(
      await database.kysely
        .selectFrom('users')
        .select('id')
        .executeTakeFirst()
        .then(row => row !== undefined),
      true,
    )
    await database.close()
    await database.close()
  })

  await t.test('a connection that is closed rolls its open transaction back', async t => {
    const database = await openDatabase({ dataDir })
    const client = await database.pool.connect()
    await client.query('begin')
    await client.query(`update users set full_name = 'unsaved'`)
    client.release(true)
    t.same((await database.pool.query(`select 1 from users where full_name = 'unsaved'`)).rows, [])
    await database.close()
  })

  await t.test('a directory that is no database is refused, and its lock is free', async t => {
    const other = t.testdir({ postgres: { PG_VERSION: '1' } })
    await t.rejects(openDatabase({ dataDir: other }), {
      message: /^the embedded database in [^\n]+ does not open: [^\n]+$/,
    })
    await (await lockDirectory(other)).release()
  })

  await t.test('a second process is refused with DATA_DIR and the process id', async t => {
    const database = await openDatabase({ dataDir })
    const second = startChild(dataDir, 'hold')
    t.equal(
      await second.first,
      `failed: DATA_DIR ${dataDir} is in use by process ${process.pid}: stop that process, or set DATA_DIR to another directory`,
    )
    await t.rejects(
      openDatabase({ dataDir }),
      DataDirInUseError,
      'a second opening in the same process is refused too',
    )
    await database.close()
  })
})

t.test('after SIGKILL during appends every acknowledged append is stored', async t => {
  const dataDir = t.testdir()
  for (let round = 0; round < 3; round++) {
    const child = startChild(dataDir, 'append')
    t.equal(await child.first, 'open')
    while (child.lines.length < 300 + 170 * round) await sleep(3)
    child.process.kill('SIGKILL')
    await once(child.process, 'close')

    const database = await openDatabase({ dataDir })
    const { events } = await postgresJournal(database.pool, kinds, realEnv()).loadSlot(1)
    const stored = new Map(events.map(event => [event.seq, event.actorId]))
    // The last line may have been cut by the kill.
    const acknowledged = child.lines.slice(1, -1).map(line => line.split(' '))
    t.ok(acknowledged.length >= 290, `${acknowledged.length} acknowledged in this round`)
    t.same(
      acknowledged.filter(([id, seq]) => stored.get(Number(seq)) !== id),
      [],
      'each has its number',
    )
    t.ok(
      events.every((event, i) => event.seq === i + 1),
      'the numbers have no gap',
    )
    const {
      rows: [orders],
    } = await database.pool.query<{ n: number }>('select count(*) as n from orders')
    t.equal(orders!.n, events.length, 'each has its row')
    await database.close()
  }
})

t.test('the lock of a data directory', async t => {
  await t.test('at most one of several gets the lock, and a release frees it', async t => {
    const dataDir = t.testdir()
    for (let round = 0; round < 10; round++) {
      const attempts = await Promise.allSettled(
        Array.from({ length: 6 }, () => lockDirectory(dataDir)),
      )
      const held = attempts.filter(attempt => attempt.status === 'fulfilled')
      t.ok(held.length <= 1)
      for (const attempt of held) await attempt.value.release()
    }
    await (await lockDirectory(dataDir)).release()
  })

  await t.test('files that a killed process left do not hold the lock', async t => {
    const dataDir = t.testdir()
    mkdirSync(join(dataDir, 'lock'))
    writeFileSync(join(dataDir, 'lock', '12345.deadbeef'), '')
    await (await lockDirectory(dataDir)).release()
  })

  await t.test('a directory with a path that is too long for a socket can be locked', async t => {
    const dataDir = join(t.testdir(), 'd'.repeat(120))
    const lock = await lockDirectory(dataDir)
    await t.rejects(lockDirectory(dataDir), DataDirInUseError)
    await lock.release()
    await (await lockDirectory(dataDir)).release()
  })

  await t.test('a directory that cannot be made is refused with DATA_DIR', async t => {
    const dataDir = t.testdir({ file: '' })
    await t.rejects(lockDirectory(join(dataDir, 'file')), {
      message: /^DATA_DIR .* cannot be written/,
    })
  })
})

async function columnTypes(t: Test, open: () => Promise<Database>): Promise<void> {
  const database = await open()
  const {
    rows: [row],
  } = await database.pool.query({
    name: 'types',
    text: `select 9007199254740991::int8 as int8, sum(v) as numeric, $1::timestamptz as time, '{"a":[1]}'::json as json, $2::bytea as bytes,
      array['00000000-0000-7000-8000-000000000001'::uuid] as uuids from (values (1::int8), (2)) as t(v)`,
    values: ['2026-01-05T09:00:00.123Z', Buffer.from([0, 255])],
  })
  t.same(row, {
    int8: Number.MAX_SAFE_INTEGER,
    numeric: 3,
    time: new Date('2026-01-05T09:00:00.123Z'),
    json: { a: [1] },
    bytes: Buffer.from([0, 255]),
    uuids: ['00000000-0000-7000-8000-000000000001'],
  })
  const values = {
    id: '00000000-0000-7000-8000-000000000002',
    email: 'Ann@Example.org',
    full_name: 'A',
    phone: '1',
    role: 'user',
    password_hash: 'x',
  } as const
  await database.kysely.insertInto('users').values(values).execute()
  await t.rejects(
    database.kysely
      .insertInto('users')
      .values({ ...values, id: '00000000-0000-7000-8000-000000000003', email: 'ann@example.ORG' })
      .execute(),
    { code: '23505' },
  )
  await database.close()
}
