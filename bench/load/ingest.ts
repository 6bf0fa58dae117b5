/**
 * Sockets to engine: location frames a second that an edge with its engine decodes, routes and
 * applies. The baselines are a bare uWebSockets server that only counts bytes, and one that does the
 * necessary work: it decodes each frame and keeps the newest position. The same generator fills all,
 * each in its own process, and shares the machine with them. So the goals are frames per second of
 * the server's processor time. Then the open loop: frames at a fixed rate, and the
 * delay of a ping on the same sockets.
 *
 * A second bench does the same through NATS to a separate engine, with a goal for the whole
 * machine. A third measures the price of judging frames and following orders, beside an engine that
 * believes every frame.
 */
import { necessaryName, startBareServer, startNecessaryServer } from '../rigs/bare.ts'
import type { Bench, Context, Measure, Round } from '../harness/bench.ts'
import { decision } from '../harness/decisions.ts'
import { Latency } from '../harness/latency.ts'
import { inParallel } from '../rigs/parallel.ts'
import { newDriver, newPharmacy, runTag } from '../rigs/people.ts'
import type { Server } from '../rigs/server.ts'
import { center } from '../city/grid.ts'
import { bareTarget, measure, necessaryTarget, noteOf, ourTarget, verdictsOf } from './fill.ts'

const driversCount = 100
const signUpsAtOnce = 6
const openLoop = { framesPerSecond: 20_000, framesPerMessage: 1, messagesPerWrite: 1 }
const single = {
  name: 'single frames',
  framesPerMessage: 1,
  messagesPerWrite: 1,
  goal: { ratio: 0.8, ...decision('what-a-frame-costs') },
} as const
const batched = {
  name: '64 frames a message',
  framesPerMessage: 64,
  messagesPerWrite: 1,
  goal: { value: 1_300_000, ...decision('what-a-frame-costs') },
} as const
/** Goal of all shapes beside the necessary work. */
const necessaryGoal = { ratio: 0.7, ...decision('what-a-frame-costs') }
const shapes = [
  single,
  { name: 'single frames, 32 in a write', framesPerMessage: 1, messagesPerWrite: 32, goal: {} },
  batched,
] as const
/** Goal of the whole machine, generator and NATS included. */
const distributedGoal = { value: 500_000, ...decision('what-a-frame-costs') }

function measuresOf(
  { name, goal }: (typeof shapes)[number],
  distributed: boolean,
): Record<'bare' | 'ours' | 'bareCpu' | 'necessaryCpu' | 'oursCpu' | 'oursNeeds', Measure> {
  const names = {
    bare: `${name}: bare sink`,
    ours: `${name}: engine`,
    bareCpu: `${name}: bare sink, of CPU`,
    necessaryCpu: `${name}: ${necessaryName}, of CPU`,
    oursCpu: `${name}: engine, of CPU`,
    oursNeeds: `${name}: engine, of CPU, beside ${necessaryName}`,
  }
  return {
    bare: { name: names.bare, unit: 'frames/s', better: 'higher' },
    bareCpu: { name: names.bareCpu, unit: 'frames/CPU s', better: 'higher' },
    ours: {
      name: names.ours,
      unit: 'frames/s',
      better: 'higher',
      baseline: names.bare,
      ...(distributed && name === batched.name && { goal: distributedGoal }),
    },
    oursCpu: {
      name: names.oursCpu,
      unit: 'frames/CPU s',
      better: 'higher',
      baseline: names.bareCpu,
      ...(!distributed && { goal }),
    },
    necessaryCpu: { name: names.necessaryCpu, unit: 'frames/CPU s', better: 'higher' },
    oursNeeds: {
      name: names.oursNeeds,
      unit: 'frames/CPU s',
      better: 'higher',
      baseline: names.necessaryCpu,
      ...(!distributed && { goal: necessaryGoal }),
    },
  }
}
const waits = {
  bare: { name: 'ping under 20 k frames/s: bare sink', unit: 'ms', better: 'lower' },
  ours: {
    name: 'ping under 20 k frames/s: edge',
    unit: 'ms',
    better: 'lower',
    baseline: 'ping under 20 k frames/s: bare sink',
  },
} as const satisfies Record<string, Measure>

const policiesOf = ({ name }: (typeof shapes)[number]) =>
  ({
    off: {
      name: `${name}: every frame believed, no order followed, of CPU`,
      unit: 'frames/CPU s',
      better: 'higher',
    },
    on: {
      name: `${name}: late-data policy and geofences, of CPU`,
      unit: 'frames/CPU s',
      better: 'higher',
      baseline: `${name}: every frame believed, no order followed, of CPU`,
      goal: { ratio: 0.85, ...decision('what-a-frame-costs') },
    },
  }) as const satisfies Record<string, Measure>

