/**
 * Runs a PostgreSQL server of our own over a cluster: reachable by a unix socket in the cluster's
 * directory alone, started and stopped with this process, and started again when it ends by itself.
 *
 * A guard, one line of shell, outlives this process by a moment. It holds one end of a pipe, and
 * when this process ends in whatever way, the guard asks the server to end. So SIGKILL leaves no
 * server behind.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { asAccount, type Account } from './account.ts'
import { noDatabaseFor, type Binaries } from './binaries.ts'

export interface ServerOptions {
  binaries: Binaries
  /** Its major version. */
  major: string
  account: Account | null
  /** An initialised cluster that no other process uses. */
  cluster: string
  /**
   * The cluster is removed when this process ends, so nothing is synced to the disk and the server
   * ends without a checkpoint.
   */
  temporary: boolean
  /** Lines of the server's log, and ours about it. */
  log(level: 'debug' | 'warn' | 'error', line: string): void
}

export interface Server {
  /** Asks the server to end and waits for it. */
  stop(): Promise<void>
}

/** Number of connections: two pools of ten, migrations, and those of an operator. */
const connectionsMax = 40
const readyLookMs = 5
const restartPauseMsMax = 5_000
const stopTimeoutMs = 60_000
const linesKept = 5

/** The last line of `postmaster.pid` when the server takes connections. */
const readyWord = 'ready'

/**
 * The guard reads a line from this process. A line means that the server has ended; the end of the
 * pipe means that this process has ended, and then the guard ends the server. `$1` is the directory
 * that it removes afterwards; it is empty for a cluster that stays. The shell becomes the server, so
 * the number of the child process is that of the server.
 */
const guard = `exec 3<&0
( (read -r word <&3 || { kill -INT $$; [ -z "$1" ] || { while kill -0 $$; do sleep 0.1; done; rm -rf "$1"; }; }) 2>/dev/null >&2 &)
shift
exec "$@" 3<&- </dev/null`

const settings: Record<string, string> = {
  listen_addresses: '',
  // Relative to the cluster, so that the length of its path does not matter.
  unix_socket_directories: '.',
  unix_socket_permissions: '0700',
  port: '5432',
  max_connections: String(connectionsMax),
  shared_buffers: '64MB',
  // One machine, so no replica reads the log of changes.
  wal_level: 'minimal',
  max_wal_senders: '0',
  max_logical_replication_workers: '0',
  min_wal_size: '32MB',
  max_wal_size: '512MB',
  // Statements are short and many. Helpers of one statement would cost memory and gain nothing.
  max_parallel_workers_per_gather: '0',
  jit: 'off',
  // Pages are in memory, so a random read costs about as much as the next one.
  random_page_cost: '1.1',
  timezone: 'UTC',
  log_timezone: 'UTC',
  log_destination: 'stderr',
  logging_collector: 'off',
  log_line_prefix: '',
  // Statements and their values hold what people have entered, so no line shows them.
  log_min_messages: 'log',
  log_min_error_statement: 'panic',
  log_error_verbosity: 'terse',
  log_parameter_max_length_on_error: '0',
  log_checkpoints: 'off',
}
/** Settings that earlier versions do not know, and by which version they came. */
const laterSettings = [{ since: 18, name: 'io_method', value: 'sync' }]
const temporarySettings = { fsync: 'off', full_page_writes: 'off', synchronous_commit: 'off' }

