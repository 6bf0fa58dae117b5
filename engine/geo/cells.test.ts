/**
 * The grid and the growing circle compared with brute force: no cell of the circle is missed, none
 * comes twice, and few cells are superfluous.
 */
import t from 'tap'
import { seededRandom } from '../../protocol/kernel/chance.ts'
import { earthRadiusKm } from '../../protocol/river/geo.ts'
import { destination } from '../../protocol/testing/great-circle.ts'
import { CellGrid, CellSearch } from './cells.ts'
import { hardPlaces, scattered, type Point } from './fixtures.ts'

t.test(
  'rows and columns: cells have about one size everywhere and are numbered without a gap',
  async t => {
    for (const cellKm of [0.5, 5, 50, 700]) {
      const grid = CellGrid.of(cellKm)
      t.equal(CellGrid.of(cellKm), grid, 'there is one grid for each size')
      t.equal(grid.cellKm, cellKm)
      t.equal(grid.rows, Math.ceil((Math.PI * earthRadiusKm) / cellKm))
      t.equal(grid.rowsPerDegree, grid.rows / 180)
      let wrong = 0
      let first = 0
      for (let row = 0; row < grid.rows; row++) {
        const columns = grid.columns[row]!
        const [south, north] = [row, row + 1].map(edge => (edge / grid.rows - 0.5) * Math.PI) as [
          number,
          number,
        ]
        const widthKm = (2 * Math.PI * earthRadiusKm * Math.cos((south + north) / 2)) / columns
        if (
          columns < 1 ||
          (columns > 1 && (widthKm < cellKm || widthKm > cellKm * (1 + 1 / columns)))
        )
          wrong++
        if (grid.firstCell[row] !== first || grid.columnsPerDegree[row] !== columns / 360) wrong++
        const cosine = Math.min(Math.cos(south), Math.cos(north))
        if (
          !(
            grid.cosineMin[row]! >= 0 &&
            grid.cosineMin[row]! <= Math.max(0, cosine) &&
            cosine - grid.cosineMin[row]! < 2e-15
          )
        )
          wrong++
        first += columns
      }
      t.equal(wrong, 0, `${cellKm} km`)
    }
    t.equal(CellGrid.of(50_000).rows, 2, 'at least one row for each pole')
    t.throws(() => CellGrid.of(0.3), RangeError)
  },
)

t.test('a place lies in the row and the column of its cell', async t => {
  const grid = CellGrid.of(50)
  t.same(
    [-90, -91, 90, 91].map(latitude => grid.rowOf(latitude)),
    [0, 0, grid.rows - 1, grid.rows - 1],
  )
  const last = grid.rows - 1
  t.equal(grid.cellOf(-90, -180), 0)
  t.equal(grid.cellOf(90, 180), grid.firstCell[last]! + grid.columns[last]! - 1)
  for (const [latitude, longitude] of scattered(500, seededRandom(1))) {
    const cell = grid.cellOf(latitude, longitude)
    const row = grid.rowOf(latitude)
    const column = cell - grid.firstCell[row]!
    if (latitude < row / grid.rowsPerDegree - 90 || latitude > (row + 1) / grid.rowsPerDegree - 90)
      t.fail(`row of ${latitude}`)
    if (
      column < 0 ||
      column >= grid.columns[row]! ||
      Math.abs(column + 0.5 - ((longitude + 180) / 360) * grid.columns[row]!) > 0.5 + 1e-9
    )
      t.fail(`column of ${latitude} ${longitude}`)
  }
})

/** Cells in which a circle has points, found by many places on its edge and inside it. */
function touched(grid: CellGrid, [latitude, longitude]: Point, radiusKm: number): Set<number> {
  const cells = new Set([grid.cellOf(latitude, longitude)])
  const steps = Math.ceil((radiusKm / grid.cellKm) * 3) + 1
  for (let step = 1; step <= steps; step++)
    for (let degrees = 0; degrees < 360; degrees += 5) {
      const place = destination(latitude, longitude, degrees, (radiusKm * step) / steps)
      cells.add(grid.cellOf(place.latitude, place.longitude))
    }
  return cells
}

t.test('a growing circle gives each of its cells once, and few superfluous ones', async t => {
  const places = [
    ...Object.entries(hardPlaces),
    ...scattered(12, seededRandom(2)).map(place => [String(place), place] as const),
  ]
  for (const cellKm of [0.5, 9, 300]) {
    const grid = CellGrid.of(cellKm)
    const search = new CellSearch(grid)
    for (const [name, place] of places) {
      const seen = new Set<number>()
      let twice = 0
      search.begin(...place)
      for (const radiusKm of [0, 0.4, 1, 2.5, 7, 7, 20].map(cells => cells * cellKm)) {
        const count = search.expand(radiusKm)
        for (const cell of search.cells.subarray(0, count)) {
          if (seen.has(cell)) twice++
          seen.add(cell)
        }
        const missed = [...touched(grid, place, radiusKm)].filter(cell => !seen.has(cell)).length
        const across = (2 * radiusKm) / cellKm
        const most = (Math.PI / 4) * across * across + 6 * across + 12
        if (missed > 0 || twice > 0)
          t.fail(
            `${name}, ${radiusKm} km of cells of ${cellKm} km: ${missed} missed, ${twice} twice`,
          )
        if (Math.abs(place[0]) < 75 && seen.size > most)
          t.fail(
            `${name}, ${radiusKm} km of cells of ${cellKm} km: ${seen.size} cells, ${most} are enough`,
          )
        search.cells.fill(0, 0, count)
      }
      t.equal(twice, 0, `${name}, ${cellKm} km`)
    }
  }
})

t.test('a circle as large as the globe has every cell once', async t => {
  const grid = CellGrid.of(300)
  const all = grid.firstCell[grid.rows - 1]! + grid.columns[grid.rows - 1]!
  const search = new CellSearch(grid)
  for (const place of Object.values(hardPlaces)) {
    search.begin(...place)
    const seen: number[] = []
    for (const radiusKm of [1_000, 8_000, 12_000, 30_000, 40_000]) {
      const count = search.expand(radiusKm)
      seen.push(...search.cells.subarray(0, count))
    }
    t.equal(seen.length, all)
    t.equal(new Set(seen).size, all)
  }
})
