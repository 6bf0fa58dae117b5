/**
 * The circle says of a geohash cell that it lies inside, outside or on the border. It calls no cell
 * outside that it touches, and no cell inside that leaves it by more than its ellipse does.
 */
import t from 'tap'
import { distanceKm } from '../../protocol/river/geo.ts'
import { destination } from '../../protocol/testing/great-circle.ts'
import fc from '../../protocol/testing/properties.ts'
import { hardPlaces, type Point } from './fixtures.ts'
import { axisBits, latitudeCell, longitudeCell } from './geohash-cell.ts'
import { GeohashCircle } from './geohash-circle.ts'

const places = fc.oneof(
  fc.constantFrom(...Object.values(hardPlaces)),
  fc.tuple(
    fc.double({ min: -90, max: 90, noNaN: true }),
    fc.double({ min: -180, max: 180, noNaN: true }),
  ),
)
const radii = fc.oneof(fc.constantFrom(0, 1, 10, 50), fc.double({ min: 0, max: 900, noNaN: true }))

/** Is the place in the rows and in one of the column runs? */
function inBox(circle: GeohashCircle, row: number, column: number): boolean {
  if (row < circle.rowMin || row > circle.rowMax) return false
  for (let run = 0; run < circle.runs; run++)
    if (column >= circle.columnsMin[run]! && column <= circle.columnsMax[run]!) return true
  return false
}

t.test('each place of the circle is in the box, and its cell is not called outside', async () => {
  const circle = new GeohashCircle()
  fc.assert(
    fc.property(
      places,
      radii,
      fc.double({ min: 0, max: 360, noNaN: true }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.integer({ min: 0, max: axisBits }),
      ([latitude, longitude], radiusKm, bearing, part, shift) => {
        const place = destination(latitude, longitude, bearing, radiusKm * part)
        // Next to a pole the arcsine in `destination` misses by centimetres.
        fc.pre(distanceKm(latitude, longitude, place.latitude, place.longitude) <= radiusKm)
        const row = latitudeCell(place.latitude)
        const column = longitudeCell(place.longitude)
        circle.place(latitude, longitude, radiusKm)
        const size = 2 ** shift
        return (
          inBox(circle, row, column) &&
          circle.holds(row - (row % size), size, column - (column % size), size) >= 0
        )
      },
    ),
    { numRuns: 5_000 },
  )
})

/**
 * How far the ellipse reaches beyond the circle at most, in radii: √(h² + (9.5 + h) / 8.5 · (1 - h²)) with
 * h = 0.5, for a circle whose centre is 9.5 radii from a pole. Nearer ones are only their box.
 */
const ellipseReach = 1.07

t.test('a cell that is called inside has no corner beyond the ellipse of the circle', async t => {
  const circle = new GeohashCircle()
  let inside = 0
  fc.assert(
    fc.property(
      places,
      fc.double({ min: 1, max: 50, noNaN: true }),
      fc.double({ min: 0, max: 360, noNaN: true }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.integer({ min: 4, max: 14 }),
      ([latitude, longitude], radiusKm, bearing, part, shift) => {
        const place = destination(latitude, longitude, bearing, radiusKm * part)
        const size = 2 ** shift
        const row = latitudeCell(place.latitude)
        const column = longitudeCell(place.longitude)
        const [south, west] = [row - (row % size), column - (column % size)]
        circle.place(latitude, longitude, radiusKm)
        if (circle.holds(south, size, west, size) < 1) return true
        inside++
        const corners = [south, south + size].flatMap(r =>
          [west, west + size].map(c => [(r / 2 ** 26) * 180 - 90, (c / 2 ** 26) * 360 - 180]),
        ) as Point[]
        return corners.every(
          corner => distanceKm(latitude, longitude, ...corner) < radiusKm * ellipseReach,
        )
      },
    ),
    { numRuns: 1_000 },
  )
  t.ok(inside > 50, `${inside} cells were called inside`)
})

t.test('a far corner of the box is called outside', async t => {
  const circle = new GeohashCircle()
  circle.place(51.5, -0.12, 10)
  t.equal(circle.runs, 1)
  t.equal(circle.holds(circle.rowMin, 1, circle.columnsMin[0], 1), -1)
  t.equal(circle.holds(circle.rowMax, 1, circle.columnsMax[0], 1), -1)
})

t.test('the coarse cells of a run are at most two by two', async t => {
  const circle = new GeohashCircle()
  let finest = 0
  fc.assert(
    fc.property(places, radii, ([latitude, longitude], radiusKm) => {
      circle.place(latitude, longitude, radiusKm)
      for (let run = 0; run < circle.runs; run++) {
        const bits = circle.coarseBits(run)
        finest = Math.max(finest, bits)
        const rowSize = 2 ** (axisBits - (bits >> 1))
        const columnSize = 2 ** (axisBits - ((bits + 1) >> 1))
        const rows = Math.floor(circle.rowMax / rowSize) - Math.floor(circle.rowMin / rowSize)
        const columns =
          Math.floor(circle.columnsMax[run]! / columnSize) -
          Math.floor(circle.columnsMin[run]! / columnSize)
        if (bits < 0 || rows > 1 || columns > 1) return false
      }
      return true
    }),
    { numRuns: 1_000 },
  )
  t.ok(finest > 20, `the finest cells have ${finest} bits`)
})
