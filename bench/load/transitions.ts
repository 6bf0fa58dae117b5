/**
 * Acknowledged transitions of orders: placed, accepted, cancelled, each decided, journaled on PostgreSQL
 * with fsync and answered. First as many as there can be, then at half of that in open loop, with the time
 * from when each was to be sent until its answer. Beside them one bare insert after the other, committed:
 * what the disk and the connection alone take.
 */
import type { OrderCommand } from '../../engine/order/commands.ts'
import { uuidV7 } from '../../protocol/ids.ts'
import { defaultTariff } from '../../protocol/tariff.ts'
import type { Bench, Measure } from '../common/bench.ts'
import { decision } from '../common/decisions.ts'
import { Latency } from '../common/latency.ts'
import { inParallel } from '../common/parallel.ts'
import { startEngineOnPostgres } from './engine-on-postgres.ts'

const bare: Measure = { name: 'one bare insert, committed', unit: 'ms', better: 'lower' }
const most: Measure = { name: 'acknowledged transitions', unit: 'transitions/s', better: 'higher', goal: { value: 30_000, ...decision('what-a-command-costs') } }
const half: Measure = { name: 'answer to a transition at half of that load', unit: 'ms', better: 'lower', baseline: bare.name, goal: { p99Ms: 5, ...decision('what-a-command-costs') } }

const atOnce = 2_048
const stepsOfAnOrder = 3

export const bench: Bench = {
  name: 'transitions', group: 'load', title: 'transitions, durable and answered', needs: ['postgres'], rounds: { full: 3, quick: 2 },
  async open(context) {
    const { engine, database, env } = await startEngineOnPostgres(context)
    await database.pool.query('create table bare_rows (id uuid primary key, data text)')
    const id = (): string => uuidV7(env.nowMs(), env.random)
    const vendor = { vendor_id: id(), name: 'City Pharmacy', phone: '+977 984 100 2000', latitude: 27.71, longitude: 85.33, address: '4 Market Road', proof_required: true }
    const byVendor = { role: 'vendor', id: vendor.vendor_id } as const
    const steps = (orderId: string, customerId: string): OrderCommand[] => [
      {
        verb: 'create', by: { role: 'customer', id: customerId }, vendor, tariff: defaultTariff, trackingToken: orderId.replaceAll('-', ''),
        data: { order_id: orderId, vendor_id: vendor.vendor_id, customer_id: customerId, customer_name: 'Anita Shrestha', customer_phone: '+977 984 123 4567', delivery_latitude: 27.7, delivery_longitude: 85.3, delivery_address: '12 Garden Lane', items: [{ name: 'Paracetamol 500 mg', quantity: 2 }] },
      },
      { verb: 'accept', by: byVendor, data: {}, autoOffer: false },
      { verb: 'cancel', by: byVendor, data: {} },
    ]
    interface Step { orderId: string; commandId: string; command: OrderCommand }
    /** Made before the clock runs: elsewhere those are other machines' work. */
    const orders = (count: number): Step[][] => Array.from({ length: count }, () => {
      const orderId = id()
      return steps(orderId, orderId).map(command => ({ orderId, commandId: id(), command }))
    })
    const tell = async ({ orderId, commandId, command }: Step): Promise<void> => {
      const reply = await engine.actors.tell('order', orderId, commandId, command)
      if (!reply.ok) throw new Error(`${command.verb} was refused: ${reply.code}, ${reply.detail}`)
    }

    return async () => {
      const alone = new Latency()
      for (let i = 0; i < (context.quick ? 100 : 500); i++) {
        const fromMs = performance.now()
        await database.pool.query({ name: 'bare_row', text: 'insert into bare_rows values ($1, $2)', values: [id(), 'x'.repeat(400)] })
        alone.record(performance.now() - fromMs)
      }
      context.sample(bare, { value: alone })

      const count = context.quick ? 3_000 : 10_000
      const closed = orders(count)
      const cpu = process.cpuUsage()
      const fromMs = performance.now()
      await inParallel(closed, atOnce, async order => { for (const step of order) await tell(step) })
      const perSecond = count * stepsOfAnOrder * 1_000 / (performance.now() - fromMs)
      const used = process.cpuUsage(cpu)
      context.sample(most, { value: perSecond, cpuSecondsPerUnit: (used.user + used.system) / 1e6 / count / stepsOfAnOrder, note: `${atOnce} under way` })

      const answers = new Latency()
      const durationMs = context.quick ? 2_000 : 4_000
      // The next step of an order comes some hundred others later: it never waits for its own past.
      const stepsOf = inTurns(orders(Math.ceil(perSecond / 2 * durationMs / 1_000 / stepsOfAnOrder)), Math.ceil(perSecond / 20))
      const failed = await openLoop(perSecond / 2, durationMs, answers, () => tell(stepsOf.next().value!))
      context.check(failed === 0, `${failed} transitions were refused`)
      context.sample(half, { value: answers, note: `${Math.round(perSecond / 2)} a second` })
    }
  },
}

/** The steps of all orders, each order's own at least `apart` steps from each other while there are as many orders left. */
function* inTurns<Step>(orders: readonly Step[][], apart: number): Generator<Step, undefined> {
  const under: { order: readonly Step[]; next: number }[] = []
  let begun = 0
  while (begun < orders.length || under.length > 0) {
    const one = begun === orders.length || under.length > apart ? under.shift()! : { order: orders[begun++]!, next: 0 }
    yield one.order[one.next++]!
    if (one.next < one.order.length) under.push(one)
  }
}

/** Sends at that rate whatever the answers do; latency counts from when each was to be sent. Resolves to how many failed. */
async function openLoop(perSecond: number, durationMs: number, latency: Latency, send: () => Promise<void>): Promise<number> {
  const fromMs = performance.now()
  const under: Promise<void>[] = []
  let failed = 0
  const total = Math.floor(perSecond * durationMs / 1_000)
  for (let sent = 0; sent < total;) {
    const due = Math.min(total, Math.floor((performance.now() - fromMs) * perSecond / 1_000))
    for (; sent < due; sent++) {
      const dueMs = fromMs + sent * 1_000 / perSecond
      under.push(send().then(() => latency.record(performance.now() - dueMs), () => { failed++ }))
    }
    await new Promise(resolve => { setTimeout(resolve, 1) })
  }
  await Promise.all(under)
  return failed
}
