/** The expected duration of a run of the suite, and the bar that shows its progress. */
import t from 'tap'
import type { Bench } from './bench.ts'
import { expectation } from './expectation.ts'
import type { BenchRecord, StoredRun } from './results.ts'
import { Progress } from './terminal.ts'

const bench = (name: string, more: Partial<Bench> = {}): Bench => ({
  name,
  group: 'load',
  title: name,
  modes: ['embedded', 'distributed'],
  async open() {
    return async () => undefined
  },
  ...more,
})
/** A stored run whose benches took so many seconds. */
const past = (
  seconds: Record<string, number>,
  settings: { quick: boolean; rounds: number | null } = { quick: false, rounds: null },
  more: Partial<BenchRecord> = {},
): StoredRun => ({
  path: '',
  benches: Object.entries(seconds).map(([name, took]) => ({
    type: 'bench',
    name,
    group: 'load',
    title: '',
    mode: 'embedded',
    at: '',
    seconds: took,
    loadAverage: 0,
    measures: [],
    broken: [],
    ...more,
  })),
  run: {
    type: 'run',
    v: 1,
    id: '',
    at: '',
    mode: 'embedded',
    loadAverage: 0,
    settings: { benches: [], url: null, ...settings },
    machine: {
      cpu: '',
      cores: 2,
      memoryBytes: 1,
      platform: '',
      versions: {},
      commit: '',
      dirty: null,
    },
  },
})
const full = { mode: 'embedded', quick: false, rounds: null } as const

t.test('a bench is expected to take as long as in the newest run of its kind', async t => {
  const benches = [bench('a'), bench('b'), bench('elsewhere', { modes: ['remote'] })]
  const runs = [
    past({ a: 100, b: 7 }),
    past({ a: 60 }),
    past({ a: 1 }, { quick: true, rounds: null }),
    past({ a: 1 }, { quick: false, rounds: 9 }),
    past({ a: 1 }, { quick: false, rounds: null }, { error: 'no' }),
  ]
  t.same(
    expectation(benches, runs, full),
    { seconds: [60, 7, 0], total: 67, guessed: 0 },
    'quick runs, runs with other rounds and failed benches do not count',
  )
  t.same(expectation(benches, [past({ a: 60 })], full), {
    seconds: [60, 25, 0],
    total: 85,
    guessed: 1,
  })
  t.equal(
    expectation([bench('a')], runs, { ...full, mode: 'distributed' }).guessed,
    1,
    'a run against another server does not count',
  )
  const { modes: _, ...without } = bench('a')
  t.equal(
    expectation([without], runs, { ...full, mode: 'distributed' }).total,
    60,
    'for a bench without a server the mode does not matter',
  )
  t.same(expectation(benches, runs, { ...full, rounds: 6 }).seconds, [120, 14, 0])
})

t.test('the bar shows the part of the time, and guesses the rest by the pace', async t => {
  let nowMs = 0
  const progress = new Progress(100, () => nowMs)
  t.equal(progress.text('a: opens'), '[------------------------]   0 %  a: opens  about 1:40 left')
  nowMs = 30_000
  progress.reach(20)
  t.equal(
    progress.text('a: opens'),
    '[#####-------------------]  20 %  a: opens  about 2:00 left',
    'the run is slower than expected, so the rest is too',
  )
  progress.reach(10)
  t.match(progress.text(''), / 20 %/, 'the bar never goes back')
  progress.reach(500)
  t.match(progress.text(''), /100 % {4}about 0:00 left/)
})
