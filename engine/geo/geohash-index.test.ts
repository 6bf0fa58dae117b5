/**
 * Radius queries of the geohash index compared with brute force: everywhere, at every size, and
 * while places come, move and go.
 */
import t from 'tap'
import { seededRandom } from '../../protocol/kernel/chance.ts'
import fc from '../../protocol/testing/properties.ts'
import {
  bruteForce,
  cluster,
  dataRows,
  difference,
  hardPlaces,
  scattered,
  type Point,
} from './fixtures.ts'
import { GeohashIndex } from './geohash-index.ts'

/** Asks the index and brute force the same question, and names the first difference. */
function differenceAt(
  index: GeohashIndex,
  points: ReadonlyMap<string, Point>,
  query: Point,
  radiusKm: number,
  limits: readonly number[] = [Infinity, 1, 7, 100],
): string | null {
  const all = bruteForce(points, query, radiusKm)
  for (const limit of limits) {
    const wrong = difference(
      index.within(query[0], query[1], radiusKm, limit),
      slot => index.idOf(slot)!,
      all.slice(0, limit),
      id => points.get(id)!,
      radiusKm,
    )
    if (wrong !== null) return `${query} within ${radiusKm} km, limit ${limit}: ${wrong}`
  }
  return null
}

function firstDifference(
  index: GeohashIndex,
  points: ReadonlyMap<string, Point>,
  queries: readonly Point[],
  radiiKm: readonly number[],
): string | null {
  for (const query of queries)
    for (const radiusKm of radiiKm) {
      const wrong = differenceAt(index, points, query, radiusKm)
      if (wrong !== null) return wrong
    }
  return null
}

function build(points: readonly Point[]): { index: GeohashIndex; byId: Map<string, Point> } {
  const index = new GeohashIndex()
  const byId = new Map(points.map((point, number) => [`p${number}`, point]))
  for (const [id, point] of byId) index.set(id, ...point)
  return { index, byId }
}

for (const [place, centre] of Object.entries(hardPlaces)) {
  t.test(`equals brute force: ${place}`, async t => {
    const random = seededRandom(11)
    const { index, byId } = build([...cluster(1500, centre, 60, random), ...scattered(300, random)])
    const queries = [centre, ...cluster(15, centre, 70, random)]
    t.equal(firstDifference(index, byId, queries, [1, 5, 10, 50]), null)
  })
}

t.test('equals brute force over the globe, for any radius', async t => {
  const random = seededRandom(12)
  const { index, byId } = build(scattered(2000, random))
  const queries: Point[] = [...scattered(20, random), [90, 0], [-90, 10], [3, -180]]
  t.equal(firstDifference(index, byId, queries, [50, 900, 9000, 30_000]), null)
})

/** Places on the borders of cells: multiples of the sides of a cell of `bits` bits. */
const borderPoint = fc
  .tuple(fc.integer({ min: 2, max: 24 }), fc.nat(), fc.nat(), fc.constantFrom(-1e-12, 0, 1e-12))
  .map(([bits, row, column, aside]): Point => {
    const rows = 2 ** (bits >> 1)
    const columns = 2 ** ((bits + 1) >> 1)
    const latitude = ((row % (rows + 1)) / rows) * 180 - 90 + aside
    const longitude = ((column % (columns + 1)) / columns) * 360 - 180 + aside
    return [Math.max(-90, Math.min(90, latitude)), Math.max(-180, Math.min(180, longitude))]
  })
/** The centre of a run: a hard place, a border, or anywhere. */
const centres = fc.oneof(
  fc.constantFrom(...Object.values(hardPlaces)),
  borderPoint,
  fc.nat().map(seed => scattered(1, seededRandom(seed))[0]!),
)

t.test('equals brute force around borders of cells', async () => {
  fc.assert(
    fc.property(
      centres,
      fc.nat(),
      fc.array(borderPoint, { maxLength: 40 }),
      (centre, seed, far) => {
        const random = seededRandom(seed)
        const { index, byId } = build([centre, ...cluster(150, centre, 30, random), ...far])
        const wrong =
          firstDifference(index, byId, [centre, ...cluster(2, centre, 30, random)], [1, 10, 50]) ??
          firstDifference(index, byId, far.slice(0, 2), [1, 50])
        if (wrong !== null) throw new Error(wrong)
      },
    ),
    { numRuns: 300 },
  )
})

type Change = { id: number; place: number; kind: 'set' | 'remove' }
const changes = fc.array(
  fc.record({
    id: fc.nat({ max: 120 }),
    place: fc.nat({ max: 60 }),
    kind: fc.constantFrom<Change['kind']>('set', 'set', 'set', 'remove', 'remove'),
  }),
  { maxLength: 600 },
)

