/**
 * The nearest drivers compared with brute force: everywhere, at every size, and while drivers come,
 * move and go.
 */
import fc from '../../protocol/testing/properties.ts'
import t from 'tap'
import {
  bruteForce,
  cluster,
  dataRows,
  difference,
  hardPlaces,
  scattered,
  type Point,
} from './fixtures.ts'
import { seededRandom } from '../../protocol/kernel/chance.ts'
import { MovingIndex } from './moving-index.ts'

const cabs = dataRows(process.env['CADUCEUS_DATA'], 'gps/sf_cabs_2008-06-06_18h-19h.csv')
const skipReal = cabs === null ? 'no cabs in the data folder; set CADUCEUS_DATA' : false

// Ids have leading zeros, so that their order as text is their order as numbers.
const idOf = (number: number): string => String(number).padStart(8, '0')
const asMap = (points: readonly Point[]): Map<string, Point> =>
  new Map(points.map((point, number) => [idOf(number), point]))

const accept = (number: number): boolean => number % 97 === 5

/** Asks the index and brute force the same questions, and names the first difference. */
function firstDifference(
  index: MovingIndex,
  points: ReadonlyMap<string, Point>,
  queries: readonly Point[],
  radiiKm: readonly number[],
): string | null {
  for (const query of queries) {
    for (const radiusKm of radiiKm) {
      const all = bruteForce(points, query, radiusKm)
      for (const limit of [1, 10, 200, Infinity]) {
        const wrong = difference(
          index.nearest(...query, limit, radiusKm),
          idOf,
          all.slice(0, limit),
          id => points.get(id)!,
          radiusKm,
        )
        if (wrong !== null) return `${query}, ${radiusKm} km, limit ${limit}: ${wrong}`
      }
    }
  }
  return null
}

function build(points: readonly Point[], options = {}): MovingIndex {
  const index = new MovingIndex(options)
  points.forEach((point, number) => index.set(number, ...point))
  return index
}

for (const [place, centre] of Object.entries(hardPlaces)) {
  t.test(`equals brute force: ${place}`, async t => {
    const random = seededRandom(21)
    const points = [...cluster(2500, centre, 8, random), ...scattered(300, random)]
    for (const options of [{}, { cellKm: 2 }]) {
      const index = build(points, options)
      const queries = [centre, ...cluster(12, centre, 12, random)]
      t.equal(firstDifference(index, asMap(points), queries, [0.2, 2, 10, 60]), null)
    }
  })
}

t.test('equals brute force over the globe, for any radius', async t => {
  const random = seededRandom(22)
  const points = scattered(2000, random)
  const index = build(points, { cellKm: 50 })
  t.equal(
    firstDifference(
      index,
      asMap(points),
      [...scattered(15, random), [90, 0], [-90, 0], [0, 180]],
      [50, 700, 7000, 30_000],
    ),
    null,
  )
})

t.test('equals brute force while drivers come, move and go', async () => {
  const operation = fc.tuple(
    fc.integer({ min: 0, max: 200 }),
    fc.integer({ min: 0, max: 9 }),
    fc.nat(),
    fc.constantFrom(...Object.values(hardPlaces)),
  )
  fc.assert(
    fc.property(fc.array(operation, { minLength: 1, maxLength: 400 }), operations => {
      const index = new MovingIndex({ capacity: 16 })
      const points = new Map<string, Point>()
      for (const [number, kind, seed, centre] of operations) {
        const id = idOf(number)
        if (kind < 2) {
          if (index.remove(number) !== points.delete(id)) return false
        } else {
          const before = points.get(id)
          // Short steps mostly stay inside a cell, and long ones leave it.
          const point = cluster(
            1,
            kind < 6 && before !== undefined ? before : centre,
            kind < 6 ? 0.05 : 5,
            seededRandom(seed),
          )[0]!
          if (!index.set(number, ...point)) return false
          points.set(id, point)
        }
        if (index.size !== points.size || index.has(number) !== points.has(id)) return false
      }
      return Object.values(hardPlaces).every(
        place => firstDifference(index, points, [place], [1, 8]) === null,
      )
    }),
    { numRuns: 40 },
  )
})

t.test('growth keeps every driver', async t => {
  const random = seededRandom(23)
  const points = cluster(5000, [28.6, 77.2], 15, random)
  const index = build(points, { capacity: 16 })
  t.equal(index.size, 5000)
  t.equal(
    firstDifference(index, asMap(points), cluster(10, [28.6, 77.2], 15, random), [1, 5]),
    null,
  )
  t.ok(index.byteLength / index.capacity <= 40, `${index.byteLength / index.capacity} B per driver`)
})

t.test('the search continues past drivers that the filter refuses', async t => {
  const random = seededRandom(24)
  const points = cluster(3000, [28.6, 77.2], 10, random)
  const index = build(points)
  const accepted = new Map([...asMap(points)].filter(([id]) => accept(Number(id))))
  for (const query of cluster(20, [28.6, 77.2], 10, random)) {
    const expected = bruteForce(accepted, query, 15).slice(0, 10)
    t.equal(
      difference(
        index.nearest(...query, 10, 15, accept),
        idOf,
        expected,
        id => accepted.get(id)!,
        15,
      ),
      null,
    )
  }
})

t.test('impossible numbers, places and queries are refused', async t => {
  const index = new MovingIndex({ capacity: 16, numberMax: 99 })
  for (const [number, latitude, longitude, expected] of [
    [0, 10, 10, true],
    [99, 10, 10, true],
    [100, 10, 10, false],
    [-1, 10, 10, false],
    [1, 91, 0, false],
    [1, 0, 181, false],
    [1, NaN, 0, false],
    [1, 0, Infinity, false],
    [NaN, 0, 0, false],
    [2, 90, 180, true],
    [3, -90, -180, true],
  ] as const) {
    t.equal(index.set(number, latitude, longitude), expected, `${number} ${latitude} ${longitude}`)
  }
  t.equal(index.set(0, 10, NaN), false)
  t.same([index.latitudeOf(0), index.longitudeOf(0)], [10, 10], 'a refused move changes nothing')
  t.equal(index.size, 4)
  t.equal(index.nearest(90, -50, 5, 1).count, 1, 'the pole is one place whatever its longitude')
  t.equal(index.nearest(10, 10, 5, 0).count, 2, 'radius 0 finds each driver exactly there')
  for (const [latitude, longitude, limit, radiusKm] of [
    [91, 0, 5, 1],
    [0, NaN, 5, 1],
    [10, 10, 0, 1],
    [10, 10, 5, -1],
    [10, 10, 5, NaN],
  ] as const) {
    t.equal(index.nearest(latitude, longitude, limit, radiusKm).count, 0)
  }
  t.equal(index.remove(5), false)
  t.equal(index.remove(5000), false)
  t.equal(index.has(-1), false)
})

t.test('equals brute force on an hour of San Francisco cabs', { skip: skipReal }, async t => {
  const random = seededRandom(25)
  const index = new MovingIndex()
  const numbers = new Map<string, number>()
  const points = new Map<string, Point>()
  let row = 0
  for (const [, cab, latitude, longitude] of cabs!) {
    if (!numbers.has(cab!)) numbers.set(cab!, numbers.size)
    const number = numbers.get(cab!)!
    const point = [Number(latitude), Number(longitude)] as const
    if (index.set(number, ...point)) points.set(idOf(number), point)
    if (++row % 2500 === 0) {
      t.equal(
        firstDifference(index, points, cluster(5, [37.77, -122.42], 10, random), [0.5, 2, 15]),
        null,
      )
    }
  }
  t.equal(index.size, numbers.size)
})
