/**
 * `npm run mutants`: checks that tests notice mistakes in the code. Mutants are drawn by seed, and
 * each must make a test fail.
 */
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { assetUrl } from '../../protocol/kernel/assets.ts'
import { describeOptions, readOptions, runTool, type OptionTable } from '../harness/options.ts'
import { Coverage } from './coverage.ts'
import { draw } from './draw.ts'
import type { Mutant } from './mutants.ts'
import { trial, type Verdict } from './trial.ts'
import { openWorkshop } from './workshop.ts'

const table: OptionTable = {
  count: {
    help: 'mutants on trial',
    value: 'N',
    number: { min: 1, max: 100_000, whole: true },
    default: 100,
  },
  seed: {
    help: 'which ones are drawn',
    value: 'N',
    number: { min: 0, max: 2 ** 32 - 1, whole: true },
    default: 1,
  },
  caught: {
    help: 'percent that must be caught, or the exit code is 1',
    value: 'P',
    number: { min: 0, max: 100 },
    default: 95,
  },
  files: { help: 'only mutants of files whose path begins so', value: 'PREFIX,...' },
  tests: { help: 'only test files whose path begins so', value: 'PREFIX,...' },
  patience: {
    help: 'seconds of tests that one mutant is worth; then it counts as not caught',
    value: 'S',
    number: { min: 1, max: 100_000 },
    default: 600,
  },
  jobs: {
    help: 'test files at a time',
    value: 'N',
    number: { min: 1, max: 64, whole: true },
    default: 2,
  },
  json: { help: 'write every verdict to this file', value: 'FILE' },
}

const help = `npm run mutants -- [options]: small mistakes are made in engine, protocol and edge, one at a time, and the tests
that pass the place are run until one fails. A mistake that no test notices is shown.

${describeOptions(table)}

Before a test file is first asked, it runs once without a mistake, to learn which places it passes; this is kept
in .mutants/ until a file that it can come to changes.
Tests need nats-server, redis-server, postgresql and chromium, as npm test does with REQUIRE_SERVICES=1.`

interface Result {
  mutant: Mutant
  verdict: Verdict
}

const say = (line: string): void => {
  process.stdout.write(`${line}\n`)
}
const oneLine = (text: string): string => {
  const line = text.replaceAll(/\s+/g, ' ')
  return line.length > 100 ? `${line.slice(0, 97)}...` : line
}
const placeOf = ({ file, line, column, kind }: Mutant): string =>
  `${file}:${line}:${column} ${kind}`

/** Tries them in the order drawn, `jobs` at a time. Ctrl-C ends it with the results so far. */
async function tryAll(
  drawn: readonly Mutant[],
  jobs: number,
  judge: (mutant: Mutant) => Promise<Verdict>,
): Promise<Result[]> {
  const waiting = [...drawn]
  const results: Result[] = []
  process.once('SIGINT', () => {
    waiting.length = 0
  })
  const work = async (): Promise<void> => {
    for (let mutant = waiting.shift(); mutant !== undefined; mutant = waiting.shift()) {
      const verdict = await judge(mutant)
      results.push({ mutant, verdict })
      say(`${results.length} of ${drawn.length}  ${placeOf(mutant)}  ${describe(verdict)}`)
    }
  }
  await Promise.all(Array.from({ length: jobs }, work))
  return results
}

function describe(verdict: Verdict): string {
  switch (verdict.outcome) {
    case 'caught':
      return `caught by ${verdict.by}${verdict.timedOut ? ' (never ended)' : ''}`
    case 'survived':
      return `SURVIVED ${verdict.tests} test files${verdict.left > 0 ? `, and patience ended before ${verdict.left} more` : ''}`
    default:
      return 'SURVIVED: no test passes it'
  }
}

async function main(argv: string[]): Promise<number> {
  const options = readOptions(table, argv)
  if (options.help) {
    say(help)
    return 0
  }
  const [files, tests] = ['files', 'tests'].map(name => (options.text(name) ?? '').split(',')) as [
    string[],
    string[],
  ]
  const begins = (path: string, prefixes: readonly string[]): boolean =>
    prefixes.some(prefix => path.startsWith(prefix))
  const workshop = await openWorkshop(fileURLToPath(assetUrl('.')))
  process.once('exit', () => workshop.remove())
  const mutants = workshop.mutants.filter(({ file }) => begins(file, files))
  const drawn = draw(mutants, options.number('count'), options.number('seed'))
  say(
    `${mutants.length} mutants in ${new Set(mutants.map(({ file }) => file)).size} files; ${drawn.length} are drawn by seed ${options.number('seed')}`,
  )
  const chosen = workshop.tests.filter(test => begins(test, tests))
  const coverage = new Coverage(workshop, fileURLToPath(assetUrl('.mutants/coverage')), say)
  const results = await tryAll(drawn, options.number('jobs'), mutant =>
    trial(workshop, mutant, chosen, coverage, 1_000 * options.number('patience')),
  )
  const json = options.text('json')
  if (json !== null) writeFileSync(json, JSON.stringify(results, null, 1))
  const missed = results.filter(({ verdict }) => verdict.outcome !== 'caught')
  for (const { mutant } of missed) {
    say(`\n${placeOf(mutant)}`)
    say(`  - ${oneLine(mutant.before)}`)
    say(`  + ${oneLine(mutant.after)}`)
  }
  const percent = (100 * (results.length - missed.length)) / Math.max(1, results.length)
  say(`\n${results.length - missed.length} of ${results.length} caught (${percent.toFixed(1)} %)`)
  return percent >= options.number('caught') ? 0 : 1
}

await runTool('mutants', main)
