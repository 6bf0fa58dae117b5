/**
 * The trial of one mutant: runs the tests that pass it, nearest first, until one fails or the time
 * is over.
 */
import type { Coverage } from './coverage.ts'
import type { Mutant } from './mutants.ts'
import { runTest, type Workshop } from './workshop.ts'

export type Verdict =
  | { outcome: 'caught'; by: string; timedOut: boolean }
  /** `left`: tests that were not run, so they did not catch it. */
  | { outcome: 'survived'; tests: number; left: number }
  | { outcome: 'untested' }

/** Bounded, because a mutant may make a loop endless. */
const timeoutOf = (tookMs: number): number => 30_000 + 3 * tookMs

/**
 * `patienceMs`: time for the tests of one mutant, counted by their time without one. Throws
 * nothing.
 */
export async function trial(
  workshop: Workshop,
  mutant: Mutant,
  tests: readonly string[],
  coverage: Pick<Coverage, 'of' | 'tookMs'>,
  patienceMs: number,
): Promise<Verdict> {
  const nearest = nearestFirst(
    mutant.file,
    tests,
    workshop,
    test => coverage.tookMs(test) ?? guessMs,
  )
  let ran = 0
  let spentMs = 0
  for (const [i, test] of nearest.entries()) {
    if (spentMs > patienceMs) return { outcome: 'survived', tests: ran, left: nearest.length - i }
    const known = await coverage.of(test)
    if (known?.mutantIds.has(mutant.id) !== true) continue
    spentMs += known.tookMs
    if (ran > 0 && spentMs > patienceMs)
      return { outcome: 'survived', tests: ran, left: nearest.length - i }
    const { passed, timedOut } = await runTest(
      workshop,
      test,
      { ACTIVE_MUTANT: String(mutant.id), TAP_BAIL: '1' },
      timeoutOf(known.tookMs),
    )
    if (!passed) return { outcome: 'caught', by: test, timedOut }
    ran++
  }
  return ran === 0 ? { outcome: 'untested' } : { outcome: 'survived', tests: ran, left: 0 }
}

/** Assumed time of a test that never ran here. */
const guessMs = 4_000

/**
 * Sorts the tests that can reach the file: its own test, tests of its folder, fewer imports
 * between, and quick tests come first.
 */
export function nearestFirst(
  file: string,
  tests: readonly string[],
  { imports }: Pick<Workshop, 'imports'>,
  tookMs: (test: string) => number = () => guessMs,
): string[] {
  const own = file.replace(/\.ts$/, '.test.ts')
  const folder = file.slice(0, file.lastIndexOf('/') + 1)
  const ranked = tests.flatMap(test => {
    const steps = imports.distances(test).get(file)
    return steps === undefined
      ? []
      : [
          {
            test,
            rank:
              (test === own ? 0 : steps + (test.startsWith(folder) ? 0 : 2)) +
              Math.log2(1 + tookMs(test) / 1_000),
          },
        ]
  })
  return ranked
    .sort((a, b) => a.rank - b.rank || (a.test < b.test ? -1 : 1))
    .map(({ test }) => test)
}
