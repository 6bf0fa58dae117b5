/** What the river leaves behind: positions and crumbs that the database could not take, and drivers who are gone. */
import t from 'tap'
import { memoryBus } from '../../protocol/bus/memory.ts'
import { encodeFrame, FrameReader } from '../../protocol/frames.ts'
import { limits } from '../../protocol/limits.ts'
import { entryHead, LocationBatch } from '../../protocol/location-batch.ts'
import { memoryJournal, MemoryStore } from '../journal/memory.ts'
import { Roster } from '../matching/roster.ts'
import { after, driverIds, orderId, reached } from '../order/fixtures.ts'
import { VirtualEnv } from '../sim/virtual-env.ts'
import { Tracking } from './tracking.ts'

async function world() {
  const env = new VirtualEnv(1)
  const store = new MemoryStore(() => env.nowMs())
  const logs: string[] = []
  const tracking = new Tracking({
    env, bus: memoryBus(), journal: memoryJournal(store), roster: new Roster(1, 2), seeds: [1, 2], ownsActor: () => true, arrived: () => {},
    log: (level, message) => { logs.push(`${level} ${message}`) },
  })
  await tracking.start()
  const reader = new FrameReader()
  let seq = 0
  const at = (driverId: string, latitude: number, longitude: number) => {
    const batch = new LocationBatch()
    const frame = encodeFrame({ seq: ++seq, timestampMs: env.nowMs(), latitude, longitude, headingDeg: null, speedMps: null, accuracyM: null })
    batch.append(entryHead(driverId), reader, 0, reader.read(frame, Infinity))
    tracking.ingest(batch.take())
  }
  return { env, store, tracking, logs, at }
}

t.test('what could not be saved is saved when the database is back', async t => {
  const w = await world()
  w.tracking.following.observe(after(reached.out_for_delivery))
  w.at(driverIds[0], 10, 10)
  w.store.setAway(true)
  await w.env.advance(limits.positionSaveIntervalMs + 100)
  w.at(driverIds[0], 10.001, 10)
  await w.env.advance(limits.positionSaveIntervalMs)
  t.same([w.store.positions.size, w.store.breadcrumbs.size], [0, 0])
  t.ok(w.logs.length >= 2)
  w.store.setAway(false)
  await w.env.advance(limits.positionSaveIntervalMs)
  t.equal(w.store.positions.get(driverIds[0])?.latitude, 10.001, 'though no frame came since')
  t.equal(w.store.breadcrumbs.get(orderId)?.size, 2, 'every piece of the way')
  await w.tracking.stop()
})

t.test('the way that waits to be saved is bounded', async t => {
  const w = await world()
  const crumb = { orderId, driverId: driverIds[0], atMs: 1, latitude: 1, longitude: 1 }
  w.tracking.following.putBackCrumbs(Array.from({ length: limits.breadcrumbsUnsavedMax + 5 }, () => crumb))
  t.equal(w.tracking.following.takeCrumbs().length, limits.breadcrumbsUnsavedMax)
  await w.tracking.stop()
})

t.test('a driver who is gone for long leaves the table; one whose order is followed does not', async t => {
  const w = await world()
  const [gone, working, back] = ['0190a5a0-1234-7abc-8def-000000000001', driverIds[0], '0190a5a0-1234-7abc-8def-000000000002']
  w.tracking.following.observe(after(reached.out_for_delivery))
  for (const id of [gone, working, back]) w.at(id, 10, 10)
  const number = w.tracking.table.find(back)
  await w.env.advance(limits.positionSaveIntervalMs + 100)
  t.equal(w.tracking.table.ids.count, 3)
  // A day of rounds would take a minute: the clock jumps while nothing runs.
  await w.tracking.stop()
  await w.env.advance(limits.driverForgetMs)
  w.at(back, 10, 10.00001)
  await w.tracking.start()
  await w.env.advance(limits.positionSaveIntervalMs + 100)
  t.equal(w.tracking.table.find(gone), -1)
  t.ok(w.tracking.table.find(working) >= 0)
  t.equal(w.tracking.table.find(back), number)
  t.equal(w.tracking.table.ids.count, 2)
  await w.tracking.stop()
})
