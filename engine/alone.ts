/**
 * Starts one engine as its own process, beside NATS, Redis and PostgreSQL. This is its composition
 * root.
 */
import { randomUUID } from 'node:crypto'
import { openDatabase } from '../migrations/database/open.ts'
import { openBus } from '../protocol/bus/open.ts'
import { eventStream } from '../protocol/bus/subjects.ts'
import { openClaims } from '../protocol/claims/open.ts'
import {
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
import { requireSameCurrency } from '../protocol/dispatch/same-currency.ts'
import { postgresJournal } from './journal/postgres.ts'
import { realEnv } from '../protocol/kernel/env.ts'
import { engineSettings } from './settings.ts'

/**
 * Resolves when the engine serves its slots. A wrong setting throws an error of one line that names
 * the variable.
 */
export async function startEngineAlone(environment: Environment): Promise<Running> {
  const urls = serviceUrls(environment, 'engine')
  const slotLeaseMs = integerVariable(
    environment,
    'SLOT_LEASE_MS',
    limits.slotLeaseMsDefault,
    limits.slotLeaseMsMin,
    limits.slotLeaseMsMax,
  )
  const logLevel = logLevelVariable(environment)
  const engineId = `engine-${randomUUID().slice(0, 8)}`
  const log = createLog(logLevel, { engine: engineId })
  const settings = engineSettings(environment, log)
  const onLog = (line: string): void => log.warn(line)
  const env = realEnv((line, error) => log.error({ err: error }, line))
  const database = await openDatabase({ url: urls.databaseUrl!, log, keepsPlans: true })
  const bus = await openBus(urls, { name: engineId, onLog, eventStream })
  const claims = await openClaims(urls, env, onLog)
  const journal = postgresJournal(database.pool, kinds, { nowMs: env.nowMs, after: env.after, log })
  const engine = new Engine({
    engineId,
    env,
    journal,
    bus,
    claims,
    exclusive: false,
    slotLeaseMs,
    ...settings,
  })
  await requireSameCurrency(bus, settings.currency)
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