const opener =
  (which: readonly (typeof shapes)[number][], mode?: 'distributed') =>
  async (context: Context): Promise<Round> => {
    const times = context.quick
      ? { warmUpMs: 400, measuredMs: 700 }
      : { warmUpMs: 500, measuredMs: 1_200 }
    const server = await context.server(mode === undefined ? {} : { mode })
    const distributed = (mode ?? context.mode) === 'distributed'
    const tokens = await driverTokens(context, server)
    const bare = await startBareServer(context)
    const necessary = necessaryTarget(await startNecessaryServer(context))
    const ours = ourTarget(server)
    return async round => {
      for (const shape of which) {
        context.progress(`round ${round + 1}, ${shape.name}`)
        const sink = await measure(bareTarget(bare, shape), tokens, shape, times)
        const needed = await measure(necessary, tokens, shape, times)
        const real = await measure(ours, tokens, shape, times)
        const measures = measuresOf(shape, distributed)
        context.sample(measures.bare, { value: sink.framesPerSecond, note: noteOf(sink) })
        context.sample(measures.ours, {
          value: real.framesPerSecond,
          generatorShare: real.framesPerSecond / sink.framesPerSecond,
          note: `${noteOf(real)}; ${verdictsOf(real)}`,
          ...(real.framesPerCpuSecond !== null && {
            cpuSecondsPerUnit: 1 / real.framesPerCpuSecond,
          }),
        })
        if (sink.framesPerCpuSecond !== null && real.framesPerCpuSecond !== null) {
          context.sample(measures.bareCpu, { value: sink.framesPerCpuSecond })
          context.sample(measures.oursCpu, { value: real.framesPerCpuSecond })
        }
        if (needed.framesPerCpuSecond !== null && real.framesPerCpuSecond !== null) {
          context.sample(measures.necessaryCpu, {
            value: needed.framesPerCpuSecond,
            note: noteOf(needed),
          })
          context.sample(measures.oursNeeds, { value: real.framesPerCpuSecond })
        }
        context.check(
          needed.counters['refused'] === 0,
          `${necessaryName} refused frames (${shape.name})`,
        )
        context.check((real.counters['accepted'] ?? 0) > 0, `no frame was accepted (${shape.name})`)
        context.check(
          real.report.closed === 0,
          `${real.report.closed} sockets were closed by the server (${shape.name})`,
        )
      }
      context.progress(`round ${round + 1}, open loop`)
      for (const [measureOf, target] of [
        [waits.bare, bareTarget(bare, openLoop)],
        [waits.ours, ours],
      ] as const) {
        const { report } = await measure(
          target,
          tokens,
          openLoop,
          { ...times, measuredMs: times.measuredMs + 500 },
          openLoop.framesPerSecond,
        )
        const latency = new Latency()
        for (const ms of report.pongsMs) latency.record(ms)
        context.sample(measureOf, {
          value: latency,
          note: `sending at most ${report.lateMsMax.toFixed(1)} ms late, ${report.pingsUnanswered} pings without answer`,
        })
      }
    }
  }

/**
 * Drivers on the way to a pharmacy six kilometres away: each frame is judged and checked against
 * the geofence of its order.
 */
async function openPolicies(context: Context): Promise<Round> {
  const times = context.quick
    ? { warmUpMs: 400, measuredMs: 700 }
    : { warmUpMs: 500, measuredMs: 1_200 }
  const server = await context.server()
  const { deliveries } = await server.populate({
    pharmacies: [{ latitude: center.latitude + 0.05, longitude: center.longitude }],
    deliveries: driversCount,
  })
  const tokens = deliveries.map(({ driverToken }) => driverToken)
  const ours = ourTarget(server)
  return async round => {
    for (const shape of [single, batched]) {
      const measures = policiesOf(shape)
      // In alternating order, so that neither is always the warmer one.
      for (const which of round % 2 === 0 ? (['off', 'on'] as const) : (['on', 'off'] as const)) {
        context.progress(`round ${round + 1}, ${shape.name}, ${which}`)
        await server.policies!(which === 'on')
        const measured = await measure(ours, tokens, shape, times)
        context.check(
          (measured.counters['accepted'] ?? 0) > 0,
          `no frame was accepted (${shape.name}, ${which})`,
        )
        if (measured.framesPerCpuSecond !== null)
          context.sample(measures[which], {
            value: measured.framesPerCpuSecond,
            note: `${noteOf(measured)}; ${verdictsOf(measured)}`,
          })
      }
    }
  }
}

/** Tokens of drivers, one socket each. */
async function driverTokens(context: Context, server: Server): Promise<string[]> {
  const given = context.tokens('driver')
  if (given.length > 0) return [...given]
  if (context.mode !== 'remote')
    return (await server.populate({ pharmacies: [center], drivers: driversCount })).drivers.map(
      ({ token }) => token,
    )
  const tag = runTag()
  const pharmacy = await newPharmacy(server.url, tag, 0, 'Pharmacy', center)
  const tokens: string[] = []
  await inParallel(Array.from({ length: driversCount }), signUpsAtOnce, async (_, index) => {
    const driver = await newDriver(server.url, tag, index, pharmacy.recordId, {
      vehicle_type: 'scooter',
    })
    tokens.push(await driver.api.accessToken())
    context.progress(`${tokens.length} of ${driversCount} drivers`)
  })
  return tokens
}

export const bench: Bench = {
  name: 'ingest',
  group: 'load',
  title: 'location frames, sockets → engine',
  modes: ['embedded', 'distributed', 'remote'],
  open: opener(shapes),
}
export const distributedBench: Bench = {
  // With --distributed, `ingest` is already the same.
  name: 'ingest-nats',
  group: 'load',
  title: 'location frames, edge → NATS → engine → index, two processes',
  needs: ['nats', 'redis', 'postgres'],
  modes: ['embedded'],
  rounds: { full: 2, quick: 1 },
  open: opener([batched], 'distributed'),
}
export const policiesBench: Bench = {
  name: 'ingest-policies',
  group: 'load',
  title: 'what judging frames and following orders costs',
  modes: ['embedded'],
  rounds: { full: 3, quick: 2 },
  open: openPolicies,
}
