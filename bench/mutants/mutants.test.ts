/**
 * The tool that makes mutants: the places and kinds of mistakes, a trial of a mutant, the choice of
 * tests, and the draw.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { Coverage } from './coverage.ts'
import { draw } from './draw.ts'
import { Imports } from './imports.ts'
import { instrument, isProduct, type Mutant } from './mutants.ts'
import { nearestFirst, trial } from './trial.ts'
import { openFolder } from './workshop.ts'

const text = `/** A sum. */
export function sum(numbers: number[]): number {
  let total = 0
  for (let i = 0; i < numbers.length; i++) total += numbers[i]!
  return total
}
export const isLarge = (n: number): boolean => n > 10
`

t.test('mutants have a place and a change, and texts are not changed', async t => {
  const { sources, mutants } = await instrument([{ path: 'engine/sum.ts', text }])
  t.equal(sources.length, 1)
  const comparison = mutants.filter(({ before }) => before === 'n > 10')
  t.same(comparison.map(({ after }) => after).toSorted(), ['false', 'n <= 10', 'n >= 10', 'true'])
  t.match(comparison[0], { file: 'engine/sum.ts', line: 7, column: 48 })
  t.notOk(mutants.some(({ kind }) => kind === 'StringLiteral'))
})

t.test('a program that names its interpreter begins with that line', async t => {
  const program = `#!/usr/bin/env node\n${text}`
  const { sources, mutants } = await instrument([{ path: 'engine/sum.ts', text: program }])
  t.match(sources[0]!.text, /^#!\/usr\/bin\/env node\nvar active_9fa48/)
  t.match(
    mutants.find(({ before }) => before === 'n > 10'),
    { line: 8 },
  )
  const [plain] = (await instrument([{ path: 'engine/sum.ts', text }])).sources
  t.match(plain!.text, /^var active_9fa48/)
})

t.test('a file may give the name of a global to something of its own', async t => {
  const own = 'export const Number = [1, 2].length > 1 ? 5 : 6\n'
  const { sources } = await instrument([{ path: 'engine/own.ts', text: own }])
  t.match(sources[0]!.text, 'stryMutAct_9fa48')
  t.match(await import(`data:text/javascript,${encodeURIComponent(sources[0]!.text)}`), {
    Number: 5,
  })
})

t.test('logs, texts of errors and descriptions get no mutants', async t => {
  const kinds = async (line: string): Promise<string[]> =>
    (
      await instrument([
        {
          path: 'engine/a.ts',
          text: `class A { #log: any; f(a: number, log: any) {\n${line}\n} }\n`,
        },
      ])
    ).mutants
      .filter(one => one.line === 2)
      .map(({ before }) => before)
  for (const spared of [
    "log('warn', 'late', { a: a > 1 })",
    'this.#log.warn({ a: a + 1 })',
    "if (a > 1) log('warn', 'late')",
    "promise.catch(() => log('error', 'failed'))",
    'throw new RangeError(a > 1 ? "many" : "few")',
    "return reject('late', a > 1 ? 'many' : 'few')",
    'return unreachable({ a: a + 1 })',
    "relation(a > 1, 'there is room')",
    'define({ summary: a > 1 ? "many" : "few" }.summary)',
  ])
    t.same(
      (await kinds(spared)).filter(
        before => before.includes('a > 1') || before.includes('a + 1') || before.includes('log('),
      ),
      [],
      spared,
    )
  for (const tried of [
    "if (a > 1) { log('warn', 'late'); a = 2 }",
    "if (a > 1) log('warn', 'late'); else a = 2",
    "throw new CaduceusError('late', 'too late', { seconds: a > 1 })",
    "return reject(a > 1 ? 'late' : 'early', 'it is over')",
    'blog(a > 1)',
    'return { level: a > 1 }',
    'error(a > 1)',
  ])
    t.ok((await kinds(tried)).includes('a > 1'), tried)
})

const imports = new Imports(
  new Map(
    Object.entries({
      'engine/sum.test.ts': "import { sum } from './sum.ts'",
      'engine/sum.ts': '',
      'engine/orders/fee.ts': "import { sum } from '../sum.ts'",
      'engine/orders/fee.test.ts': "import './fee.ts'",
      'engine/orders/decide.test.ts': "import './decide.ts'",
      'engine/orders/decide.ts': "import './fee.ts'",
      'edge/direct.test.ts': "import '../engine/orders/fee.ts'",
      'edge/start.test.ts': "start('dist/engine/main.js')",
      'engine/main.ts': "import './orders/decide.ts'",
      'edge/other.test.ts': "import '../engine/sum.ts'",
    }),
  ),
)

