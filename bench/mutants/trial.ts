/** One mutant on trial: the tests that pass it run, nearest first, until one fails. */
import type { TestCoverage } from './coverage.ts'
import type { Mutant } from './mutants.ts'
import { runTest } from './workshop.ts'

export type Verdict =
  | { outcome: 'caught'; by: string; timedOut: boolean }
  | { outcome: 'survived'; tests: number }
  | { outcome: 'untested' }

/** A mutant may make a loop endless. */
const timeoutOf = (tookMs: number): number => 30_000 + 5 * tookMs

export async function trial(folder: string, mutant: Mutant, coverage: readonly TestCoverage[]): Promise<Verdict> {
  const tests = testsOf(mutant, coverage)
  if (tests.length === 0) return { outcome: 'untested' }
  for (const { test, tookMs } of tests) {
    const { passed, timedOut } = await runTest(folder, test, { ACTIVE_MUTANT: mutant.id }, timeoutOf(tookMs))
    if (!passed) return { outcome: 'caught', by: test.replace(/^dist\//, ''), timedOut }
  }
  return { outcome: 'survived', tests: tests.length }
}

/** Those that pass the mutant: its own test first, then its folder's, then the quick ones. */
export function testsOf(mutant: Mutant, coverage: readonly TestCoverage[]): TestCoverage[] {
  const own = mutant.file.replace(/\.ts$/, '.test.js')
  const folder = mutant.file.slice(0, mutant.file.lastIndexOf('/') + 1)
  const distance = ({ test }: TestCoverage): number => {
    const path = test.replace(/^dist\//, '')
    return path === own ? 0 : path.startsWith(folder) ? 1 : 2
  }
  return coverage.filter(({ mutantIds }) => mutantIds.has(mutant.id)).sort((a, b) => distance(a) - distance(b) || a.tookMs - b.tookMs)
}
