/** The report as one page without anything from elsewhere: tables, and charts as inline SVG. */
import type { BenchRecord, StoredRun } from '../common/results.ts'
import { plain, showCpu, showRatio, showValue } from '../common/summary.ts'
import { benchTitle, histories, latestBenches, rowsOf, type History, type Row } from './collect.ts'
import { chart, escapeXml as e } from './svg.ts'

const groups = { micro: 'Micro: one function at a time', load: 'Load: real sockets, open loop', peers: 'Peers: other systems doing the same work' } as const

/** `runs` are shown, oldest first; `past` is every run for the history. */
export function reportPage(runs: readonly StoredRun[], past: readonly StoredRun[]): string {
  const benches = latestBenches(runs)
  const rows = rowsOf(benches)
  const { machine } = runs.at(-1)!.run
  const goals = rows.filter(({ summary }) => summary.goals.length > 0)
  const met = goals.filter(({ summary }) => summary.goals.every(goal => goal.met)).length
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Caduceus: measured at ${e(machine.commit)}</title>
<style>${css}</style></head><body>
<h1>Caduceus, measured</h1>
<p>Commit <b>${e(machine.commit)}</b>${machine.dirty === true ? ' with local changes' : ''} on ${machine.cores} × ${e(machine.cpu)}, ${Math.round(machine.memoryBytes / 2 ** 30)} GiB, ${e(machine.platform)}.
Every number is a median over rounds, each beside a raw baseline measured in the same round; ratios survive a change of machine, absolute numbers do not. Generator and server share the machine: processor time of the server is the honest figure of capacity.</p>
<p class="small">${Object.entries(machine.versions).map(([name, version]) => `${e(name)} ${e(version)}`).join(' · ')}</p>
${runTable(runs)}
<h2>Goals: ${met} of ${goals.length} rows reached</h2>
${table(['path', 'measured', 'beside its baseline', 'to be reached', ''], goals.map(goalCells))}
${(['load', 'peers', 'micro'] as const).map(group => section(groups[group], benches.filter(bench => bench.group === group))).join('\n')}
${historySection(histories(past))}
</body></html>
`
}

function runTable(runs: readonly StoredRun[]): string {
  return table(['run', 'when', 'mode', 'settings', 'load before'], runs.map(({ run }) => [
    e(run.id), e(run.at.slice(0, 16).replace('T', ' ')), run.mode, `${run.settings.quick ? 'quick' : 'full'}${run.settings.url === null ? '' : `, ${e(run.settings.url)}`}`,
    `${run.loadAverage.toFixed(1)}${run.loadAverage > run.machine.cores / 2 ? ' (busy)' : ''}`,
  ]))
}

function goalCells({ bench, measure, summary }: Row): string[] {
  return [
    `${e(benchTitle(bench))}: ${e(measure.name)}`, measured({ bench, measure, summary }), summary.ratio === undefined ? '' : `${showRatio(summary.ratio)} ${e(measure.baseline!)}`,
    summary.goals.map(goal => e(goal.text)).join('<br>'), summary.goals.map(goal => (goal.met ? '<b class="yes">reached</b>' : '<b class="no">not reached</b>')).join('<br>'),
  ]
}

const measured = ({ measure, summary: { value, p99 } }: Row): string =>
  p99 === undefined ? e(showValue(value, measure.unit)) : `p50 ${plain(value)}, p99 ${plain(p99)} ms`

function section(title: string, benches: readonly BenchRecord[]): string {
  if (benches.length === 0) return ''
  return `<h2>${e(title)}</h2>${benches.map(bench => `<h3>${e(benchTitle(bench))}</h3><p>${e(bench.title)}${troubles(bench)}</p>
${bench.measures.length === 0 ? '' : table(['', 'measured', '±', 'beside its baseline', 'besides'], rowsOf([bench]).map(detailCells))}
<div class="charts">${latencyChart(bench)}${curveCharts(bench)}</div>`).join('\n')}`
}

const troubles = ({ skipped, error, interrupted, broken }: BenchRecord): string => [
  ...(skipped === undefined ? [] : [`Skipped: ${skipped}.`]), ...(error === undefined ? [] : [`It failed: ${error.split('\n')[0]!}`]),
  ...(interrupted === true ? ['Interrupted.'] : []), ...broken.map(what => `BROKEN: ${what}.`),
].map(text => ` <b class="no">${e(text)}</b>`).join('')

function detailCells(row: Row): string[] {
  const { measure, summary: { spread, ratio, cpuSecondsPerUnit, generatorShare } } = row
  const note = measure.rounds.at(-1)?.note
  return [
    e(measure.name), measured(row), measure.rounds.length < 2 ? '' : `${(spread * 50).toFixed(0)} %`, ratio === undefined ? '' : showRatio(ratio),
    [...(cpuSecondsPerUnit === undefined ? [] : [showCpu(cpuSecondsPerUnit)]), ...(generatorShare === undefined ? [] : [`generator at ${(generatorShare * 100).toFixed(0)} % of its ceiling`]), ...(note === undefined ? [] : [e(note)])].join('; '),
  ]
}

/** How many were answered within so long, on a logarithmic axis. */
function latencyChart(bench: BenchRecord): string {
  return chart({
    title: `${benchTitle(bench)}: latency`, xLabel: 'ms, from the intended time of sending (logarithmic)', yLabel: '% within', logX: true,
    series: bench.measures.filter(measure => measure.latency !== undefined).map(measure => ({ name: measure.name, points: measure.latency!.percentiles.map(([percent, ms]) => [ms, percent] as const) })),
  })
}

/** A chart for each x axis and unit; a line for each curve, and for latencies its p99 dashed beside it. */
function curveCharts(bench: BenchRecord): string {
  const rows = rowsOf([bench]).filter(({ measure }) => measure.curve !== undefined)
  const kinds = new Set(rows.map(({ measure }) => `${measure.curve!.xLabel}\n${measure.unit}`))
  return [...kinds].map(kind => {
    const [xLabel, unit] = kind.split('\n') as [string, string]
    const of = rows.filter(({ measure }) => measure.curve!.xLabel === xLabel && measure.unit === unit)
    const names = [...new Set(of.map(({ measure }) => measure.curve!.name))]
    const points = (name: string, value: (row: Row) => number | undefined) =>
      of.filter(row => row.measure.curve!.name === name).map(row => [row.measure.curve!.x, value(row) ?? Number.NaN] as const).sort((a, b) => a[0] - b[0])
    const xs = of.map(({ measure }) => measure.curve!.x)
    return chart({
      title: `${benchTitle(bench)}: ${unit} against ${xLabel}`, xLabel, yLabel: unit, marks: true, logX: Math.max(...xs) > 20 * Math.min(...xs), logY: unit === 'ms',
      series: names.flatMap(name => [
        { name: of.some(({ summary }) => summary.p99 !== undefined) ? `${name}, p50` : name, points: points(name, row => row.summary.value) },
        { name: `${name}, p99`, dashed: true, points: points(name, row => row.summary.p99) },
      ]),
    })
  }).join('')
}

function historySection(all: readonly History[]): string {
  if (all.length === 0) return ''
  return `<h2>History by commit</h2><div class="charts">${all.map(({ name, unit, points }) => chart({
    title: name, xLabel: 'commit', yLabel: unit, marks: true, height: 220, xNames: points.map(({ run }) => run.run.machine.commit.slice(0, 7)),
    series: [{ name: unit, points: points.map(({ value }, at) => [at, value] as const) }],
  })).join('')}</div>`
}

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  `<div class="wide"><table><thead><tr>${head.map(cell => `<th>${e(cell)}</th>`).join('')}</tr></thead><tbody>${rows.map(cells => `<tr>${cells.map(cell => `<td>${cell}</td>`).join('')}</tr>`).join('\n')}</tbody></table></div>`

const css = `
:root { color-scheme: light dark; --ink: #1c2430; --soft: #5b6675; --line: #d9dee6; --paper: #fff }
@media (prefers-color-scheme: dark) { :root { --ink: #e6eaf0; --soft: #98a3b3; --line: #333c49; --paper: #12161c } }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); max-width: 1180px; margin: 2rem auto; padding: 0 1rem }
h2 { margin-top: 2.5rem; border-bottom: 2px solid var(--line); padding-bottom: .2rem } h3 { margin: 1.6rem 0 0 }
.small, td:last-child { color: var(--soft); font-size: 13px }
.wide { overflow-x: auto } table { border-collapse: collapse; width: 100% } th { text-align: left; color: var(--soft); font-weight: 600 }
th, td { padding: .25rem .8rem .25rem 0; border-bottom: 1px solid var(--line); vertical-align: top; font-variant-numeric: tabular-nums }
.yes { color: #15803d } .no { color: #c2410c }
.charts { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 480px), 1fr)); gap: 1rem; margin-top: .6rem }
svg { width: 100%; height: auto } svg text { font: 12px system-ui, sans-serif; fill: var(--soft) } svg .title { font-weight: 600; fill: var(--ink) } svg .grid { stroke: var(--line); stroke-width: 1 }
`
