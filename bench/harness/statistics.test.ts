/** The statistics of comparisons against published examples, and their rate of false alarms. */
import t from 'tap'
import { seededRandom } from '../../protocol/kernel/chance.ts'
import { difference, holm, median, spread, studentTail } from './statistics.ts'

const near = (
  t: Pick<typeof import('tap').t, 'ok'>,
  actual: number,
  wanted: number,
  what: string,
): void => {
  t.ok(Math.abs(actual - wanted) <= 1e-6 * Math.abs(wanted), `${what}: ${actual}, wanted ${wanted}`)
}

t.test("the tails of Student's distribution are as published", async t => {
  for (const [freedom, at, p] of [
    [1, 12.706204736, 0.05],
    [20, 2.085963447, 0.05],
    [1, 0.5, 0.7048327646991335],
    [1, 20, 0.03180450251235275],
    [2.5, 2, 0.1573914957579659],
    [2.5, 20, 0.0007993882445024338],
    [4, 6, 0.0038825370469605107],
    [8, 20, 4.073918328674922e-8],
    [30, 0.5, 0.6207230048851272],
    [30, 6, 1.3942768767204764e-6],
  ] as const)
    near(t, studentTail(at, freedom), p, `${freedom} degrees, ${at}`)
})

// The samples are published examples of Welch's test. Our test works on logarithms, so it gets
// powers of the samples.
const powers = (values: readonly number[]): number[] => values.map(Math.exp)
t.test("Welch's test gives the published results", async t => {
  const first = difference(
    powers([
      27.5, 21.0, 19.0, 23.6, 17.0, 17.9, 16.9, 20.1, 21.9, 22.6, 23.1, 19.6, 19.0, 21.7, 21.4,
    ]),
    powers([
      27.1, 22.0, 20.8, 23.4, 23.4, 23.5, 25.8, 22.0, 24.8, 20.2, 21.9, 22.1, 22.9, 20.5, 24.4,
    ]),
  )
  near(t, first!.p, 0.021378001462866992, 'equal sizes')
  const second = difference(
    powers([17.2, 20.9, 22.6, 18.1, 21.7, 21.4, 23.5, 24.2, 14.7, 21.8]),
    powers([
      21.5, 22.8, 21.0, 23.0, 21.6, 23.6, 22.5, 20.7, 23.4, 21.8, 20.7, 21.7, 21.5, 22.5, 23.6,
      21.5, 22.5, 23.5, 21.5, 21.8,
    ]),
  )
  near(t, second!.p, 0.14884169660532817, 'unequal sizes and spreads')
  const third = difference([100, 104, 98, 101, 97], [88, 92, 90, 85, 91])!
  near(t, third.p, 0.0002961568295668957, 'a slow-down of a tenth')
  near(t, third.ratio, 0.8919164231108037, 'how much')
  near(t, third.low, 0.85435292, 'at worst')
  near(t, third.high, 0.93113149, 'at best')
})

t.test('what cannot be judged is not', async t => {
  t.equal(difference([1], [2, 3]), null)
  t.equal(difference([1, 0], [2, 3]), null)
  t.equal(difference([1, Number.NaN], [2, 3]), null)
  t.match(difference([2, 2], [2, 2]), { ratio: 1, p: 1 })
  t.match(difference([2, 2], [4, 4]), { ratio: 2, p: 0 })
})

t.test('Holm keeps the chance of one false alarm', async t => {
  t.same(holm([0.01, 0.04, 0.03, 0.005], 0.05), [true, false, false, true], "the textbook's four")
  t.same(holm([], 0.05), [])
  t.same(holm([0.03, 0.02], 0.05), [true, true], 'the later steps are less strict')
})

t.test('false alarms are as rare as promised, and a fifth is found', async t => {
  const random = seededRandom(5)
  const normal = (): number =>
    Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
  const rounds = (scale: number, sigma: number): number[] =>
    Array.from({ length: 5 }, () => scale * Math.exp(sigma * normal()))
  const alpha = 0.05
  let alarms = 0
  let found = 0
  const comparisons = 400
  for (let comparison = 0; comparison < comparisons; comparison++) {
    const sigmas = Array.from({ length: 20 }, () => 0.01 + 0.1 * random())
    if (
      holm(
        sigmas.map(sigma => difference(rounds(1, sigma), rounds(1, sigma))!.p),
        alpha,
      ).includes(true)
    )
      alarms++
    const ps = sigmas.map(
      (_, at) => difference(rounds(1, 0.02), rounds(at === 0 ? 0.8 : 1, 0.02))!.p,
    )
    if (holm(ps, alpha)[0]) found++
  }
  t.ok(
    alarms <= comparisons * alpha * 1.3,
    `${alarms} of ${comparisons} comparisons without a change raised an alarm`,
  )
  t.ok(alarms > 0, 'the chance is kept, not made zero')
  t.ok(found >= comparisons * 0.98, `${found} of ${comparisons} slow-downs by a fifth were found`)
})

t.test('medians and spreads', async t => {
  t.equal(median([3, 1, 2]), 2)
  t.equal(median([4, 1, 2, 3]), 2.5)
  t.ok(Number.isNaN(median([])))
  t.equal(spread([9, 10, 12]), 0.3)
  t.equal(spread([9]), 0)
})
