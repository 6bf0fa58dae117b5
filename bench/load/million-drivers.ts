/**
 * The positions of a million moving drivers (quick: a hundred thousand) in one engine, ten thousand
 * of them with an order whose geofence is watched. Each driver sends a frame in five seconds.
 *
 * First as many frames as possible, beside the necessary work: the same bytes decoded and kept by
 * driver. Then the open loop: frames at the drivers' pace and a thousand questions a second for the
 * ten nearest drivers, all on the engine's one thread, beside the same questions while nobody moves.
 * The engine's rounds of saving run meanwhile; the journal stores nothing, so that only the engine
 * is measured.
 */
import { setTimeout } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { IdTable } from '../../engine/fleet/id-table.ts'
import { Roster } from '../../engine/fleet/roster.ts'
import { trackingLimits } from '../../engine/tracking/limits.ts'
import { Tracking } from '../../engine/tracking/tracking.ts'
import { memoryBus } from '../../protocol/bus/memory.ts'
import { seededRandom } from '../../protocol/kernel/chance.ts'
import { realEnv } from '../../protocol/kernel/env.ts'
import { encodeFrame, FrameReader } from '../../protocol/river/frames.ts'
import {
  entryHead,
  LocationBatch,
  LocationBatchReader,
} from '../../protocol/river/location-batch.ts'
import type { Bench, Context, Measure, Round } from '../harness/bench.ts'
import { Latency } from '../harness/latency.ts'
import { countryPoints, type Points } from '../micro/places.ts'
import { necessaryName } from '../rigs/bare.ts'
import { liveOrder } from '../rigs/orders.ts'

const drivers = { full: 1_000_000, quick: 100_000 }
const ordersPerDrivers = 0.01
const frameEveryMs = 5_000
const framesPerMessage = 64
const questionsPerSecond = 1_000
const nearestCount = 10
const radiusKm = 2
/** Longer than a round of saving, so that one falls into it. */
const openLoopMs = 6_000

const measures = {
  necessary: { name: necessaryName, unit: 'frames/CPU s', better: 'higher' },
  ours: {
    name: 'frames into the engine',
    unit: 'frames/CPU s',
    better: 'higher',
    baseline: necessaryName,
  },
  memory: { name: 'a driver in memory', unit: 'B/driver', better: 'lower' },
  still: { name: 'ten nearest, nobody moves', unit: 'ms', better: 'lower' },
  moving: {
    name: 'ten nearest, all move',
    unit: 'ms',
    better: 'lower',
    baseline: 'ten nearest, nobody moves',
    goal: { p99Ms: 10 },
  },
} as const satisfies Record<string, Measure>

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void
/** Bytes in use after a collection. */
function bytesUsed(): number {
  collect()
  collect()
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}

const idOf = (n: number): string => `0190a5a0-000d-7abc-8def-${n.toString(16).padStart(12, '0')}`

/** Devices that move and send. Their frames are made ahead of time. */
class Devices {
  readonly #at: Points
  readonly #random = seededRandom(43)
  readonly #reader = new FrameReader()
  readonly #batch = new LocationBatch()
  readonly #ids: readonly string[]
  #seq = 0

  constructor(ids: readonly string[], at: Points) {
    this.#ids = ids
    this.#at = at
  }

