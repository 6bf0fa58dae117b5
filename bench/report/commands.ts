/** The commands that read results instead of making them: `compare` and `report`. */
import { describeOptions, readOptions, UsageError, type OptionTable } from '../common/options.ts'
import { compare, comparisonLines } from './compare.ts'
import { selectRuns } from './select.ts'

const compareTable: OptionTable = {
  'min-effect': { value: 'PERCENT', help: 'changes below this are not reported; 10 for micro, 15 for load, 20 for peers, 30 for p99 if not given', number: { min: 0, max: 1_000 } },
  results: { value: 'FOLDER', help: 'where the results are (bench/results)' },
  check: { help: 'exit 1 when something is worse' },
  json: { help: 'one JSON object' },
}
const compareHelp = `npm run bench -- compare A B [options]

Says what changed from A to B beyond the noise. A and B are commits, run ids or files; of a commit all
its runs are taken together.

${describeOptions(compareTable)}`

/** Resolves to the exit code. */
export async function compareCommand(argv: string[]): Promise<number> {
  const options = readOptions(compareTable, argv, 2)
  if (options.help) { console.log(compareHelp); return 0 }
  const [first, second] = options.positionals
  if (first === undefined || second === undefined) throw new UsageError('compare needs two commits, run ids or files; compare --help says more')
  const [a, b] = [first, second].map(word => selectRuns(word, options.text('results') ?? undefined)) as [ReturnType<typeof selectRuns>, ReturnType<typeof selectRuns>]
  const comparison = compare(a, b, options.text('min-effect') === null ? {} : { effectMin: options.number('min-effect') / 100 })
  if (options.flag('json')) console.log(JSON.stringify(comparison, null, 2))
  else for (const line of comparisonLines(comparison, a, b)) console.log(line)
  return options.flag('check') && comparison.measures.some(one => one.verdict === 'worse') ? 1 : 0
}
