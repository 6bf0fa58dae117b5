/** The command `npm run bench` as a process, and one run of the harness on made-up benches. */
import { spawn } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { findBrowser } from '../protocol/testing/binaries.ts'
import { requireOrSkip } from '../protocol/testing/services.ts'
import type { Bench, Measure } from './harness/bench.ts'
import { Latency } from './harness/latency.ts'
import { readRun } from './harness/results.ts'
import { startEmbeddedServer } from './rigs/server.ts'
import { runSuite } from './harness/suite.ts'

const main = fileURLToPath(new URL('./main.js', import.meta.url))

interface Ended {
  code: number | null
  output: string
}
function run(
  argv: string[],
  env: NodeJS.ProcessEnv = {},
  watch: (output: string, kill: (signal: NodeJS.Signals) => void) => void = () => undefined,
): Promise<Ended> {
  return new Promise(resolve => {
    const child = spawn(process.execPath, ['--enable-source-maps', main, ...argv], {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let output = ''
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text
        watch(output, signal => child.kill(signal))
      })
    child.once('close', code => resolve({ code, output }))
  })
}

t.test('compare flags a slow-down, and does not flag a rerun of the same code', async t => {
  const results = t.testdir()
  // The margin is wide, because other tests run on this machine meanwhile, and a round may take
  // several times as long as the next one. A bench that is fifty times slower is beyond it.
  const files: string[] = []
  const measure = async (slow?: string): Promise<void> => {
    t.match(
      await run(
        ['decide', '--quick', '--rounds', '5', '--results', results],
        slow === undefined ? {} : { BENCH_SLOW: slow },
      ),
      { code: 0 },
    )
    files.push(...readdirSync(results).filter(name => !files.includes(name)))
  }
  await measure()
  await measure()
  await measure('decide and evolve, a whole delivery:50')
  const [first, again, slowed] = files.map(name => `${results}/${name}`) as [string, string, string]
  const rerun = await run(['compare', first, again, '--min-effect', '200', '--check'])
  t.match(rerun, { code: 0, output: /nothing changed beyond the noise/ })
  const slower = await run(['compare', first, slowed, '--min-effect', '200', '--check'])
  t.match(slower, {
    code: 1,
    output: /^WORSE {2}decide: decide and evolve, a whole delivery × 0\.[01]/m,
  })
  t.notMatch(slower.output, /^WORSE.*late accept/m, 'only this measure is worse')
  t.equal((await run(['compare', first, slowed])).code, 0, 'without --check the exit code is 0')
})

t.test(
  'the bench of first paints sees the pages in a browser',
  { skip: findBrowser() === null && 'chromium not found; install with: apt-get install chromium' },
  async t => {
    const results = t.testdir()
    // Whether a goal is reached is a matter of the machine, so the code does not count here.
    const { output } = await run(['first-paint', '--quick', '--results', results])
    t.match(output, /\/customer: first useful paint/)
    t.match(output, /\/customer: over the network/)
    t.notMatch(output, /BROKEN/)
  },
)

t.test(
  'the bench of journal appends measures bare statements beside the journal',
  { skip: requireOrSkip(t, 'postgres') },
  async t => {
    const ended = await run([
      'journal-append',
      '--quick',
      '--rounds',
      '1',
      '--results',
      t.testdir(),
    ])
    t.match(ended, {
      code: 0,
      output: /raw unnest, 1 event and its order row +[\d.,]+ (?:[kM] )?operations/,
    })
  },
)

t.test('in the benches of requests each terminal gets its requests', async t => {
  const ended = await run([
    'request',
    'broadcast',
    '--quick',
    '--rounds',
    '1',
    '--results',
    t.testdir(),
  ])
  t.match(ended, { code: 0, output: /500\/s: request → terminal +p50/ })
  t.notMatch(ended.output, /BROKEN|Caduceus: each terminal.* not measured/)
})

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
