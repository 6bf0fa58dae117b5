/**
 * What a micro-benchmark file exports: ways to do one thing. `baseline` names the case that the others
 * are divided by, so that the report is in ratios, which survive a change of machine where absolute
 * numbers do not. `bench.ts` beside this runs each round in a fresh process.
 */
import type { Goal } from '../harness/bench.ts'
import type { ServiceName } from '../../protocol/testing/services.ts'

/** One way of doing it. `run` does `operationsPerRun` operations, enough to dwarf the timer. */
export interface MicroCase {
  run: () => void | Promise<void>
  operationsPerRun: number
  /** Instead of the suite's; null for another thing measured on its own. */
  baseline?: string | null
  goal?: Goal
}

export interface MicroServices {
  /** URL of a private service that the suite names in `needs` and shares with other processes. */
  url(name: ServiceName): string
}

export interface MicroSuite {
  /** That of its file: `NAME.bench.ts`. */
  name: string
  title: string
  /** Name of the case that the others are compared with. */
  baseline: string
  needs?: readonly ServiceName[]
  /** One line for each case that cannot run here, which says how to install what is missing; the others run without it. */
  leftOut?(services: MicroServices): Promise<string[]>
  /** Builds the cases; data is made here and not at import. Seeded, so that every run sees the same. */
  cases(services: MicroServices): Promise<Record<string, MicroCase>>
}