  /** One step of the drivers `from` to `to`, about 40 m, as bodies of the bus. */
  step(from: number, to: number, atMs: (driver: number) => number): Uint8Array[] {
    const { latitude, longitude } = this.#at
    const bodies: Uint8Array[] = []
    this.#seq++
    for (let driver = from; driver < to; driver++) {
      latitude[driver]! += (this.#random() - 0.5) * 0.0007
      longitude[driver]! += (this.#random() - 0.5) * 0.0007
      const bytes = encodeFrame({
        seq: this.#seq,
        timestampMs: atMs(driver),
        latitude: latitude[driver]!,
        longitude: longitude[driver]!,
        headingDeg: 90,
        speedMps: 8,
        accuracyM: 5,
      })
      const count = this.#reader.read(bytes, Infinity)
      this.#batch.append(entryHead(this.#ids[driver]!), this.#reader, 0, count)
      if (this.#batch.count === framesPerMessage || driver === to - 1)
        bodies.push(this.#batch.take().slice())
    }
    return bodies
  }
}

/** Decodes the frames and keeps the newest of each driver: no index, no judgement, no geofence. */
class Necessary {
  readonly #reader = new LocationBatchReader()
  readonly #ids = new IdTable(1, 2)
  readonly #latitude: Float64Array
  readonly #longitude: Float64Array
  readonly #atMs: Float64Array

  constructor(count: number) {
    this.#latitude = new Float64Array(count)
    this.#longitude = new Float64Array(count)
    this.#atMs = new Float64Array(count)
  }

  /** The rest is allocated at the beginning. */
  get idBytes(): number {
    return this.#ids.byteLength
  }

  ingest(body: Uint8Array, nowMs: number): void {
    const reader = this.#reader
    reader.open(body, nowMs)
    while (reader.next()) {
      const number = this.#ids.add(reader.id0, reader.id1, reader.id2, reader.id3)
      this.#latitude[number] = reader.latitude
      this.#longitude[number] = reader.longitude
      this.#atMs[number] = reader.timestampMs
    }
  }
}

async function open(context: Context): Promise<Round> {
  const count = drivers[context.quick ? 'quick' : 'full']
  const random = seededRandom(41)
  const at = countryPoints(count, random)
  const orders = Array.from({ length: count * ordersPerDrivers }, (_, n) =>
    // Of each hundred orders, those from 70 to 94 have a driver.
    liveOrder(70 + (n % 25), random),
  )
  const real = realEnv()
  let aheadMs = 0
  const nowMs = (): number => real.nowMs() + aheadMs
  const tracking = new Tracking({
    env: { ...real, nowMs },
    bus: memoryBus(),
    positions: {
      savePositions: nextTurn,
      loadPositions: async () => [],
      saveBreadcrumbs: nextTurn,
      loadBreadcrumbs: async () => [],
    },
    roster: new Roster(1, 2),
    seeds: [1, 2],
    ownsActor: () => true,
    arrived: () => {},
    log: (level, message) => context.say(`${level}: ${message}`),
  })
  await tracking.start()
  context.defer(() => tracking.stop())
  for (const order of orders) tracking.observe(order)
  // The drivers of the orders, and then as many others as are wanted.
  const ids: string[] = []
  for (let n = 0; n < tracking.table.ids.numberEnd; n++) ids.push(tracking.table.idOf(n))
  while (ids.length < count) ids.push(idOf(ids.length))
  const devices = new Devices(ids, at)
  const necessary = new Necessary(count)
  const chunk = Math.min(count, 50_000)
  const before = bytesUsed()

  /** One step of everybody as fast as possible; returns frames a CPU second of ours and of the floor. */
  const everybody = (): { ours: number; floor: number } => {
    aheadMs += frameEveryMs
    const spent = { ours: 0, floor: 0 }
    for (let from = 0; from < count; from += chunk) {
      const bodies = devices.step(from, Math.min(count, from + chunk), nowMs)
      spent.ours += cpuSeconds(() => bodies.forEach(body => tracking.ingest(body)))
      const now = nowMs()
      spent.floor += cpuSeconds(() => bodies.forEach(body => necessary.ingest(body, now)))
    }
    return { ours: count / spent.ours, floor: count / spent.floor }
  }
  context.progress(`${count} drivers come`)
  everybody()
  everybody()
  context.sample(measures.memory, {
    value: (bytesUsed() - before - necessary.idBytes) / count,
    note: `the arrays alone take ${Math.round(tracking.table.byteLength / count)}`,
  })

  const questions = countryPoints(4_096, random)
  const ask = (n: number): void => {
    const place = n % questions.latitude.length
    tracking.table.index.nearest(
      questions.latitude[place]!,
      questions.longitude[place]!,
      nearestCount,
      radiusKm,
    )
  }
  return async round => {
    const acceptedBefore = tracking.frames.accepted
    context.progress(`round ${round + 1}, as fast as possible`)
    const { ours, floor } = everybody()
    context.sample(measures.necessary, { value: floor })
    context.sample(measures.ours, { value: ours, note: `${count} drivers` })

    context.progress(`round ${round + 1}, at the drivers’ pace`)
    const still = new Latency()
    // The positions of the last step are saved before, because that save is not part of standing still.
    await setTimeout(trackingLimits.positionSaveIntervalMs * 1.5)
    await loop(questionsPerSecond * 2, questionsPerSecond, ask, still)
    context.sample(measures.still, { value: still })

    aheadMs += frameEveryMs
    const messagesPerSecond = count / framesPerMessage / (frameEveryMs / 1_000)
    const wanted = Math.ceil((openLoopMs / frameEveryMs) * count)
    const beganMs = nowMs()
    const bodies: Uint8Array[] = []
    for (let made = 0; made < wanted; made += count)
      bodies.push(
        ...devices.step(
          0,
          Math.min(count, wanted - made),
          driver => beganMs + ((made + driver) / wanted) * openLoopMs,
        ),
      )
    // The devices' clocks say the time for which their frames were made.
    aheadMs -= nowMs() - beganMs
    const moving = new Latency()
    await Promise.all([
      loop(bodies.length, messagesPerSecond, n => tracking.ingest(bodies[n]!)),
      loop((openLoopMs / 1_000) * questionsPerSecond, questionsPerSecond, ask, moving),
    ])
    context.sample(measures.moving, {
      value: moving,
      note: `${Math.round(count / (frameEveryMs / 1_000))} frames a second`,
    })
    const believed = tracking.frames.accepted - acceptedBefore
    context.check(
      believed >= count + wanted,
      `${count + wanted - believed} frames were not believed: ${JSON.stringify(tracking.frames)}`,
    )
  }
}

function cpuSeconds(work: () => void): number {
  const from = process.cpuUsage()
  work()
  const { user, system } = process.cpuUsage(from)
  return (user + system) / 1e6
}

/**
 * Does `count` pieces of work at the given rate, each when it is due or as soon after it as the
 * thread is free, and records the time from the moment when it was due to its end.
 */
async function loop(
  count: number,
  perSecond: number,
  work: (n: number) => void,
  latency?: Latency,
): Promise<void> {
  const fromMs = performance.now()
  for (let n = 0; n < count;) {
    for (; n < count; n++) {
      const dueMs = fromMs + (n * 1_000) / perSecond
      if (dueMs > performance.now()) break
      work(n)
      latency?.record(performance.now() - dueMs)
    }
    await nextTurn()
  }
}

/** Resolves when the event loop has had a turn, as after an answer of a database. */
const nextTurn = (): Promise<void> =>
  new Promise(resolve => {
    setImmediate(resolve)
  })

export const bench: Bench = {
  name: 'million-drivers',
  group: 'load',
  title: 'a million drivers in one engine',
  rounds: { full: 3, quick: 1 },
  open,
}
