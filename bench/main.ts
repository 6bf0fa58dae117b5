/**
 * `npm run bench`: every bench beside a baseline measured in the same run, because ratios survive a
 * change of machine and absolute numbers do not. A slow number fails the run only with --check; a
 * broken check always does.
 */
import { resultsFolder } from './harness/results.ts'
import {
  describeOptions,
  readOptions,
  runTool,
  UsageError,
  type OptionTable,
} from './harness/options.ts'
import type { Bench } from './harness/bench.ts'

const table: OptionTable = {
  quick: { help: 'a minute or two instead of ten, for a look; numbers spread more' },
  distributed: {
    help: 'an engine and an edge on nats-server, redis-server and PostgreSQL instead of one process',
  },
  url: {
    value: 'ADDRESS',
    help: 'load benches against this deployment (wss://…); its edges must have BENCH_ALLOWED=1',
  },
  results: { value: 'FOLDER', help: 'where results are kept (bench/results)' },
  token: {
    value: 'TOKEN',
    help: 'access tokens of existing accounts, separated by commas, instead of registering new ones',
  },
  rounds: {
    value: 'N',
    help: 'rounds of each bench instead of its own number',
    number: { min: 1, max: 100, whole: true },
  },
  check: { help: 'exit 1 when a goal is not met' },
  profile: { help: 'write CPU profiles of the processes under test to bench/results/profiles' },
  json: {
    help: 'the records as JSON lines on standard output; everything else goes to standard error',
  },
  list: { help: 'the benches, one a line' },
}

const list = (benches: readonly Bench[]): string =>
  benches
    .map(({ group, name, title }) => `${group.padEnd(6)} ${name.padEnd(20)} ${title}`)
    .join('\n')

const help = `npm run bench -- [micro | load | peers | NAME...] [options]
npm run bench -- compare A B       what changed between two commits, runs or files
npm run bench -- report            a page with plots, and the table of bench/README.md

Measures Caduceus, each path beside a raw baseline of the same run. Without a name everything runs,
in about ten minutes on two quiet cores; --list names the benches; with --url, what can measure a deployment elsewhere. Results are kept in bench/results, one file a run.

${describeOptions(table)}

Exit: 0 all is well, 1 something that must hold does not (with --check: or a goal is not met),
2 wrong usage, 130 interrupted; what was measured until then is shown and kept.`

async function main(argv: string[]): Promise<number> {
  if (argv[0] === 'compare' || argv[0] === 'report') {
    const { compareCommand, reportCommand } = await import('./report/commands.ts')
    return (argv[0] === 'compare' ? compareCommand : reportCommand)(argv.slice(1))
  }
  const options = readOptions(table, argv, 100)
  if (options.help) {
    console.log(help)
    return 0
  }
  // Importing benches is slow, so help and mistakes are answered before.
  const { benches } = await import('./benches.ts')
  if (options.flag('list')) {
    console.log(list(benches))
    return 0
  }
  const groups = ['micro', 'load', 'peers']
  const known = new Set([...groups, ...benches.map(bench => bench.name)])
  const unknown = options.positionals.find(name => !known.has(name))
  if (unknown !== undefined)
    throw new UsageError(`there is no bench "${unknown}"; --list names them`)
  if (options.flag('distributed') && options.text('url') !== null)
    throw new UsageError(
      '--distributed starts servers of its own; with --url there are some already',
    )
  if (options.text('token') !== null && options.text('url') === null)
    throw new UsageError('--token is of accounts at a deployment; it needs --url')
  const everything = options.positionals.length === 0
  const remote = options.text('url') !== null
  const chosen = benches.filter(
    ({ group, name, modes }) =>
      options.positionals.includes(name) ||
      ((everything || options.positionals.includes(group)) &&
        (!remote || modes?.includes('remote') === true)),
  )
  const { runSuite } = await import('./harness/suite.ts')
  return runSuite(chosen, {
    everything: everything && !remote,
    quick: options.flag('quick'),
    mode: remote ? 'remote' : options.flag('distributed') ? 'distributed' : 'embedded',
    url: options.text('url'),
    tokens: options.text('token')?.split(',') ?? [],
    rounds: options.text('rounds') === null ? null : options.number('rounds'),
    check: options.flag('check'),
    profile: options.flag('profile'),
    resultsFolder: options.text('results') ?? resultsFolder,
    json: options.flag('json'),
  })
}

await runTool('bench', main, 2)
