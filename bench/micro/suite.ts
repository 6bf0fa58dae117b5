/**
 * What a micro-benchmark file exports. A suite compares ways to do one thing; `baseline` names the
 * case that the others are divided by, so that the report is in ratios, which survive a change of
 * machine where absolute numbers do not.
 */

/** One way of doing it. `run` does `operationsPerRun` operations, enough to dwarf the timer. */
export interface MicroCase {
  run: () => void | Promise<void>
  operationsPerRun: number
}

export interface MicroSuite {
  name: string
  /** Name of the case that the others are compared with. */
  baseline: string
  /** Why the suite cannot run on this machine, or null. */
  skip?(): string | null
  /** Builds the cases; data is made here and not at import. Seeded, so that every run sees the same. */
  cases(): Promise<Record<string, MicroCase>>
}

/** The measurement of one case. */
export interface MicroResult {
  suite: string
  case: string
  /** Median over rounds. */
  operationsPerSecond: number
  /** (fastest - slowest round) / median. */
  spread: number
  /** Median of the rounds' ratios to the baseline case of the same round; 1 for the baseline itself. */
  ratioToBaseline: number
}

/** A seeded source of numbers in [0, 1) (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed | 0
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
