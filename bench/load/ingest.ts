/**
 * Sockets to engine: how many location frames a second an edge with its engine decodes, routes and
 * applies, beside a bare uWebSockets server that only counts bytes. Both are processes of their own and
 * are filled by the same generator. Besides the rate there is the rate per second of processor time
 * of the server, which says the same when the generator (or somebody else) takes the rest.
 */
import { fork, type ChildProcess } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import { inParallel } from '../common/parallel.ts'
import { newDriver, newPharmacy, runTag } from '../common/people.ts'
import type { Bench, Context, Measure, Round } from '../common/bench.ts'
import { cpuSecondsOf } from '../common/processes.ts'
import { askCounters, type Counters } from '../common/server.ts'
import { center } from '../city/grid.ts'
import type { GeneratorOptions, GeneratorReport } from './ingest-generator.ts'
import { encodeFrames } from '../../protocol/frames.ts'

const driversCount = 100
/** Of all sockets together; a hundredth of it is well below what uWebSockets reads at once. */
const inFlightMax = 300_000
const pollMs = 20
const signUpsAtOnce = 6
const warmUpMs = 1_000
const readyTimeoutMs = 20_000
const shapes = [
  { name: '1 frame a message, 1 message a write', framesPerMessage: 1, messagesPerWrite: 1, goal: { ratio: 0.8 } },
  { name: '1 frame a message, 32 messages a write', framesPerMessage: 1, messagesPerWrite: 32, goal: {} },
  { name: '64 frames a message', framesPerMessage: 64, messagesPerWrite: 1, goal: { ratio: 0.6, value: 1_300_000 } },
] as const
type Shape = typeof shapes[number]

interface Target { url: string; pids: number[]; counters(): Promise<Counters> }
interface Measured { framesPerSecond: number; framesPerCpuSecond: number; cores: number; generator: GeneratorReport; counters: Record<string, number> }

const measuresOf = (shape: Shape): Record<'bare' | 'ours' | 'bareCpu' | 'oursCpu', Measure> => {
  const names = { bare: `bare uWebSockets sink: ${shape.name}`, ours: `edge and engine: ${shape.name}` }
  return {
    bare: { name: names.bare, unit: 'frames/s', better: 'higher' },
    bareCpu: { name: `${names.bare}, of processor time`, unit: 'frames/CPU s', better: 'higher' },
    ours: { name: names.ours, unit: 'frames/s', better: 'higher', baseline: names.bare },
    oursCpu: { name: `${names.ours}, of processor time`, unit: 'frames/CPU s', better: 'higher', baseline: `${names.bare}, of processor time`, goal: shape.goal },
  }
}

async function open(context: Context): Promise<Round> {
  const seconds = context.quick ? 1 : 2
  const sink = await startSink(context)
  const server = await context.server()
  const tokens = await drivers(server.url)
  return async () => {
    for (const shape of shapes) {
      const bare = await measure(sink, tokens, shape, seconds, counters => counters['bytes']! / payloadBytes(shape) * shape.framesPerMessage)
      const real = await measure(server, tokens, shape, seconds, counters => Object.values(counters).reduce((sum, count) => sum + count, 0))
      const measures = measuresOf(shape)
      context.sample(measures.bare, { value: bare.framesPerSecond, note: noteOf(bare) })
      context.sample(measures.bareCpu, { value: bare.framesPerCpuSecond })
      context.sample(measures.ours, { value: real.framesPerSecond, cpuSecondsPerUnit: 1 / real.framesPerCpuSecond, note: `${noteOf(real)}; ${verdictsOf(real)}` })
      context.sample(measures.oursCpu, { value: real.framesPerCpuSecond })
      context.check((real.counters['accepted'] ?? 0) > 0, `no frame was accepted (${shape.name})`)
    }
  }
}

const noteOf = ({ cores, generator }: Measured): string =>
  `${cores.toFixed(2)} processors used; generator ${(generator.utilization * 100).toFixed(0)} % busy`
const verdictsOf = ({ counters }: Measured): string =>
  Object.entries(counters).filter(([, count]) => count > 0).map(([name, count]) => `${name} ${count}`).join(', ')

/** Payload of one message as the sink counts it. */
function payloadBytes({ framesPerMessage }: Shape): number {
  const frame = { seq: 0, timestampMs: 0, latitude: 0, longitude: 0, headingDeg: 90, speedMps: 8, accuracyM: null }
  return encodeFrames(Array.from({ length: framesPerMessage }, () => frame)).length - (framesPerMessage === 1 ? 1 : 0)
}

