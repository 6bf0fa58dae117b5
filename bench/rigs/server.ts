/**
 * The server under test, in its own processes, so that the generator's work is not in its
 * latencies: one embedded process, or an engine and an edge beside private NATS, Redis and
 * PostgreSQL. Everything ends with `stop()`, and with this process however it ends.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { decodeBody, encodeBody } from '../../protocol/bus/codec.ts'
import { natsBus } from '../../protocol/bus/nats.ts'
import { openDatabase } from '../../migrations/database/open.ts'
import { preparedDataDir } from '../../migrations/database/prepared.ts'
import { realEnv } from '../../protocol/kernel/env.ts'
import { subjects } from '../../protocol/bus/subjects.ts'
import { freePort } from '../../protocol/testing/free-port.ts'
import { startProcess, untilHealthy, type Child } from '../../protocol/testing/processes.ts'
import { startServices } from '../../protocol/testing/services.ts'
import { askChild, startServerChild } from './child.ts'
import { populate, type Population, type PopulationPlan } from './population.ts'
import { profileArguments } from './profile.ts'

export interface Server {
  url: string
  /** `embedded`, `NATS, Redis, PostgreSQL`, or the host of a deployment. */
  kind: string
  /** Our serving processes, for measuring their resources; none for a deployment elsewhere. */
  pids: number[]
  /** Location frames that the engine has judged since its start, by verdict. */
  counters(): Promise<Counters>
  /**
   * Populates it in bulk, without HTTP. Rejects for a deployment elsewhere, where that is
   * impossible.
   */
  populate(plan: PopulationPlan): Promise<Population>
  /** Switches the late-data policy and geofences on or off; only for an embedded server. */
  policies?(on: boolean): Promise<void>
  stop(): Promise<void>
}

/** `atMs` is the time of the counts, on one clock per server. */
export interface Counters {
  counters: Record<string, number>
  atMs: number
}

export interface ServerOptions {
  /** Overrides the mode of the run. */
  mode?: 'embedded' | 'distributed'
  /** Sockets without a message rate, as BENCH_ALLOWED does. */
  benchAllowed?: boolean
  /** Folder for CPU profiles of its processes. Without it they cannot be profiled. */
  profileDir?: string | null
}

const startTimeoutMs = 60_000
const secret = 'only for a bench on the loopback interface'

const environmentFor = (options: ServerOptions): NodeJS.ProcessEnv => {
  const { NATS_URL: _1, REDIS_URL: _2, DATABASE_URL: _3, HOST: _4, ...rest } = process.env
  return {
    ...rest,
    REGISTRATION: 'open',
    LOG_LEVEL: process.env['LOG_LEVEL'] ?? 'warn',
    JWT_SECRET_KEY: secret,
    JWT_ACCESS_TOKEN_EXPIRE_MINUTES: '240',
    // A whole city signs up and reads from this one address.
    ...Object.fromEntries(
      ['AUTH', 'WRITE', 'READ', 'UPLOAD', 'PUBLIC', 'SOCKET', 'REGISTRATION'].map(of => [
        `RATE_LIMIT_${of}_PER_ADDRESS`,
        '1000000',
      ]),
    ),
    ...(options.benchAllowed === true && { BENCH_ALLOWED: '1' }),
  }
}

/** Embedded, in a child process with a fresh folder. */
export async function startEmbeddedServer(options: ServerOptions = {}): Promise<Server> {
  // A database at today's schema is copied instead of made anew: 0.5 s instead of 4.
  const dataDir = await preparedDataDir()
  const removeFolder = (): void =>
    rmSync(dataDir, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 })
  process.once('exit', removeFolder)
  const forget = (): void => {
    process.off('exit', removeFolder)
    removeFolder()
  }
  const profile = profileArguments(options.profileDir ?? null)
  try {
    const server = await startServerChild(new URL('./embedded-child.js', import.meta.url), {
      env: { ...environmentFor(options), ...profile.env, PORT: '0', DATA_DIR: dataDir },
      execArgv: [...process.execArgv, ...profile.execArgv],
    })
    return {
      url: server.url,
      kind: 'embedded',
      pids: [server.pid],
      counters: () => askChild<Counters>(server.child, 'counters'),
      async populate(plan) {
        const answer = await askChild<{ population: Population } | { failure: string }>(
          server.child,
          { populate: plan },
        )
        if ('failure' in answer)
          throw new Error(`the server could not be populated: ${answer.failure}`)
        return answer.population
      },
      policies: async on => {
        await askChild(server.child, { policies: on })
      },
      async stop() {
        await server.stop()
        forget()
      },
    }
  } catch (error) {
    forget()
    throw error
  }
}

/** One engine and one edge on services of their own. Throws when a service's binary is missing. */
export async function startDistributedServer(options: ServerOptions = {}): Promise<Server> {
  const stops: (() => Promise<unknown>)[] = []
  const stop = async (): Promise<void> => {
    for (const one of stops.splice(0).reverse()) await one()
  }
  try {
    const { nats, redis, postgres, stop: stopServices } = await startServices()
    stops.push(stopServices)
    const port = await freePort()
    const profile = profileArguments(options.profileDir ?? null)
    const environment = {
      ...environmentFor(options),
      ...profile.env,
      NATS_URL: nats.url,
      REDIS_URL: redis.url,
      DATABASE_URL: postgres.url,
      HOST: '127.0.0.1',
      PORT: String(port),
      DATA_DIR: mkdtempSync(join(tmpdir(), 'caduceus-bench-')),
    }
    stops.push(async () => rmSync(environment.DATA_DIR, { recursive: true, force: true }))
    const url = `http://127.0.0.1:${port}`
    const [engine, edge] = ['engine/main.js', 'edge/main.js'].map(entry =>
      startProcess(entry, environment, profile.execArgv),
    ) as [Child, Child]
    stops.push(() => Promise.all([engine.stop(), edge.stop()]))
    await untilHealthy(url, edge, startTimeoutMs).catch((error: unknown) => {
      throw new Error(`${String(error)}\nthe engine: ${engine.output()}`)
    })
    const bus = await natsBus(nats.url, { name: 'bench' })
    stops.push(() => bus.close())
    // Asked on the bus: HTTP would wait behind the load.
    const counters = async (): Promise<Counters> => {
      const { frames } = decodeBody(
        await bus.request(subjects.queryHealth, encodeBody({}), startTimeoutMs),
      ) as { frames: Record<string, number> }
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
    return {
      url,
      kind: 'NATS, Redis, PostgreSQL',
      pids: [engine.process.pid!, edge.process.pid!],
      counters,
      populate: populateBeside,
      stop,
    }
  } catch (error) {
    await stop()
    throw error
  }
}