t.test('a mutant is caught, survives or is untested, and coverage is kept', async t => {
  const folder = mkdtempSync(join(tmpdir(), 'mutants-test-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  const { sources, mutants } = await instrument([
    {
      path: 'engine/sum.js',
      text: text.replaceAll(/: (number\[\]|number|boolean)/g, '').replace('!', ''),
    },
  ])
  mkdirSync(join(folder, 'dist/engine'), { recursive: true })
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}')
  for (const source of sources) writeFileSync(join(folder, 'dist', source.path), source.text)
  writeFileSync(
    join(folder, 'dist/engine/sum.test.js'),
    `import { isLarge, sum } from './sum.js'
    if (sum([1, 2]) !== 3 || !isLarge(11)) process.exit(1)`,
  )
  const workshop = openFolder(
    folder,
    mutants.map(mutant => ({ ...mutant, file: 'engine/sum.ts' })),
    ['engine/sum.test.ts', 'edge/other.test.ts'],
    imports,
  )
  const runs: string[] = []
  const coverageOf = (): Coverage =>
    new Coverage(workshop, join(folder, 'kept'), line => runs.push(line))
  const of = (before: string, after: string): Mutant =>
    workshop.mutants.find(one => one.before === before && one.after === after)!
  const judge = (mutant: Mutant, tests = ['engine/sum.test.ts']) =>
    trial(workshop, mutant, tests, coverageOf(), 60_000)
  t.match(await judge(of('n > 10', 'n <= 10')), {
    outcome: 'caught',
    by: 'engine/sum.test.ts',
    timedOut: false,
  })
  t.same(
    await judge(of('n > 10', 'n >= 10')),
    { outcome: 'survived', tests: 1, left: 0 },
    'no test asks about ten',
  )
  t.match(await judge(of('n > 10', 'false')), { outcome: 'caught' })
  t.same(await judge(of('n > 10', 'true'), []), { outcome: 'untested' })
  t.equal(runs.length, 1, 'coverage is kept for the next run')
  t.same(
    await judge(of('n > 10', 'n >= 10'), ['edge/other.test.ts']),
    { outcome: 'untested' },
    'a test that fails without a mutant does not count',
  )
  const none = {
    tookMs: () => 100,
    of: () => Promise.resolve({ tookMs: 100, mutantIds: new Set(mutants.map(({ id }) => id)) }),
  }
  t.same(
    await trial(
      workshop,
      of('n > 10', 'n >= 10'),
      ['engine/sum.test.ts', 'edge/other.test.ts'],
      none,
      50,
    ),
    { outcome: 'survived', tests: 1, left: 1 },
    'a test is left out when the time is over',
  )
})

t.test('only tests that can reach the mutant run, the nearest one first', async t => {
  const tests = [
    'edge/start.test.ts',
    'edge/other.test.ts',
    'edge/direct.test.ts',
    'engine/orders/decide.test.ts',
    'engine/orders/fee.test.ts',
    'engine/sum.test.ts',
  ]
  t.same(nearestFirst('engine/orders/fee.ts', tests, { imports }), [
    'engine/orders/fee.test.ts',
    'engine/orders/decide.test.ts',
    'edge/direct.test.ts',
    'edge/start.test.ts',
  ])
  const slow = (test: string): number => (test === 'engine/orders/fee.test.ts' ? 120_000 : 1_000)
  t.equal(
    nearestFirst('engine/orders/fee.ts', tests, { imports }, slow).at(-1),
    'engine/orders/fee.test.ts',
    'a slow test comes last',
  )
})

t.test('the coverage of a test is kept until a file that the test can reach changes', async t => {
  const texts = { 'a.test.ts': "import './b.ts'", 'b.ts': '1', 'c.ts': '2' }
  const of = (changed: Partial<typeof texts>): string =>
    new Imports(new Map(Object.entries({ ...texts, ...changed }))).fingerprint('a.test.ts')
  t.equal(of({ 'c.ts': '3' }), of({}))
  t.not(of({ 'b.ts': '3' }), of({}))
  t.not(of({ 'a.test.ts': "import './b.ts'\n" }), of({}))
})

t.test('a draw depends on its seed, has no repeats, and is at most everything', async t => {
  const all = Array.from({ length: 1_000 }, (_, i) => i)
  const first = draw(all, 100, 1)
  t.same(draw(all, 100, 1), first)
  t.notSame(draw(all, 100, 2), first)
  t.equal(new Set(first).size, 100)
  t.same(
    draw(all, 5_000, 3).toSorted((a, b) => a - b),
    all,
  )
})

t.test('only files of the product get mutants', async t => {
  for (const path of ['engine/orders/decide.ts', 'protocol/river/geo.ts', 'edge/edge.ts'])
    t.ok(isProduct(path), path)
  for (const path of [
    'engine/orders/decide.test.ts',
    'engine/orders/fixtures.ts',
    'engine/sim/faults.ts',
    'protocol/testing/services.ts',
    'bench/main.ts',
    'edge/pages/map/view.ts',
    'protocol/bus/contract.ts',
    'engine/journal/contract/outage.ts',
    'edge/approval/suite-attacks.ts',
  ])
    t.notOk(isProduct(path), path)
})