/** Device times of a measurement begin after those of all before it: the engine would call them late otherwise. */
const hourMs = 3_600_000
const measurementsMax = 100
let measurements = 0

async function measure(
  target: Target, tokens: string[], shape: Shape, seconds: number, framesOf: (counters: Record<string, number>) => number,
): Promise<Measured> {
  const startMs = Date.now() - hourMs * (measurementsMax - measurements++)
  const options: GeneratorOptions = {
    port: Number(new URL(target.url).port), tokens, framesPerMessage: shape.framesPerMessage, messagesPerWrite: shape.messagesPerWrite, inFlightMax, startMs,
  }
  const worker = new Worker(new URL('./ingest-generator.js', import.meta.url), { workerData: options })
  try {
    await next(worker, message => message === 'ready')
    const zero = framesOf((await target.counters()).counters)
    tell(worker, 'go')
    /** Keeps the generator told for `ms`; the last of the server's answers. */
    const attend = async (ms: number): Promise<Counters> => {
      const endMs = performance.now() + ms
      for (;;) {
        const snapshot = await target.counters()
        tell(worker, { counted: framesOf(snapshot.counters) - zero })
        if (performance.now() >= endMs) return snapshot
        await pause(pollMs)
      }
    }
    const before = await attend(warmUpMs)
    const cpuBefore = cpuSecondsOf(target.pids)
    const after = await attend(seconds * 1_000)
    const cpuAfter = cpuSecondsOf(target.pids)
    const reported = next(worker, message => typeof message === 'object')
    tell(worker, 'stop')
    const { report } = (await reported) as { report: GeneratorReport }
    const counters = Object.fromEntries(Object.entries(after.counters).map(([name, count]) => [name, count - (before.counters[name] ?? 0)]))
    const frames = framesOf(counters)
    const cpuSeconds = cpuBefore === null || cpuAfter === null ? Number.NaN : cpuAfter - cpuBefore
    return { framesPerSecond: frames * 1_000 / (after.atMs - before.atMs), framesPerCpuSecond: frames / cpuSeconds, cores: cpuSeconds * 1_000 / (after.atMs - before.atMs), generator: report, counters }
  } finally {
    await worker.terminate()
  }
}

// The rule is about windows of a browser, whose postMessage takes an origin; a thread's has none.
// oxlint-disable-next-line unicorn/require-post-message-target-origin
function tell(worker: Worker, message: 'go' | 'stop' | { counted: number }): void { worker.postMessage(message) }

function next(worker: Worker, wanted: (message: unknown) => boolean): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('the generator does not answer')), readyTimeoutMs)
    const take = (message: unknown): void => {
      if (!wanted(message)) return
      clearTimeout(timer)
      worker.off('message', take)
      resolve(message)
    }
    worker.on('message', take)
    worker.once('error', reject)
  })
}

const pause = (ms: number): Promise<void> => new Promise(resolve => { setTimeout(resolve, ms) })

async function drivers(url: string): Promise<string[]> {
  const tag = runTag()
  const pharmacy = await newPharmacy(url, tag, 0, 'Pharmacy', center)
  const tokens: string[] = []
  await inParallel(Array.from({ length: driversCount }), signUpsAtOnce, async (_, index) => {
    const driver = await newDriver(url, tag, index, pharmacy.recordId, { vehicle_type: 'scooter' })
    tokens.push(await driver.api.accessToken())
  })
  return tokens
}

async function startSink(context: Context): Promise<Target> {
  const child: ChildProcess = fork(fileURLToPath(new URL('./ingest-sink.js', import.meta.url)), { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
  const kill = (): void => { child.kill('SIGKILL') }
  process.once('exit', kill)
  const url = await new Promise<string>((resolve, reject) => {
    child.once('message', message => resolve((message as { url: string }).url))
    child.once('exit', code => reject(new Error(`the sink ended with ${code}`)))
  })
  context.defer(async () => {
    const ended = new Promise<void>(resolve => { child.once('exit', () => resolve()) })
    child.kill('SIGTERM')
    await ended
    process.off('exit', kill)
  })
  return { url, pids: [child.pid!], counters: () => askCounters(child) }
}

export const bench: Bench = { name: 'ingest', group: 'load', title: 'sockets → engine', modes: ['embedded', 'distributed'], open }
