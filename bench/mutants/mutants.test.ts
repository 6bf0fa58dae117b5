/** The mutants themselves: a mistake that a test notices, one that it does not, one that never ends, and a draw. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { draw } from './draw.ts'
import { instrument, isProduct, type Mutant } from './mutants.ts'
import { testsOf, trial } from './trial.ts'

const text = `/** A sum. */
export function sum(numbers: number[]): number {
  let total = 0
  for (let i = 0; i < numbers.length; i++) total += numbers[i]!
  return total
}
export const isLarge = (n: number): boolean => n > 10
`

t.test('places, kinds and texts of the mutants', async t => {
  const { sources, mutants } = await instrument([{ path: 'engine/sum.ts', text }])
  t.equal(sources.length, 1)
  const comparison = mutants.filter(({ before }) => before === 'n > 10')
  t.same(comparison.map(({ after }) => after).toSorted(), ['false', 'n <= 10', 'n >= 10', 'true'])
  t.match(comparison[0], { file: 'engine/sum.ts', line: 7, column: 48 })
  t.notOk(mutants.some(({ kind }) => kind === 'StringLiteral'))
})

t.test('a mutant on trial', async t => {
  const folder = mkdtempSync(join(tmpdir(), 'mutants-test-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  const { sources, mutants } = await instrument([{ path: 'engine/sum.js', text: text.replaceAll(/: (number\[\]|number|boolean)/g, '').replace('!', '') }])
  mkdirSync(join(folder, 'dist/engine'), { recursive: true })
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}')
  for (const source of sources) writeFileSync(join(folder, 'dist', source.path), source.text)
  writeFileSync(join(folder, 'dist/engine/sum.test.js'), `import { isLarge, sum } from './sum.js'
    if (sum([1, 2]) !== 3 || !isLarge(11)) process.exit(1)`)
  const all = new Set(mutants.map(({ id }) => id))
  const coverage = [{ test: 'dist/engine/sum.test.js', tookMs: 1, mutantIds: all }]
  const of = (before: string, after: string): Mutant => mutants.find(one => one.before === before && one.after === after)!
  t.match(await trial(folder, of('n > 10', 'n <= 10'), coverage), { outcome: 'caught', by: 'engine/sum.test.js', timedOut: false })
  t.match(await trial(folder, of('n > 10', 'n >= 10'), coverage), { outcome: 'survived', tests: 1 }, 'nobody asks about ten')
  t.match(await trial(folder, of('n > 10', 'false'), coverage), { outcome: 'caught' })
  t.same(await trial(folder, of('n > 10', 'true'), []), { outcome: 'untested' })
})

t.test('the nearest test comes first, and only those that pass the mutant', async t => {
  const mutant = { id: '7', file: 'engine/order/fee.ts' } as Mutant
  const of = (test: string, tookMs: number, ids = ['7']) => ({ test: `dist/${test}`, tookMs, mutantIds: new Set(ids) })
  const coverage = [of('edge/quick.test.js', 1), of('engine/order/decide.test.js', 50), of('engine/order/fee.test.js', 90), of('edge/slow.test.js', 99), of('edge/other.test.js', 1, ['8'])]
  t.same(testsOf(mutant, coverage).map(({ test }) => test.slice(5)), ['engine/order/fee.test.js', 'engine/order/decide.test.js', 'edge/quick.test.js', 'edge/slow.test.js'])
})

t.test('the draw: by seed, without repetition, and never more than there are', async t => {
  const all = Array.from({ length: 1_000 }, (_, i) => i)
  const first = draw(all, 100, 1)
  t.same(draw(all, 100, 1), first)
  t.notSame(draw(all, 100, 2), first)
  t.equal(new Set(first).size, 100)
  t.same(draw(all, 5_000, 3).toSorted((a, b) => a - b), all)
})

t.test('the product and nothing else', async t => {
  for (const path of ['engine/order/decide.ts', 'protocol/geo.ts', 'edge/edge.ts']) t.ok(isProduct(path), path)
  for (const path of ['engine/order/decide.test.ts', 'engine/order/fixtures.ts', 'engine/sim/faults.ts', 'protocol/testing/services.ts', 'bench/main.ts', 'edge/web/map.js', 'protocol/bus/contract.ts'])
    t.notOk(isProduct(path), path)
})
