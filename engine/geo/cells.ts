/**
 * The grid under the index of drivers: the globe in rows of equal latitude, each row cut into its
 * own number of columns so that every cell is about `cellKm` on both sides, at the equator and at
 * a pole. Cells are numbered row after row in a uint32.
 *
 * Why not geohash cells, as for the pharmacies: a driver moves each second, and a move within a
 * cell of this grid compares one integer. Measured in engine/adr/0037-pharmacies-by-geohash.md.
 */
import { earthRadiusKm } from '../../protocol/river/geo.ts'

const degree = Math.PI / 180

const grids = new Map<number, CellGrid>()

/**
 * Cell arithmetic for one cell size. It is immutable, so all users share one. It has 24 bytes a row
 * (1.0 MB at 0.5 km), and each search has 8 bytes a row of its own.
 */
export class CellGrid {
  readonly cellKm: number
  readonly rows: number
  readonly rowsPerDegree: number
  /** Columns in each row. */
  readonly columns: Uint32Array
  /** Number of the first cell of each row. */
  readonly firstCell: Uint32Array
  readonly columnsPerDegree: Float64Array
  /** Cosine of latitude at the row's edge nearer to a pole: the smallest in the row. */
  readonly cosineMin: Float64Array

  static of(cellKm: number): CellGrid {
    let grid = grids.get(cellKm)
    if (grid === undefined) grids.set(cellKm, (grid = new CellGrid(cellKm)))
    return grid
  }

  private constructor(cellKm: number) {
    const rows = Math.max(2, Math.ceil((Math.PI * earthRadiusKm) / cellKm))
    this.cellKm = cellKm
    this.rows = rows
    this.rowsPerDegree = rows / 180
    this.columns = new Uint32Array(rows)
    this.firstCell = new Uint32Array(rows)
    this.columnsPerDegree = new Float64Array(rows)
    this.cosineMin = new Float64Array(rows)
    let cells = 0
    for (let row = 0; row < rows; row++) {
      const south = (row / rows - 0.5) * Math.PI
      const north = ((row + 1) / rows - 0.5) * Math.PI
      const columns = Math.max(
        1,
        Math.floor((2 * Math.PI * earthRadiusKm * Math.cos((south + north) / 2)) / cellKm),
      )
      this.columns[row] = columns
      this.firstCell[row] = cells
      this.columnsPerDegree[row] = columns / 360
      // Slightly smaller than exact, because it is only a divisor in an upper bound.
      this.cosineMin[row] = Math.max(0, Math.min(Math.cos(south), Math.cos(north)) - 1e-15)
      cells += columns
    }
    if (cells >= 2 ** 32)
      throw new RangeError(`cells of ${cellKm} km do not fit 32 bits; 0.35 km is the least`)
  }

  /** Row of a latitude in degrees; the poles belong to the outermost rows. */
  rowOf(latitude: number): number {
    const row = Math.floor((latitude + 90) * this.rowsPerDegree)
    return row < 0 ? 0 : row >= this.rows ? this.rows - 1 : row
  }

  /** Cell of a valid coordinate in degrees. */
  cellOf(latitude: number, longitude: number): number {
    const row = this.rowOf(latitude)
    const column = Math.floor((longitude + 180) * this.columnsPerDegree[row]!)
    const last = this.columns[row]! - 1
    return this.firstCell[row]! + (column > last ? last : column)
  }
}

/**
 * Enumerates the cells that a growing circle touches, each cell once. Reusable; one search at
 * a time. For every row it remembers the run of columns already handed out, so a larger radius
 * yields only the ring of new cells.
 */
export class CellSearch {
  /** The cells of the last `expand`. */
  cells = new Uint32Array(256)
  readonly #grid: CellGrid
  readonly #doneFrom: Int32Array
  readonly #doneTo: Int32Array
  #latitude = 0
  #longitude = 0
  #cosine = 1
  #rowFrom = 0
  #rowTo = -1

  constructor(grid: CellGrid) {
    this.#grid = grid
    this.#doneFrom = new Int32Array(grid.rows)
    this.#doneTo = new Int32Array(grid.rows)
  }

