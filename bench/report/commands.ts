/** The commands that read results instead of making them: `compare` and `report`. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { assetUrl } from '../../protocol/kernel/assets.ts'
import { describeOptions, readOptions, UsageError, type OptionTable } from '../harness/options.ts'
import { resultsFolder, storedRuns } from '../harness/results.ts'
import { compare, comparisonLines } from './compare.ts'
import { reportPage } from './page.ts'
import { summaryTable, withTable } from './readme.ts'
import { latestRuns, selectRuns } from './select.ts'

const compareTable: OptionTable = {
  'min-effect': {
    value: 'PERCENT',
    help: 'changes below this are not reported; 10 for micro, 15 for load, 20 for peers, 30 for p99 if not given',
    number: { min: 0, max: 1_000 },
  },
  results: { value: 'FOLDER', help: 'where the results are (bench/results)' },
  check: { help: 'exit 1 when something is worse' },
  json: { help: 'one JSON object' },
}
const reportTable: OptionTable = {
  out: { value: 'FILE', help: 'where the page goes (report.html beside the results)' },
  results: { value: 'FOLDER', help: 'where the results are (bench/results)' },
  readme: { help: 'also write the summary table into bench/README.md, between its marks' },
}
const reportHelp = `npm run bench -- report [RUN...] [options]

Makes one page with every number and its plots, which opens without a network, and prints the summary
as a Markdown table. RUNs are commits, run ids or files; without one, the newest commit with a full run,
or else the newest run.

${describeOptions(reportTable)}`

/** Resolves to the exit code. */
export async function reportCommand(argv: string[]): Promise<number> {
  const options = readOptions(reportTable, argv, 100)
  if (options.help) {
    console.log(reportHelp)
    return 0
  }
  const folder = options.text('results') ?? resultsFolder
  const past = storedRuns(folder)
  const runs =
    options.positionals.length === 0
      ? latestRuns(past)
      : options.positionals
          .flatMap(word => selectRuns(word, folder))
          .sort((a, b) => a.run.at.localeCompare(b.run.at))
  if (runs.length === 0) throw new UsageError('there are no results yet; npm run bench makes some')
  const out = resolve(options.text('out') ?? join(folder, 'report.html'))
  mkdirSync(dirname(out), { recursive: true })
  const { quick } = runs.at(-1)!.run.settings
  // A quick number beside a full one would look like a change.
  writeFileSync(
    out,
    reportPage(
      runs,
      past.filter(({ run }) => run.settings.quick === quick),
      `${relative(dirname(out), fileURLToPath(assetUrl('.')))}/`,
    ),
  )
  const table = summaryTable(runs)
  console.log(`${table}\n\nthe page: ${relative(process.cwd(), out)}`)
  if (options.flag('readme')) {
    const readme = assetUrl('bench/README.md')
    writeFileSync(readme, withTable(readFileSync(readme, 'utf8'), table))
    console.log('and the table is in bench/README.md')
  }
  return 0
}

const compareHelp = `npm run bench -- compare A B [options]

Says what changed from A to B beyond the noise. A and B are commits, run ids or files; of a commit all
its runs are taken together.

${describeOptions(compareTable)}`

/** Resolves to the exit code. */
export async function compareCommand(argv: string[]): Promise<number> {
  const options = readOptions(compareTable, argv, 2)
  if (options.help) {
    console.log(compareHelp)
    return 0
  }
  const [first, second] = options.positionals
  if (first === undefined || second === undefined)
    throw new UsageError('compare needs two commits, run ids or files; compare --help says more')
  const [a, b] = [first, second].map(word =>
    selectRuns(word, options.text('results') ?? undefined),
  ) as [ReturnType<typeof selectRuns>, ReturnType<typeof selectRuns>]
  const comparison = compare(
    a,
    b,
    options.text('min-effect') === null ? {} : { effectMin: options.number('min-effect') / 100 },
  )
  if (options.flag('json')) console.log(JSON.stringify(comparison, null, 2))
  else for (const line of comparisonLines(comparison, a, b)) console.log(line)
  return options.flag('check') && comparison.measures.some(one => one.verdict === 'worse') ? 1 : 0
}
