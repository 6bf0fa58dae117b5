/**
 * An engine takes over two hundred thousand live orders: the time from its start until it serves
 * all slots. The baseline is a raw read and decode of the same rows. It also measures the memory of
 * orders at rest: heap after recovery, divided by the number of orders, for an evening's mix and
 * for idle orders, which wait for a pharmacy or have one but no driver. An order under way costs
 * more, because its driver is followed. It runs in one process with the embedded parts, on
 * PostgreSQL, so that only the recovery is measured.
 */
import type { AnyKind } from '../../engine/actors/kind.ts'
import { kinds } from '../../engine/kinds.ts'
import { memoryBus } from '../../protocol/bus/memory.ts'
import { memoryClaims } from '../../protocol/claims/memory.ts'
import { realEnv } from '../../protocol/kernel/env.ts'
import { uuidV7 } from '../../protocol/kernel/ids.ts'
import { limits } from '../../protocol/kernel/limits.ts'
import { openDatabase, type PgPool } from '../../migrations/database/open.ts'
import { Engine } from '../../engine/engine.ts'
import { postgresJournal } from '../../engine/journal/postgres.ts'
import { orderKind } from '../../engine/orders/kind.ts'
import { decodeSnapshot, encodeSnapshot } from '../../engine/actors/snapshot.ts'
import type { Bench, Measure } from '../harness/bench.ts'
import { freshDatabase } from '../rigs/database.ts'
import { liveOrder } from '../rigs/orders.ts'
import { seededRandom } from '../../protocol/kernel/chance.ts'
import { allSlots, slotCount, slotOf } from '../../protocol/kernel/slots.ts'

const raw: Measure = { name: 'raw read and decode of the rows', unit: 'orders/s', better: 'higher' }
const recovered: Measure = {
  name: 'engine recovers live orders',
  unit: 'orders/s',
  better: 'higher',
  baseline: raw.name,
  goal: { ratio: 0.5 },
}
const anyOrder: Measure = {
  name: 'a live order in memory, of every kind',
  unit: 'bytes',
  better: 'lower',
}
const atRest: Measure = {
  name: 'an idle order in memory',
  unit: 'bytes',
  better: 'lower',
  goal: { value: 512 },
}
const stored: Measure = { name: 'an idle order in the database', unit: 'bytes', better: 'lower' }

export const bench: Bench = {
  name: 'recovery',
  group: 'load',
  title: 'an engine takes over live orders',
  needs: ['postgres'],
  rounds: { full: 2, quick: 1 },
  async open(context) {
    const count = context.quick ? 20_000 : 200_000
    const database = await openDatabase({
      url: await freshDatabase(await context.service('postgres')),
      keepsPlans: true,
    })
    context.defer(() => database.close())
    context.progress(`stores ${count} orders`)
    const bytesStored = await populate(database.pool, count, false)
    const idleDatabase = await openDatabase({
      url: await freshDatabase(await context.service('postgres')),
      keepsPlans: true,
    })
    context.defer(() => idleDatabase.close())
    await populate(idleDatabase.pool, idleCount, true)
    for (const { pool } of [database, idleDatabase]) await pool.query('vacuum analyze snapshots')
    return async () => {
      const rawMs = await rawRead(database.pool)
      context.sample(raw, { value: (count / rawMs) * 1_000 })
      const all = await recover(database.pool)
      context.check(all.actors === count, `${all.actors} of ${count} orders are back`)
      context.sample(recovered, {
        value: (count / all.tookMs) * 1_000,
        note: `${(all.tookMs / 1_000).toFixed(1)} s`,
      })
      context.sample(stored, { value: bytesStored / count })
      if (globalThis.gc === undefined) return
      context.sample(anyOrder, { value: all.heapBytes / count })
      context.sample(atRest, { value: (await recover(idleDatabase.pool)).heapBytes / idleCount })
    }
  },
}

const idleCount = 50_000

async function recover(
  pool: PgPool,
): Promise<{ actors: number; tookMs: number; heapBytes: number }> {
  globalThis.gc?.()
  const heapBefore = process.memoryUsage().heapUsed
  const env = realEnv()
  const engine = new Engine({
    engineId: 'bench',
    env,
    journal: postgresJournal(pool, kinds, env),
    bus: memoryBus(),
    claims: memoryClaims(env.nowMs, env.after),
    exclusive: true,
    log: () => {},
  })
  const fromMs = performance.now()
  await engine.start()
  const tookMs = performance.now() - fromMs
  globalThis.gc?.()
  const heapBytes = process.memoryUsage().heapUsed - heapBefore
  const actors = engine.actors.size
  await engine.stop()
  return { actors, tookMs, heapBytes }
}

async function populate(pool: PgPool, count: number, idle: boolean): Promise<number> {
  const env = realEnv()
  const journal = postgresJournal(pool, kinds, env)
  const random = seededRandom(5)
  let bytesStored = 0
  // Create the slots, as they exist where orders came from.
  await journal.acquireSlots('past', allSlots, 1)
  for (let from = 0; from < count; from += limits.snapshotBatchMax) {
    const batch = Array.from(
      { length: Math.min(limits.snapshotBatchMax, count - from) },
      (_, i) => {
        const state = liveOrder(from + i, random, idle)
        if (state.kind === 'absent') throw new Error('an order that never was')
        const actorId = state.core.orderId
        // Deadlines of long ago would all come due during the measurement.
        const bytes = Buffer.from(
          encodeSnapshot(
            actorId,
            { state, acceptedIds: [uuidV7(env.nowMs(), random)], updatedAtMs: env.nowMs() },
            orderKind as AnyKind,
            {
              version: 3,
              wakeAtMs: orderKind.wakeAtMs(state) === null ? null : env.nowMs() + 3_600_000,
              attentive: orderKind.attentive(state),
            },
          ),
        )
        bytesStored += bytes.length
        return {
          slot: slotOf(actorId),
          kind: 'order' as const,
          actorId,
          version: 3,
          finished: false,
          bytes,
        }
      },
    )
    await journal.saveSnapshots(batch, new Map())
  }
  return bytesStored
}

/** The simplest recovery: reads all rows of a slot and decodes each. */
async function rawRead(pool: PgPool): Promise<number> {
  const fromMs = performance.now()
  for (let slot = 0; slot < slotCount; slot++) {
    const { rows } = await pool.query<{ actor_id: string; bytes: Buffer }>({
      name: 'raw_snapshots',
      text: 'select actor_id, slot, kind, version, finished, bytes from snapshots where slot = $1::smallint and not finished',
      values: [slot],
    })
    const states = rows.map(row => decodeSnapshot(row.actor_id, row.bytes, orderKind as AnyKind))
    if (states.length !== rows.length) throw new Error('lost one')
  }
  return performance.now() - fromMs
}
