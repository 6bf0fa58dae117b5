/** Which test passes which mutant, from one run of every test file without any mutant; and how long each takes. */
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { runTest, type Workshop } from './workshop.ts'

export interface TestCoverage { test: string; tookMs: number; mutantIds: ReadonlySet<string> }

/** A test file that takes longer than this without a mutant is left out, as one that fails is. */
const timeoutMs = 10 * 60_000

/** `jobs` at a time. Tests that fail without a mutant prove nothing and are left out: `told` hears of each. */
export async function measureCoverage(workshop: Workshop, jobs: number, told: (line: string) => void): Promise<TestCoverage[]> {
  const waiting = [...workshop.tests]
  const all: TestCoverage[] = []
  const work = async (): Promise<void> => {
    for (let test = waiting.shift(); test !== undefined; test = waiting.shift()) {
      const folder = mkdtempSync(join(workshop.folder, 'coverage-'))
      const environment = { NODE_OPTIONS: `--import file://${workshop.folder}/coverage-hook.mjs`, MUTANT_COVERAGE_FOLDER: folder }
      const { passed, tookMs } = await runTest(workshop.folder, test, environment, timeoutMs)
      const mutantIds = new Set(readdirSync(folder).flatMap(name => readFileSync(join(folder, name), 'utf8').split(' ')))
      rmSync(folder, { recursive: true, force: true })
      if (passed) all.push({ test, tookMs, mutantIds })
      told(`${all.length} of ${workshop.tests.length} test files  ${test}  ${(tookMs / 1000).toFixed(1)} s${passed ? '' : '  fails without a mutant: left out'}`)
    }
  }
  await Promise.all(Array.from({ length: jobs }, work))
  return all
}
