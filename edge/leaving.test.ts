/**
 * An edge that has ended listens to nothing any more. A listener that is left would run on closed
 * pools for as long as a process holds several edges.
 */
import { rmSync } from 'node:fs'
import { pino } from 'pino'
import t from 'tap'
import { openDatabase } from '../migrations/database/open.ts'
import { preparedDataDir } from '../migrations/database/prepared.ts'
import type { Bus } from '../protocol/bus/bus.ts'
import { memoryBus } from '../protocol/bus/memory.ts'
import { memoryClaims } from '../protocol/claims/memory.ts'
import { realEnv } from '../protocol/kernel/env.ts'
import { readConfig } from './config.ts'
import { startEdge } from './edge.ts'

/** A bus that knows who still listens to it, by the subject or by `status`. */
function countedBus(): { bus: Bus; listeners: string[] } {
  const inner = memoryBus()
  const listeners: string[] = []
  const gone = (name: string) => {
    const at = listeners.indexOf(name)
    if (at >= 0) listeners.splice(at, 1)
  }
  const bus: Bus = {
    ...inner,
    get connected() {
      return inner.connected
    },
    subscribe(filter, handler, options) {
      const subscription = inner.subscribe(filter, handler, options)
      listeners.push(filter)
      return {
        unsubscribe() {
          gone(filter)
          subscription.unsubscribe()
        },
      }
    },
    onStatus(listener) {
      const stop = inner.onStatus(listener)
      listeners.push('status')
      return () => {
        gone('status')
        stop()
      }
    },
  }
  return { bus, listeners }
}

t.test('an edge that has ended hears nothing of the bus', async t => {
  const dataDir = await preparedDataDir()
  const database = await openDatabase({ dataDir })
  const { bus, listeners } = countedBus()
  const env = realEnv()
  const edge = await startEdge({
    config: readConfig(
      { PORT: '0', DATA_DIR: dataDir, JWT_SECRET_KEY: 'x'.repeat(32) },
      'embedded',
    ),
    log: pino({ level: 'silent' }),
    database,
    bus,
    claims: memoryClaims(env.nowMs, env.after),
    env,
  })
  t.ok(listeners.length > 5, `${listeners.length} listeners while it runs`)
  await edge.drain()
  t.same(listeners, [])
  await database.close()
  rmSync(dataDir, { recursive: true, force: true })
})
