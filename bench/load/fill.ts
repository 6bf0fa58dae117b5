/**
 * Fills a server with location frames for a while, or sends at a rate, and reports the result.
 * `ingest` and `connections` share it.
 */
import type { BareServer } from '../rigs/bare.ts'
import {
  payloadBytes,
  startGenerator,
  type GeneratorReport,
  type Shape,
} from '../rigs/generator/generator.ts'
import { cpuSecondsOf } from '../rigs/processes.ts'
import type { Counters, Server } from '../rigs/server.ts'

export interface Target {
  url: string
  pids: readonly number[]
  counters(): Promise<Counters>
  framesOf(counters: Record<string, number>): number
  pollMs: number
}
export interface Measured {
  framesPerSecond: number
  framesPerCpuSecond: number | null
  cores: number | null
  report: GeneratorReport
  counters: Record<string, number>
}
export interface Times {
  warmUpMs: number
  measuredMs: number
}

/**
 * Interval of asking for counters, ms. A deployment elsewhere is asked over HTTP, at most ten times
 * a second.
 */
const pollMs = { own: 20, remote: 100 }

/** The sink counts bytes, which are converted to frames of that shape. */
export const bareTarget = (bare: BareServer, shape: Shape): Target => ({
  ...bare,
  pollMs: pollMs.own,
  framesOf: counters => (counters['bytes']! / payloadBytes(shape)) * shape.framesPerMessage,
})

/** The necessary work counts its frames itself. */
export const necessaryTarget = (server: BareServer): Target => ({
  ...server,
  pollMs: pollMs.own,
  framesOf: counters => counters['frames']!,
})

/** Counts every frame that the engine has judged, whatever the verdict. */
export const ourTarget = (server: Server): Target => ({
  ...server,
  pollMs: server.pids.length === 0 ? pollMs.remote : pollMs.own,
  framesOf: counters => Object.values(counters).reduce((sum, count) => sum + count, 0),
})

/** The load of server and generator, for the note of a sample. */
export const noteOf = ({ cores, report }: Measured): string =>
  `${cores === null ? '' : `${cores.toFixed(2)} processors used; `}generator ${(report.utilization * 100).toFixed(0)} % busy`
/** The counts of verdicts, for the note of a sample. */
export const verdictsOf = ({ counters }: Measured): string =>
  Object.entries(counters)
    .filter(([, count]) => count > 0)
    .map(([name, count]) => `${name} ${count}`)
    .join(', ')

/**
 * Device times of a measurement begin after those of all earlier ones, or the engine would call
 * them late.
 */
const measurementMs = 600_000
const measurementsMax = 200
let measurements = 0

/** Fills the target for a while, or sends at a rate in the open loop. */
export async function measure(
  target: Target,
  tokens: readonly string[],
  shape: Shape,
  { warmUpMs, measuredMs }: Times,
  framesPerSecond: number | null = null,
): Promise<Measured> {
  const startMs = Date.now() - measurementMs * (measurementsMax - measurements++)
  const generator = await startGenerator({ ...shape, url: target.url, tokens, startMs })
  try {
    const zero = target.framesOf((await target.counters()).counters)
    if (framesPerSecond === null) generator.fill()
    else generator.pace(framesPerSecond)
    /** Reports counts to the generator for `ms`; returns the server's last answer. */
    const attend = async (ms: number): Promise<Counters> => {
      const endMs = performance.now() + ms
      for (;;) {
        const snapshot = await target.counters()
        generator.counted(target.framesOf(snapshot.counters) - zero)
        if (performance.now() >= endMs) return snapshot
        await new Promise<void>(resolve => {
          setTimeout(resolve, target.pollMs)
        })
      }
    }
    const before = await attend(warmUpMs)
    const cpuBefore = cpuSecondsOf(target.pids)
    const after = await attend(measuredMs)
    const cpuAfter = cpuSecondsOf(target.pids)
    const report = await generator.stop()
    const counters = Object.fromEntries(
      Object.entries(after.counters).map(([name, count]) => [
        name,
        count - (before.counters[name] ?? 0),
      ]),
    )
    const frames = target.framesOf(counters)
    const wallSeconds = (after.atMs - before.atMs) / 1_000
    const cpuSeconds = cpuBefore === null || cpuAfter === null ? null : cpuAfter - cpuBefore
    return {
      framesPerSecond: frames / wallSeconds,
      framesPerCpuSecond: cpuSeconds === null ? null : frames / cpuSeconds,
      cores: cpuSeconds === null ? null : cpuSeconds / wallSeconds,
      report,
      counters,
    }
  } finally {
    await generator.terminate()
  }
}
