/** What a load bench exports, and what it is given to report with. */
import type { Latency } from '../common/latency.ts'

export interface LoadRow {
  bench: string
  case: string
  /** Events a second; latencies have none. */
  rate?: number
  /** The rate over that of the bench's baseline in the same run. */
  ratio?: number
  latency?: Latency
  note?: string
}

export interface LoadContext {
  quick: boolean
  say(text: string): void
  row(row: LoadRow): void
  /** What must hold; a bench with a broken one fails the run. */
  check(holds: boolean, what: string): void
}

export interface LoadBench {
  name: string
  title: string
  run(context: LoadContext): Promise<void>
}
