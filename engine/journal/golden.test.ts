/**
 * This release replays the journals of every release. `golden/v<n>.json` holds journals as version
 * n stored them, and the views that the outside must see. Such a file is written once and never
 * edited. After a new `eventVersion` run GOLDEN=write npx tap dist/engine/journal/golden.test.js,
 * and commit the file.
 */
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { assetUrl } from '../../protocol/kernel/assets.ts'
import { driverEvents } from '../../protocol/dispatch/driver-events.ts'
import { eventVersion, type DriverEvent, type OrderEvent } from '../../protocol/dispatch/events.ts'
import { orderEvents } from '../../protocol/dispatch/order-events.ts'
import {
  assigned,
  barred,
  completed,
  held,
  membership,
  registered,
  released,
  self,
  turned,
  updated,
} from '../drivers/fixtures.ts'
import { evolve as evolveDriver } from '../drivers/evolve.ts'
import { absentDriver, type Driver } from '../drivers/state.ts'
import { view as viewDriver } from '../drivers/view.ts'
import { evolve as evolveOrder } from '../orders/evolve.ts'
import { closed, driver, happened, offered, reached } from '../orders/fixtures.ts'
import { absentOrder, type Order } from '../orders/state.ts'
import { view as viewOrder } from '../orders/view.ts'
import type { Principal } from '../../protocol/kernel/principal.ts'
import { upcast, type RawEvent } from '../../protocol/dispatch/upcast.ts'

interface Journey {
  kind: 'order' | 'driver'
  events: { at_ms: number; type: string; by?: Principal; data: Record<string, unknown> }[]
  view: Record<string, unknown>
}
interface Golden {
  v: number
  journeys: Record<string, Journey>
}

const folder = fileURLToPath(assetUrl('engine/journal/golden/'))
const fileOf = (v: number): string => `${folder}v${v}.json`

function replayed(v: number, { kind, events }: Pick<Journey, 'kind' | 'events'>): object {
  const atMs = events.at(-1)!.at_ms
  if (kind === 'order') {
    const order = events.reduce<Order>(
      (state, event) => evolveOrder(state, upcast(v, event).event as OrderEvent, event.at_ms),
      absentOrder,
    )
    return viewOrder(order as Exclude<Order, { kind: 'absent' }>, events.length, atMs)
  }
  const driver = events.reduce<Driver>(
    (state, event) => evolveDriver(state, upcast(v, event).event as DriverEvent),
    absentDriver,
  )
  return viewDriver(driver as Exclude<Driver, { kind: 'absent' }>, events.length)
}

function written(): Golden {
  const { opened, accepted, searching } = happened
  const orders: Record<string, readonly OrderEvent[]> = {
    ...reached,
    withRefusal: [opened, happened.refused, accepted],
    reissued: [opened, happened.reissued],
    declined: [opened, accepted, searching, offered(), closed(), offered(1)],
    arrived: [
      opened,
      accepted,
      happened.assigned,
      happened.atPickup,
      happened.pickedUp,
      happened.onTheWay,
      happened.atDropoff,
      happened.delivered,
    ],
    marked: [
      ...reached.out_for_delivery,
      {
        ...happened.delivered,
        data: { ...happened.delivered.data, door_distance_m: null, flag: 'position_unknown' },
      },
    ],
    explained: [
      ...reached.out_for_delivery,
      {
        ...happened.delivered,
        data: { ...happened.delivered.data, door_distance_m: 900, reason: 'at the gate' },
      },
    ],
    kept: [
      opened,
      accepted,
      happened.packed,
      happened.agentNamed,
      happened.assigned,
      happened.scanned,
      happened.pickedUp,
      happened.onTheWay,
      happened.codeRefused,
      happened.codeRenewed,
      happened.broken,
      happened.mended,
      happened.delivered,
    ],
    anotherPhone: [...reached.picked_up, happened.driverUpdated],
  }
  const drivers: Record<string, readonly DriverEvent[]> = {
    holding: [registered(2), turned('available'), held(0)],
    renamed: [registered(1), updated()],
    released: [registered(1), turned('available'), held(0), released(0)],
    parted: [
      registered(1),
      membership('pending'),
      membership('active'),
      turned('available'),
      held(0),
      assigned(0),
      membership('ended'),
      barred(true),
    ],
    worked: [
      registered(1),
      turned('available'),
      held(0),
      assigned(0),
      completed(0),
      turned('on_break'),
    ],
  }
  const journeys: Golden['journeys'] = {}
  const add = (
    kind: 'order' | 'driver',
    name: string,
    list: readonly (OrderEvent | DriverEvent)[],
  ): void => {
    const events = list.map((event, i) => ({
      at_ms: 1_790_000_000_000 + i * 1_000,
      type: event.type,
      by: kind === 'order' ? driver : self,
      data: event.data as Record<string, unknown>,
    }))
    journeys[`${kind} ${name}`] = {
      kind,
      events,
      view: replayed(eventVersion, { kind, events }) as Record<string, unknown>,
    }
  }
  for (const [name, events] of Object.entries(orders))
    if (events.length > 0) add('order', name, events)
  for (const [name, events] of Object.entries(drivers)) add('driver', name, events)
  return { v: eventVersion, journeys }
}

