/**
 * Starts one engine as its own process, beside NATS, Redis and PostgreSQL. This is its composition
 * root.
 */
import { randomUUID } from 'node:crypto'
import { openDatabase } from '../migrations/database/open.ts'
import { natsBus } from '../protocol/bus/nats.ts'
import { redisClaims } from '../protocol/claims/redis.ts'
import {
  currencyVariable,
  flagVariable,
  integerVariable,
  logLevelVariable,
  serviceUrls,
  type Environment,
} from '../protocol/kernel/environment.ts'
import { limits } from '../protocol/kernel/limits.ts'
import { createLog } from '../protocol/kernel/log.ts'
import type { Running } from '../protocol/kernel/process.ts'
import { Engine } from './engine.ts'
import { kinds } from './kinds.ts'
import { postgresJournal } from './journal/postgres.ts'
import { realEnv } from '../protocol/kernel/env.ts'
import { engineBounds } from './actors/bounds.ts'
import { readServices } from './services/services.ts'

/**
 * Resolves when the engine serves its slots. A wrong setting throws an error of one line that names
 * the variable.
 */
export async function startEngineAlone(environment: Environment): Promise<Running> {
  const { natsUrl, redisUrl, databaseUrl } = serviceUrls(environment, 'engine')
  const slotLeaseMs = integerVariable(
    environment,
    'SLOT_LEASE_MS',
    limits.slotLeaseMsDefault,
    limits.slotLeaseMsMin,
    limits.slotLeaseMsMax,
  )
  const logLevel = logLevelVariable(environment)
  const benchAllowed = flagVariable(environment, 'BENCH_ALLOWED')
  const engineId = `engine-${randomUUID().slice(0, 8)}`
  const log = createLog(logLevel, { engine: engineId })
  const onLog = (line: string): void => log.warn(line)
  const database = await openDatabase({ url: databaseUrl!, log, keepsPlans: true })
  const bus = await natsBus(natsUrl!, { name: engineId, onLog, eventStream: true })
  const claims = await redisClaims(redisUrl!, { onLog })
  const env = realEnv((line, error) => log.error({ err: error }, line))
  const journal = postgresJournal(database.pool, kinds, { nowMs: env.nowMs, after: env.after, log })
  const engine = new Engine({
    engineId,
    env,
    journal,
    bus,
    claims,
    exclusive: false,
    slotLeaseMs,
    services: readServices(environment),
    currency: currencyVariable(environment),
    // A load test opens more requests than a customer may.
    ...(benchAllowed && { bounds: { ...engineBounds, openRequestsPerCustomerMax: Infinity } }),
    log: (level, message, detail) =>
      log[level](detail === undefined ? {} : { err: detail }, message),
  })
  await engine.start()
  log.info({ slots: engine.health().slots }, 'engine is serving')
  return {
    async stop() {
      await engine.stop()
      await journal.close()
      await bus.close()
      await claims.shutdown()
      await database.close()
    },
  }
}
