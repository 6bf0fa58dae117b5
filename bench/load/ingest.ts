/**
 * Sockets to engine: how many location frames a second an edge with its engine decodes, routes and
 * applies, beside a bare uWebSockets server that only counts bytes. Both are processes of their own and
 * are filled by the same generator, which shares the machine with them: frames per second of the
 * server's processor time say what it could do with the machine to itself, and they carry the goals.
 * Then the open loop: frames at a fixed rate, and what a ping on the same sockets waits.
 */
import { startBareServer } from '../common/bare.ts'
import type { Bench, Context, Measure, Round } from '../common/bench.ts'
import { payloadBytes, startGenerator, type GeneratorReport, type Shape } from '../common/generator/generator.ts'
import { Latency } from '../common/latency.ts'
import { inParallel } from '../common/parallel.ts'
import { newDriver, newPharmacy, runTag } from '../common/people.ts'
import { cpuSecondsOf } from '../common/processes.ts'
import type { Counters } from '../common/server.ts'
import { center } from '../city/grid.ts'

const driversCount = 100
const signUpsAtOnce = 6
const openLoop = { framesPerSecond: 20_000, framesPerMessage: 1, messagesPerWrite: 1 }
/** A deployment elsewhere is asked over HTTP, which is no burden at ten times a second. */
const pollMs = { own: 20, remote: 100 }
const shapes = [
  { name: 'single frames', framesPerMessage: 1, messagesPerWrite: 1, goal: { ratio: 0.8 } },
  { name: 'single frames, 32 in a write', framesPerMessage: 1, messagesPerWrite: 32, goal: {} },
  { name: '64 frames a message', framesPerMessage: 64, messagesPerWrite: 1, goal: { ratio: 0.6, value: 1_300_000 } },
] as const

function measuresOf({ name, goal }: typeof shapes[number]): Record<'bare' | 'ours' | 'bareCpu' | 'oursCpu', Measure> {
  const names = { bare: `${name}: bare sink`, ours: `${name}: engine`, bareCpu: `${name}: bare sink, of CPU`, oursCpu: `${name}: engine, of CPU` }
  return {
    bare: { name: names.bare, unit: 'frames/s', better: 'higher' },
    bareCpu: { name: names.bareCpu, unit: 'frames/CPU s', better: 'higher' },
    ours: { name: names.ours, unit: 'frames/s', better: 'higher', baseline: names.bare },
    oursCpu: { name: names.oursCpu, unit: 'frames/CPU s', better: 'higher', baseline: names.bareCpu, goal },
  }
}
const waits = {
  bare: { name: 'ping under 20 k frames/s: bare sink', unit: 'ms', better: 'lower' },
  ours: { name: 'ping under 20 k frames/s: edge', unit: 'ms', better: 'lower', baseline: 'ping under 20 k frames/s: bare sink' },
} as const satisfies Record<string, Measure>

interface Target { url: string; pids: readonly number[]; counters(): Promise<Counters>; framesOf(counters: Record<string, number>): number; pollMs: number }
interface Measured { framesPerSecond: number; framesPerCpuSecond: number | null; cores: number | null; report: GeneratorReport; counters: Record<string, number> }

async function open(context: Context): Promise<Round> {
  const times = context.quick ? { warmUpMs: 400, measuredMs: 700 } : { warmUpMs: 700, measuredMs: 2_000 }
  const server = await context.server()
  const tokens = await driverTokens(context, server.url)
  const sink = await startBareServer(context)
  const bareOf = (shape: Shape): Target => ({ ...sink, pollMs: pollMs.own, framesOf: counters => counters['bytes']! / payloadBytes(shape) * shape.framesPerMessage })
  const ours: Target = { ...server, pollMs: context.mode === 'remote' ? pollMs.remote : pollMs.own, framesOf: counters => Object.values(counters).reduce((sum, count) => sum + count, 0) }
  return async round => {
    for (const shape of shapes) {
      context.progress(`round ${round + 1}, ${shape.name}`)
      const bare = await measure(bareOf(shape), tokens, shape, times)
      const real = await measure(ours, tokens, shape, times)
      const measures = measuresOf(shape)
      context.sample(measures.bare, { value: bare.framesPerSecond, note: noteOf(bare) })
      context.sample(measures.ours, {
        value: real.framesPerSecond, generatorShare: real.framesPerSecond / bare.framesPerSecond, note: `${noteOf(real)}; ${verdictsOf(real)}`,
        ...(real.framesPerCpuSecond !== null && { cpuSecondsPerUnit: 1 / real.framesPerCpuSecond }),
      })
      if (bare.framesPerCpuSecond !== null && real.framesPerCpuSecond !== null) {
        context.sample(measures.bareCpu, { value: bare.framesPerCpuSecond })
        context.sample(measures.oursCpu, { value: real.framesPerCpuSecond })
      }
      context.check((real.counters['accepted'] ?? 0) > 0, `no frame was accepted (${shape.name})`)
      context.check(real.report.closed === 0, `${real.report.closed} sockets were closed by the server (${shape.name})`)
    }
    context.progress(`round ${round + 1}, open loop`)
    for (const [measureOf, target] of [[waits.bare, bareOf(openLoop)], [waits.ours, ours]] as const) {
      const { report } = await measure(target, tokens, openLoop, { ...times, measuredMs: times.measuredMs + 1_000 }, openLoop.framesPerSecond)
      const latency = new Latency()
      for (const ms of report.pongsMs) latency.record(ms)
      context.sample(measureOf, { value: latency, note: `sending at most ${report.lateMsMax.toFixed(1)} ms late, ${report.pingsUnanswered} pings without answer` })
    }
  }
}

