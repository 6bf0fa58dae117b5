/**
 * The form of a bench. Each bench is one small file that `bench/benches.ts` lists. The harness does
 * the rest: the server under test, rounds, progress, Ctrl-C, ratios, goals, results, profiles.
 *
 * ```ts
 * const bare = { name: 'bare sink', unit: 'frames/s', better: 'higher' } as const
 * const ours = {
 *   name: 'edge and engine',
 *   unit: 'frames/s',
 *   better: 'higher',
 *   baseline: 'bare sink',
 *   goal: { ratio: 0.8 },
 * } as const
 *
 * export const bench: Bench = {
 *   name: 'ingest',
 *   group: 'load',
 *   title: 'sockets → engine',
 *   modes: ['embedded', 'distributed', 'remote'],
 *   async open(context) {
 *     const server = await context.server() // started in its mode, stopped by the harness
 *     const sink = await startBareServer(context)
 *     context.defer(() => sockets.close()) // called at the end, the last one first
 *     return async round => {
 *       // once a round: the baseline and ours in turn
 *       context.sample(bare, { value: await measure(sink) })
 *       context.sample(ours, { value: await measure(server) })
 *     }
 *   },
 * }
 * ```
 *
 * A round measures everything once, with the baseline beside it. A ratio is taken within a round,
 * because a machine that slows down half-way slows both. `compare` judges by the spread over rounds.
 *
 * Rejected: benches that loop over their own rounds and keep their own statistics. Each did it
 * differently, and Ctrl-C lost all results.
 */
import type { ServiceName } from '../../protocol/testing/services.ts'
import type { Latency } from './latency.ts'
import type { Closing } from '../rigs/child.ts'
import type { Server, ServerOptions } from '../rigs/server.ts'

export type Group = 'micro' | 'load' | 'peers'
/**
 * The place of the server under test: a child process, an engine and an edge on private services,
 * or `--url`.
 */
export type Mode = 'embedded' | 'distributed' | 'remote'

/**
 * A goal. `ratio` is relative to the baseline. With `better: 'lower'` every bound is an upper one.
 */
export interface Goal {
  ratio?: number
  /** In the unit of the measure. */
  value?: number
  p50Ms?: number
  p99Ms?: number
  /** Path of the decision record that explains why the goal is out of reach (`decisions.ts`). */
  why?: string
}

/**
 * One measured quantity, a row of the report. Its name is unique within its bench and never
 * changes, because `compare` and the history join on it.
 */
export interface Measure {
  name: string
  /** Unit of one value: `frames/s`, `KB/socket`, `frames/CPU s`; `ms` for latencies. */
  unit: string
  better: 'higher' | 'lower'
  /**
   * Name of the baseline: a measure of the same bench, sampled in the same round. The ratio uses
   * its value or its p50.
   */
  baseline?: string
  goal?: Goal
  /**
   * Makes the measure a point of a curve in the report, for instance of throughput against
   * connections.
   */
  curve?: { name: string; x: number; xLabel: string }
}

/** The result of one round. */
export interface Sample {
  /** In the unit of the measure. Latencies are a histogram, from the intended time of sending. */
  value: number | Latency
  /** Processor seconds of the server under test for one unit of work (a frame, a request). */
  cpuSecondsPerUnit?: number
  /**
   * Load of the generator relative to its own ceiling against a bare sink, 0 to 1. Near 1 the
   * number is the generator's, not the server's.
   */
  generatorShare?: number
  note?: string
}

export interface Context extends Closing {
  readonly quick: boolean
  readonly mode: Mode
  /** Aborted by Ctrl-C: end soon. Samples so far are kept. */
  readonly signal: AbortSignal
  /**
   * The server under test in this mode, without rate limits. Each call starts one, except in remote
   * mode.
   */
  server(options?: ServerOptions): Promise<Server>
  /**
   * URL of a private service for a raw baseline, one for the whole run of the suite. Name it in
   * `needs`.
   */
  service(name: ServiceName): Promise<string>
  /** Access tokens of `--token` for that role; empty when none were given. */
  tokens(role: 'driver' | 'vendor' | 'user'): readonly string[]
  /**
   * Folder for CPU profiles of processes that the bench starts itself; null without `--profile`.
   * `server()` handles its own.
   */
  readonly profileDir: string | null
  sample(measure: Measure, sample: Sample): void
  /** Checks a condition. A broken one fails the run, quick or full. */
  check(holds: boolean, what: string): void
  /** Prints a line that stays. */
  say(text: string): void
  /** Shows the current activity beside the progress bar. */
  progress(text: string): void
}

export type Round = (round: number) => Promise<void>

export interface Bench {
  name: string
  group: Group
  /** The measured quantity, in a few words. */
  title: string
  /**
   * Services that it needs. It is skipped, with a line about installing them, when one is missing.
   */
  needs?: readonly ServiceName[]
  /** The reason why it cannot run on this machine, beyond a missing service; null when it can. */
  missing?(): string | null
  /**
   * The modes in which it can run; the `needs` of distributed are implied. Without it the bench has
   * no server under test and runs in every mode except remote.
   */
  modes?: readonly Mode[]
  /** Rounds of a full and of a quick run; 3 and 2 by default. `--rounds` overrides them. */
  rounds?: { full: number; quick: number }
  /** Populates and warms up. Resolves to the function that measures one round. */
  open(context: Context): Promise<Round>
}
