/**
 * A hold whose time is over, and which its order did not release, ends only when the journal shows
 * that the order has released the offer. Numbers in brackets are the invariants of SPEC.md.
 */
import t from 'tap'
import type { Driver, RegisteredDriver } from '../drivers/state.ts'
import { doubtHold, type HoldsDeps } from './holds.ts'
import { driverIds, happened, offerIds, orderId, reached } from '../orders/fixtures.ts'
import type { Cell } from '../actors/cell.ts'
import { VirtualEnv } from '../sim/virtual-env.ts'
import type { OrderEvent } from '../../protocol/dispatch/events.ts'

/**
 * Doubts the hold of a driver on the order's first offer, when the journal has these events of the
 * order. Returns the commands that the driver's actor got, and how often it will be woken again.
 */
async function doubt(
  events: readonly OrderEvent[],
  readable = true,
): Promise<{ told: string[]; wakes: number }> {
  const env = new VirtualEnv(1)
  const told: string[] = []
  let wakes = 0
  const hold = { offer_id: offerIds[0]!, order_id: orderId, expires_at_ms: 0 }
  const cell = {
    actorId: driverIds[0],
    kind: 'driver',
    state: { kind: 'registered', hold } as unknown as RegisteredDriver as Driver,
  } as unknown as Cell
  const deps: HoldsDeps = {
    env,
    ask: () => Promise.reject(new Error('no actor is asked, because the journal knows')),
    journal: {
      loadActor: async () => {
        if (!readable) throw new Error('the journal is away')
        return {
          snapshot: null,
          events: events.map((event, i) => ({ version: i + 1, event, atMs: i })),
        }
      },
    } as unknown as HoldsDeps['journal'],
    actors: {
      wakeAt: () => {
        wakes++
      },
      tell: async ({ command }: { command: { verb: string; offerId: string } }) => {
        told.push(`${command.verb} ${command.offerId}`)
      },
    } as unknown as HoldsDeps['actors'],
  }
  doubtHold(deps, cell)
  await env.settle()
  return { told, wakes }
}

t.test(
  '[8] the hold stays while the offer is open and after the order was assigned by it, also when the order is over',
  async t => {
    const stays = [
      'offering',
      'assigning',
      'driver_assigned',
      'picked_up',
      'out_for_delivery',
      'delivered',
      'failed',
      'returning',
      'returned',
      'cancelledAssigned',
    ]
    for (const [name, events] of Object.entries(reached)) {
      const { told, wakes } = await doubt(events)
      t.same(told, stays.includes(name) ? [] : [`release_hold ${offerIds[0]}`], name)
      t.equal(wakes, 1, `${name}: the driver's actor looks again later`)
    }
  },
)

t.test('[8] an assignment by another offer of the same order ends the hold', async t => {
  const other: OrderEvent = {
    ...happened.assigned,
    data: { ...happened.assigned.data, offer_id: offerIds[1]! },
  }
  t.same((await doubt([...reached.accepted, other])).told, [`release_hold ${offerIds[0]}`])
})

t.test('[8] a journal that cannot be read ends no hold', async t => {
  t.same(await doubt(reached.accepted, false), { told: [], wakes: 1 })
})
