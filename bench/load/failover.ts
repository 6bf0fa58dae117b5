/**
 * An engine dies by SIGKILL. It measures the time until the other engine acknowledges commands for
 * its slots. Two engine processes run on NATS, Redis and PostgreSQL. Drivers in the victim's slots
 * repeat one command every 20 ms until it is answered. The baseline is the time at which the dead
 * engine's lease lapses in the database, the earliest possible moment.
 */
import { decodeBody, encodeBody } from '../../protocol/bus/codec.ts'
import { natsBus } from '../../protocol/bus/nats.ts'
import type { Bus } from '../../protocol/bus/bus.ts'
import type { CommandEnvelope } from '../../protocol/dispatch/commands.ts'
import { realEnv } from '../../protocol/kernel/env.ts'
import { uuidV7 } from '../../protocol/kernel/ids.ts'
import { limits } from '../../protocol/kernel/limits.ts'
import { ownerSubject } from '../../protocol/bus/subjects.ts'
import { openDatabase, type PgPool } from '../../migrations/database/open.ts'
import type { Bench, Measure } from '../harness/bench.ts'
import { startProcess, type Child } from '../../protocol/testing/processes.ts'
import { startServices } from '../../protocol/testing/services.ts'
import { slotCount, slotOf } from '../../protocol/kernel/slots.ts'

const goalMs = limits.slotLeaseMsDefault + 1_000
const lapse: Measure = {
  name: "the dead engine's lease lapses",
  unit: 'ms after SIGKILL',
  better: 'lower',
}
const first: Measure = {
  name: 'first acknowledged command on its slots',
  unit: 'ms after SIGKILL',
  better: 'lower',
  baseline: lapse.name,
  goal: { value: goalMs },
}
const last: Measure = {
  name: 'every slot of it has acknowledged one',
  unit: 'ms after SIGKILL',
  better: 'lower',
  baseline: lapse.name,
  goal: { value: goalMs },
}

const askEveryMs = 20
const answerMs = 250
const giveUpMs = 60_000

export const bench: Bench = {
  name: 'failover',
  group: 'load',
  title: 'SIGKILL of an engine',
  needs: ['nats', 'redis', 'postgres'],
  rounds: { full: 2, quick: 1 },
  async open(context) {
    const { nats, redis, postgres, stop } = await startServices()
    context.defer(stop)
    const database = await openDatabase({ url: postgres.url })
    context.defer(() => database.close())
    const bus = await natsBus(nats.url, { name: 'bench' })
    context.defer(() => bus.close())
    const environment = {
      ...process.env,
      LOG_LEVEL: 'fatal',
      REGISTRATION: 'open',
      NATS_URL: nats.url,
      REDIS_URL: redis.url,
      DATABASE_URL: postgres.url,
    }
    const engines: Child[] = []
    context.defer(() => Promise.all(engines.map(engine => engine.stop())))
    const start = (): Child => {
      const engine = startProcess('engine/main.js', environment)
      engines.push(engine)
      return engine
    }
    start()
    await until('an engine serves', async () => (await owners(database.pool)).size === 1)
    const drivers = await driversInEverySlot(bus)

    return async () => {
      const before = new Set((await owners(database.pool)).keys())
      const victim = start()
      await until(
        'the second engine has its share',
        async () => (await owners(database.pool)).size === 2,
      )
      const all = await owners(database.pool)
      const [victimId] = [...all.keys()].filter(id => !before.has(id))
      const slots = all.get(victimId!)!
      victim.process.kill('SIGKILL')
      const killedMs = performance.now()
      const lapsedMs = lapsed(database.pool, victimId!).then(() => performance.now() - killedMs)
      const answered = await Promise.all(
        slots.map(async slot => {
          await untilAnswered(bus, drivers[slot]!)
          return performance.now() - killedMs
        }),
      )
      context.sample(lapse, { value: await lapsedMs })
      context.sample(first, { value: Math.min(...answered) })
      context.sample(last, { value: Math.max(...answered), note: `${slots.length} slots` })
    }
  },
}

async function owners(pool: PgPool): Promise<Map<string, number[]>> {
  const { rows } = await pool.query<{ owner: string; slots: number[] }>(
    'select owner, array_agg(slot::integer) as slots from slots join engines on engines.id = owner where engines.lease_until > clock_timestamp() group by owner',
  )
  return new Map(rows.map(row => [row.owner, row.slots]))
}

async function lapsed(pool: PgPool, engineId: string): Promise<void> {
  await until(
    'the lease lapses',
    async () =>
      (
        await pool.query('select from engines where id = $1 and lease_until > clock_timestamp()', [
          engineId,
        ])
      ).rowCount === 0,
  )
}

async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  const untilMs = performance.now() + giveUpMs
  while (!(await holds())) {
    if (performance.now() > untilMs) throw new Error(`after ${giveUpMs} ms not yet: ${what}`)
    await new Promise(resolve => {
      setTimeout(resolve, askEveryMs)
    })
  }
}

const env = realEnv()

/** One driver in each slot. */
async function driversInEverySlot(bus: Bus): Promise<string[]> {
  const drivers: string[] = []
  for (let missing = slotCount; missing > 0;) {
    const id = uuidV7(env.nowMs(), env.random)
    const slot = slotOf(id)
    if (drivers[slot] !== undefined) continue
    drivers[slot] = id
    missing--
  }
  const data = {
    vendor_id: drivers[0]!,
    full_name: 'Driver',
    phone: '+977',
    vehicle_type: 'bike',
    capacity: 1,
  }
  await Promise.all(
    drivers.map(id =>
      until('a driver is registered', () =>
        ask(bus, {
          id: uuidV7(env.nowMs(), env.random),
          actor: 'driver',
          actor_id: id,
          verb: 'register',
          by: { role: 'system', id },
          data,
        }),
      ),
    ),
  )
  return drivers
}

let turns = 0
async function untilAnswered(bus: Bus, driverId: string): Promise<void> {
  const status = ++turns % 2 === 0 ? 'available' : 'on_break'
  const envelope: CommandEnvelope = {
    id: uuidV7(env.nowMs(), env.random),
    actor: 'driver',
    actor_id: driverId,
    verb: 'set_status',
    by: { role: 'driver', id: driverId },
    data: { status },
  }
  await until('a command is acknowledged', () => ask(bus, envelope))
}

async function ask(bus: Bus, envelope: CommandEnvelope): Promise<boolean> {
  try {
    return (
      decodeBody(
        await bus.request(ownerSubject(envelope.actor_id), encodeBody(envelope), answerMs),
      ) as { ok: boolean }
    ).ok
  } catch {
    return false
  }
}
