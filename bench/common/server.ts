/**
 * The server under test, in processes of its own so that the generator's work is not in its latencies:
 * one embedded process, or an engine and an edge beside private NATS, Redis and PostgreSQL.
 * Everything ends with `stop()`, and with this process however it ends.
 */
import { fork, spawn, type ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { decodeBody, encodeBody } from '../../protocol/bus/codec.ts'
import { natsBus } from '../../protocol/bus/nats.ts'
import { openDatabase } from '../../migrations/open.ts'
import { realEnv } from '../../protocol/env.ts'
import { subjects } from '../../protocol/subjects.ts'
import { startNats, startPostgres, startRedis, type Service } from '../../protocol/testing/services.ts'
import { populate, type Population, type PopulationPlan } from './population.ts'
import { profileArguments } from './profile.ts'
import { freePort } from '../../protocol/testing/free-port.ts'

export interface Server {
  url: string
  /** `embedded`, `NATS, Redis, PostgreSQL`, or the host of a deployment. */
  kind: string
  /** Processes of ours that serve, for measuring what they use; none of a deployment elsewhere. */
  pids: number[]
  /** Location frames that the engine has judged, by verdict, since its start. */
  counters(): Promise<Counters>
  /** Fills it in bulk, past its HTTP. A deployment elsewhere cannot be filled so, and rejects. */
  populate(plan: PopulationPlan): Promise<Population>
  stop(): Promise<void>
}

/** `atMs` is when they were true, on one clock per server. */
export interface Counters { counters: Record<string, number>; atMs: number }

export interface ServerOptions {
  /** Sockets without a message rate, as BENCH_ALLOWED does. */
  benchAllowed?: boolean
  /** Where its processes write CPU profiles; without it they cannot be profiled. */
  profileDir?: string | null
}

const startTimeoutMs = 60_000
const stopTimeoutMs = 15_000
const outputCharactersMax = 4_000
const secret = 'only for a bench on the loopback interface'

const environmentFor = (options: ServerOptions): NodeJS.ProcessEnv => {
  const { NATS_URL: _1, REDIS_URL: _2, DATABASE_URL: _3, HOST: _4, ...rest } = process.env
  return {
    ...rest, LOG_LEVEL: process.env['LOG_LEVEL'] ?? 'warn', JWT_SECRET_KEY: secret, JWT_ACCESS_TOKEN_EXPIRE_MINUTES: '240',
    // A whole city signs up and reads from this one address.
    ...Object.fromEntries(['AUTH', 'WRITE', 'READ', 'UPLOAD', 'PUBLIC', 'SOCKET'].map(of => [`RATE_LIMIT_${of}_PER_ADDRESS`, '1000000'])),
    ...(options.benchAllowed === true && { BENCH_ALLOWED: '1' }),
  }
}

/** Embedded, in a child process with a fresh folder. */
export async function startEmbeddedServer(options: ServerOptions = {}): Promise<Server> {
  const dataDir = mkdtempSync(join(tmpdir(), 'caduceus-bench-'))
  const removeFolder = (): void => rmSync(dataDir, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 })
  const profile = profileArguments(options.profileDir ?? null)
  const child = fork(fileURLToPath(new URL('./embedded-child.js', import.meta.url)), {
    env: { ...environmentFor(options), ...profile.env, PORT: '0', DATA_DIR: dataDir }, stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    execArgv: [...process.execArgv, ...profile.execArgv],
  })
  const output = gather(child)
  const forget = endWithUs(child)
  process.once('exit', removeFolder)
  const stop = async (): Promise<void> => {
    await endChild(child)
    forget()
    process.off('exit', removeFolder)
    removeFolder()
  }
  try {
    const url = await new Promise<string>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`the embedded server is not ready after ${startTimeoutMs} ms: ${output()}`)), startTimeoutMs)
      child.once('message', message => { clearTimeout(timer); resolve((message as { url: string }).url) })
      child.once('exit', code => { clearTimeout(timer); reject(new Error(`the embedded server ended with ${code}: ${output()}`)) })
    })
    return { url, kind: 'embedded', pids: [child.pid!], counters: () => askCounters(child), populate: plan => askPopulation(child, plan), stop }
  } catch (error) {
    await stop()
    throw error
  }
}

/** Asked over the process channel: HTTP would wait behind the load. */
export function askCounters(child: ChildProcess): Promise<Counters> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('the server does not tell its counters')), startTimeoutMs)
    child.once('message', message => { clearTimeout(timer); resolve(message as Counters) })
    child.send('counters')
  })
}

function askPopulation(child: ChildProcess, plan: PopulationPlan): Promise<Population> {
  return new Promise((resolve, reject) => {
    child.once('message', message => {
      const answer = message as { population: Population } | { failure: string }
      if ('failure' in answer) reject(new Error(`the server could not be populated: ${answer.failure}`))
      else resolve(answer.population)
    })
    child.send({ populate: plan })
  })
}

