/**
 * Runs one bench: opens it, runs its rounds, always closes what it started, and records its
 * samples. An error or Ctrl-C ends the bench but keeps its results.
 */
import { tmpdir } from 'node:os'
import { relative } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { assetUrl } from '../../protocol/kernel/assets.ts'
import {
  startNats,
  startPostgres,
  startRedis,
  serviceMissing,
  type Service,
  type ServiceName,
} from '../../protocol/testing/services.ts'
import type { Bench, Context, Measure, Mode, Sample } from './bench.ts'
import { Latency } from './latency.ts'
import { loadAverage } from './machine.ts'
import { profileProcesses } from '../rigs/profile.ts'
import { remoteServer } from './remote.ts'
import type { BenchRecord, MeasureRecord, RoundRecord } from './results.ts'
import {
  startDistributedServer,
  startEmbeddedServer,
  type Server,
  type ServerOptions,
} from '../rigs/server.ts'

/** Time for one close, ms. A deployment that hangs must not keep the suite from ending. */
const closeTimeoutMs = 30_000
const roundsDefault = { full: 3, quick: 2 }
/**
 * Settings that PostgreSQL's manual advises first. With the default cache of 128 MB a bench's rows
 * fill it within seconds, and an append then writes other pages too. With the default of 1 GB of
 * log a checkpoint interrupts the measurement.
 */
const postgresSettings = { shared_buffers: '1GB', max_wal_size: '4GB' }

export interface HarnessOptions {
  mode: Mode
  quick: boolean
  /** Overrides the number of the bench. */
  rounds: number | null
  /** URL of the deployment, in remote mode. */
  url: string | null
  /** Access tokens by role. */
  tokens: ReadonlyMap<string, readonly string[]>
  profileDir: string | null
  signal: AbortSignal
  services: SharedServices
  say(text: string): void
  progress(bench: string, text: string, round: number): void
}

/** The reason why this bench cannot run here; null when it can. */
export function skipReason(bench: Bench, mode: Mode): string | null {
  const modes = bench.modes ?? ['embedded', 'distributed']
  if (!modes.includes(mode))
    return `it does not run ${mode === 'remote' ? 'against a deployment elsewhere' : mode}`
  const needs = new Set<ServiceName>([
    ...(bench.needs ?? []),
    ...(mode === 'distributed' && bench.modes !== undefined
      ? (['nats', 'redis', 'postgres'] as const)
      : []),
  ])
  return [...needs].map(serviceMissing).find(line => line !== null) ?? bench.missing?.() ?? null
}

/** The number of rounds: that of the options, or that of the bench. */
export const roundsOf = (
  bench: Bench,
  options: { quick: boolean; rounds: number | null },
): number => options.rounds ?? (bench.rounds ?? roundsDefault)[options.quick ? 'quick' : 'full']

/**
 * Private services for raw baselines. Each is started at its first use and lasts for the whole run.
 */
export class SharedServices {
  readonly #started = new Map<ServiceName, Promise<Service>>()

  async url(name: ServiceName): Promise<string> {
    let service = this.#started.get(name)
    if (service === undefined) {
      service =
        name === 'nats'
          ? startNats({ jetstream: true })
          : name === 'redis'
            ? startRedis()
            : startPostgres({ settings: postgresSettings })
      this.#started.set(name, service)
    }
    return (await service).url
  }

