/**
 * The table of bench/README.md, between two marks, so that it is renewed and never edited by hand.
 */
import type { StoredRun } from '../harness/results.ts'
import { plain, showValue } from '../harness/summary.ts'
import { benchTitle, latestBenches, rowsOf } from './collect.ts'

const begin = '<!-- bench: written by `npm run bench -- report --readme` -->'
const end = '<!-- bench: end -->'

/** Measures with a goal, in Markdown. */
export function summaryTable(runs: readonly StoredRun[]): string {
  const { machine, at, loadAverage } = runs.at(-1)!.run
  const rows = rowsOf(latestBenches(runs)).filter(({ summary }) => summary.goals.length > 0)
  const cells = rows.map(({ bench, measure, summary }) => [
    `${benchTitle(bench)}: ${measure.name}`,
    summary.p99 === undefined
      ? showValue(summary.value, measure.unit)
      : `p50 ${plain(summary.value)} ms, p99 ${plain(summary.p99)} ms`,
    summary.ratio === undefined ? '' : `${plain(summary.ratio.median)} × ${measure.baseline!}`,
    summary.goals
      .map(
        ({ text, met, why }) =>
          `${text}${met ? '' : ` (not reached${why === undefined ? '' : `, [why](../${why})`})`}`,
      )
      .join(', '),
  ])
  return [
    `Commit ${machine.commit}, ${at.slice(0, 10)}, ${machine.cores} × ${machine.cpu}, Node ${machine.versions['node']}${runs.some(({ run }) => run.settings.quick) ? ', quick' : ''}, load before ${loadAverage.toFixed(1)}. Medians over rounds.`,
    '',
    '| path | measured | beside its baseline | to be reached |',
    '|---|---|---|---|',
    ...cells.map(row => `| ${row.map(cell => cell.replaceAll('|', '\\|')).join(' | ')} |`),
  ].join('\n')
}

/** The text with a new table between the marks. Throws when the marks are missing. */
export function withTable(readme: string, table: string): string {
  const [from, to] = [readme.indexOf(begin), readme.indexOf(end)]
  if (from < 0 || to < from)
    throw new Error(
      `bench/README.md has no place for the table: it needs the lines\n${begin}\n${end}`,
    )
  return `${readme.slice(0, from + begin.length)}\n${table}\n${readme.slice(to)}`
}
