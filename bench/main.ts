/**
 * `npm run bench`: the micro suites and the load benches, each beside a baseline measured in the same
 * run, because ratios survive a change of machine and absolute numbers do not. Exit 1 when something
 * that must hold does not; a slow number alone is never a failure.
 */
import { Latency } from './common/latency.ts'
import { loadLine, machineLine } from './common/machine.ts'
import { describeOptions, readOptions, runTool, UsageError, type OptionTable } from './common/options.ts'
import type { LoadBench, LoadContext, LoadRow } from './load/bench.ts'
import { bench as accept } from './load/accept.ts'
import { bench as ingest } from './load/ingest.ts'
import { bench as request } from './load/request.ts'
import { microSuites, runMicro } from './micro/run.ts'
import type { MicroResult } from './micro/suite.ts'

const table: OptionTable = {
  quick: { help: 'seconds instead of minutes, for a look; numbers spread more' },
  json: { help: 'one JSON object instead of tables' },
}
const loads: readonly LoadBench[] = [ingest, request, accept]

const help = (suites: readonly string[]): string => `npm run bench -- [micro | load | NAME...] [options]

Measures Caduceus. Without a name everything runs.
  micro  ${suites.join(', ')}
  load   ${loads.map(load => load.name).join(', ')}

${describeOptions(table)}`

async function main(argv: string[]): Promise<number> {
  const options = readOptions(table, argv, 20)
  const suites = await microSuites()
  if (options.help) { console.log(help(suites)); return 0 }
  const known = new Set(['micro', 'load', ...suites, ...loads.map(load => load.name)])
  const unknown = options.positionals.find(name => !known.has(name))
  if (unknown !== undefined) throw new UsageError(`there is no bench "${unknown}"; there are ${[...known].join(', ')}`)
  const wanted = (kind: string, name: string): boolean =>
    options.positionals.length === 0 || options.positionals.includes(kind) || options.positionals.includes(name)

  process.on('SIGINT', () => process.exit(130))
  process.on('SIGTERM', () => process.exit(143))
  const quick = options.flag('quick')
  const json = options.flag('json')
  const say = (text: string): void => { (json ? process.stderr : process.stdout).write(`${text}\n`) }
  const head = [machineLine(), loadLine()]
  for (const line of head) say(line)

  const micro: MicroResult[] = []
  for (const name of suites.filter(name => wanted('micro', name))) {
    say(`\n${name}`)
    const results = await runMicro(name, quick, reason => say(`  skipped: ${reason}`))
    micro.push(...results)
    for (const result of results) say(microLine(result))
  }
  const rows: LoadRow[] = []
  const broken: string[] = []
  for (const load of loads.filter(load => wanted('load', load.name))) {
    say(`\n${load.name}: ${load.title}`)
    const context: LoadContext = {
      quick, say: text => say(`  ${text}`),
      row: row => { rows.push(row); say(rowLine(row)) },
      check: (holds, what) => { if (!holds) { broken.push(`${load.name}: ${what}`); say(`  BROKEN: ${what}`) } },
    }
    await load.run(context)
  }
  say(`\n${broken.length === 0 ? 'everything that must hold holds' : `${broken.length} things do not hold`}; ${loadLine()} at the end`)
  if (json) console.log(JSON.stringify({ machine: head, micro, load: rows.map(plain), broken }, null, 2))
  return broken.length === 0 ? 0 : 1
}

const caseWidth = 52
const perSecond = (rate: number): string =>
  rate >= 1e6 ? `${(rate / 1e6).toFixed(2)} M/s` : rate >= 1e3 ? `${(rate / 1e3).toFixed(1)} k/s` : `${rate.toFixed(0)}/s`

const microLine = (result: MicroResult): string =>
  `  ${result.case.padEnd(caseWidth)} ${perSecond(result.operationsPerSecond).padStart(11)}  ${`× ${result.ratioToBaseline.toFixed(2)}`.padStart(9)}  ± ${(result.spread * 50).toFixed(0)} %`

function rowLine(row: LoadRow): string {
  const numbers = row.latency !== undefined ? row.latency.line()
    : `${perSecond(row.rate ?? 0).padStart(11)}${row.ratio === undefined ? '' : `  ${`× ${row.ratio.toFixed(2)}`.padStart(9)}`}`
  return `  ${row.case.padEnd(caseWidth)} ${numbers}${row.note === undefined ? '' : `\n  ${' '.repeat(4)}${row.note}`}`
}

/** A row as JSON: percentiles in milliseconds. */
function plain({ latency, ...row }: LoadRow): object {
  if (!(latency instanceof Latency)) return row
  const percentiles = Object.fromEntries([50, 90, 99, 99.9, 100].map(p => [`p${p}_ms`, latency.percentile(p)]))
  return { ...row, count: latency.count, ...percentiles }
}

await runTool('bench', main)
