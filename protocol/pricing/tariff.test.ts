/** Fees of a tariff: some by hand, and the rules that hold for every tariff and distance. */
import assert from 'node:assert/strict'
import fc from '../testing/properties.ts'
import t from 'tap'
import { bandsProblem, defaultTariff, feeMinor, feeParts, type Tariff } from './tariff.ts'

t.test('fees and their parts are as computed by hand', async t => {
  const steps: Tariff = {
    base_minor: 100,
    minimum_minor: 0,
    bands: [
      { up_to_km: 3, per_km_minor: 50 },
      { up_to_km: 10, per_km_minor: 30 },
      { up_to_km: null, per_km_minor: 10 },
    ],
  }
  const table: [Tariff, number, number][] = [
    [defaultTariff('USD'), 0, 300],
    [defaultTariff('USD'), 2, 300],
    [defaultTariff('USD'), 3, 370],
    [defaultTariff('USD'), 3.02, 370],
    [defaultTariff('USD'), 3.03, 375],
    [defaultTariff('USD'), 12, 1450],
    [steps, 0, 100],
    [steps, 3, 250],
    [steps, 10, 460],
    [steps, 20, 560],
    [steps, 6.5, 355],
    [{ base_minor: 0, minimum_minor: 0, bands: [{ up_to_km: null, per_km_minor: 0 }] }, 1_000, 0],
  ]
  for (const [tariff, km, minor] of table)
    t.equal(feeMinor(tariff, km), minor, `${km} km of ${tariff.bands.length} bands`)
  t.same(feeParts(steps, 4), [
    { from_km: 0, to_km: 3, per_km_minor: 50, amount_minor: 150 },
    { from_km: 3, to_km: 4, per_km_minor: 30, amount_minor: 30 },
  ])
})

t.test('longer is never cheaper, and a fee is the sum of its bands or the minimum', async t => {
  const tariff = fc.record({
    base_minor: fc.nat(5_000),
    minimum_minor: fc.nat(5_000),
    bands: fc
      .tuple(
        fc.array(
          fc.record({
            width: fc.double({ min: 0.1, max: 50, noNaN: true }),
            per_km_minor: fc.nat(500),
          }),
          { maxLength: 5 },
        ),
        fc.nat(500),
      )
      .map(([steps, last]) => {
        let up_to_km = 0
        return [
          ...steps.map(({ width, per_km_minor }) => ({
            up_to_km: (up_to_km += width),
            per_km_minor,
          })),
          { up_to_km: null, per_km_minor: last },
        ]
      }),
  })
  const km = fc.double({ min: 0, max: 1_000, noNaN: true })
  fc.assert(
    fc.property(tariff, km, km, (tariff, a, b) => {
      const [near, far] = [Math.min(a, b), Math.max(a, b)].map(distance =>
        feeMinor(tariff, distance),
      ) as [number, number]
      assert.equal(bandsProblem(tariff.bands), null)
      assert.ok(near <= far && near >= tariff.minimum_minor && Number.isInteger(far))
      // The fee is the sum, written here as one expression, rounded to a multiple of 5, or the
      // minimum.
      const ends = tariff.bands.map(band => band.up_to_km ?? Infinity)
      const raw = tariff.bands.reduce(
        (sum, band, i) =>
          sum + band.per_km_minor * Math.max(0, Math.min(a, ends[i]!) - (ends[i - 1] ?? 0)),
        tariff.base_minor,
      )
      const fee = feeMinor(tariff, a)
      assert.ok(
        fee === tariff.minimum_minor
          ? raw < fee + 2.500001
          : fee % 5 === 0 && Math.abs(fee - raw) <= 2.500001,
        `${fee} for ${raw}`,
      )
    }),
    { numRuns: 1_000 },
  )
  t.pass()
})

t.test('bands must grow, and only the last one has no end', async t => {
  const bands = (...ends: (number | null)[]) => ends.map(up_to_km => ({ up_to_km }))
  for (const good of [bands(null), bands(1, 2, null)]) t.equal(bandsProblem(good), null)
  for (const bad of [
    bands(),
    bands(1),
    bands(2, 1, null),
    bands(1, 1, null),
    bands(null, null),
    bands(0, null),
  ])
    t.type(bandsProblem(bad), 'string', JSON.stringify(bad))
})
