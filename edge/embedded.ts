/**
 * Everything in one process: the composition root of `npm start`, and the only file of the edge that
 * knows the engine. Each of NATS_URL, REDIS_URL and DATABASE_URL that is set replaces that part alone.
 */
import { kinds } from '../engine/kinds.ts'
import { pathToFileURL } from 'node:url'
import type { Logger } from 'pino'
import { Engine } from '../engine/engine.ts'
import { engineBounds } from '../engine/runtime/bounds.ts'
import { postgresJournal } from '../engine/journal/postgres.ts'
import { readServices } from '../engine/services/services.ts'
import { realEnv } from '../protocol/env.ts'
import { openDatabase } from '../migrations/database/open.ts'
import { memoryBus } from '../protocol/bus/memory.ts'
import { natsBus } from '../protocol/bus/nats.ts'
import { memoryClaims } from '../protocol/claims/memory.ts'
import { redisClaims } from '../protocol/claims/redis.ts'
import type { Environment } from '../protocol/environment.ts'
import { uuidV7 } from '../protocol/ids.ts'
import { createLog } from '../protocol/log.ts'
import { limits } from '../protocol/limits.ts'
import { runProcess } from '../protocol/process.ts'
import { readConfig } from './config.ts'
import { startEdge, type Edge } from './edge.ts'

export interface Embedded {
  url: string
  port: number
  edge: Edge
  engine: Engine
  stop(): Promise<void>
}

/** Starts database, engine and edge, in that order. Throws one-line errors that name the variable. */
export async function startEmbedded(
  environment: Environment,
  options: { log?: Logger } = {},
): Promise<Embedded> {
  const config = readConfig(environment, 'embedded')
  const log = options.log ?? createLog(config.logLevel)
  const onLog = (line: string): void => log.warn(line)
  const env = realEnv((line, error) => log.error({ err: error }, line))
  const database = await openDatabase(
    config.databaseUrl === null
      ? { dataDir: config.dataDir, log }
      : { url: config.databaseUrl, log },
  )
  const bus =
    config.natsUrl === null
      ? memoryBus({ onLog })
      : await natsBus(config.natsUrl, { name: 'embedded', onLog, eventStream: true })
  const claims =
    config.redisUrl === null
      ? memoryClaims(env.nowMs, env.after)
      : await redisClaims(config.redisUrl, { onLog })
  // On a server the engine has connections of its own: its statements keep their plans, lists must not.
  const journaled =
    config.databaseUrl === null
      ? database
      : await openDatabase({ url: config.databaseUrl, log, keepsPlans: true })
  const journal = postgresJournal(journaled.pool, kinds, {
    nowMs: env.nowMs,
    after: env.after,
    log,
    // The embedded database has one session, and a statement has its price: lanes would cut the groups that share it, haste too.
    ...(database.embedded && { lanes: 1, spacingMs: limits.embeddedGroupSpacingMs }),
  })
  const engine = new Engine({
    engineId: `embedded-${uuidV7(env.nowMs(), env.random).slice(-8)}`,
    env,
    journal,
    bus,
    claims,
    // Alone with its directory, it need not wait for the leases of the process that died before it.
    exclusive: database.embedded,
    services: readServices(environment),
    // A load test asks as no customer may.
    ...(config.benchAllowed && {
      bounds: { ...engineBounds, openRequestsPerCustomerMax: Infinity },
    }),
    log: (level, message, detail) =>
      log[level](detail === undefined ? {} : { err: detail }, message),
  })
  await engine.start()
  const edge = await startEdge({ config, log, database, bus, claims, env })
  return {
    url: `http://${config.host === '0.0.0.0' ? '127.0.0.1' : config.host}:${edge.port}`,
    port: edge.port,
    edge,
    engine,
    async stop() {
      await edge.drain()
      await engine.stop()
      await journal.close()
      await bus.close()
      await claims.shutdown()
      if (journaled !== database) await journaled.close()
      await database.close()
    },
  }
}

const help = `caduceus: the dispatch engine in one process, at http://localhost:8000, with its database in ./data.
PORT, HOST, DATA_DIR change where; NATS_URL, REDIS_URL, DATABASE_URL each replace one embedded part.
The README has the whole table. SIGTERM or Ctrl-C drains and ends.`

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  if (process.argv.includes('--help')) console.log(help)
  else
    await runProcess('caduceus', limits.drainTimeoutMs + 5_000, async environment => {
      const startedMs = performance.now()
      const embedded = await startEmbedded(environment)
      if (embedded.edge.parts.config.registration === 'open')
        process.stdout.write(
          'REGISTRATION=open: anybody who registers is a pharmacy or a driver at once. For real patients set REGISTRATION=approval.\n',
        )
      process.stdout.write(
        `Caduceus is at ${embedded.url} (ready in ${((performance.now() - startedMs) / 1000).toFixed(1)} s). API: ${embedded.url}/docs\n`,
      )
      return embedded
    })
}
