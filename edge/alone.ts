/**
 * The composition root of an edge that is a process of its own, beside NATS, Redis and PostgreSQL.
 */
import { realEnv } from '../protocol/kernel/env.ts'
import { openDatabase } from '../migrations/database/open.ts'
import { openBus } from '../protocol/bus/open.ts'
import { eventStream } from '../protocol/bus/subjects.ts'
import { openClaims } from '../protocol/claims/open.ts'
import { createLog } from '../protocol/kernel/log.ts'
import type { Environment } from '../protocol/kernel/environment.ts'
import type { Running } from '../protocol/kernel/process.ts'
import { readConfig } from './config.ts'
import { startEdge } from './edge.ts'
import { findPortFree } from './http/free-port.ts'

/** Throws one-line errors that name the variable. */
export async function startEdgeAlone(environment: Environment): Promise<Running> {
  const config = readConfig(environment, 'edge')
  await findPortFree(config.host, config.port)
  const log = createLog(config.logLevel, { role: 'edge' })
  const onLog = (line: string): void => log.warn(line)
  const env = realEnv((line, error) => log.error({ err: error }, line))
  const database = await openDatabase({ url: config.databaseUrl!, log })
  const bus = await openBus(config, { name: 'edge', onLog, eventStream })
  const claims = await openClaims(config, env, onLog)
  const edge = await startEdge({ config, log, database, bus, claims, env })
  log.info({ url: `http://${config.host}:${edge.port}` }, 'edge is serving')
  return {
    async stop() {
      await edge.drain()
      await bus.close()
      await claims.shutdown()
      await database.close()
    },
  }
}