if (process.env['GOLDEN'] === 'write' && !existsSync(fileOf(eventVersion)))
  writeFileSync(fileOf(eventVersion), `${JSON.stringify(written(), null, 1)}\n`)

const goldens = readdirSync(folder)
  .filter(name => name.endsWith('.json'))
  .map(name => JSON.parse(readFileSync(folder + name, 'utf8')) as Golden)

t.test('there is a journal of every version, and the newest one has every event', async t => {
  t.same(
    goldens.map(golden => golden.v).sort((a, b) => a - b),
    Array.from({ length: eventVersion }, (_, i) => i + 1),
  )
  const newest = goldens.find(golden => golden.v === eventVersion)!
  const types = new Set(
    Object.values(newest.journeys).flatMap(journey => journey.events.map(event => event.type)),
  )
  t.same([...types].sort(), [...Object.keys(orderEvents), ...Object.keys(driverEvents)].sort())
})

t.test('every journal gives the same views today as when it was recorded', async t => {
  for (const golden of goldens)
    for (const [name, journey] of Object.entries(golden.journeys)) {
      const view = replayed(golden.v, journey)
      // Ignore fields that views got since then.
      t.match(JSON.parse(JSON.stringify(view)), journey.view, `v${golden.v} ${name}`)
    }
})

t.test('an event of version 1 without a fee gets none, and one with a fee keeps it', async t => {
  const old = goldens.find(golden => golden.v === 1)!.journeys['order broadcast']!.events[0]!
  t.notOk('fee' in old.data, 'the stored event has no fee')
  const before = structuredClone(old)
  t.same((upcast(1, old).event as OrderEvent & { type: 'broadcast_opened' }).data.fee, null)
  t.same(old, before, 'the stored event is not changed')
  const fee = { quote_id: null, vendor_id: null, fee_minor: 300, distance_km: 1 }
  t.match(
    (upcast(1, { type: 'order_placed', data: { fee } }) as unknown as { event: RawEvent }).event
      .data,
    { fee, currency: 'USD' },
    'a fee in the event is kept',
  )
  t.same(upcast(1, { type: 'picked_up', data: {} }).event, { type: 'picked_up', data: {} })
})

t.test(
  'an event from before version 5 gets the principal that acted only where it is certain',
  async t => {
    for (const [type, data, by] of [
      ['request_expired', { reason: 'deadline' }, { role: 'system', id: 'engine' }],
      ['request_expired', { reason: 'no_pharmacy_in_radius' }, null],
      ['arrived_at_pickup', {}, { role: 'system', id: 'engine' }],
      ['arrived_at_dropoff', {}, { role: 'system', id: 'engine' }],
      ['driver_search_ended', { outcome: 'exhausted' }, { role: 'system', id: 'engine' }],
      ['order_completed', {}, { role: 'system', id: 'order' }],
      ['delivered', {}, null],
      ['order_accepted', {}, null],
      ['order_cancelled', { by: 'customer' }, null],
      ['picked_up', {}, null],
    ] as const) {
      for (const v of [1, 2, 3, 4]) t.same(upcast(v, { type, data }).by, by, `v${v} ${type}`)
      t.same(upcast(5, { type, data, by: driver }).by, driver, `v5 ${type} names its principal`)
    }
    t.match(upcast(4, { type: 'delivered', data: { driver_id: 'd' } }).event, {
      data: { driver_id: 'd', door_distance_m: null, reason: null, flag: null },
    })
  },
)

t.test('an event of an unknown version is refused: start a newer release', async t => {
  for (const v of [eventVersion + 1, 0, Number.NaN])
    t.throws(() => upcast(v, { type: 'picked_up', data: {} }), {
      name: 'UnknownEventVersionError',
      message: /start a release at least as new/,
    })
})
