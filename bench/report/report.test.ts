/** The report page, its charts, and the table of bench/README.md, from made-up runs. */
import t from 'tap'
import { Latency } from '../harness/latency.ts'
import type { BenchRecord, MeasureRecord, StoredRun } from '../harness/results.ts'
import { latestBenches } from './collect.ts'
import { reportPage } from './page.ts'
import { summaryTable, withTable } from './readme.ts'
import { latestRuns } from './select.ts'
import { chart } from './svg.ts'

const latency = new Latency()
for (let ms = 1; ms <= 100; ms++) latency.record(ms)

const rate = (
  name: string,
  connections: number,
  value: number,
  more: Partial<MeasureRecord> = {},
): MeasureRecord => ({
  name,
  unit: 'frames/s',
  better: 'higher',
  curve: { name: 'ours', x: connections, xLabel: 'connections' },
  rounds: [{ value }, { value: value * 1.1, note: '<b>a note</b>' }],
  ...more,
})
const measures: MeasureRecord[] = [
  {
    name: 'bare',
    unit: 'frames/s',
    better: 'higher',
    rounds: [{ value: 1_000_000 }, { value: 1_000_000 }],
  },
  rate('ours, 10', 10, 500_000, {
    baseline: 'bare',
    goal: { ratio: 0.8, why: 'engine/adr/0014-what-a-frame-costs.md' },
    rounds: [
      { value: 500_000, ratio: 0.5, generatorShare: 0.3 },
      { value: 510_000, ratio: 0.51, cpuSecondsPerUnit: 2e-6 },
    ],
  }),
  rate('ours, 100', 100, 600_000),
  {
    name: 'to the terminal',
    unit: 'ms',
    better: 'lower',
    goal: { p99Ms: 200 },
    rounds: [{ value: 50, p99: 99 }],
    latency: { count: latency.count, percentiles: latency.curve() },
  },
]
const bench = (more: Partial<BenchRecord> = {}): BenchRecord => ({
  type: 'bench',
  name: 'sockets',
  group: 'load',
  title: 'a title',
  mode: 'embedded',
  at: '',
  seconds: 1,
  loadAverage: 0,
  broken: [],
  measures,
  ...more,
})
const stored = (id: string, commit: string, at: string, benches: BenchRecord[]): StoredRun => ({
  path: `${id}.jsonl`,
  benches,
  run: {
    type: 'run',
    v: 1,
    id,
    at,
    mode: 'embedded',
    loadAverage: 0,
    settings: { quick: false, benches: [], rounds: null, url: null },
    machine: {
      cpu: 'a processor',
      cores: 2,
      memoryBytes: 2 ** 34,
      platform: 'linux',
      versions: { node: '20.0.0' },
      commit,
      dirty: false,
    },
  },
})
const first = stored('full-1', 'aaaaaaaaaa', '2026-01-01T00:00:00Z', [bench()])
const second = stored('full-2', 'bbbbbbbbbb', '2026-01-02T00:00:00Z', [
  bench(),
  bench({ name: 'race', measures: [], skipped: 'redis is not here' }),
  bench({ name: 'queue', broken: ['two winners'] }),
])

t.test('the page loads nothing, and shows curves, history, checks and notes', async t => {
  const page = reportPage([second], [first, second])
  t.notMatch(
    page.replaceAll('http://www.w3.org', ''),
    /https?:\/\/|<script|<link|src=|@import|url\(/,
    'no script, style, link or image from elsewhere',
  )
  t.match(page, /sockets, embedded: latency/)
  t.match(page, /frames\/s against connections/)
  t.match(page, /History by commit/)
  t.match(page, />aaaaaaa<[^]*>bbbbbbb</, 'commits in the order of time')
  t.match(page, /BROKEN: two winners/)
  t.match(page, /Skipped: redis is not here/)
  t.match(page, /generator at 30 % of its ceiling/)
  t.notMatch(page, '<b>a note</b>', 'a note of a bench is text and not HTML')
  t.equal(page.match(/<svg /g)?.length, page.match(/<\/svg>/g)?.length)
  t.notMatch(page, /NaN|undefined|Infinity/)
  t.notMatch(reportPage([first], [first]), /History by commit/, 'one run is no history')
})

t.test('a chart has its points at the right distances, and none without a point', async t => {
  const drawn = chart({
    title: 't',
    xLabel: 'x',
    yLabel: 'y',
    logX: true,
    series: [
      {
        name: 's',
        points: [
          [1, 0],
          [10, 50],
          [100, 100],
        ],
      },
    ],
  })
  const at = /<path d="M([\d.]+) ([\d.]+)L([\d.]+) ([\d.]+)L([\d.]+) ([\d.]+)"/
    .exec(drawn)!
    .slice(1)
    .map(Number)
  t.equal(at[2]! - at[0]!, at[4]! - at[2]!, 'decades are equally wide')
  t.equal(at[1]! - at[3]!, at[3]! - at[5]!)
  t.ok(at[5]! < at[1]!, 'a larger value is higher')
  t.equal(
    chart({
      title: 't',
      xLabel: 'x',
      yLabel: 'y',
      logX: true,
      series: [
        {
          name: 's',
          points: [
            [0, 1],
            [Number.NaN, 2],
          ],
        },
      ],
    }),
    '',
    'nothing to draw',
  )
})

t.test('the table of bench/README.md has values, ratios and goals', async t => {
  const table = summaryTable([second])
  t.match(
    table,
    '| sockets, embedded: ours, 10 | 505 k frames/s | 0.51 × bare | ≥ 0.8 × (not reached, [why](../engine/adr/0014-what-a-frame-costs.md)) |',
  )
  t.match(
    table,
    '| sockets, embedded: to the terminal | p50 50.0 ms, p99 99.0 ms |  | p99 ≤ 200 ms |',
  )
  const begin = '<!-- bench: written by `npm run bench -- report --readme` -->'
  const text = `before\n${begin}\nold\n<!-- bench: end -->\nafter`
  t.equal(withTable(text, 'new'), `before\n${begin}\nnew\n<!-- bench: end -->\nafter`)
  t.equal(withTable(withTable(text, 'new'), 'new'), withTable(text, 'new'))
  t.throws(() => withTable('nothing', 'new'), /no place for the table/)
})

t.test('the latest whole record of each bench counts', async t => {
  const cutOff = stored('part-3', 'bbbbbbbbbb', '2026-01-03T00:00:00Z', [
    bench({ interrupted: true }),
    bench({ name: 'queue', title: 'later' }),
  ])
  t.match(
    latestBenches([second, cutOff]),
    [{ title: 'a title' }, { name: 'race' }, { title: 'later' }],
    'an interrupted record does not replace a whole one',
  )
  t.same(latestRuns([first, second, cutOff]), [second])
  t.same(latestRuns([cutOff]), [cutOff])
  t.same(latestRuns([]), [])
})
