/**
 * Everything in one process: the composition root of `npm start`, and the only file of the edge
 * that imports the engine. NATS_URL, REDIS_URL and DATABASE_URL each replace one embedded part.
 */
import { kinds } from '../engine/kinds.ts'
import type { Logger } from 'pino'
import { Engine } from '../engine/engine.ts'
import { postgresJournal } from '../engine/journal/postgres.ts'
import { engineSettings } from '../engine/settings.ts'
import { realEnv, type Env } from '../protocol/kernel/env.ts'
import { openDatabase } from '../migrations/database/open.ts'
import { openBus } from '../protocol/bus/open.ts'
import { eventStream } from '../protocol/bus/subjects.ts'
import { openClaims } from '../protocol/claims/open.ts'
import type { Environment } from '../protocol/kernel/environment.ts'
import { uuidV7 } from '../protocol/kernel/ids.ts'
import { createLog } from '../protocol/kernel/log.ts'
import { makeAdministrator } from './accounts/administrator.ts'
import { serveAdministrators } from './accounts/admin-socket.ts'
import { readConfig } from './config.ts'
import { startEdge, type Edge } from './edge.ts'
import { findPortFree } from './http/free-port.ts'

export interface Embedded {
  url: string
  port: number
  edge: Edge
  engine: Engine
  stop(): Promise<void>
}

/**
 * Starts database, engine and edge, in that order. Throws one-line errors that name the variable.
 */
export async function startEmbedded(
  environment: Environment,
  options: { log?: Logger; env?: Env } = {},
): Promise<Embedded> {
  const config = readConfig(environment, 'embedded')
  await findPortFree(config.host, config.port)
  const log = options.log ?? createLog(config.logLevel)
  const onLog = (line: string): void => log.warn(line)
  const env = options.env ?? realEnv((line, error) => log.error({ err: error }, line))
  const settings = engineSettings(environment, log)
  const database = await openDatabase(
    config.databaseUrl === null
      ? { dataDir: config.dataDir, log }
      : { url: config.databaseUrl, log },
  )
  const bus = await openBus(config, { name: 'embedded', onLog, eventStream })
  const claims = await openClaims(config, env, onLog)
  // The engine has its own connections: its statements keep their plans, and the statements of lists
  // must not.
  const journaled = await openDatabase({ url: database.url, log, keepsPlans: true })
  const journal = postgresJournal(journaled.pool, kinds, {
    nowMs: env.nowMs,
    after: env.after,
    log,
  })
  const engine = new Engine({
    engineId: `embedded-${uuidV7(env.nowMs(), env.random).slice(-8)}`,
    env,
    journal,
    bus,
    claims,
    // This process alone uses the data directory, so the leases in it belong to a process that has
    // ended. The engine need not wait for them.
    exclusive: database.embedded,
    ...settings,
  })
  await engine.start()
  const edge = await startEdge({ config, log, database, bus, claims, env })
  const endAdministrators = database.embedded
    ? await serveAdministrators(config.dataDir, administrator =>
        makeAdministrator(database.kysely, env, administrator),
      ).catch((error: unknown) => {
        log.warn({ err: error }, 'npm run admin works only while this server is stopped')
      })
    : undefined
  return {
    url: `http${config.tls === null ? '' : 's'}://${config.host === '0.0.0.0' ? '127.0.0.1' : config.host}:${edge.port}`,
    port: edge.port,
    edge,
    engine,
    async stop() {
      await endAdministrators?.()
      await edge.drain()
      await engine.stop()
      await journal.close()
      await bus.close()
      await claims.shutdown()
      await journaled.close()
      await database.close()
    },
  }
}
