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
import { seededRandom } from '../../protocol/chance.ts'
import { NearestBuffer } from './ranking.ts'
import { StaticIndex } from './static-index.ts'

const englishPharmacies = dataRows(
  process.env['CADUCEUS_DATA'],
  'pharmacies/england_nhs_pharmacies_2020.csv',
)
const skipReal =
  englishPharmacies === null ? 'no pharmacies in the data folder; set CADUCEUS_DATA' : false

/** Asks the index and the oracle the same questions and names the first difference. */
function firstDifference(
  index: StaticIndex,
  points: ReadonlyMap<string, Point>,
  queries: readonly Point[],
  radiiKm: readonly number[],
): string | null {
  for (const query of queries) {
    for (const radiusKm of radiiKm) {
      const all = bruteForce(points, query, radiusKm)
      for (const limit of [Infinity, 1, 7, 100]) {
        const result = index.within(query[0], query[1], radiusKm, limit)
        const wrong = difference(
          result,
          slot => index.idOf(slot)!,
          all.slice(0, limit),
          id => points.get(id)!,
          radiusKm,
        )
        if (wrong !== null) return `${query} within ${radiusKm} km, limit ${limit}: ${wrong}`
      }
    }
  }
  return null
}

function build(
  points: readonly Point[],
  options = {},
): { index: StaticIndex; byId: Map<string, Point> } {
  const index = new StaticIndex(options)
  const byId = new Map(points.map((point, number) => [`p${number}`, point]))
  for (const [id, point] of byId) index.set(id, ...point)
  return { index, byId }
}

for (const [place, centre] of Object.entries(hardPlaces)) {
  t.test(`equals brute force: ${place}`, async t => {
    const random = seededRandom(11)
    const points = [...cluster(1500, centre, 60, random), ...scattered(300, random)]
    for (const options of [{}, { cellKm: 0.5 }, { cellKm: 9 }]) {
      const { index, byId } = build(points, options)
      const queries = [centre, ...cluster(15, centre, 70, random)]
      t.equal(firstDifference(index, byId, queries, [1, 5, 10, 50]), null)
    }
  })
}

t.test('equals brute force over the globe, however wide', async t => {
  const random = seededRandom(12)
  const { index, byId } = build(scattered(2000, random), { cellKm: 50 })
  t.equal(
    firstDifference(
      index,
      byId,
      [...scattered(20, random), [90, 0], [-90, 10], [3, -180]],
      [50, 900, 9000, 30_000],
    ),
    null,
  )
})

t.test('equals brute force while places open, close, move and vanish', async t => {
  const random = seededRandom(13)
  const index = new StaticIndex()
  const active = new Map<string, Point>()
  const known = new Map<string, Point>()
  for (let step = 0; step < 6000; step++) {
    const id = `p${Math.floor(random() * 400)}`
    const point = cluster(1, [51, 0], 40, random)[0]!
    const dice = random()
    if (dice < 0.5) {
      const open = random() < 0.8
      t.not(index.set(id, ...point, open), -1)
      known.set(id, point)
      if (open) active.set(id, point)
      else active.delete(id)
    } else if (dice < 0.7) {
      if (index.remove(id) !== known.delete(id)) t.fail(`remove ${id}`)
      active.delete(id)
    } else {
      const open = dice < 0.85
      if (index.setActive(id, open) !== known.has(id)) t.fail(`setActive ${id}`)
      if (!open) active.delete(id)
      else if (known.has(id)) active.set(id, known.get(id)!)
    }
    if (index.isActive(id) !== active.has(id) || index.size !== known.size) t.fail(`step ${step}`)
    if (step % 200 === 0)
      t.equal(firstDifference(index, active, cluster(3, [51, 0], 40, random), [1, 10, 50]), null)
  }
})

t.test('equal distances are ordered by id', async t => {
  const index = new StaticIndex()
  for (const id of ['m', 'b', 'z', 'a', 'y', 'c']) index.set(id, 51.5, -0.1)
  const ids = (limit: number): string[] => {
    const result = index.within(51.5, -0.11, 5, limit)
    return [...result.numbers.subarray(0, result.count)].map(slot => index.idOf(slot)!)
  }
  t.same(ids(10), ['a', 'b', 'c', 'm', 'y', 'z'])
  t.same(ids(2), ['a', 'b'])
})

t.test('refusals and edges', async t => {
  const index = new StaticIndex({ capacity: 16, countMax: 17 })
  t.equal(index.set('a', 91, 0), -1)
  t.equal(index.set('a', 0, NaN), -1)
  for (let n = 0; n < 17; n++) t.not(index.set(`p${n}`, 10, 10), -1)
  t.equal(index.set('one more', 10, 10), -1, 'full')
  t.not(index.set('p3', 11, 11), -1, 'a known one still moves')
  t.equal(index.slotOf('nobody'), -1)
  t.equal(index.remove('nobody'), false)
  t.ok(index.remove('p3'))
  t.equal(index.slotOf('p3'), -1)
  for (const [latitude, longitude, radiusKm, limit] of [
    [91, 0, 5, 9],
    [0, NaN, 5, 9],
    [10, 10, -1, 9],
    [10, 10, NaN, 9],
    [10, 10, 5, 0],
  ] as const) {
    t.equal(index.within(latitude, longitude, radiusKm, limit).count, 0)
  }
  t.equal(index.within(10, 10, 0).count, 16, 'radius 0 finds what is exactly there')
  t.equal(index.within(10, 10, 1, 9, slot => slot === 4).count, 1, 'accept')
})

t.test("results can be kept in a buffer of one's own", async t => {
  const index = new StaticIndex()
  index.set('a', 10, 10)
  const mine = new NearestBuffer()
  t.equal(index.within(10, 10.01, 5, 9, null, mine), mine)
  index.within(50, 50, 5)
  t.equal(mine.count, 1)
})

t.test('equals brute force on the pharmacies of England', { skip: skipReal }, async t => {
  const random = seededRandom(14)
  const points = new Map<string, Point>()
  for (const fields of englishPharmacies!) {
    const point = [Number(fields.at(-2)), Number(fields.at(-1))] as const
    if (fields.at(-1)!.trim() !== '') points.set(fields[0]!, point)
  }
  const index = new StaticIndex()
  for (const [id, point] of points) t.not(index.set(id, ...point), -1)
  t.equal(index.size, 11_204)
  const all = [...points.values()]
  const queries = Array.from({ length: 20 }, () => all[Math.floor(random() * all.length)]!)
  t.equal(
    firstDifference(index, points, [...queries, [51.5074, -0.1278], [54.5, -3.2]], [1, 10, 50]),
    null,
  )
})
