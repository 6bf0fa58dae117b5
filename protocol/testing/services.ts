/**
 * Private servers for tests and benches: NATS, Redis and PostgreSQL from the machine's own
 * binaries, each on a free loopback port with its data in a fresh temporary folder. `stop()`, or
 * the end of this process, ends them and removes their folders.
 *
 * Rejected: containers, because they need a daemon and a registry at test time. Rejected: a shared
 * server, because tests that kill and pause it could not run beside others.
 */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { chownSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { connect, Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { findBinary } from './binaries.ts'
import { freePort } from './free-port.ts'

export type ServiceName = 'nats' | 'redis' | 'postgres'

/** A running private server. `url` and `port` stay the same across `restart()`. */
export interface Service {
  readonly url: string
  readonly port: number
  /** The server's process; another one after `restart()`. */
  readonly pid: number
  /** Lets the server end by itself and removes its data. May be called twice. */
  stop(): Promise<void>
  /** Ends the server with SIGKILL, as a crash does. The data stays for `restart()`. */
  kill(): Promise<void>
  /** Ends the server if it runs and starts it again on the same port and data. */
  restart(): Promise<void>
  /** SIGSTOP: connections stay open and nothing answers. */
  pause(): void
  resume(): void
}

export interface NatsOptions {
  jetstream?: boolean
  port?: number
  /** Path of a configuration file: users, accounts, permissions. */
  config?: string
  /** Values of the variables in that file. */
  variables?: Record<string, string>
}
export interface RedisOptions {
  port?: number
}
export interface PostgresOptions {
  port?: number
  /** Folder for its data; by default the system's temporary folder. */
  folder?: string
  /** True by default, as in production. */
  fsync?: boolean
  /** Further `-c name=value` settings. */
  settings?: Record<string, string>
}

const startTimeoutMs = 15_000
const stopTimeoutMs = 5_000
const probeTimeoutMs = 1_000
const outputLinesMax = 30
/** Number of ports that are tried: a free port may be taken between finding and using it. */
const portAttemptsMax = 3

const binaries: Record<ServiceName, { needs: string[]; packageName: string }> = {
  nats: { needs: ['nats-server'], packageName: 'nats-server' },
  redis: { needs: ['redis-server'], packageName: 'redis-server' },
  postgres: { needs: ['initdb', 'postgres'], packageName: 'postgresql' },
}

/** Null when the service's binaries are here; otherwise one line that says how to install them. */
export function serviceMissing(name: ServiceName): string | null {
  const missing = binaries[name].needs.filter(binary => findBinary(binary) === null)
  if (missing.length === 0) return null
  return `${name}: ${missing.join(' and ')} not found; install with: apt-get install ${binaries[name].packageName}`
}

/** Name and version of the binary, such as `redis-server 7.0.15`; null without one. */
export function serviceVersion(name: ServiceName): string | null {
  const binary = binaries[name].needs.at(-1)!
  const path = findBinary(binary)
  if (path === null) return null
  const said = execFileSync(path, ['--version'], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  return `${binary} ${/\d+\.\d+(\.\d+)?/.exec(said)?.[0] ?? 'of unknown version'}`
}

/**
 * For tap's `skip` option: false when all services are here; otherwise the line that says what to
 * install. With REQUIRE_SERVICES=1, as in CI, a missing service fails `t` as well.
 */
export function requireOrSkip(
  t: { fail(message: string): unknown },
  ...names: ServiceName[]
): string | false {
  const missing = names.map(serviceMissing).filter(line => line !== null)
  if (missing.length === 0) return false
  const line = missing.join('; ')
  if (process.env['REQUIRE_SERVICES'] === '1') t.fail(line)
  return line
}

/** Starts a private NATS server. Throws when its binary is missing. */
export const startNats = (options: NatsOptions = {}): Promise<Service> =>
  start('nats', options.port, (port, dir) => ({
    url: `nats://127.0.0.1:${port}`,
    command: [
      found('nats-server'),
      '-a',
      '127.0.0.1',
      '-p',
      String(port),
      ...(options.jetstream ? ['-js', '-sd', dir] : []),
      ...(options.config === undefined ? [] : ['-c', options.config]),
    ],
    ...(options.variables !== undefined && { variables: options.variables }),
    ready: () => speaks(port, '', 'INFO '),
  }))

/** Starts a private Redis server without persistence. Throws when its binary is missing. */
export const startRedis = (options: RedisOptions = {}): Promise<Service> =>
  start('redis', options.port, (port, dir) => ({
    url: `redis://127.0.0.1:${port}`,
    command: [
      found('redis-server'),
      '--bind',
      '127.0.0.1',
      '--port',
      String(port),
      '--dir',
      dir,
      '--save',
      '',
      '--appendonly',
      'no',
    ],
    ready: () => speaks(port, 'PING\r\n', '+PONG'),
  }))

/** Starts a private PostgreSQL server with an empty database. Throws without its binary. */
export const startPostgres = (options: PostgresOptions = {}): Promise<Service> =>
  start(
    'postgres',
    options.port,
    (port, dir) => {
      const data = join(dir, 'data')
      const settings = {
        listen_addresses: '127.0.0.1',
        fsync: options.fsync === false ? 'off' : 'on',
        ...options.settings,
      }
      return {
        url: `postgres://postgres@127.0.0.1:${port}/caduceus`,
        user: postgresUser(),
        prepare: [
          found('initdb'),
          '-D',
          data,
          '-U',
          'postgres',
          '-A',
          'trust',
          '-E',
          'UTF8',
          '--locale=C',
          '--no-sync',
        ],
        command: [
          found('postgres'),
          '-D',
          data,
          '-p',
          String(port),
          '-k',
          dir,
          ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
        ],
        ready: () => databaseExists(port),
      }
    },
    options.folder,
  )

/** Starts all servers of a distributed deployment, or throws and leaves none running. */
export async function startServices(): Promise<
  Record<ServiceName, Service> & { stop(): Promise<void> }
> {
  const started = await Promise.allSettled([
    startNats({ jetstream: true }),
    startRedis(),
    startPostgres(),
  ])
  const stop = async (): Promise<void> => {
    for (const one of started) if (one.status === 'fulfilled') await one.value.stop()
  }
  const failed = started.find(one => one.status === 'rejected')
  if (failed !== undefined) {
    await stop()
    throw failed.reason
  }
  const [nats, redis, postgres] = started.map(
    one => (one as PromiseFulfilledResult<Service>).value,
  ) as [Service, Service, Service]
  return { nats, redis, postgres, stop }
}

/** The differences between the servers. `start` has everything else. */
interface Recipe {
  url: string
  command: string[]
  /** Run once on the fresh folder. */
  prepare?: string[]
  /** Numeric ids to run as, when this process may not run the server itself. */
  user?: { uid: number; gid: number } | undefined
  /** Environment variables beside this process's own. */
  variables?: Record<string, string>
  /** Resolves when the server answers; otherwise rejects with the reason. */
  ready(): Promise<void>
}

/** Servers and folders to end with this process. */
const running = new Set<ChildProcess>()
const folders = new Set<string>()

async function start(
  name: ServiceName,
  wantedPort: number | undefined,
  recipeFor: (port: number, dir: string) => Recipe,
  folder = tmpdir(),
): Promise<Service> {
  const missing = serviceMissing(name)
  if (missing !== null) throw new Error(missing)
  for (let attempt = 1; ; attempt++) {
    try {
      return await startOnce(name, wantedPort ?? (await freePort()), recipeFor, folder)
    } catch (cause) {
      const portTaken = cause instanceof Error && /in use/i.test(cause.message)
      if (wantedPort !== undefined || !portTaken || attempt === portAttemptsMax) throw cause
    }
  }
}

async function startOnce(
  name: ServiceName,
  port: number,
  recipeFor: (port: number, dir: string) => Recipe,
  folder: string,
): Promise<Service> {
  cleanUpAtExit()
  const dir = mkdtempSync(join(folder, `caduceus-${name}-`))
  folders.add(dir)
  const recipe = recipeFor(port, dir)
  if (recipe.user) chownSync(dir, recipe.user.uid, recipe.user.gid)

  let child: ChildProcess
  const output: string[] = []
  const launch = async (): Promise<void> => {
    output.length = 0
    child = launchChild(recipe.command, recipe, output)
    await untilReady(name, child, recipe, output)
  }
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    const victims = [child, ...childrenOf(child.pid)]
    // A paused process takes no signal but SIGKILL, so wake it first.
    for (const victim of victims) signalTo(victim, 'SIGCONT')
    if (signal === 'SIGKILL') for (const victim of victims) signalTo(victim, signal)
    else signalTo(child, signal)
    if (!(await exited(child, stopTimeoutMs)))
      for (const victim of victims) signalTo(victim, 'SIGKILL')
    if (!(await exited(child, stopTimeoutMs)))
      throw new Error(`${name}: process ${child.pid} does not end`)
  }
  const stop = async (): Promise<void> => {
    // SIGINT ends each of these servers quickly and cleanly (in PostgreSQL: fast shutdown).
    await end('SIGINT')
    removeFolder(dir)
  }

  try {
    if (recipe.prepare) {
      const prepared = launchChild(recipe.prepare, recipe, output)
      if (!(await exited(prepared, startTimeoutMs)) || prepared.exitCode !== 0)
        throw failure(name, 'could not prepare its data', output)
    }
    await launch()
  } catch (cause) {
    removeFolder(dir)
    throw cause
  }
  return {
    url: recipe.url,
    port,
    get pid() {
      return child.pid!
    },
    stop,
    kill: () => end('SIGKILL'),
    async restart() {
      await end('SIGINT')
      await launch()
    },
    pause() {
      for (const one of [child, ...childrenOf(child.pid)]) signalTo(one, 'SIGSTOP')
    },
    resume() {
      for (const one of [child, ...childrenOf(child.pid)]) signalTo(one, 'SIGCONT')
    },
  }
}

/** The command under `setpriv` if it is installed: then it is killed with this process. */
export function dyingWithUs(command: readonly string[]): [file: string, ...args: string[]] {
  const guard = findBinary('setpriv')
  return (guard === null ? command : [guard, '--pdeathsig', 'KILL', '--', ...command]) as [
    string,
    ...string[],
  ]
}

function launchChild(command: string[], recipe: Recipe, output: string[]): ChildProcess {
  const [file, ...args] = dyingWithUs(command)
  // In its own group: Ctrl-C is for the tool, which may have work to end first.
  const child = spawn(file, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    cwd: tmpdir(),
    detached: true,
    env: { ...process.env, ...recipe.variables },
    ...recipe.user,
  })
  running.add(child)
  child.once('exit', () => running.delete(child))
  child.once('error', cause => output.push(cause.message))
  for (const stream of [child.stdout!, child.stderr!]) {
    stream.setEncoding('utf8')
    stream.on('data', (text: string) => {
      output.push(...text.split('\n').filter(line => line !== ''))
      output.splice(0, output.length - outputLinesMax)
    })
    // A server that was not stopped does not keep this process alive, and ends with it.
    if (stream instanceof Socket) stream.unref()
  }
  child.unref()
  return child
}

async function untilReady(
  name: ServiceName,
  child: ChildProcess,
  recipe: Recipe,
  output: string[],
): Promise<void> {
  const giveUpAtMs = performance.now() + startTimeoutMs
  let reason = ''
  while (performance.now() < giveUpAtMs) {
    if (hasEnded(child))
      throw failure(name, `ended with ${child.exitCode ?? child.signalCode}`, output)
    try {
      return await recipe.ready()
    } catch (cause) {
      reason = cause instanceof Error ? cause.message : String(cause)
      await sleep(20)
    }
  }
  signalTo(child, 'SIGKILL')
  throw failure(name, `not ready within ${startTimeoutMs} ms (${reason})`, output)
}

const failure = (name: ServiceName, what: string, output: string[]): Error =>
  new Error(`${name}: ${what}; its last output:\n  ${output.join('\n  ') || '(none)'}`)

/** Connects, says `greeting` and waits for an answer that begins with `expected`. */
function speaks(port: number, greeting: string, expected: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(greeting))
    socket.setTimeout(probeTimeoutMs, () => socket.destroy(new Error('no answer')))
    socket.once('data', data => {
      if (data.toString('latin1').startsWith(expected)) resolve()
      else reject(new Error(`unexpected answer: ${data.toString('latin1').slice(0, 80)}`))
      socket.destroy()
    })
    socket.once('error', reject)
    socket.once('close', () => reject(new Error('connection closed')))
  })
}

