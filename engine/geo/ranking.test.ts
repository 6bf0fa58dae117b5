/** The nearest few of many compared with a sort, and distances compared with the arcsine. */
import t from 'tap'
import { seededRandom } from '../../protocol/kernel/chance.ts'
import { earthRadiusKm } from '../../protocol/river/geo.ts'
import fc from '../../protocol/testing/properties.ts'
import { keyOfKm, kmOfKey, NearestBuffer, type TieBreak } from './ranking.ts'

t.test('kilometres and keys convert back to each other, to the last digits', async t => {
  for (let exponent = -6; exponent <= 4.3; exponent += 0.01) {
    const km = 10 ** exponent
    const error = Math.abs(kmOfKey(keyOfKm(km)) - km) / km
    if (km < Math.PI * earthRadiusKm * 0.9 && error > 1e-13 * Math.max(1, km / 5_000))
      t.fail(`${km} km: ${error}`)
  }
  for (const key of [1e-12, 1e-7, 3.99e-6, 4e-6, 4.01e-6, 1e-5, 8.9e-4, 9.1e-4, 0.01, 0.5, 0.999]) {
    const exact = 2 * earthRadiusKm * Math.asin(Math.sqrt(key))
    t.ok(Math.abs(kmOfKey(key) - exact) <= 4e-16 * exact * 2, `${key}`)
  }
  t.equal(keyOfKm(0), 0)
  t.equal(kmOfKey(0), 0)
  t.equal(keyOfKm((earthRadiusKm * Math.PI) / 3), Math.sin(Math.PI / 6) ** 2)
  t.equal(keyOfKm(1e9), 1)
  t.equal(kmOfKey(2), Math.PI * earthRadiusKm, 'at most half of the circumference')
})

const byNumber: TieBreak = (a, b) => a - b
const backwards: TieBreak = (a, b) => b - a

function ranked(
  keys: readonly number[],
  limit: number,
  keyMax: number,
  tie: TieBreak | null,
  buffer = new NearestBuffer(4),
): [number, number][] {
  buffer.begin(limit, keyMax, tie)
  keys.forEach((key, number) => {
    if (key <= buffer.keyMax) buffer.push(number, key)
  })
  buffer.finish()
  return Array.from({ length: buffer.count }, (_, i) => [buffer.numbers[i]!, buffer.distanceKm[i]!])
}
const sorted = (
  keys: readonly number[],
  limit: number,
  keyMax: number,
  tie: TieBreak | null,
): [number, number][] =>
  keys
    .map((key, number) => ({ key, number }))
    .filter(({ key }) => key <= keyMax)
    .sort((a, b) => a.key - b.key || (tie ?? byNumber)(a.number, b.number))
    .slice(0, limit)
    .map(({ key, number }) => [number, kmOfKey(key)])

t.test('equals a sort, for any keys, limits and ties', async () => {
  const key = fc.oneof(
    fc.double({ min: 0, max: 1, noNaN: true }),
    fc.constantFrom(0, 1e-9, 0.25, 0.5, 1),
    fc.integer({ min: 0, max: 5 }).map(n => n / 5),
  )
  const buffer = new NearestBuffer(4)
  fc.assert(
    fc.property(
      fc.array(key, { maxLength: 400 }),
      fc.constantFrom(0, 1, 2, 7, 24, 25, 26, 60, 150, Infinity),
      fc.constantFrom(0, 0.3, 1),
      fc.constantFrom(null, backwards),
      (keys, limit, keyMax, tie) =>
        JSON.stringify(ranked(keys, limit, keyMax, tie, buffer)) ===
        JSON.stringify(sorted(keys, limit, keyMax, tie)),
    ),
    { numRuns: 300 },
  )
})

t.test('equals a sort, when many or nearly all keys are equal', async t => {
  const random = seededRandom(3)
  for (const [name, keys] of [
    ['one place', Array.from({ length: 500 }, () => 0.2)],
    ['at the point itself', Array.from({ length: 300 }, () => 0)],
    [
      'a crowd and a few',
      Array.from({ length: 500 }, (_, i) => (i % 50 === 0 ? random() : 1e-6 + random() * 1e-9)),
    ],
    ['descending', Array.from({ length: 300 }, (_, i) => 1 - i / 300)],
    ['ascending', Array.from({ length: 300 }, (_, i) => i / 300)],
  ] as const)
    for (const limit of [1, 40, 200, Infinity])
      for (const tie of [null, backwards])
        t.same(ranked(keys, limit, 1, tie), sorted(keys, limit, 1, tie), `${name}, ${limit}`)
})

t.test('the number of candidates is bounded, and far keys are soon left out', async t => {
  const random = seededRandom(4)
  const keys = Array.from({ length: 20_000 }, random)
  for (const limit of [1, 16, 100]) {
    const buffer = new NearestBuffer(4)
    buffer.begin(limit, 1, null)
    let pushed = 0
    for (const [number, key] of keys.entries()) {
      if (key > buffer.keyMax) continue
      buffer.push(number, key)
      pushed++
      if (buffer.count > Math.max(32, 2 * limit)) t.fail(`${buffer.count} held for ${limit}`)
    }
    t.ok(buffer.numbers.length <= Math.max(64, 4 * limit), `room for ${buffer.numbers.length}`)
    t.ok(pushed < 1_000 + 12 * limit, `${pushed} of 20000 came in`)
    buffer.finish()
    t.equal(buffer.count, limit)
  }
})

t.test('settling tells whether there are enough, and the distance of the last one', async t => {
  const buffer = new NearestBuffer()
  buffer.begin(2, 1, null)
  t.notOk(buffer.settle())
  buffer.push(0, 0.5)
  t.notOk(buffer.settle())
  t.equal(buffer.keyMax, 1)
  buffer.push(1, 0.2)
  t.ok(buffer.settle())
  t.equal(buffer.keyMax, 0.5)
  buffer.push(2, 0.1)
  buffer.push(3, 0.5)
  t.ok(buffer.settle())
  t.same([buffer.count, buffer.keyMax], [2, 0.2])
  buffer.begin(0, 1, null)
  t.equal(buffer.keyMax, -1, 'with a limit of 0 no key is taken')
  t.notOk(buffer.settle())
})
