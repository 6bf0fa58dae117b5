/**
 * Estimates how long a run will take from earlier runs of its benches. That is a better guess on
 * another machine than a number in a text, and it does not grow old. Rejected: equal steps, because
 * a round of one bench takes a second and a round of another takes twenty.
 */
import type { Bench, Mode } from './bench.ts'
import { roundsOf, skipReason } from './harness.ts'
import type { StoredRun } from './results.ts'

/** Seconds of a bench that was never measured. */
const guessSeconds = { full: 25, quick: 10 }

export interface Expectation {
  /** Seconds of each bench; 0 for a skipped one. */
  seconds: number[]
  total: number
  /** Number of benches whose time is a guess. */
  guessed: number
}

/**
 * `past` is oldest first. Only runs of the same length count, and of the same mode when a bench has
 * a server under test.
 */
export function expectation(
  benches: readonly Bench[],
  past: readonly StoredRun[],
  options: { mode: Mode; quick: boolean; rounds: number | null },
): Expectation {
  const { mode, quick, rounds } = options
  const known = new Map<string, number>()
  const anyMode = new Set(
    benches.filter(bench => bench.modes === undefined).map(({ name }) => name),
  )
  for (const { run, benches: measured } of past)
    for (const { name, seconds, error, interrupted, skipped } of measured) {
      if (
        run.settings.quick !== quick ||
        run.settings.rounds !== null ||
        (run.mode !== mode && !anyMode.has(name))
      )
        continue
      if (error === undefined && interrupted !== true && skipped === undefined)
        known.set(name, seconds)
    }
  const runnable = benches.map(bench => skipReason(bench, mode) === null)
  const seconds = benches.map((bench, at) => {
    if (!runnable[at]) return 0
    const once = known.get(bench.name) ?? guessSeconds[quick ? 'quick' : 'full']
    return rounds === null ? once : (once * rounds) / roundsOf(bench, { quick, rounds: null })
  })
  return {
    seconds,
    total: seconds.reduce((sum, one) => sum + one, 0),
    guessed: benches.filter((bench, at) => runnable[at] && !known.has(bench.name)).length,
  }
}
