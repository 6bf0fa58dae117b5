/** The mean kinetic temperature: known values, and what must hold for every series. */
import fc from '../testing/properties.ts'
import t from 'tap'
import { activationJoulePerMol, gasJoulePerMolKelvin, meanKineticCelsius } from './kinetic.ts'

const minuteMs = 60_000
/** Readings at equal intervals. */
const evenly = (...celsius: number[]) =>
  celsius.map((one, i) => ({ atMs: i * minuteMs, celsius: one }))
const rounded = (celsius: number | null): number => Math.round(celsius! * 10_000) / 10_000

t.equal(Math.round(activationJoulePerMol / gasJoulePerMolKelvin), 10_000, 'by USP, in kelvin')

t.test('values that were reckoned with 50 digits by another program', async t => {
  t.equal(meanKineticCelsius([]), null)
  for (const [celsius, expected] of [
    [[5, 5, 5, 5], 5],
    [[20, 25, 30], 25.8582],
    [[2, 8], 5.5364],
    [[...Array.from({ length: 47 }, () => 5), 25], 6.4924],
    [[4, 4, 4, 4, 16], 8.1089],
    [[-20, 40], 33.3521],
  ] as const)
    t.equal(rounded(meanKineticCelsius(evenly(...celsius))), expected, celsius.join(' '))
})

t.test('a reading counts for the time since the one before', async t => {
  const uneven = [
    { atMs: 0, celsius: 5 },
    { atMs: minuteMs, celsius: 5 },
    { atMs: 4 * minuteMs, celsius: 25 },
  ]
  t.equal(
    rounded(meanKineticCelsius(uneven)),
    rounded(meanKineticCelsius(evenly(5, 5, 25, 25, 25))),
  )
})

t.test('for every series', async () => {
  const series = fc
    .array(
      fc.record({
        gap: fc.integer({ min: 1, max: 3_600 }),
        celsius: fc.double({ min: -100, max: 100, noNaN: true }),
      }),
      {
        minLength: 1,
        maxLength: 60,
      },
    )
    .map(steps => {
      let atMs = 0
      return steps.map(({ gap, celsius }) => ({ atMs: (atMs += gap * 1_000), celsius }))
    })
  const near = 1e-6
  fc.assert(
    fc.property(series, fc.double({ min: 0, max: 5, noNaN: true }), (readings, warmer) => {
      const mean = meanKineticCelsius(readings)!
      const temperatures = readings.map(({ celsius }) => celsius)
      // It lies between the coldest and the warmest.
      if (mean < Math.min(...temperatures) - near || mean > Math.max(...temperatures) + near)
        return false
      // Warm hours count for more than cold ones: the weighted mean is below, at these temperatures.
      if (readings.length === 2 && mean < (temperatures[0]! + temperatures[1]!) / 2 - near)
        return false
      // Warmer goods have a higher one.
      const heated = readings.map(({ atMs, celsius }) => ({ atMs, celsius: celsius + warmer }))
      return meanKineticCelsius(heated)! >= mean - near
    }),
  )
})
