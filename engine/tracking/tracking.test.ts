/**
 * Positions and breadcrumbs while the database is away, drivers who are gone for long, and the
 * arrival time that the socket and the page show.
 */
import { kinds } from '../kinds.ts'
import t from 'tap'
import { decodeBody, encodeBody } from '../../protocol/bus/codec.ts'
import { memoryBus } from '../../protocol/bus/memory.ts'
import { encodeFrame, FrameReader } from '../../protocol/river/frames.ts'
import { limits } from '../../protocol/kernel/limits.ts'
import { entryHead, LocationBatch } from '../../protocol/river/location-batch.ts'
import { memoryJournal, MemoryStore } from '../journal/memory.ts'
import { Roster } from '../fleet/roster.ts'
import type { LocationPush, OrderLocation } from '../../protocol/tracking/positions.ts'
import { subjects } from '../../protocol/bus/subjects.ts'
import { roadKm, travelMinutes } from '../../protocol/drivers/travel.ts'
import { distanceKm } from '../../protocol/river/geo.ts'
import { after, driverIds, happened, orderId, reached } from '../orders/fixtures.ts'
import { VirtualEnv } from '../sim/virtual-env.ts'
import { Tracking } from './tracking.ts'
import { trackingLimits } from './limits.ts'

async function world() {
  const env = new VirtualEnv(1)
  const store = new MemoryStore(() => env.nowMs(), kinds)
  const logs: string[] = []
  const bus = memoryBus()
  const roster = new Roster(1, 2)
  const positions = memoryJournal(store)
  const tracking = new Tracking({
    env,
    bus,
    positions,
    roster,
    seeds: [1, 2],
    ownsActor: () => true,
    arrived: () => {},
    log: (level, message) => {
      logs.push(`${level} ${message}`)
    },
  })
  await tracking.start()
  const reader = new FrameReader()
  let seq = 0
  const at = (driverId: string, latitude: number, longitude: number) => {
    const batch = new LocationBatch()
    const frame = encodeFrame({
      seq: ++seq,
      timestampMs: env.nowMs(),
      latitude,
      longitude,
      headingDeg: null,
      speedMps: null,
      accuracyM: null,
    })
    batch.append(entryHead(driverId), reader, 0, reader.read(frame, Infinity))
    tracking.ingest(batch.take())
  }
  return { env, bus, roster, store, positions, tracking, logs, at }
}

t.test('positions that could not be saved are saved when the database is back', async t => {
  const w = await world()
  w.tracking.following.observe(after(reached.out_for_delivery))
  w.at(driverIds[0], 10, 10)
  w.store.setAway(true)
  await w.env.advance(trackingLimits.positionSaveIntervalMs + 100)
  w.at(driverIds[0], 10.001, 10)
  await w.env.advance(trackingLimits.positionSaveIntervalMs)
  t.same([w.store.positions.size, w.store.breadcrumbs.size], [0, 0])
  t.ok(w.logs.length >= 2)
  w.store.setAway(false)
  await w.env.advance(trackingLimits.positionSaveIntervalMs)
  t.equal(
    w.store.positions.get(driverIds[0])?.latitude,
    10.001,
    'the last position, although no frame came since',
  )
  t.equal(w.store.breadcrumbs.get(orderId)?.size, 2, 'both breadcrumbs')
  await w.tracking.stop()
})

t.test('positions are saved in parts, and the last save ends behind the one that runs', async t => {
  const w = await world()
  const parts: number[] = []
  let answer: () => void = () => undefined
  w.positions.savePositions = async rows => {
    parts.push(rows.length)
    await new Promise<void>(resolve => {
      answer = resolve
    })
  }
  const id = (n: number) => `0190a5a0-1234-7abc-8def-${n.toString(16).padStart(12, '0')}`
  for (let n = 0; n < 2_500; n++) w.at(id(n), 10, 10)
  await w.env.advance(trackingLimits.positionSaveIntervalMs + 100)
  t.same(parts, [1_000], 'the database has one part, and the thread is free')
  w.at(id(0), 10.0001, 10)
  let stopped = false
  const stop = w.tracking.stop().then(() => {
    stopped = true
  })
  for (const more of [[1_000], [1_000, 500], [1_000, 500, 1]]) {
    answer()
    await new Promise(resolve => {
      setImmediate(resolve)
    })
    t.same(parts.slice(1), more)
    t.notOk(stopped)
  }
  answer()
  await stop
})