const noteOf = ({ cores, report }: Measured): string => `${cores === null ? '' : `${cores.toFixed(2)} processors used; `}generator ${(report.utilization * 100).toFixed(0)} % busy`
const verdictsOf = ({ counters }: Measured): string =>
  Object.entries(counters).filter(([, count]) => count > 0).map(([name, count]) => `${name} ${count}`).join(', ')

/** Device times of a measurement begin after those of all before it: the engine would call them late otherwise. */
const measurementMs = 600_000
const measurementsMax = 200
let measurements = 0

/** Fills the target for a while, or sends at a rate in the open loop. */
async function measure(
  target: Target, tokens: readonly string[], shape: Shape, { warmUpMs, measuredMs }: { warmUpMs: number; measuredMs: number }, framesPerSecond: number | null = null,
): Promise<Measured> {
  const startMs = Date.now() - measurementMs * (measurementsMax - measurements++)
  const generator = await startGenerator({ ...shape, url: target.url, tokens, startMs })
  try {
    const zero = target.framesOf((await target.counters()).counters)
    if (framesPerSecond === null) generator.fill()
    else generator.pace(framesPerSecond)
    /** Keeps the generator told for `ms`; the last of the server's answers. */
    const attend = async (ms: number): Promise<Counters> => {
      const endMs = performance.now() + ms
      for (;;) {
        const snapshot = await target.counters()
        generator.counted(target.framesOf(snapshot.counters) - zero)
        if (performance.now() >= endMs) return snapshot
        await new Promise<void>(resolve => { setTimeout(resolve, target.pollMs) })
      }
    }
    const before = await attend(warmUpMs)
    const cpuBefore = cpuSecondsOf(target.pids)
    const after = await attend(measuredMs)
    const cpuAfter = cpuSecondsOf(target.pids)
    const report = await generator.stop()
    const counters = Object.fromEntries(Object.entries(after.counters).map(([name, count]) => [name, count - (before.counters[name] ?? 0)]))
    const frames = target.framesOf(counters)
    const wallSeconds = (after.atMs - before.atMs) / 1_000
    const cpuSeconds = cpuBefore === null || cpuAfter === null ? null : cpuAfter - cpuBefore
    return {
      framesPerSecond: frames / wallSeconds, framesPerCpuSecond: cpuSeconds === null ? null : frames / cpuSeconds,
      cores: cpuSeconds === null ? null : cpuSeconds / wallSeconds, report, counters,
    }
  } finally {
    await generator.terminate()
  }
}

/** One socket each. */
async function driverTokens(context: Context, url: string): Promise<string[]> {
  const given = context.tokens('driver')
  if (given.length > 0) return [...given]
  const tag = runTag()
  const pharmacy = await newPharmacy(url, tag, 0, 'Pharmacy', center)
  const tokens: string[] = []
  await inParallel(Array.from({ length: driversCount }), signUpsAtOnce, async (_, index) => {
    const driver = await newDriver(url, tag, index, pharmacy.recordId, { vehicle_type: 'scooter' })
    tokens.push(await driver.api.accessToken())
    context.progress(`${tokens.length} of ${driversCount} drivers`)
  })
  return tokens
}

export const bench: Bench = { name: 'ingest', group: 'load', title: 'location frames, sockets → engine', modes: ['embedded', 'distributed', 'remote'], open }
