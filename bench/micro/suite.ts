/**
 * The export of a micro-benchmark file: several ways to do one thing. `baseline` names the case by
 * which the others are divided, so that the report shows ratios. Ratios can be compared between
 * machines, and absolute numbers cannot. `bench.ts` runs each round in a fresh process.
 */
import type { Goal } from '../harness/bench.ts'
import type { ServiceName } from '../../protocol/testing/services.ts'

/**
 * One way to do it. `run` does `operationsPerRun` operations, so many that the timer's error is
 * negligible.
 */
export interface MicroCase {
  run: () => void | Promise<void>
  operationsPerRun: number
  /** Overrides the suite's baseline; null for a case that is measured on its own. */
  baseline?: string | null
  goal?: Goal
}

/** The servers that the cases use. */
export interface MicroServices {
  /** URL of a private service that the suite names in `needs` and shares with other processes. */
  url(name: ServiceName): string
}

/** The cases of one file. */
export interface MicroSuite {
  /** The name of its file: `NAME.bench.ts`. */
  name: string
  title: string
  /** Name of the case to which the others are compared. */
  baseline: string
  needs?: readonly ServiceName[]
  /**
   * One line for each case that cannot run here, about installing the missing part. The other cases
   * run.
   */
  leftOut?(services: MicroServices): Promise<string[]>
  /**
   * Builds the cases. Data is made here and not at import, from a seed, so that every run has the
   * same.
   */
  cases(services: MicroServices): Promise<Record<string, MicroCase>>
}
