/** The command `npm run bench` as a process, and one run of the harness on made-up benches. */
import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { run } from './fixture-run.ts'
import type { Bench, Measure } from './harness/bench.ts'
import { Latency } from './harness/latency.ts'
import { readRun } from './harness/results.ts'
import { startEmbeddedServer } from './rigs/server.ts'
import { runSuite } from './harness/suite.ts'

t.test('Ctrl-C ends the run, and the measures until then are shown and stored', async t => {
  const results = t.testdir()
  let sent = false
  const ended = await run(
    ['decide', '--rounds', '60', '--results', results],
    {},
    (output, kill) => {
      // Plain lines come every few seconds. A line about round 2 or later means that a round is
      // done.
      if (!sent && /decide: round [2-9]/.test(output)) {
        sent = true
        kill('SIGINT')
      }
    },
  )
  t.match(ended, {
    code: 130,
    output:
      /a whole delivery +[\d.,]+ (?:[kM] )?operations\/s[^]*interrupted; what was measured until then is above/,
  })
  const { benches } = readRun(`${results}/${readdirSync(results)[0]!}`)
  t.match(benches, [{ name: 'decide', interrupted: true }])
  t.ok(
    benches[0]!.measures.length === 3 &&
      benches[0]!.measures.every(({ rounds }) => rounds.length >= 1 && rounds.length < 60),
  )
})

t.test('wrong arguments are refused with one line, and --list and --help succeed', async t => {
  const cases: [string[], number, RegExp][] = [
    [['nonsense'], 2, /^bench: there is no bench "nonsense"; --list names them\n$/],
    [['--rounds', '0'], 2, /--rounds: "0" is not a whole number from 1/],
    [['--list'], 0, /^micro +frame-decode +decoding/m],
    [['--help'], 0, /130 interrupted/],
    [['accept', '--url', 'ftp://host'], 2, /is not an address such as wss:/],
    [['accept', '--url', 'ws://127.0.0.1:9'], 2, /does not answer as a Caduceus edge does/],
    [['accept', '--token', 'x'], 2, /needs --url/],
    [['compare', 'one'], 2, /compare needs two/],
    [['compare', 'abcdef', 'abcdef'], 2, /"abcdef" is no file, run or commit with results/],
  ]
  await Promise.all(
    cases.map(async ([argv, code, output]) => {
      t.match(await run(argv), { code, output }, argv.join(' '))
    }),
  )
})

t.test('a deployment that does not allow load tests is not loaded', async t => {
  const results = t.testdir()
  const server = await startEmbeddedServer()
  t.teardown(() => server.stop())
  t.match(
    await run([
      'accept',
      '--quick',
      '--url',
      server.url.replace('http', 'ws'),
      '--results',
      results,
    ]),
    {
      code: 2,
      output: /does not say that it allows load tests; only its operator can, with BENCH_ALLOWED=1/,
    },
  )
  t.same(readdirSync(results), [], 'no run was begun')
})

t.test('the harness: ratios within rounds, goals, failed checks, errors, closing', async t => {
  const bare: Measure = { name: 'bare', unit: 'frames/s', better: 'higher' }
  const ours: Measure = {
    name: 'ours',
    unit: 'frames/s',
    better: 'higher',
    baseline: 'bare',
    goal: { ratio: 0.6, value: 100 },
  }
  const slow: Measure = { name: 'slow', unit: 'ms', better: 'lower', goal: { p50Ms: 3, p99Ms: 4 } }
  const nothing: Measure = { name: 'nothing', unit: 'frames/s', better: 'higher' }
  const overNothing: Measure = {
    name: 'over nothing',
    unit: 'frames/s',
    better: 'higher',
    baseline: 'nothing',
  }
  const closed: string[] = []
  const bench = (name: string, more: Partial<Bench>): Bench => ({
    name,
    group: 'load',
    title: name,
    async open() {
      return async () => undefined
    },
    ...more,
  })
  const good = bench('good', {
    async open(context) {
      context.defer(() => {
        closed.push('first')
      })
      context.defer(() => {
        closed.push('second')
      })
      return async round => {
        const latency = new Latency()
        for (const ms of [1, 2, 5]) latency.record(ms)
        context.sample(bare, { value: 1_000 * (round + 1) })
        context.sample(ours, {
          value: 500 * (round + 1),
          cpuSecondsPerUnit: 1e-6,
          generatorShare: 0.2 + round / 10,
        })
        context.sample(slow, { value: latency })
        context.sample(nothing, { value: 0 })
        context.sample(overNothing, { value: 7 })
      }
    },
  })
  const failing = bench('failing', {
    async open(context) {
      context.defer(() => {
        closed.push('failing')
      })
      return () => Promise.reject(new Error('no luck'))
    },
  })
  const broken = bench('broken', {
    async open(context) {
      return async () => context.check(false, 'two winners')
    },
  })
  const elsewhere = bench('elsewhere', { modes: ['remote'] })
  const suite = async (benches: Bench[], check: boolean) => {
    const results = t.testdir()
    const code = await runSuite(benches, {
      everything: false,
      quick: true,
      mode: 'embedded',
      url: null,
      tokens: [],
      rounds: 3,
      check,
      profile: false,
      json: true,
      resultsFolder: results,
    })
    return { code, benches: readRun(`${results}/${readdirSync(results)[0]!}`).benches }
  }

  const first = await suite([good, elsewhere], false)
  t.equal(first.code, 0, 'a missed goal is no failure without --check')
  t.match(first.benches, [
    {
      measures: [
        { name: 'bare', rounds: [{ value: 1_000 }, { value: 2_000 }, { value: 3_000 }] },
        {
          name: 'ours',
          rounds: [
            { value: 500, ratio: 0.5, cpuSecondsPerUnit: 1e-6 },
            { ratio: 0.5 },
            { ratio: 0.5, generatorShare: 0.4 },
          ],
        },
        { name: 'slow', rounds: [{ value: 2, p99: Number }, {}, {}], latency: { count: 9 } },
        { name: 'nothing' },
        { name: 'over nothing', rounds: [{ value: 7, ratio: undefined }, {}, {}] },
      ],
    },
    { skipped: 'it does not run embedded' },
  ])
  const curve = first.benches[0]!.measures[2]!.latency!.percentiles
  t.same(
    [curve[0], curve.at(-1)].map(point => [point![0], Math.round(point![1])]),
    [
      [0, 1],
      [100, 5],
    ],
  )
  t.same(closed.splice(0), ['second', 'first'], 'the last thing is closed first')
  t.equal((await suite([good], true)).code, 1, 'with --check a missed goal is a failure')

  closed.length = 0
  const second = await suite([failing, broken, good], false)
  t.equal(second.code, 1)
  t.match(
    second.benches,
    [
      { error: /no luck/ },
      { broken: ['two winners', 'two winners', 'two winners'] },
      { measures: [{}, {}, {}, {}, {}] },
    ],
    'the other benches ran',
  )
  t.ok(closed.includes('failing'))
  t.notMatch(
    JSON.stringify(second.benches),
    fileURLToPath(new URL('../..', import.meta.url)),
    'no path of this machine is stored',
  )
})
