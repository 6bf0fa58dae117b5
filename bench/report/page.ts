/** The report as one self-contained page: tables, and charts as inline SVG. */
import type { BenchRecord, StoredRun } from '../harness/results.ts'
import { plain, showCpu, showRatio, showValue } from '../harness/summary.ts'
import { benchTitle, histories, latestBenches, rowsOf, type History, type Row } from './collect.ts'
import { css } from './style.ts'
import { chart, escapeXml as e } from './svg.ts'

const groups = {
  load: 'Load: real sockets, open loop',
  peers: 'Peers: other systems doing the same work',
  micro: 'Micro: one function at a time',
} as const
type Cell = string | { html: string; class: string }

/**
 * `runs` are shown, oldest first; `past` is every run, for the history. `sources`: the path from
 * the page to the repository's root, for links to decision records.
 */
export function reportPage(
  runs: readonly StoredRun[],
  past: readonly StoredRun[],
  sources = '../../',
): string {
  const benches = latestBenches(runs)
  const rows = rowsOf(benches)
  const { machine, at } = runs.at(-1)!.run
  const goals = rows.filter(({ summary }) => summary.goals.length > 0)
  const missed = goals.filter(({ summary }) => summary.goals.some(goal => !goal.met))
  const reached = goals.filter(({ summary }) => summary.goals.every(goal => goal.met))
  const history = histories(past)
  const tile = (figure: string, what: string): string =>
    `<div class="tile"><b>${figure}</b>${what}</div>`
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Caduceus: measured at ${e(machine.commit)}</title>
<style>${css}</style></head><body>
<h1>Caduceus, measured</h1>
<p class="lead">Every number is a median over rounds, each beside a raw baseline measured in the same round: ratios survive a change of machine, absolute numbers do not. Generator and server share the machine, so what the server does in a second of its own processor time is the honest figure of capacity.</p>
<div class="tiles">${[
    tile(`${reached.length} of ${goals.length}`, 'goals reached'),
    tile(e(machine.commit), `commit${machine.dirty === true ? ', with local changes' : ''}`),
    tile(
      `${machine.cores} cores`,
      `${e(machine.cpu)}, ${Math.round(machine.memoryBytes / 2 ** 30)} GiB`,
    ),
    tile(e(at.slice(0, 10)), `${e(at.slice(11, 16))} UTC`),
  ].join('')}</div>
<nav>${[['goals', 'Goals'], ...Object.entries(groups).filter(([group]) => benches.some(bench => bench.group === group)), ...(history.length === 0 ? [] : [['history', 'History by commit']]), ['machine', 'How it was measured']].map(([id, text]) => `<a href="#${id}">${e(text!)}</a>`).join('')}</nav>
${unmeasured(benches, runs)}
<h2 id="goals">Goals</h2>
${missed.length === 0 ? '' : `<div class="bench"><h3 class="no">Not reached: ${missed.length}</h3>${goalTable(missed, sources)}</div>`}
${reached.length === 0 ? '' : `<div class="bench"><h3 class="yes">Reached: ${reached.length}</h3>${goalTable(reached, sources)}</div>`}
${(Object.keys(groups) as (keyof typeof groups)[])
  .map(group =>
    section(
      group,
      benches.filter(bench => bench.group === group),
    ),
  )
  .join('\n')}
${historySection(history, goals)}
<h2 id="machine">How it was measured</h2>
${table(
  ['run', 'when', 'mode', 'settings', 'load before'],
  runs.map(({ run }) => [
    e(run.id),
    e(run.at.slice(0, 16).replace('T', ' ')),
    run.mode,
    `${run.settings.quick ? 'quick' : 'full'}${run.settings.url === null ? '' : `, ${e(run.settings.url)}`}`,
    `${run.loadAverage.toFixed(1)}${busy({ run }) ? ' (busy)' : ''}`,
  ]),
)}
<p class="small">${e(machine.platform)} · ${Object.entries(machine.versions)
    .map(([name, version]) => `${e(name)} ${e(version)}`)
    .join(' · ')}</p>
</body></html>
`
}

const busy = ({ run }: Pick<StoredRun, 'run'>): boolean => run.loadAverage > run.machine.cores / 2

/** Facts that a reader must know before trusting the numbers. */
function unmeasured(benches: readonly BenchRecord[], runs: readonly StoredRun[]): string {
  const lines = [
    ...runs
      .filter(busy)
      .map(
        ({ run }) =>
          `The machine was busy with something else when ${run.id} began (load ${run.loadAverage.toFixed(1)}): its numbers are worse than the machine.`,
      ),
    ...benches.flatMap(bench => troublesOf(bench).map(text => `${benchTitle(bench)}: ${text}`)),
  ]
  return lines.length === 0
    ? ''
    : `<div class="warn"><ul>${lines.map(text => `<li>${e(text)}</li>`).join('')}</ul></div>`
}

const goalTable = (rows: readonly Row[], sources: string): string =>
  table(
    ['path', 'measured', 'beside its baseline', 'to be reached'],
    rows.map(row => {
      const { bench, measure, summary } = row
      return [
        `<a href="#${idOf(bench)}">${e(benchTitle(bench))}</a>: ${e(measure.name)}`,
        { html: measured(row), class: 'n' },
        summary.ratio === undefined
          ? ''
          : `${showRatio(summary.ratio)} <span class="small">${e(measure.baseline!)}</span>`,
        {
          html: summary.goals
            .map(
              ({ text, met, why }) =>
                `<span class="pill ${met ? 'yes' : 'no'}">${met ? '✓' : '✗'} ${e(text)}</span>${why === undefined ? '' : ` <a class="small" href="${e(sources + why)}">why</a>`}`,
            )
            .join('<br>'),
          class: 'n',
        },
      ]
    }),
  )

const idOf = (bench: BenchRecord): string => `${bench.name}-${bench.mode}`

const measured = ({ measure, summary: { value, p99 } }: Row): string =>
  p99 === undefined
    ? e(showValue(value, measure.unit))
    : `p50 ${plain(value)}, p99 ${plain(p99)} ms`

function section(group: keyof typeof groups, benches: readonly BenchRecord[]): string {
  if (benches.length === 0) return ''
  return `<h2 id="${group}">${e(groups[group])}</h2>${benches
    .map(
      bench => `<div class="bench" id="${idOf(bench)}"><h3>${e(benchTitle(bench))}</h3>
<p>${e(bench.title)}${troublesOf(bench)
        .map(text => ` <b class="no">${e(text)}</b>`)
        .join('')}</p>
<div class="charts">${curveCharts(bench)}${latencyChart(bench)}</div>
${bench.measures.length === 0 ? '' : table(['', 'measured', '±', 'beside its baseline', 'besides'], rowsOf([bench]).map(detailCells))}</div>`,
    )
    .join('\n')}`
}

const troublesOf = ({ skipped, error, interrupted, broken }: BenchRecord): string[] => [
  ...(skipped === undefined ? [] : [`Skipped: ${skipped}.`]),
  ...(error === undefined ? [] : [`It failed: ${error.split('\n')[0]!}`]),
  ...(interrupted === true ? ['Interrupted.'] : []),
  ...broken.map(what => `BROKEN: ${what}.`),
]

function detailCells(row: Row): Cell[] {
  const {
    measure,
    summary: { spread, ratio, cpuSecondsPerUnit, generatorShare, goals },
  } = row
  const note = measure.rounds.at(-1)?.note
  const verdict = goals
    .map(
      ({ text, met }) =>
        ` <span class="pill ${met ? 'yes' : 'no'}">${met ? '✓' : '✗'} ${e(text)}</span>`,
    )
    .join('')
  return [
    e(measure.name),
    { html: measured(row), class: 'n' },
    { html: measure.rounds.length < 2 ? '' : `${(spread * 50).toFixed(0)} %`, class: 'n' },
    `${ratio === undefined ? '' : showRatio(ratio)}${verdict}`,
    {
      html: [
        ...(cpuSecondsPerUnit === undefined ? [] : [showCpu(cpuSecondsPerUnit)]),
        ...(generatorShare === undefined
          ? []
          : [`generator at ${(generatorShare * 100).toFixed(0)} % of its ceiling`]),
        ...(note === undefined ? [] : [e(note)]),
      ].join('; '),
      class: 's',
    },
  ]
}

/**
 * Share of answers within a time. Nines are equally far apart, because readers ask about the tail.
 */
function latencyChart(bench: BenchRecord): string {
  const nines = (percent: number): number => -Math.log10(1 - percent / 100)
  return chart({
    title: `${benchTitle(bench)}: latency`,
    xLabel: 'ms, from the intended time of sending (logarithmic)',
    yLabel: '% within',
    logX: true,
    yTicks: [0, 50, 90, 99, 99.9, 99.99].map(percent => [nines(percent), `${percent} %`] as const),
    series: bench.measures
      .filter(measure => measure.latency !== undefined)
      .map(measure => ({
        name: measure.name,
        // A percentile beyond the number of values only repeats the largest one.
        points: measure
          .latency!.percentiles.filter(
            ([percent]) => percent < 100 && percent <= 100 - 100 / measure.latency!.count,
          )
          .map(([percent, ms]) => [ms, nines(percent)] as const),
      })),
  })
}

/**
 * A chart for each x axis and unit; a line for each curve, and for latencies its p99 dashed beside
 * it.
 */
function curveCharts(bench: BenchRecord): string {
  const rows = rowsOf([bench]).filter(({ measure }) => measure.curve !== undefined)
  const kinds = new Set(rows.map(({ measure }) => `${measure.curve!.xLabel}\n${measure.unit}`))
  return [...kinds]
    .map(kind => {
      const [xLabel, unit] = kind.split('\n') as [string, string]
      const of = rows.filter(
        ({ measure }) => measure.curve!.xLabel === xLabel && measure.unit === unit,
      )
      const names = [...new Set(of.map(({ measure }) => measure.curve!.name))]
      const points = (name: string, value: (row: Row) => number | undefined) =>
        of
          .filter(row => row.measure.curve!.name === name)
          .map(row => [row.measure.curve!.x, value(row) ?? Number.NaN] as const)
          .sort((a, b) => a[0] - b[0])
      const xs = of.map(({ measure }) => measure.curve!.x)
      return chart({
        title: `${benchTitle(bench)}: ${unit} against ${xLabel}`,
        xLabel,
        yLabel: unit,
        marks: true,
        logX: Math.max(...xs) > 20 * Math.min(...xs),
        logY: unit === 'ms',
        series: names.flatMap(name => [
          {
            name: of.some(({ summary }) => summary.p99 !== undefined) ? `${name}, p50` : name,
            points: points(name, row => row.summary.value),
          },
          { name: `${name}, p99`, dashed: true, points: points(name, row => row.summary.p99) },
        ]),
      })
    })
    .join('')
}

/** Measures with a goal are shown; the others on demand. */
function historySection(all: readonly History[], goals: readonly Row[]): string {
  if (all.length === 0) return ''
  const wanted = new Set(goals.map(({ bench, measure }) => `${benchTitle(bench)}: ${measure.name}`))
  const charts = (which: readonly History[]): string =>
    `<div class="charts">${which
      .map(({ name, unit, points }) =>
        chart({
          title: name,
          xLabel: 'commit',
          yLabel: unit,
          marks: true,
          height: 220,
          xNames: points.map(({ run }) => run.run.machine.commit.slice(0, 7)),
          series: [{ name: unit, points: points.map(({ value }, at) => [at, value] as const) }],
        }),
      )
      .join('')}</div>`
  const [first, rest] = [
    all.filter(({ name }) => wanted.has(name)),
    all.filter(({ name }) => !wanted.has(name)),
  ]
  return `<h2 id="history">History by commit</h2>${charts(first)}${rest.length === 0 ? '' : `<details><summary>${rest.length} more, without a goal</summary>${charts(rest)}</details>`}`
}

const table = (head: readonly string[], rows: readonly (readonly Cell[])[]): string =>
  `<div class="wide"><table><thead><tr>${head.map(cell => `<th>${e(cell)}</th>`).join('')}</tr></thead><tbody>${rows.map(cells => `<tr>${cells.map(cell => (typeof cell === 'string' ? `<td>${cell}</td>` : `<td class="${cell.class}">${cell.html}</td>`)).join('')}</tr>`).join('\n')}</tbody></table></div>`