/** Resolves when the server takes connections; rejects with its own last words when it ends. */
export async function startServer(given: ServerOptions): Promise<Server> {
  const { temporary, log } = given
  let stopping = false
  const options: ServerOptions = {
    ...given,
    // What ends while the server stops is as it should be.
    log: (level, line) => log(stopping && level === 'warn' ? 'debug' : level, line),
  }
  let running = launch(options)
  await running.ready

  void (async () => {
    for (let pauseMs = 100; ; pauseMs = Math.min(2 * pauseMs, restartPauseMsMax)) {
      const words = await running.ended
      if (stopping) return
      log('error', `the embedded database ended (${words}); it is started again`)
      await sleep(pauseMs)
      if (stopping) return
      running = launch(options)
      const cameUp = await running.ready.then(
        () => true,
        () => false,
      )
      if (cameUp) {
        log('warn', 'the embedded database runs again')
        pauseMs = 50
      }
    }
  })()

  return {
    async stop() {
      stopping = true
      running.signal(temporary ? 'SIGQUIT' : 'SIGINT')
      const timer = setTimeout(() => running.signal('SIGQUIT'), stopTimeoutMs)
      await running.ended
      clearTimeout(timer)
    },
  }
}

interface Running {
  /** Rejects when the server ends before it is ready. */
  ready: Promise<void>
  /** Resolves with its last words. Never rejects. */
  ended: Promise<string>
  signal(name: NodeJS.Signals): void
}

function launch({ binaries, major, account, cluster, temporary, log }: ServerOptions): Running {
  const child = spawn(
    'sh',
    [
      '-c',
      guard,
      'sh',
      temporary ? cluster : '',
      ...asAccount(account, [
        binaries.postgres,
        '-D',
        cluster,
        ...Object.entries({ ...settings, ...(temporary && temporarySettings) }).flatMap(
          ([name, value]) => ['-c', `${name}=${value}`],
        ),
        ...laterSettings
          .filter(({ since }) => Number(major) >= since)
          .flatMap(({ name, value }) => ['-c', `${name}=${value}`]),
      ]),
    ],
    {
      // A session of its own: Ctrl-C reaches this process alone, which then drains.
      detached: true,
      stdio: ['pipe', 'ignore', 'pipe'],
      env: { ...process.env, LC_ALL: 'C', TZ: 'UTC' },
    },
  )
  const lines: string[] = []
  createInterface({ input: child.stderr }).on('line', line => {
    lines.push(line)
    if (lines.length > linesKept) lines.shift()
    log(/^(FATAL|PANIC|WARNING)/.test(line) ? 'warn' : 'debug', line)
  })
  // The guard may have ended before our word reaches it.
  child.stdin.on('error', () => {})
  const ended = new Promise<string>(resolve => {
    child.once('error', error => resolve(error.message))
    child.once('close', (code, signal) => {
      // The guard must not signal a number that another process may have now.
      child.stdin.end('ended\n')
      resolve(lastWords(lines, code, signal))
    })
  })
  const ready = Promise.race([
    untilReady(child, cluster),
    ended.then(words => {
      throw new Error(words)
    }),
  ])
  // `ended` tells of the same end, so a caller that no longer awaits `ready` misses nothing.
  ready.catch(() => {})
  return { ready, ended, signal: name => void child.kill(name) }
}

async function untilReady(child: ChildProcess, cluster: string): Promise<void> {
  while (child.exitCode === null && child.signalCode === null) {
    if (isReady(cluster, child.pid)) return
    await sleep(readyLookMs)
  }
  // `ended` tells why.
  await new Promise(() => {})
}

function isReady(cluster: string, pid: number | undefined): boolean {
  let lines: string[]
  try {
    lines = readFileSync(join(cluster, 'postmaster.pid'), 'utf8').split('\n')
  } catch {
    return false
  }
  return Number(lines[0]) === pid && lines.some(line => line.trim() === readyWord)
}

function lastWords(
  lines: readonly string[],
  code: number | null,
  signal: NodeJS.Signals | null,
): string {
  const said =
    lines.findLast(line => /^(FATAL|PANIC)|error while loading/.test(line)) ?? lines.at(-1)
  // 126 and 127: the shell could not start the program.
  if (code === 126 || code === 127)
    return said ?? noDatabaseFor(`${process.platform}-${process.arch}`)
  return said ?? (signal === null ? `code ${code}` : signal)
}