t.test('the number of breadcrumbs that wait to be saved is bounded', async t => {
  const w = await world()
  const crumb = { orderId, driverId: driverIds[0], atMs: 1, latitude: 1, longitude: 1 }
  w.tracking.following.putBackCrumbs(
    Array.from({ length: trackingLimits.breadcrumbsUnsavedMax + 5 }, () => crumb),
  )
  t.equal(w.tracking.following.takeCrumbs().length, trackingLimits.breadcrumbsUnsavedMax)
  await w.tracking.stop()
})

t.test(
  'a driver without frames for long leaves the table, and a driver whose order is followed does not',
  async t => {
    const w = await world()
    const [gone, working, back] = [
      '0190a5a0-1234-7abc-8def-000000000001',
      driverIds[0],
      '0190a5a0-1234-7abc-8def-000000000002',
    ]
    w.tracking.following.observe(after(reached.out_for_delivery))
    for (const id of [gone, working, back]) w.at(id, 10, 10)
    const number = w.tracking.table.find(back)
    await w.env.advance(trackingLimits.positionSaveIntervalMs + 100)
    t.equal(w.tracking.table.ids.count, 3)
    // To play a day of rounds would take a minute, so the clock jumps while no round runs.
    await w.tracking.stop()
    await w.env.advance(trackingLimits.driverForgetMs)
    w.at(back, 10, 10.00001)
    await w.tracking.start()
    await w.env.advance(trackingLimits.positionSaveIntervalMs + 100)
    t.equal(w.tracking.table.find(gone), -1)
    t.ok(w.tracking.table.find(working) >= 0)
    t.equal(w.tracking.table.find(back), number)
    t.equal(w.tracking.table.ids.count, 2)
    await w.tracking.stop()
  },
)

t.test(
  'the socket and the page show the same arrival time, and before the pick-up the way includes the pharmacy',
  async t => {
    const { vendor } = happened.accepted.data
    const home = happened.opened.data.dropoff
    const driver = { latitude: home.latitude + 0.01, longitude: home.longitude }
    const toPharmacyKm = distanceKm(
      driver.latitude,
      driver.longitude,
      vendor.latitude,
      vendor.longitude,
    )
    const pharmacyHomeKm = distanceKm(
      vendor.latitude,
      vendor.longitude,
      home.latitude,
      home.longitude,
    )
    const straightKm = distanceKm(driver.latitude, driver.longitude, home.latitude, home.longitude)
    for (const [state, via, km] of [
      ['driver_assigned', vendor, toPharmacyKm + pharmacyHomeKm],
      ['picked_up', null, straightKm],
      ['out_for_delivery', null, straightKm],
    ] as const) {
      const w = await world()
      const heard: OrderLocation[] = []
      w.bus.subscribe(subjects.pushEdge('edge'), ({ body }) => {
        heard.push(...(decodeBody(body) as LocationPush).orders)
      })
      const { vehicle_type: vehicleType, driver_id: driverId } = happened.assigned.data.driver
      w.roster.put({
        driverId,
        vendorId: vendor.vendor_id,
        vehicleType,
        status: 'busy',
        canTakeMore: false,
      })
      w.tracking.following.observe(after(reached[state]))
      w.tracking.takeInterest(
        encodeBody({ edge_id: 'edge', full: true, order_ids: [orderId], vendor_ids: [] }),
      )
      w.at(driverIds[0], driver.latitude, driver.longitude)
      await w.env.advance(2 * limits.pushIntervalMs)
      t.equal(heard.length, 1, state)
      const { distance_km, eta_minutes } = heard[0]!
      const place = ({ latitude, longitude }: { latitude: number; longitude: number }) => ({
        latitude,
        longitude,
      })
      const asked = w.tracking.position({
        driver_id: driverIds[0],
        target: place(home),
        ...(via !== null && { via: place(via) }),
      })
      t.ok(Math.abs(distance_km - km) < 0.001, `${state}: ${distance_km} km of ${km}`)
      t.equal(asked.distance_km, distance_km, `${state}: the page has the same way`)
      t.equal(eta_minutes, travelMinutes(roadKm(km), vehicleType), `${state}: the socket's arrival`)
      t.equal(asked.eta_minutes, eta_minutes, `${state}: the page's arrival`)
      await w.tracking.stop()
    }
  },
)