  /** Starts a search around a valid coordinate in degrees. */
  begin(latitude: number, longitude: number): void {
    this.#latitude = latitude
    this.#longitude = longitude
    this.#cosine = Math.cos(latitude * degree)
    this.#rowFrom = 0
    this.#rowTo = -1
  }

  /**
   * Fills `cells` with the cells within `radiusKm` that no earlier call returned. Returns their
   * number.
   */
  expand(radiusKm: number): number {
    const grid = this.#grid
    const angle = Math.min(Math.PI, (radiusKm / earthRadiusKm) * (1 + 1e-9) + 1e-12)
    const key = Math.sin(angle / 2) ** 2
    const rowFrom = grid.rowOf(this.#latitude - angle / degree)
    const rowTo = grid.rowOf(this.#latitude + angle / degree)
    let count = 0
    for (let row = rowFrom; row <= rowTo; row++) {
      const columns = grid.columns[row]!
      const centre = (this.#longitude + 180) * grid.columnsPerDegree[row]!
      const half = this.#halfWidthColumns(row, key)
      const whole = !(half * 2 + 1 < columns)
      const from = whole ? 0 : Math.floor(centre - half)
      const to = whole ? columns - 1 : Math.floor(centre + half)
      if (this.cells.length < count + to - from + 1) this.#grow(count + to - from + 1)
      if (row < this.#rowFrom || row > this.#rowTo) {
        count = this.#emit(row, from, to, count)
        this.#doneFrom[row] = from
        this.#doneTo[row] = to
        continue
      }
      const doneFrom = this.#doneFrom[row]!
      const doneTo = this.#doneTo[row]!
      if (whole) {
        // Columns form a circle: the rest runs from the end of the done part round to its start.
        count = this.#emit(row, doneTo + 1, doneFrom - 1 + columns, count)
        this.#doneTo[row] = doneFrom - 1 + columns
        continue
      }
      if (from < doneFrom) {
        count = this.#emit(row, from, doneFrom - 1, count)
        this.#doneFrom[row] = from
      }
      if (to > doneTo) {
        count = this.#emit(row, doneTo + 1, to, count)
        this.#doneTo[row] = to
      }
    }
    this.#rowFrom = rowFrom
    this.#rowTo = rowTo
    return count
  }

  /**
   * An upper bound, in columns, of how far the circle reaches east and west within a row.
   * From the haversine formula: hav(width) = (hav(radius) - hav(latitude gap)) / (cos cos).
   * The gap to the row is underestimated (x - x³/6 <= sin x), the cosine of the row is its
   * smallest, and asin x <= x + (π/2 - 1) x³, so no cell of the circle is missed.
   */
  #halfWidthColumns(row: number, key: number): number {
    const grid = this.#grid
    const south = row / grid.rowsPerDegree - 90
    const north = (row + 1) / grid.rowsPerDegree - 90
    const gapDeg =
      this.#latitude < south
        ? south - this.#latitude
        : this.#latitude > north
          ? this.#latitude - north
          : 0
    const gap = Math.max(0, gapDeg * degree - 1e-12) / 2
    const sine = gap - (gap * gap * gap) / 6
    const ratio = (key - sine * sine) / (this.#cosine * grid.cosineMin[row]!)
    if (!(ratio < 1)) return Infinity
    if (ratio <= 0) return 0
    const root = Math.sqrt(ratio)
    const width = 2 * (root + (Math.PI / 2 - 1) * root * root * root)
    return (width / degree) * grid.columnsPerDegree[row]! + 1e-6
  }

  #emit(row: number, from: number, to: number, count: number): number {
    const columns = this.#grid.columns[row]!
    const first = this.#grid.firstCell[row]!
    for (let column = from; column <= to; column++) {
      const wrapped = column < 0 ? column + columns : column >= columns ? column - columns : column
      this.cells[count++] = first + wrapped
    }
    return count
  }

  #grow(count: number): void {
    const cells = new Uint32Array(Math.max(count, this.cells.length * 2))
    cells.set(this.cells)
    this.cells = cells
  }
}
