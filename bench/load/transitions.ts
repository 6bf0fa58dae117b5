/**
 * Acknowledged transitions of orders: placed, accepted, cancelled, each decided, journaled on
 * PostgreSQL with fsync and answered. First as many as possible, then half of that in the open
 * loop, timed from the intended moment to the answer. The baseline is one bare committed insert
 * after the other: the cost of the disk and the connection alone.
 */
import type { OrderCommand } from '../../engine/orders/commands.ts'
import { uuidV7 } from '../../protocol/kernel/ids.ts'
import { defaultTariff } from '../../protocol/pricing/tariff.ts'
import type { Bench, Measure } from '../harness/bench.ts'
import { decision } from '../harness/decisions.ts'
import { Latency } from '../harness/latency.ts'
import { inParallel } from '../rigs/parallel.ts'
import { startEngineOnPostgres } from './engine-on-postgres.ts'

const bare: Measure = { name: 'one bare insert, committed', unit: 'ms', better: 'lower' }
const most: Measure = {
  name: 'acknowledged transitions',
  unit: 'transitions/s',
  better: 'higher',
  goal: { value: 30_000, ...decision('what-a-step-writes') },
}
const half: Measure = {
  name: 'answer to a transition at half of that load',
  unit: 'ms',
  better: 'lower',
  baseline: bare.name,
  goal: { p99Ms: 5, ...decision('what-a-step-writes') },
}

const atOnce = 2_048
const stepsOfAnOrder = 3
const warmOrders = 20_000

export const bench: Bench = {
  name: 'transitions',
  group: 'load',
  title: 'transitions, durable and answered',
  needs: ['postgres'],
  rounds: { full: 3, quick: 2 },
  async open(context) {
    const { engine, database, env } = await startEngineOnPostgres(context)
    await database.pool.query('create table bare_rows (id uuid primary key, data text)')
    const id = (): string => uuidV7(env.nowMs(), env.random)
    const vendor = {
      vendor_id: id(),
      name: 'City Pharmacy',
      phone: '+977 984 100 2000',
      latitude: 27.71,
      longitude: 85.33,
      address: '4 Market Road',
      proof_required: true,
    }
    const byPharmacy = { role: 'vendor', id: vendor.vendor_id } as const
    const steps = (orderId: string, customerId: string): OrderCommand[] => [
      {
        verb: 'create',
        by: { role: 'customer', id: customerId },
        vendor,
        tariff: defaultTariff('USD'),
        trackingToken: orderId.replaceAll('-', ''),
        data: {
          order_id: orderId,
          vendor_id: vendor.vendor_id,
          customer_id: customerId,
          customer_name: 'Anita Shrestha',
          customer_phone: '+977 984 123 4567',
          delivery_latitude: 27.7,
          delivery_longitude: 85.3,
          delivery_address: '12 Garden Lane',
          items: [{ name: 'Paracetamol 500 mg', quantity: 2 }],
        },
      },
      { verb: 'accept', by: byPharmacy, data: {}, search: null },
      { verb: 'cancel', by: byPharmacy, data: {} },
    ]
    const tell = async (orderId: string, command: OrderCommand): Promise<void> => {
      const reply = await engine.actors.tell('order', orderId, id(), command)
      if (!reply.ok) throw new Error(`${command.verb} was refused: ${reply.code}, ${reply.detail}`)
    }

    /** Runs that many orders from beginning to end. */
    const play = (count: number): Promise<void> =>
      inParallel(Array.from({ length: count }, id), atOnce, async orderId => {
        for (const command of steps(orderId, orderId)) await tell(orderId, command)
      })
    // Warm up until everything is compiled.
    await play(warmOrders)

    return async () => {
      const alone = new Latency()
      for (let i = 0; i < (context.quick ? 100 : 500); i++) {
        const fromMs = performance.now()
        await database.pool.query({
          name: 'bare_row',
          text: 'insert into bare_rows values ($1, $2)',
          values: [id(), 'x'.repeat(400)],
        })
        alone.record(performance.now() - fromMs)
      }
      context.sample(bare, { value: alone })

      const count = context.quick ? 5_000 : 12_000
      const cpu = process.cpuUsage()
      const fromMs = performance.now()
      await play(count)
      const perSecond = (count * stepsOfAnOrder * 1_000) / (performance.now() - fromMs)
      const used = process.cpuUsage(cpu)
      context.sample(most, {
        value: perSecond,
        cpuSecondsPerUnit: (used.user + used.system) / 1e6 / count / stepsOfAnOrder,
        note: `${atOnce} under way`,
      })

      const answers = new Latency()
      const durationMs = context.quick ? 2_000 : 3_000
      // The next step of an order comes after some hundred steps of others, so it never waits for
      // its own last step.
      const turns = inTurns(
        () => {
          const orderId = id()
          return { orderId, commands: steps(orderId, orderId) }
        },
        Math.ceil(perSecond / 20),
      )
      const failed = await openLoop(perSecond / 2, durationMs, answers, () => {
        const { orderId, command } = turns.next().value
        return tell(orderId, command)
      })
      context.check(failed === 0, `${failed} transitions were refused`)
      context.sample(half, { value: answers, note: `${Math.round(perSecond / 2)} a second` })
    }
  },
}

/** Endless steps of new orders. The steps of one order are about `apart` steps of others apart. */
function* inTurns(
  begin: () => { orderId: string; commands: OrderCommand[] },
  apart: number,
): Generator<{ orderId: string; command: OrderCommand }, never> {
  const under: { orderId: string; commands: OrderCommand[] }[] = []
  for (;;) {
    const one = under.length > apart ? under.shift()! : begin()
    yield { orderId: one.orderId, command: one.commands.shift()! }
    if (one.commands.length > 0) under.push(one)
  }
}

/**
 * Sends at that rate, whatever the answers do. Latency counts from the intended moment. Resolves to
 * the number of failures.
 */
async function openLoop(
  perSecond: number,
  durationMs: number,
  latency: Latency,
  send: () => Promise<void>,
): Promise<number> {
  const fromMs = performance.now()
  const total = Math.floor((perSecond * durationMs) / 1_000)
  let sent = 0
  // Counted and not kept: a promise for each would dominate the garbage collector's work.
  let answered = 0
  let failed = 0
  await new Promise<void>(resolve => {
    const ended = (): void => {
      if (++answered === total) resolve()
    }
    const turn = (): void => {
      const due = Math.min(total, Math.floor(((performance.now() - fromMs) * perSecond) / 1_000))
      for (; sent < due; sent++) {
        const dueMs = fromMs + (sent * 1_000) / perSecond
        void send()
          .then(
            () => latency.record(performance.now() - dueMs),
            () => {
              failed++
            },
          )
          .finally(ended)
      }
      if (sent < total) setTimeout(turn, 1)
    }
    turn()
  })
  return failed
}
