/** Engines tell each other of drivers: news at once, and by a digest the news that was lost. */
import t from 'tap'
import { memoryBus } from '../../protocol/bus/memory.ts'
import { decodeBody } from '../../protocol/bus/codec.ts'
import type { RosterMessage, RosterRow } from '../../protocol/drivers/roster.ts'
import { subjects } from '../../protocol/bus/subjects.ts'
import { Roster } from './roster.ts'
import { RosterExchange } from './roster-exchange.ts'
import { engineBounds } from '../actors/bounds.ts'
import { VirtualEnv } from '../sim/virtual-env.ts'
import { fleetLimits } from './limits.ts'

const driverId = (n: number): string => `0190a5a0-1234-7abc-8def-${n.toString().padStart(12, '0')}`
const row = (n: number, more: Partial<RosterRow> = {}): RosterRow => ({
  driverId: driverId(n),
  vendorId: '0190a5a0-0000-7000-8000-000000000001',
  vehicleType: 'bike',
  status: 'available',
  canTakeMore: true,
  ...more,
})

/** Two engines on one bus. Drivers with an even number belong to the first engine. */
function world() {
  const env = new VirtualEnv(1)
  const bus = memoryBus()
  const published: RosterMessage[] = []
  bus.subscribe(subjects.roster, ({ body }) => {
    published.push(decodeBody(body) as RosterMessage)
  })
  let reaches = true
  const engine = (engineId: string, parity: number) => {
    const roster = new Roster(1, 2)
    const changed: RosterRow[] = []
    const exchange = new RosterExchange({
      env,
      bus,
      engineId,
      roster,
      bounds: engineBounds,
      changed: one => {
        changed.push(one)
      },
      ownsActor: id => Number(id.at(-1)) % 2 === parity,
    })
    bus.subscribe(subjects.roster, ({ body }) => {
      if (reaches) exchange.take(decodeBody(body) as RosterMessage)
    })
    return { roster, changed, exchange }
  }
  return {
    env,
    published,
    even: engine('even', 0),
    odd: engine('odd', 1),
    cut: () => {
      reaches = false
    },
    mend: () => {
      reaches = true
    },
  }
}

t.test(
  'news of an own driver reaches other engines after some milliseconds, and a repeat is no news',
  async t => {
    const w = world()
    w.even.exchange.put(row(2))
    w.even.exchange.put(row(2))
    t.same(w.even.changed, [row(2)], 'a repeat is no news')
    t.same(w.odd.changed, [])
    await w.env.advance(fleetLimits.rosterNewsMs)
    t.same(w.odd.changed, [row(2)])
    t.same(w.odd.roster.get(driverId(2)), row(2))
    w.even.exchange.put(row(2, { status: 'busy', canTakeMore: false }))
    await w.env.advance(fleetLimits.rosterNewsMs)
    t.same(w.odd.changed[1], row(2, { status: 'busy', canTakeMore: false }))
  },
)

t.test('the digest brings news that was lost, and brings no news twice', async t => {
  const w = world()
  w.even.exchange.put(row(2))
  await w.env.advance(fleetLimits.rosterNewsMs)
  w.cut()
  w.even.exchange.put(row(2, { status: 'on_break', canTakeMore: false }))
  w.even.exchange.put(row(4))
  await w.env.advance(60_000)
  t.equal(w.odd.changed.length, 1, 'no news arrived')
  w.mend()
  w.even.exchange.publishAll()
  await w.env.settle()
  t.same(
    w.odd.changed.slice(1).toSorted((a, b) => (a.driverId < b.driverId ? -1 : 1)),
    [row(2, { status: 'on_break', canTakeMore: false }), row(4)],
  )
  w.even.exchange.publishAll()
  await w.env.settle()
  t.equal(w.odd.changed.length, 3, 'a digest without news changes nothing')
})

t.test(
  'an engine takes no row of its own drivers from other engines, and does not publish the drivers of other engines',
  async t => {
    const w = world()
    w.odd.exchange.put(row(1))
    await w.env.advance(fleetLimits.rosterNewsMs)
    w.even.exchange.take({ engine_id: 'third', rows: [row(2, { status: 'offline' })] })
    t.same(w.even.roster.get(driverId(2)), undefined, 'the driver is its own')
    t.same(w.even.roster.get(driverId(1)), row(1), "it knows the other engine's driver")
    w.even.exchange.publishAll()
    await w.env.settle()
    t.same(
      w.published.filter(one => one.engine_id === 'even').flatMap(one => one.rows),
      [],
      'and has no driver of its own to publish',
    )
  },
)