/** One engine and one edge on services of their own. Throws when a service's binary is missing. */
export async function startDistributedServer(options: ServerOptions = {}): Promise<Server> {
  const stops: (() => Promise<unknown>)[] = []
  const stop = async (): Promise<void> => {
    for (const one of stops.splice(0).reverse()) await one()
  }
  try {
    const started = await Promise.allSettled([startNats({ jetstream: true }), startRedis(), startPostgres()])
    for (const one of started) if (one.status === 'fulfilled') stops.push(() => one.value.stop())
    const [nats, redis, postgres] = started.map(one => { if (one.status === 'rejected') throw one.reason; return one.value }) as [Service, Service, Service]
    const port = await freePort()
    const profile = profileArguments(options.profileDir ?? null)
    const environment = {
      ...environmentFor(options), ...profile.env, NATS_URL: nats.url, REDIS_URL: redis.url, DATABASE_URL: postgres.url, HOST: '127.0.0.1', PORT: String(port),
      DATA_DIR: mkdtempSync(join(tmpdir(), 'caduceus-bench-')),
    }
    stops.unshift(async () => rmSync(environment.DATA_DIR, { recursive: true, force: true }))
    const url = `http://127.0.0.1:${port}`
    const engine = launch('../../engine/main.js', environment, profile.execArgv, stops)
    // The schema is made by whoever comes first; one after the other keeps the start-up log quiet.
    await untilHealthy(null, [engine])
    const edge = launch('../../edge/main.js', environment, profile.execArgv, stops)
    await untilHealthy(url, [engine, edge])
    const bus = await natsBus(nats.url, { name: 'bench' })
    stops.push(() => bus.close())
    // Asked on the bus: HTTP would wait behind the load.
    const counters = async (): Promise<Counters> => {
      const { frames } = decodeBody(await bus.request(subjects.queryHealth, encodeBody({}), startTimeoutMs)) as { frames: Record<string, number> }
      return { counters: frames, atMs: performance.now() }
    }
    const { nowMs, random, after } = realEnv()
    const populateBeside = async (plan: PopulationPlan): Promise<Population> => {
      const database = await openDatabase({ url: postgres.url })
      try {
        return await populate({ database, bus, nowMs, random, after, jwtSecret: secret }, plan)
      } finally {
        await database.close()
      }
    }
    return { url, kind: 'NATS, Redis, PostgreSQL', pids: [engine.child.pid!, edge.child.pid!], counters, populate: populateBeside, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

export interface Launched { name: string; child: ChildProcess; output(): string }

export function launch(path: string, environment: NodeJS.ProcessEnv, execArgv: string[], stops: (() => Promise<unknown>)[]): Launched {
  const child = spawn(process.execPath, ['--enable-source-maps', ...execArgv, fileURLToPath(new URL(path, import.meta.url))], { env: environment, stdio: ['ignore', 'ignore', 'pipe'] })
  const forget = endWithUs(child)
  stops.push(async () => {
    await endChild(child)
    forget()
  })
  return { name: path, child, output: gather(child) }
}

/** Without a URL: alive for a second is enough; health is asked once the edge is there. */
async function untilHealthy(url: string | null, processes: Launched[]): Promise<void> {
  const giveUpMs = performance.now() + startTimeoutMs
  const calmMs = performance.now() + 1_000
  for (;;) {
    for (const { name, child, output } of processes)
      if (child.exitCode !== null || child.signalCode !== null) throw new Error(`${name} ended with ${child.exitCode ?? child.signalCode}: ${output()}`)
    if (url === null && performance.now() >= calmMs) return
    if (url !== null && await healthy(url)) return
    if (performance.now() >= giveUpMs) throw new Error(`not healthy after ${startTimeoutMs} ms: ${processes.map(p => p.output()).join('\n')}`)
    await new Promise<void>(resolve => { setTimeout(resolve, 50) })
  }
}

async function healthy(url: string): Promise<boolean> {
  try {
    const answer = await fetch(`${url}/api/health`, { signal: AbortSignal.timeout(2_000) })
    return ((await answer.json()) as { status?: string }).status === 'healthy'
  } catch {
    return false
  }
}

/** The last of what the child said on stderr. */
function gather(child: ChildProcess): () => string {
  let text = ''
  child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
    text = (text + chunk).slice(-outputCharactersMax)
    if (process.env['LOG_LEVEL'] !== undefined) process.stderr.write(chunk)
  })
  return () => text
}

async function endChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = new Promise<void>(resolve => { child.once('exit', () => resolve()) })
  const timer = setTimeout(() => child.kill('SIGKILL'), stopTimeoutMs)
  child.kill('SIGTERM')
  await ended
  clearTimeout(timer)
}

/** Kills the child should this process end without stopping it. */
function endWithUs(child: ChildProcess): () => void {
  const kill = (): void => { child.kill('SIGKILL') }
  process.once('exit', kill)
  return () => { process.off('exit', kill) }
}
