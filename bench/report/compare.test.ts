/**
 * The comparison of stored runs: a change of the program is told apart from one of the machine and
 * from noise.
 */
import t from 'tap'
import type { MeasureRecord, StoredRun } from '../harness/results.ts'
import { compare, comparisonLines } from './compare.ts'

const stored = (id: string, measures: MeasureRecord[], cpu = 'a processor'): StoredRun => ({
  path: `${id}.jsonl`,
  run: {
    type: 'run',
    v: 1,
    id,
    at: '2026-01-01T00:00:00Z',
    mode: 'embedded',
    loadAverage: 0,
    settings: { quick: false, benches: ['sockets'], rounds: null, url: null },
    machine: {
      cpu,
      cores: 2,
      memoryBytes: 1,
      platform: 'linux',
      versions: { node: '20.0.0' },
      commit: id,
      dirty: false,
    },
  },
  benches: [
    {
      type: 'bench',
      name: 'sockets',
      group: 'load',
      title: '',
      mode: 'embedded',
      at: '',
      seconds: 1,
      loadAverage: 0,
      broken: [],
      measures,
    },
  ],
})
const bare = (values: number[]): MeasureRecord => ({
  name: 'bare',
  unit: 'frames/s',
  better: 'higher',
  rounds: values.map(value => ({ value })),
})
const ours = (values: number[], beside: number[]): MeasureRecord => ({
  name: 'ours',
  unit: 'frames/s',
  better: 'higher',
  baseline: 'bare',
  rounds: values.map((value, at) => ({ value, ratio: value / beside[at]! })),
})
const latency = (p50: number[], p99: number[]): MeasureRecord => ({
  name: 'latency',
  unit: 'ms',
  better: 'lower',
  rounds: p50.map((value, at) => ({ value, p99: p99[at]! })),
})

const calm = [100, 101, 99, 100.5, 99.5]
const half = [50.2, 50.1, 49.6, 50.3, 49.8]

t.test('a slower program is worse, a slower machine is not', async t => {
  const before = stored('before', [bare(calm), ours(calm, calm)])
  const program = compare([before], [stored('after', [bare(calm), ours(half, calm)])])
  t.match(program.measures, [{ measure: 'ours', of: 'ratio', verdict: 'worse' }])
  t.ok(Math.abs(program.measures[0]!.change.ratio - 0.5) < 0.01)
  t.match(program.machine, [{ measure: 'bare', verdict: 'same' }])
  const machine = compare(
    [before],
    [
      stored('after', [
        bare(half),
        ours(
          calm.map(value => value / 2),
          half,
        ),
      ]),
    ],
  )
  t.match(machine.measures, [{ measure: 'ours', verdict: 'same' }])
  t.match(machine.machine, [{ measure: 'bare', verdict: 'worse' }])
})

t.test('latencies are better when lower, and their 99th percentiles are compared too', async t => {
  const before = stored('before', [latency([5, 5.1, 4.9, 5, 5.05], [20, 21, 19, 20, 20.5])])
  const after = stored('after', [latency([2.5, 2.6, 2.4, 2.5, 2.55], [60, 61, 59, 60, 60.5])])
  t.match(compare([before], [after]).measures, [
    { of: 'value', verdict: 'better' },
    { of: 'p99', verdict: 'worse' },
  ])
})

t.test('noise is not a change, and a difference that is too small is not one', async t => {
  const noisy = [60, 140, 90, 130, 80]
  t.match(
    compare(
      [stored('a', [latency(noisy, noisy)])],
      [stored('b', [latency(noisy.map(value => value * 1.2).toReversed(), noisy)])],
    ).measures,
    [{ verdict: 'same', small: false }, { verdict: 'same' }],
  )
  const slightly = compare(
    [stored('a', [latency(calm, calm)])],
    [
      stored('b', [
        latency(
          calm.map(value => value * 1.05),
          calm,
        ),
      ]),
    ],
  )
  t.match(slightly.measures, [
    { verdict: 'same', small: true },
    { verdict: 'same', small: false },
  ])
  t.match(
    compare(
      [stored('a', [latency(calm, calm)])],
      [
        stored('b', [
          latency(
            calm.map(value => value * 1.05),
            calm,
          ),
        ]),
      ],
      { effectMin: 0.02 },
    ).measures[0],
    { verdict: 'worse' },
  )
})

t.test('runs of one commit are joined, and a measure of one side only is named', async t => {
  const [first, second] = [
    stored('a', [bare([100]), ours([100], [100])]),
    stored('a', [bare([102]), ours([101], [102])]),
  ]
  t.same(
    compare([first], [second]).incomparable,
    ['sockets (embedded): bare', 'sockets (embedded): ours'],
    'one round cannot be compared',
  )
  const together = compare(
    [first, second, first],
    [stored('b', [bare(calm), ours(half, calm), latency(calm, calm)])],
  )
  t.match(together.measures, [{ measure: 'ours', verdict: 'worse' }])
  t.same(together.incomparable, ['sockets (embedded): latency', 'sockets (embedded): latency, p99'])
})

t.test('the text has the verdict, the ratio, the machines and the counts', async t => {
  const [a, b] = [
    [stored('before', [bare(calm), ours(calm, calm)])],
    [stored('after', [bare(calm), ours(half, calm)], 'another')],
  ]
  const text = comparisonLines(compare(a, b), a, b).join('\n')
  t.match(
    text,
    /^WORSE {2}sockets \(embedded\): ours × 0\.50 \(95 %: 0\.[45]\d to 0\.5\d; p \S+\), beside its baseline$/m,
  )
  t.match(text, /different machines/)
  t.match(text, /1 compared, 1 worse, 0 better, 0 the same/)
})
