/**
 * The server of the embedded database: how it is made, started, recovered and ended, whatever
 * happens to it and to us.
 */
import t, { type Test } from 'tap'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { lentAccount } from './account.ts'
import { findBinaries, majorVersion } from './binaries.ts'
import { openCluster, type Cluster } from './cluster.ts'
import { initialise } from './initialise.ts'
import { startServer } from './server.ts'

const holder = fileURLToPath(new URL('./fixture-holder.js', import.meta.url))

/** A path in a fresh folder; the folder is removed after the test. */
function place(t: Test): string {
  const folder = mkdtempSync(join(tmpdir(), 'caduceus-cluster-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  return join(folder, 'postgres')
}

interface Opened {
  cluster: Cluster
  lines: string[]
  query(text: string): Promise<Record<string, unknown>[]>
}
async function open(t: Test, directory: string, temporary = true): Promise<Opened> {
  const lines: string[] = []
  const cluster = await openCluster(directory, {
    temporary,
    log: (level, line) => lines.push(`${level}: ${line}`),
  })
  t.teardown(() => cluster.stop())
  return {
    cluster,
    lines,
    async query(text) {
      const client = new pg.Client({ connectionString: cluster.url })
      client.on('error', () => {})
      await client.connect()
      try {
        return (await client.query(text)).rows as Record<string, unknown>[]
      } finally {
        await client.end()
      }
    },
  }
}

const postmasterOf = (directory: string): number =>
  Number(readFileSync(join(directory, 'postmaster.pid'), 'utf8').split('\n')[0])
const runs = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await sleep(10)
}

/** A process of ours that holds the cluster; resolves with the number of its server. */
async function hold(t: Test, directory: string, mode: 'kept' | 'temporary') {
  const child = spawn(process.execPath, [holder, directory, mode], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  t.teardown(() => child.kill('SIGKILL'))
  const [line] = (await once(child.stdout, 'data')) as [Buffer]
  return { child, postmaster: Number(String(line)) }
}

t.test('it is made once, keeps its rows, and only its socket leads to it', async t => {
  const directory = place(t)
  const first = await open(t, directory, false)
  await first.query('create table things (name text)')
  await first.query(`insert into things values ('one')`)
  t.same(
    await first.query(`select current_setting('fsync') as fsync,
       current_setting('synchronous_commit') as commit, current_setting('listen_addresses') as listens,
       lower('ÄÉΣ') as lower, 'b' < 'a' as order1, 'B' < 'a' as order2, pg_encoding_to_char(encoding) as encoding
     from pg_database where datname = current_database()`),
    [
      {
        fsync: 'on',
        commit: 'on',
        listens: '',
        lower: 'äéσ',
        order1: false,
        order2: true,
        encoding: 'UTF8',
      },
    ],
  )
  await first.cluster.stop()
  t.notOk(existsSync(join(directory, 'postmaster.pid')), 'it ended in order')
  const again = await open(t, directory, false)
  t.same(await again.query('select name from things'), [{ name: 'one' }])
})

t.test('a start that was cut short while it made the files begins again', async t => {
  const directory = place(t)
  mkdirSync(`${directory}.making`)
  writeFileSync(join(`${directory}.making`, 'PG_VERSION'), '18\n')
  const { query } = await open(t, directory)
  t.same(await query('select 1 as one'), [{ one: 1 }])
})

t.test('a copy that others may enter is closed to them', async t => {
  const directory = place(t)
  const { cluster } = await open(t, directory, false)
  await cluster.stop()
  chmodSync(directory, 0o755)
  const { query } = await open(t, directory)
  t.same(await query('select 1 as one'), [{ one: 1 }])
  t.equal(statSync(directory).mode & 0o777, 0o700)
})

t.test(
  'root runs programs below a directory that nobody else enters, with one capability',
  { skip: process.getuid!() !== 0 && 'needs root' },
  async t => {
    const directory = place(t)
    const closed = join(directory, '..', 'closed')
    mkdirSync(closed, { mode: 0o700 })
    const found = await findBinaries()
    symlinkSync(dirname(found.postgres), join(closed, 'bin'))
    const binaries = { initdb: join(closed, 'bin/initdb'), postgres: join(closed, 'bin/postgres') }
    const account = lentAccount()
    await initialise(binaries, account, directory, true)
    const server = await startServer({
      binaries,
      major: majorVersion,
      account,
      cluster: directory,
      temporary: true,
      log() {},
    })
    t.teardown(() => server.stop())
    const [pid] = readFileSync(join(directory, 'postmaster.pid'), 'utf8').split('\n')
    const status = readFileSync(`/proc/${pid}/status`, 'utf8')
    t.match(status, /^Uid:\s+65534\s+65534\s+65534\s+65534$/m)
    // Bit 1 is CAP_DAC_OVERRIDE.
    for (const set of ['Prm', 'Eff', 'Amb']) t.match(status, new RegExp(`^Cap${set}:\\s+0*2$`, 'm'))
  },
)

t.test('a path that is too long for a socket works', async t => {
  const directory = join(place(t), 'x'.repeat(120), 'postgres')
  mkdirSync(join(directory, '..'), { recursive: true })
  const { query, cluster } = await open(t, directory)
  t.same(await query('select 1 as one'), [{ one: 1 }])
  const link = new URL(cluster.url).searchParams.get('host')!
  t.not(link, directory)
  await cluster.stop()
  t.notOk(existsSync(link), 'its link is gone')
})

t.test('a server that ends by itself is started again with all that was committed', async t => {
  const directory = place(t)
  const { query, lines } = await open(t, directory, false)
  await query('create table things (name text)')
  await query(`insert into things values ('one')`)
  for (let round = 0; round < 2; round++) {
    const before = postmasterOf(directory)
    process.kill(before, 'SIGKILL')
    await until(() =>
      query('select 1').then(
        () => true,
        () => false,
      ),
    )
    t.not(postmasterOf(directory), before)
    t.same(await query('select name from things'), [{ name: 'one' }])
  }
  t.equal(lines.filter(line => line.startsWith('error: the embedded database ended')).length, 2)
})

t.test('no line of its log shows a statement or a value', async t => {
  const { query, lines } = await open(t, place(t))
  await query('create table people (email text primary key)')
  await query(`insert into people values ('secret@example.org')`)
  await t.rejects(query(`insert into people values ('secret@example.org')`), { code: '23505' })
  await t.rejects(query(`select 'secret' from nothing`), { code: '42P01' })
  await query('select pg_terminate_backend(pg_backend_pid())').catch(() => [])
  await until(() => lines.some(line => line.includes('terminating connection')))
  t.same(
    lines.filter(line => /secret|people|nothing/.test(line)),
    [],
  )
})

t.test('SIGKILL to our process ends the server too', async t => {
  for (const mode of ['kept', 'temporary'] as const) {
    const directory = place(t)
    const { child, postmaster } = await hold(t, directory, mode)
    t.ok(runs(postmaster))
    child.kill('SIGKILL')
    await until(() => !runs(postmaster))
    if (mode === 'temporary') await until(() => !existsSync(directory))
    else t.same(await (await open(t, directory)).query('select 1 as one'), [{ one: 1 }])
  }
})

t.test('Ctrl-C in a terminal reaches our process and not the server', async t => {
  const { child, postmaster } = await hold(t, place(t), 'temporary')
  const sessionOf = (pid: number): string =>
    readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ')[3]!
  if (process.platform === 'linux') t.not(sessionOf(postmaster), sessionOf(child.pid!))
  child.kill('SIGKILL')
  await until(() => !runs(postmaster))
})

t.test(
  'a server whose guard was killed as well is ended by the next start',
  { skip: process.platform !== 'linux' && 'only Linux tells where a process works' },
  async t => {
    const directory = place(t)
    const { child, postmaster } = await hold(t, directory, 'kept')
    const guard = guardsOf(postmaster)
    t.equal(guard.length, 1)
    process.kill(guard[0]!, 'SIGKILL')
    child.kill('SIGKILL')
    await once(child, 'close')
    t.ok(runs(postmaster), 'it outlived us')
    const { query } = await open(t, directory)
    t.not(postmasterOf(directory), postmaster)
    t.same(await query('select 1 as one'), [{ one: 1 }])
    await until(() => !runs(postmaster))
  },
)

/** Processes of the server's session that are shells: its guard. */
function guardsOf(postmaster: number): number[] {
  const stat = (pid: string): string[] =>
    readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ')
  const session = stat(String(postmaster))[3]
  return readdirSync('/proc')
    .map(Number)
    .filter(pid => {
      try {
        return (
          pid !== postmaster &&
          stat(String(pid))[3] === session &&
          readFileSync(`/proc/${pid}/comm`, 'utf8').trim() === 'sh'
        )
      } catch {
        return false
      }
    })
}

t.test(
  'the number of a process in postmaster.pid that is another program now stops no start',
  { skip: process.platform !== 'linux' && 'only Linux tells where a process works' },
  async t => {
    const directory = place(t)
    const first = await open(t, directory, false)
    const file = readFileSync(join(directory, 'postmaster.pid'), 'utf8')
    await first.cluster.stop()
    // As after a power cut: the file is there, and its number belongs to somebody else.
    writeFileSync(
      join(directory, 'postmaster.pid'),
      [process.pid, ...file.split('\n').slice(1)].join('\n'),
    )
    const { query } = await open(t, directory, false)
    t.same(await query('select 1 as one'), [{ one: 1 }])
  },
)

t.test('files of another version, or none of PostgreSQL, are refused in one line', async t => {
  const other = place(t)
  mkdirSync(other)
  const refused = (directory: string): Promise<string> =>
    openCluster(directory, { temporary: false, log() {} }).then(
      cluster => cluster.stop().then(() => 'opened'),
      (error: Error) => error.message,
    )
  t.equal(
    await refused(other),
    `the embedded database in ${other} does not open: it is not a directory of PostgreSQL`,
  )
  writeFileSync(join(other, 'PG_VERSION'), '17\n')
  t.match(await refused(other), /does not open: it is of PostgreSQL 17, [^\n]+$/)
  writeFileSync(join(other, 'PG_VERSION'), '18\n')
  t.match(
    await refused(other),
    /does not open: [^\n]*postgresql\.conf[^\n]*$/,
    "the server's own word where files are missing",
  )
  t.match(
    await refused('/proc/nowhere/postgres'),
    /^the embedded database in \/proc\/nowhere\/postgres does not open: [^\n]+$/,
  )
})