  async stop(): Promise<void> {
    for (const service of this.#started.values()) await (await service).stop()
    this.#started.clear()
  }
}

/**
 * Runs the bench and closes everything that it started. Never rejects: an error is in the record.
 */
export async function runBench(bench: Bench, options: HarnessOptions): Promise<BenchRecord> {
  const { mode, quick, signal } = options
  const beganMs = performance.now()
  const record: BenchRecord = {
    type: 'bench',
    name: bench.name,
    group: bench.group,
    title: bench.title,
    mode,
    at: new Date().toISOString(),
    seconds: 0,
    loadAverage: loadAverage(),
    measures: [],
    broken: [],
  }
  const skipped = skipReason(bench, mode)
  if (skipped !== null) return { ...record, skipped }

  const collected = new Collected()
  const closers: (() => unknown)[] = []
  const pids: number[] = []
  let round = 0
  const rounds = roundsOf(bench, options)
  const context: Context = {
    quick,
    mode,
    signal,
    async server(serverOptions = {}) {
      const server = await startServer(options, serverOptions)
      closers.push(() => server.stop())
      pids.push(...server.pids)
      return server
    },
    service: name => options.services.url(name),
    tokens: role => options.tokens.get(role) ?? [],
    profileDir: options.profileDir,
    sample: (measure, sample) => collected.add(round, measure, sample),
    check: (holds, what) => {
      if (!holds) record.broken.push(withoutPaths(what))
    },
    say: options.say,
    progress: text => options.progress(bench.name, text, round),
    defer: close => {
      closers.push(close)
    },
  }
  let abort: () => void = () => undefined
  const aborted = new Promise<never>((_, reject) => {
    abort = () => reject(signal.reason as Error)
  })
  aborted.catch(() => undefined)
  signal.addEventListener('abort', abort, { once: true })
  // An uncaught error of a bench ends that bench. The suite goes on and keeps its results.
  let stray: (error: Error) => void = () => undefined
  const strayed = new Promise<never>((_, reject) => {
    stray = reject
  })
  strayed.catch(() => undefined)
  process.on('uncaughtException', stray)
  try {
    signal.throwIfAborted()
    context.progress('opens')
    const measure = await Promise.race([bench.open(context), aborted, strayed])
    const endProfile =
      options.profileDir === null || pids.length === 0
        ? null
        : profileProcesses(options.profileDir, pids)
    for (; round < rounds; round++) {
      context.progress(`round ${round + 1} of ${rounds}`)
      await Promise.race([measure(round), aborted, strayed])
    }
    if (endProfile !== null)
      record.profiles = (await endProfile()).map(path => relative(process.cwd(), path))
  } catch (error) {
    if (signal.aborted) record.interrupted = true
    else record.error = withoutPaths((error as Error).stack ?? String(error))
  } finally {
    for (const close of closers.reverse())
      await closed(close).catch((error: unknown) =>
        options.say(`closing ${bench.name}: ${String(error)}`),
      )
    process.off('uncaughtException', stray)
    signal.removeEventListener('abort', abort)
  }
  return {
    ...record,
    measures: collected.records(),
    seconds: (performance.now() - beganMs) / 1_000,
  }
}

/**
 * Replaces paths of this machine by paths in the repository, because results are kept and shown to
 * others.
 */
const withoutPaths = (text: string): string =>
  text.replaceAll(pathToFileURL(root).href, '').replaceAll(root, '').replaceAll(`${tmpdir()}/`, '')
const root = fileURLToPath(assetUrl('.'))

async function startServer(options: HarnessOptions, serverOptions: ServerOptions): Promise<Server> {
  const all = { benchAllowed: true, profileDir: options.profileDir, ...serverOptions }
  switch (serverOptions.mode ?? options.mode) {
    case 'embedded':
      return startEmbeddedServer(all)
    case 'distributed':
      return startDistributedServer(all)
    case 'remote':
      return remoteServer(options.url!)
  }
}

async function closed(close: () => unknown): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  try {
    await Promise.race([
      close(),
      new Promise<never>((_, reject) => {
        timer = setTimeout(() => reject(new Error('it does not end')), closeTimeoutMs)
      }),
    ])
  } finally {
    clearTimeout(timer)
  }
}

/** Samples by measure and round, with a ratio as soon as both sides of a round are there. */
class Collected {
  readonly #measures = new Map<
    string,
    { measure: Measure; latency: Latency | null; samples: Map<number, RoundRecord> }
  >()

  add(round: number, measure: Measure, { value, ...more }: Sample): void {
    let entry = this.#measures.get(measure.name)
    if (entry === undefined) {
      entry = {
        measure,
        latency: value instanceof Latency ? new Latency() : null,
        samples: new Map(),
      }
      this.#measures.set(measure.name, entry)
    }
    if (entry.samples.has(round)) throw new Error(`"${measure.name}" was sampled twice in a round`)
    if (!(value instanceof Latency)) {
      entry.samples.set(round, { value, ...more })
      return
    }
    entry.latency!.add(value)
    // An empty histogram has no number. The round is left out, and the total count shows it.
    if (value.count > 0)
      entry.samples.set(round, { value: value.percentile(50), p99: value.percentile(99), ...more })
  }

  records(): MeasureRecord[] {
    return [...this.#measures.values()].map(({ measure, latency, samples }) => {
      const baseline =
        measure.baseline === undefined ? undefined : this.#measures.get(measure.baseline)
      if (measure.baseline !== undefined && baseline === undefined)
        throw new Error(
          `"${measure.name}" names a baseline that was not sampled: "${measure.baseline}"`,
        )
      const rounds = [...samples].map(([round, sample]) => {
        const beside = baseline?.samples.get(round)
        // A baseline that delivered nothing gives no ratio.
        return beside === undefined || beside.value === 0
          ? sample
          : { ...sample, ratio: sample.value / beside.value }
      })
      return {
        ...measure,
        rounds,
        ...(latency !== null && {
          latency: { count: latency.count, percentiles: latency.curve() },
        }),
      }
    })
  }
}
