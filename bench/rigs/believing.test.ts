/** The rig that switches the late-data policy off and on again really does so. */
import t from 'tap'
import { Tracking } from '../../engine/tracking/tracking.ts'
import { memoryBus } from '../../protocol/bus/memory.ts'
import { realEnv } from '../../protocol/kernel/env.ts'
import { encodeFrame, FrameReader } from '../../protocol/river/frames.ts'
import { uuidV7 } from '../../protocol/kernel/ids.ts'
import { entryHead, LocationBatch } from '../../protocol/river/location-batch.ts'
import { switchPolicies } from './believing.ts'

t.test('without policies a late frame moves the pin, with them it does not', async t => {
  const env = realEnv()
  const none = () => Promise.resolve([])
  const tracking = new Tracking({
    env,
    bus: memoryBus(),
    positions: { loadPositions: none } as never,
    roster: { get: () => undefined } as never,
    seeds: [1, 2],
    ownsActor: () => true,
    arrived: () => undefined,
    log: () => undefined,
  })
  const driverId = uuidV7(env.nowMs(), env.random)
  const nowMs = env.nowMs()
  const send = (seq: number, atMs: number, latitude: number): number => {
    const reader = new FrameReader()
    reader.read(
      encodeFrame({
        seq,
        timestampMs: atMs,
        latitude,
        longitude: 85,
        headingDeg: 0,
        speedMps: 1,
        accuracyM: null,
      }),
      nowMs,
    )
    const batch = new LocationBatch()
    batch.append(entryHead(driverId), reader, 0, 1)
    tracking.ingest(batch.take()!)
    return tracking.table.latitude(tracking.table.find(driverId))
  }
  const policies = switchPolicies(tracking)
  t.equal(send(2, nowMs - 1_000, 27.5), 27.5)
  t.equal(send(1, nowMs - 9_000, 27.4999), 27.5, 'the late frame is refused')
  policies(false)
  t.equal(send(1, nowMs - 9_000, 27.4999), 27.4999, 'the late frame is accepted')
  t.equal(tracking.frames.accepted, 2)
  policies(true)
  t.equal(send(3, nowMs - 20_000, 27.4998), 27.4999, 'a late frame is refused again')
  t.equal(tracking.frames.late, 2)
})
