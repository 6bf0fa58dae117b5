/**
 * What a bench is. One small file each, registered in `bench/benches.ts`; the harness does the rest:
 * which server is under test, rounds, progress, Ctrl-C, ratios, goals, results, profiles.
 *
 * ```ts
 * const bare = { name: 'bare sink', unit: 'frames/s', better: 'higher' } as const
 * const ours = { name: 'edge and engine', unit: 'frames/s', better: 'higher', baseline: 'bare sink', goal: { ratio: 0.8 } } as const
 *
 * export const bench: Bench = {
 *   name: 'ingest', group: 'load', title: 'sockets → engine', modes: ['embedded', 'distributed', 'remote'],
 *   async open(context) {
 *     const server = await context.server()        // started in its mode, stopped by the harness
 *     const sink = await startBareServer(context)
 *     context.defer(() => sockets.close())         // afterwards, last first, whatever happens
 *     return async round => {                      // once a round: the baseline and ours in turn
 *       context.sample(bare, { value: await measure(sink) })
 *       context.sample(ours, { value: await measure(server) })
 *     }
 *   },
 * }
 * ```
 *
 * A round measures everything once, the baseline beside it. A ratio is taken within a round, because a
 * machine that slows down half-way slows both; the spread over rounds is what `compare` judges by.
 * Rejected: benches that loop over their own rounds and keep their own statistics; each did it
 * differently, and Ctrl-C lost all of it.
 */
import type { ServiceName } from '../../protocol/testing/services.ts'
import type { Latency } from './latency.ts'
import type { Closing } from '../rigs/child.ts'
import type { Server, ServerOptions } from '../rigs/server.ts'

export type Group = 'micro' | 'load' | 'peers'
/** Where the server under test is: a child process, an engine and an edge on private services, or `--url`. */
export type Mode = 'embedded' | 'distributed' | 'remote'

/** What is to be reached. `ratio` is to the baseline; with `better: 'lower'` every bound is an upper one. */
export interface Goal {
  ratio?: number
  /** In the measure's unit. */
  value?: number
  p50Ms?: number
  p99Ms?: number
  /** Path of the decision record that says what the time goes to, where the goal is out of reach (`decisions.ts`). */
  why?: string
}

/** One thing measured, a row of the report. The name is unique within its bench and stays: `compare` and the history join on it. */
export interface Measure {
  name: string
  /** Of one value: `frames/s`, `KB/socket`, `frames/CPU s`; of latencies `ms`. */
  unit: string
  better: 'higher' | 'lower'
  /** Name of the measure of the same bench, sampled in the same round, that this is a ratio to; its value or its p50. */
  baseline?: string
  goal?: Goal
  /** Makes it a point of a curve in the report, for instance throughput against connections. */
  curve?: { name: string; x: number; xLabel: string }
}

/** What one round measured. */
export interface Sample {
  /** In the measure's unit; latencies as a histogram, from the intended time of sending. */
  value: number | Latency
  /** Processor seconds that the server under test used for one unit of work (a frame, a request). */
  cpuSecondsPerUnit?: number
  /** How much of its own ceiling against a bare sink the generator used, 0 to 1; near 1 the number is the generator's. */
  generatorShare?: number
  note?: string
}

export interface Context extends Closing {
  readonly quick: boolean
  readonly mode: Mode
  /** Aborted by Ctrl-C: end soon. What was sampled is kept. */
  readonly signal: AbortSignal
  /** The server under test in this mode, without rate limits; started once per call, except a remote one. */
  server(options?: ServerOptions): Promise<Server>
  /** URL of a private service for a raw baseline, one for the whole run of the suite. Name it in `needs`. */
  service(name: ServiceName): Promise<string>
  /** Access tokens from `--token` for that role; empty when none were given. */
  tokens(role: 'driver' | 'vendor' | 'user'): readonly string[]
  /** Where processes under test that the bench starts itself write CPU profiles; null without `--profile`. `server()` does it by itself. */
  readonly profileDir: string | null
  sample(measure: Measure, sample: Sample): void
  /** What must hold; a broken one fails the run, quick or not. */
  check(holds: boolean, what: string): void
  /** A line that stays. */
  say(text: string): void
  /** What is going on, beside the progress bar. */
  progress(text: string): void
}

export type Round = (round: number) => Promise<void>

export interface Bench {
  name: string
  group: Group
  /** What it measures, in a few words. */
  title: string
  /** Skipped, with the line that says how to install it, where one is missing. */
  needs?: readonly ServiceName[]
  /** Why it cannot run on this machine, if that is more than a missing service; null when it can. */
  missing?(): string | null
  /** Where it can run; `needs` of distributed are implied. Without it, it has no server under test and runs in every mode but remote. */
  modes?: readonly Mode[]
  /** Rounds of a full and of a quick run; 3 and 2 if not said. `--rounds` overrides. */
  rounds?: { full: number; quick: number }
  /** Populates and warms up; resolves to what measures one round. */
  open(context: Context): Promise<Round>
}
