/**
 * An engine in this process, on a fresh PostgreSQL database with fsync and otherwise with the
 * embedded parts. It measures actors and journal without an HTTP client and without a network bus.
 */
import { kinds } from '../../engine/kinds.ts'
import { Engine } from '../../engine/engine.ts'
import { engineBounds } from '../../engine/actors/bounds.ts'
import { postgresJournal } from '../../engine/journal/postgres.ts'
import { openDatabase, type Database } from '../../migrations/database/open.ts'
import type { Bus } from '../../protocol/bus/bus.ts'
import { memoryBus } from '../../protocol/bus/memory.ts'
import { memoryClaims } from '../../protocol/claims/memory.ts'
import { realEnv, type Env } from '../../protocol/kernel/env.ts'
import type { Context } from '../harness/bench.ts'
import { freshDatabase, seasonLog } from '../rigs/database.ts'

export interface EngineOnPostgres {
  engine: Engine
  bus: Bus
  database: Database
  databaseUrl: string
  env: Env
}

/** Ends with the bench. */
export async function startEngineOnPostgres(
  context: Pick<Context, 'service' | 'defer' | 'say'>,
): Promise<EngineOnPostgres> {
  const databaseUrl = await freshDatabase(await context.service('postgres'))
  const database = await openDatabase({ url: databaseUrl, keepsPlans: true })
  await seasonLog(database.pool)
  const env = realEnv()
  const bus = memoryBus()
  const claims = memoryClaims(env.nowMs, env.after)
  const journal = postgresJournal(database.pool, kinds, env)
  const engine = new Engine({
    engineId: 'bench',
    env,
    journal,
    bus,
    claims,
    exclusive: true,
    // One customer makes all requests.
    bounds: { ...engineBounds, openRequestsPerCustomerMax: Infinity },
    log: (level, message, detail) => {
      if (level === 'error') context.say(`${message} ${String(detail ?? '')}`)
    },
  })
  await engine.start()
  context.defer(async () => {
    await engine.stop()
    await journal.close()
    await claims.shutdown()
    await bus.close()
    await database.close()
  })
  return { engine, bus, database, databaseUrl, env }
}