t.test('equals brute force while places come, move and go, many at one point', async () => {
  fc.assert(
    fc.property(centres, fc.nat(), changes, (centre, seed, steps) => {
      const random = seededRandom(seed)
      const spots = cluster(60, centre, 20, random)
      const index = new GeohashIndex()
      const known = new Map<string, Point>()
      for (const [step, { id, place, kind }] of steps.entries()) {
        const name = `p${id}`
        // There may be fewer spots than `place` allows; spot 0 takes the place of a missing one.
        const point = spots[place] ?? spots[0]!
        if (kind === 'set') {
          if (!index.set(name, ...point)) throw new Error(`refused ${point}`)
          known.set(name, point)
        } else if (index.remove(name) !== known.delete(name)) throw new Error(`remove ${name}`)
        if (index.size !== known.size) throw new Error(`${index.size} places, not ${known.size}`)
        if (step % 50 !== 49) continue
        const wrong = firstDifference(index, known, [centre, point], [1, 10, 50])
        if (wrong !== null) throw new Error(`step ${step}: ${wrong}`)
      }
      for (const name of known.keys()) index.remove(name)
      if (index.size > 0 || index.within(...centre, 30_000).count > 0)
        throw new Error('not empty after all have gone')
    }),
    { numRuns: 300 },
  )
})

t.test('many places at one point fill many blocks, and empty blocks are used again', async t => {
  const index = new GeohashIndex()
  const known = new Map<string, Point>()
  const names = Array.from({ length: 2_000 }, (_, number) => `p${number}`)
  for (const name of names) {
    const point: Point = [51.5, name.endsWith('7') ? -0.1 + Number(name.slice(1)) / 1e6 : -0.1]
    index.set(name, ...point)
    known.set(name, point)
  }
  t.equal(differenceAt(index, known, [51.5, -0.1], 1), null)
  const bytes = index.byteLength
  for (let round = 0; round < 5; round++) {
    for (const name of names.slice(10)) index.remove(name)
    t.equal(index.within(51.5, -0.1, 50).count, 10)
    for (const name of names.slice(10)) index.set(name, ...known.get(name)!)
  }
  t.equal(differenceAt(index, known, [51.5, -0.1], 1), null)
  t.ok(index.byteLength <= bytes * 1.5, 'blocks that became empty are used again')
})

t.test('a filter and a limit together equal brute force', async t => {
  const random = seededRandom(15)
  const points = cluster(3_000, [51, 0], 30, random)
  const { index, byId } = build(points)
  const open = (id: string): boolean => Number(id.slice(1)) % 5 === 0
  const some = new Map([...byId].filter(([id]) => open(id)))
  for (const query of cluster(20, [51, 0], 30, random))
    for (const limit of [1, 20, 200, Infinity]) {
      const result = index.within(...query, 20, limit, slot => open(index.idOf(slot)!))
      const expected = bruteForce(some, query, 20).slice(0, limit)
      const idOf = (slot: number): string => index.idOf(slot)!
      t.equal(
        difference(result, idOf, expected, id => some.get(id)!, 20),
        null,
      )
    }
})

t.test('equal distances are ordered by id', async t => {
  const index = new GeohashIndex()
  for (const id of ['m', 'b', 'z', 'a', 'y', 'c']) index.set(id, 51.5, -0.1)
  const ids = (limit: number): string[] => {
    const result = index.within(51.5, -0.11, 5, limit)
    return [...result.numbers.subarray(0, result.count)].map(slot => index.idOf(slot)!)
  }
  t.same(ids(10), ['a', 'b', 'c', 'm', 'y', 'z'])
  t.same(ids(2), ['a', 'b'])
})

t.test('impossible places and queries are refused', async t => {
  const index = new GeohashIndex()
  t.equal(index.set('a', 91, 0), false)
  t.equal(index.set('a', 0, NaN), false)
  t.equal(index.size, 0)
  for (let n = 0; n < 17; n++) t.ok(index.set(`p${n}`, 10, 10))
  t.equal(index.remove('nobody'), false)
  t.ok(index.remove('p3'))
  t.equal(index.remove('p3'), false)
  for (const [latitude, longitude, radiusKm, limit] of [
    [91, 0, 5, 9],
    [0, NaN, 5, 9],
    [10, 10, -1, 9],
    [10, 10, NaN, 9],
    [10, 10, 5, 0],
  ] as const)
    t.equal(index.within(latitude, longitude, radiusKm, limit).count, 0)
  t.equal(index.within(10, 10, 0).count, 16, 'radius 0 finds each place exactly there')
  t.ok(index.byteLength > 0)
})

const englishPharmacies = dataRows(
  process.env['CADUCEUS_DATA'],
  'pharmacies/england_nhs_pharmacies_2020.csv',
)
const skipReal =
  englishPharmacies === null ? 'no pharmacies in the data folder; set CADUCEUS_DATA' : false

t.test('equals brute force on the pharmacies of England', { skip: skipReal }, async t => {
  const random = seededRandom(14)
  const points = new Map<string, Point>()
  for (const fields of englishPharmacies!) {
    const point = [Number(fields.at(-2)), Number(fields.at(-1))] as const
    if (fields.at(-1)!.trim() !== '') points.set(fields[0]!, point)
  }
  const index = new GeohashIndex()
  for (const [id, point] of points) index.set(id, ...point)
  t.equal(index.size, 11_204)
  const all = [...points.values()]
  const queries = Array.from({ length: 20 }, () => all[Math.floor(random() * all.length)]!)
  t.equal(
    firstDifference(index, points, [...queries, [51.5074, -0.1278], [54.5, -3.2]], [1, 10, 50]),
    null,
  )
})