async function databaseExists(port: number): Promise<void> {
  const client = new pg.Client({
    host: '127.0.0.1',
    port,
    user: 'postgres',
    database: 'postgres',
    connectionTimeoutMillis: probeTimeoutMs,
  })
  // A server that ends between two awaits reports it here too.
  client.on('error', () => {})
  try {
    await client.connect()
    const { rowCount } = await client.query(`select 1 from pg_database where datname = 'caduceus'`)
    if (rowCount === 0) await client.query('create database caduceus')
  } finally {
    await client.end().catch(() => {})
  }
}

/** PostgreSQL refuses to run as root. Then the account that its package made runs it. */
function postgresUser(): { uid: number; gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined
  try {
    const [uid, gid] = ['-u', '-g'].map(flag =>
      Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8', stdio: 'pipe' })),
    )
    return { uid: uid!, gid: gid! }
  } catch {
    throw new Error(
      'postgres: it refuses to run as root and there is no user `postgres` to run it as',
    )
  }
}

function found(binary: string): string {
  const path = findBinary(binary)
  if (path === null) throw new Error(`${binary} not found`)
  return path
}

/** PostgreSQL's backends leave its process group, so a signal to the group would miss them. Linux only. */
function childrenOf(pid: number | undefined): number[] {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
      .trim()
      .split(' ')
      .filter(text => text !== '')
      .map(Number)
  } catch {
    return []
  }
}

