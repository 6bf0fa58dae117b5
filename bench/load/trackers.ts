/**
 * From a driver's frame to the tracking page: one order with a thousand watchers, and ten thousand
 * orders (quick: two hundred) with one watcher each. Open loop, from the intended time of the
 * frame. Each driver sends every four seconds, longer than the push interval, so each frame is
 * shown. The baseline is bare uWebSockets, which publishes a driver's message to the watchers. Ten
 * thousand orders are twenty thousand sockets, so each side opens its own when its turn comes, and
 * ends them. When a process may not have as many, there are fewer orders, and the result says so.
 */
import { bareName, startBareServer } from '../rigs/bare.ts'
import type { Bench, Context, Measure, Round } from '../harness/bench.ts'
import { decision } from '../harness/decisions.ts'
import { descriptorsMax, descriptorsReserve } from '../rigs/holders.ts'
import { Latency } from '../harness/latency.ts'
import { inParallel, settled } from '../rigs/parallel.ts'
import { cpuSecondsOf } from '../rigs/processes.ts'
import { RawSocket, maskedFrame } from '../rigs/raw-socket.ts'
import { encodeFrame } from '../../protocol/river/frames.ts'
import { limits } from '../../protocol/kernel/limits.ts'
import { bareStack } from './stacks/bare.ts'
import { Locations } from './stacks/locations.ts'
import { ourName, ourStack } from './stacks/ours.ts'
import { fieldCenter, type Stack } from './stacks/stack.ts'

const watchersOfOne = 1_000
/** Several frames a minute, as phones send. */
const frameEveryMs = 4_000

const goal = { p99Ms: limits.pushIntervalMs + 5, ...decision('what-a-delivery-costs') }
const measures = {
  bare: { name: `${bareName}: frame → its tracker`, unit: 'ms', better: 'lower' },
  ours: {
    name: `${ourName}: frame → its tracker`,
    unit: 'ms',
    better: 'lower',
    baseline: `${bareName}: frame → its tracker`,
    goal,
  },
  hotEach: {
    name: `${ourName}: frame → each of 1,000 trackers of one order`,
    unit: 'ms',
    better: 'lower',
    goal,
  },
  hotLast: {
    name: `${ourName}: frame → the last of 1,000 trackers of one order`,
    unit: 'ms',
    better: 'lower',
    goal,
  },
} as const satisfies Record<string, Measure>

async function open(context: Context): Promise<Round> {
  const asked = context.quick ? 200 : 10_000
  const ms = context.quick ? 2_000 : 4_000
  const server = await context.server()
  const [ours, bare] = [ourStack(server), bareStack(await startBareServer(context))]
  context.defer(() => Promise.all([ours.stop(), bare.stop()]))
  const hot = await openHot(
    context,
    server.url,
    await server
      .populate({ pharmacies: [fieldCenter], deliveries: 1 })
      .then(({ deliveries }) => deliveries[0]!),
  )
  const most = Math.floor(
    (Math.min(...['self' as const, ...server.pids].map(descriptorsMax)) -
      descriptorsReserve -
      watchersOfOne) /
      2,
  )
  const orders = Math.min(asked, most)
  const lacking =
    orders === asked
      ? ''
      : `; ${asked} need a hard limit of open files (ulimit -Hn) of ${2 * asked + watchersOfOne + descriptorsReserve}`
  if (lacking !== '') context.say(`trackers: ${orders} orders${lacking}`)
  const perSecond = Math.round((orders * 1_000) / frameEveryMs)
  const delaysOf = async (
    stack: Stack,
  ): Promise<{ delays: Latency; cpuSeconds: number | null }> => {
    context.progress(`${stack.name}: opens ${orders} orders`)
    const moving = await Locations.open(stack, orders)
    // Wait until the work of opening them is done.
    await new Promise<void>(resolve => {
      setTimeout(resolve, 2 * limits.pushIntervalMs)
    })
    const before = cpuSecondsOf(stack.pids())
    const delays = await moving.delays(perSecond, ms, context.signal)
    const after = cpuSecondsOf(stack.pids())
    moving.close()
    return { delays, cpuSeconds: before === null || after === null ? null : after - before }
  }
  return async () => {
    context.sample(measures.bare, { value: (await delaysOf(bare)).delays })
    const { delays, cpuSeconds } = await delaysOf(ours)
    context.check(
      delays.count >= ((orders * ms) / frameEveryMs) * 0.99,
      `${delays.count} of ${(orders * ms) / frameEveryMs} locations were shown`,
    )
    context.sample(measures.ours, {
      value: delays,
      note: `${perSecond} frames/s of ${orders} drivers${lacking}`,
      ...(cpuSeconds !== null && { cpuSecondsPerUnit: cpuSeconds / delays.count }),
    })
    context.progress('one order, a thousand watchers')
    const { each, last } = await hot(ms)
    context.sample(measures.hotEach, { value: each })
    context.sample(measures.hotLast, { value: last })
  }
}

/** One order with a thousand watchers. */
async function openHot(
  context: Context,
  url: string,
  { driverToken, trackingToken }: { driverToken: string; trackingToken: string },
) {
  let heard: (text: Buffer) => void = () => undefined
  const sockets: RawSocket[] = []
  context.defer(() => {
    for (const socket of sockets) socket.destroy()
  })
  const driver = await RawSocket.open({ url, path: '/ws/driver', token: driverToken })
  sockets.push(driver)
  await inParallel(Array.from({ length: watchersOfOne }), 64, async () => {
    sockets.push(
      await RawSocket.open({
        url,
        path: `/ws/tracking/${trackingToken}`,
        onText: (_, text) => heard(text),
      }),
    )
  })
  let seq = 0
  return async (ms: number): Promise<{ each: Latency; last: Latency }> => {
    const [each, last] = [new Latency(), new Latency()]
    const frames = Math.floor(ms / (2 * limits.pushIntervalMs))
    for (let i = 0; i < frames && !context.signal.aborted; i++) {
      seq++
      const latitude = Number((fieldCenter.latitude + seq * 1e-5).toFixed(5))
      // The number as JSON writes it: without zeros at the end.
      const mark = `"latitude":${latitude},`
      const dueMs = performance.now()
      let count = 0
      heard = text => {
        if (text.indexOf(mark) < 0) return
        each.record(performance.now() - dueMs)
        if (++count === watchersOfOne) last.record(performance.now() - dueMs)
      }
      const frame = encodeFrame({
        seq,
        timestampMs: Date.now(),
        latitude,
        longitude: fieldCenter.longitude,
        headingDeg: 0,
        speedMps: 8,
        accuracyM: null,
      })
      driver.sendFrame(maskedFrame(frame, 2))
      const all = await settled(() => count === watchersOfOne, 5_000, 5)
      context.check(
        all,
        `${watchersOfOne - count} of ${watchersOfOne} watchers of one order never saw a location`,
      )
      await new Promise<void>(resolve => {
        setTimeout(resolve, Math.max(0, dueMs + 2 * limits.pushIntervalMs - performance.now()))
      })
    }
    return { each, last }
  }
}

export const bench: Bench = {
  name: 'trackers',
  group: 'load',
  title: "frame in → tracker's socket",
  modes: ['embedded', 'distributed'],
  rounds: { full: 2, quick: 1 },
  open,
}
