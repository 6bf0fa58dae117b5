/** What a series of temperatures says: extremes, and the verdict upon an excursion. */
import t from 'tap'
import { policies, policyOf, withoutTemperature } from './policies.ts'
import { summaryOf, type KineticVerdict } from './temperatures.ts'

const minuteMs = 60_000
const startMs = Date.parse('2026-06-01T08:00:00Z')
const { celsius: range, kinetic: rule } = policies.cold_chain
const at = (minutes: number, celsius: number) => ({ atMs: startMs + minutes * minuteMs, celsius })
const series = (readings: ReturnType<typeof at>[], calibratedOn = '2026-01-01') => ({
  device: 'LOG-7',
  calibratedOn,
  readings,
})
const evenly = (...celsius: number[]) => celsius.map((one, i) => at(i, one))
const cool = Array.from({ length: 57 }, () => 5)

t.test('the verdict upon an excursion', async t => {
  const rows: [readings: ReturnType<typeof at>[], verdict: KineticVerdict | null][] = [
    [evenly(2, 5, 8), null],
    [evenly(...cool, 9, 10, 9), 'within'],
    [evenly(5, 12, 14), 'exceeded'],
    [evenly(...cool, 15.1), 'exceeded'],
    [evenly(...cool, 1.9), 'cold'],
    // A cold excursion is not excused by a mean in the range, nor by warm hours.
    [evenly(...cool, 1.9, 9), 'cold'],
    // Two missing readings are borne, three are a hole.
    [[...evenly(5, 5, 5), at(5, 9)], 'within'],
    [[...evenly(5, 5, 5), at(6, 9)], 'not_proven'],
    [[at(0, 9)], 'exceeded'],
  ]
  for (const [readings, verdict] of rows)
    t.equal(
      summaryOf([series(readings)], range, rule).verdict,
      verdict,
      readings.map(({ celsius }) => celsius).join(' '),
    )
  const warm = evenly(...cool, 9)
  t.equal(summaryOf([series(warm, '2025-05-30')], range, rule).verdict, 'not_proven', 'old device')
  t.equal(summaryOf([series(warm, '2025-06-01')], range, rule).verdict, 'within')
  t.equal(summaryOf([series(warm)], range, null).verdict, 'no_rule')
  t.equal(summaryOf([series(warm)], null, null).verdict, null, 'no range is asked for')
  const other = { ...series(evenly(14, 14)), device: 'LOG-8' }
  t.match(summaryOf([series(warm), other], range, rule), {
    verdict: 'exceeded',
    readings: 60,
    min_celsius: 5,
    max_celsius: 14,
    kinetic_celsius: 14,
  })
})

t.test('the window leaves out what is longer ago', async t => {
  const day = 24 * 60
  const readings = [
    at(0, 14),
    at(1, 14),
    ...evenly(...cool).map(one => ({ ...one, atMs: one.atMs + day * minuteMs })),
    at(day + 57, 9),
  ]
  const { kinetic_celsius: kinetic, max_celsius: max } = summaryOf([series(readings)], range, rule)
  t.equal(max, 14)
  t.ok(kinetic! < 6, `${kinetic}`)
})

t.test(
  'a range narrows, and of two without a common temperature the colder one counts',
  async t => {
    const room = { prescription: { celsius: { min: 15, max: 25 } } }
    t.same(policyOf(['prescription'], room).celsius, { min: 15, max: 25 })
    t.same(policyOf(['prescription', 'cold_chain'], room).celsius, { min: 2, max: 8 })
    t.same(policyOf(['cold_chain'], { cold_chain: { celsius: { min: 3, max: 20 } } }).celsius, {
      min: 3,
      max: 8,
    })
    t.same(policyOf(['prescription', 'cold_chain']).kinetic, rule)
    t.same(withoutTemperature({ ...room, cold_chain: { celsius: { min: 9, max: 20 } } }), [
      'cold_chain',
    ])
    t.same(withoutTemperature({ plain: { celsius: { min: 9, max: 9 } } }), ['plain'])
  },
)