function signalTo(target: ChildProcess | number, signal: NodeJS.Signals): void {
  try {
    if (typeof target === 'number') process.kill(target, signal)
    else if (!hasEnded(target)) target.kill(signal)
  } catch {
    /* it has ended meanwhile */
  }
}

const hasEnded = (child: ChildProcess): boolean =>
  child.pid === undefined || child.exitCode !== null || child.signalCode !== null

function exited(child: ChildProcess, timeoutMs: number): Promise<boolean> {
  if (hasEnded(child)) return Promise.resolve(true)
  return new Promise(resolve => {
    const onExit = (): void => {
      clearTimeout(timer)
      resolve(true)
    }
    const timer = setTimeout(() => {
      child.off('exit', onExit)
      resolve(false)
    }, timeoutMs)
    child.once('exit', onExit)
  })
}

function removeFolder(dir: string): void {
  folders.delete(dir)
  rmSync(dir, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 })
}

let installed = false
function cleanUpAtExit(): void {
  if (installed) return
  installed = true
  process.once('exit', () => {
    for (const child of running)
      for (const one of [child, ...childrenOf(child.pid)]) signalTo(one, 'SIGKILL')
    for (const dir of folders) {
      try {
        removeFolder(dir)
      } catch {
        /* a dying server still writes; the system clears its temporary folder */
      }
    }
  })
  for (const [signal, number] of [
    ['SIGHUP', 1],
    ['SIGINT', 2],
    ['SIGTERM', 15],
  ] as const)
    // A program that listens to the signal decides itself when to end.
    process.once(signal, () => {
      if (process.listenerCount(signal) === 0) process.exit(128 + number)
    })
}
