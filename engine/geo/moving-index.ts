/**
 * The index of the drivers' positions: a grid of cells about 500 m wide over typed arrays, keyed by
 * dense driver number. A move inside a cell writes two coordinates and compares one integer. A move
 * to another cell relinks two doubly linked lists. Nothing is ever rebuilt.
 *
 * Rejected: a packed k-d tree (geokdbush), because it must be rebuilt to move one point, which
 * takes 49 ms at 100 k drivers. Rejected: Redis GEOSEARCH, which needs a network call per query and
 * is a hundred times slower. Rejected: one list per cell, because the globe has 2 billion cells.
 * Cells hash into a table as large as the driver table; each driver carries its cell number, so one
 * comparison tells apart two cells that share a bucket. Rejected: an array per field. A query meets
 * drivers in no order of number, and a record of 32 bytes costs one cache line instead of four.
 *
 * Memory per driver of capacity: 32 B for the record and 4 to 8 B for bucket heads; 1.3 MB for the
 * grid and its search.
 */
import { validCoordinate } from '../../protocol/river/geo.ts'
import { CellGrid, CellSearch } from './cells.ts'
import { keyOfKm, kmOfKey, NearestBuffer } from './ranking.ts'

const degree = Math.PI / 180
const none = -1
/**
 * Grow by a quarter and not by doubling: on average an eighth of the records is unused, not a
 * third.
 */
const growth = 1.25
const unlinked = -2

// A record is two float64 (latitude, longitude) and four int32 (cell, next, previous, tag).
const recordFloats = 4
const recordInts = 8
const cellAt = 4
const nextAt = 5
/** Previous number in the list, `none` at its head, `unlinked` when the number is absent. */
const previousAt = 6
const tagAt = 7

/** May a driver be among the results? Must not search or change the index itself. */
export type Accept = (number: number) => boolean

/** Sizes of a moving index. `numberMax` bounds the memory that a caller's mistake can claim. */
export interface MovingIndexOptions {
  cellKm?: number
  capacity?: number
  numberMax?: number
}

/** Nearest-driver queries over positions that change all the time. */
export class MovingIndex {
  /** Number of drivers in the index. */
  size = 0
  readonly numberMax: number
  readonly #grid: CellGrid
  readonly #search: CellSearch
  readonly #results = new NearestBuffer()
  #capacity = 0
  /** The records, seen as numbers and as integers. */
  #floats!: Float64Array
  #ints!: Int32Array
  #heads!: Int32Array
  #shift = 0
  /** One past the highest number ever present. */
  #numberEnd = 0

  constructor(options: MovingIndexOptions = {}) {
    this.numberMax = options.numberMax ?? 2 ** 24 - 1
    this.#grid = CellGrid.of(options.cellKm ?? 0.5)
    this.#search = new CellSearch(this.#grid)
    this.#resize(Math.max(16, options.capacity ?? 1024))
  }

  /** Numbers that fit before the index grows. */
  get capacity(): number {
    return this.#capacity
  }

  /** Bytes held by the per-driver arrays. */
  get byteLength(): number {
    return this.#floats.byteLength + this.#heads.byteLength
  }

  has(number: number): boolean {
    return (
      number >= 0 &&
      number < this.#capacity &&
      this.#ints[number * recordInts + previousAt] !== unlinked
    )
  }

  /** Degrees; meaningful where `has(number)`. */
  latitudeOf(number: number): number {
    return this.#floats[number * recordFloats]!
  }

  /** Degrees; meaningful where `has(number)`. */
  longitudeOf(number: number): number {
    return this.#floats[number * recordFloats + 1]!
  }

  /**
   * A value that the owner keeps with a driver in the index. The record has room for it, and is in
   * the cache when the driver moves. It is 0 for a driver that was absent before.
   */
  tagOf(number: number): number {
    return this.#ints[number * recordInts + tagAt]!
  }
  setTag(number: number, tag: number): void {
    this.#ints[number * recordInts + tagAt] = tag
  }

  /**
   * Adds or moves a driver, degrees. False, and nothing changes, when the coordinate or number is
   * out of range.
   */
  set(number: number, latitude: number, longitude: number): boolean {
    if (!validCoordinate(latitude, longitude)) return false
    if (!(number >= 0 && number < this.#capacity)) {
      if (!(number >= 0 && number <= this.numberMax)) return false
      this.#resize(
        Math.min(this.numberMax + 1, Math.max(number + 1, Math.ceil(this.#capacity * growth))),
      )
    }
    this.#floats[number * recordFloats] = latitude
    this.#floats[number * recordFloats + 1] = longitude
    const cell = this.#grid.cellOf(latitude, longitude) | 0
    if (this.#ints[number * recordInts + previousAt] === unlinked) {
      this.size++
      if (number >= this.#numberEnd) this.#numberEnd = number + 1
    } else {
      if (this.#ints[number * recordInts + cellAt] === cell) return true
      this.#unlink(number)
    }
    this.#link(number, cell)
    return true
  }

  /** Removes a driver; false when it was not in the index. */
  remove(number: number): boolean {
    if (!this.has(number)) return false
    this.#unlink(number)
    this.#ints[number * recordInts + previousAt] = unlinked
    this.#ints[number * recordInts + tagAt] = 0
    this.size--
    return true
  }

  /**
   * The `limit` drivers nearest to a point within `radiusKmMax`, nearest first, ties by number.
   * Searches outward and stops as soon as no unseen cell can hold a nearer one. The result is a
   * reused buffer unless one is given: read it before the next query.
   */
  nearest(
    latitude: number,
    longitude: number,
    limit: number,
    radiusKmMax: number,
    accept: Accept | null = null,
    out: NearestBuffer = this.#results,
  ): NearestBuffer {
    out.begin(limit, keyOfKm(radiusKmMax), null)
    if (limit <= 0 || !(radiusKmMax >= 0) || !validCoordinate(latitude, longitude)) return out
    this.#search.begin(latitude, longitude)
    const cellKm = this.#grid.cellKm
    const cosine = Math.cos(latitude * degree)
    const sine = Math.sin(latitude * degree)
    let radiusKm = Math.min(radiusKmMax, cellKm / 2)
    for (;;) {
      if (this.#cheaperToScanAll(radiusKm)) {
        out.begin(limit, keyOfKm(radiusKmMax), null)
        this.#scanAll(latitude, longitude, cosine, sine, accept, out)
        break
      }
      const cells = this.#search.expand(radiusKm)
      this.#scanCells(cells, latitude, longitude, cosine, sine, accept, out)
      if (radiusKm >= radiusKmMax) break
      const full = out.settle()
      const worstKm = full ? kmOfKey(out.keyMax) : Infinity
      if (worstKm <= radiusKm) break
      radiusKm = Math.min(radiusKmMax, worstKm, radiusKm * 2)
    }
    out.finish()
    return out
  }

  /** The circle has more cells than there are drivers: look at the drivers instead. */
  #cheaperToScanAll(radiusKm: number): boolean {
    const cellsAcross = (2 * radiusKm) / this.#grid.cellKm + 1
    return cellsAcross * cellsAcross > this.#numberEnd
  }

  #scanAll(
    latitude: number,
    longitude: number,
    cosine: number,
    sine: number,
    accept: Accept | null,
    out: NearestBuffer,
  ): void {
    for (let number = 0; number < this.#numberEnd; number++) {
      if (this.#ints[number * recordInts + previousAt] === unlinked) continue
      const phi = (this.latitudeOf(number) - latitude) * degree
      const lambda = wrapDeg(this.longitudeOf(number) - longitude) * degree
      const key = haversineKey(phi, lambda, cosine, sine)
      if (key <= out.keyMax && (accept === null || accept(number))) out.push(number, key)
    }
  }

  #scanCells(
    count: number,
    latitude: number,
    longitude: number,
    cosine: number,
    sine: number,
    accept: Accept | null,
    out: NearestBuffer,
  ): void {
    const cells = this.#search.cells
    const floats = this.#floats
    const ints = this.#ints
    let bound = roughBound(out.keyMax)
    for (let index = 0; index < count; index++) {
      const cell = cells[index]! | 0
      let number = this.#heads[this.#bucket(cell)]!
      for (; number !== none; number = ints[number * recordInts + nextAt]!) {
        if (ints[number * recordInts + cellAt] !== cell) continue
        const phi = (floats[number * recordFloats]! - latitude) * degree
        const lambda = wrapDeg(floats[number * recordFloats + 1]! - longitude) * degree
        if (roughlyBeyond(phi * phi, lambda * lambda, phi, cosine, sine, bound)) continue
        const key = haversineKey(phi, lambda, cosine, sine)
        if (key <= out.keyMax && (accept === null || accept(number))) {
          out.push(number, key)
          bound = roughBound(out.keyMax)
        }
      }
    }
  }

  #bucket(cell: number): number {
    return Math.imul(cell, 0x9e3779b1) >>> this.#shift
  }

  #link(number: number, cell: number): void {
    const bucket = this.#bucket(cell)
    const head = this.#heads[bucket]!
    const record = number * recordInts
    this.#ints[record + cellAt] = cell
    this.#ints[record + nextAt] = head
    this.#ints[record + previousAt] = none
    if (head !== none) this.#ints[head * recordInts + previousAt] = number
    this.#heads[bucket] = number
  }

  #unlink(number: number): void {
    const record = number * recordInts
    const next = this.#ints[record + nextAt]!
    const previous = this.#ints[record + previousAt]!
    if (previous === none) this.#heads[this.#bucket(this.#ints[record + cellAt]!)] = next
    else this.#ints[previous * recordInts + nextAt] = next
    if (next !== none) this.#ints[next * recordInts + previousAt] = previous
  }

  #resize(capacity: number): void {
    const floats = new Float64Array(capacity * recordFloats)
    if (this.#floats !== undefined) floats.set(this.#floats)
    this.#floats = floats
    this.#ints = new Int32Array(floats.buffer)
    for (let number = this.#capacity; number < capacity; number++)
      this.#ints[number * recordInts + previousAt] = unlinked
    this.#capacity = capacity
    const bits = Math.ceil(Math.log2(capacity))
    this.#heads = new Int32Array(2 ** bits).fill(none)
    this.#shift = 32 - bits
    for (let number = 0; number < this.#numberEnd; number++) {
      const record = number * recordInts
      if (this.#ints[record + previousAt] !== unlinked)
        this.#link(number, this.#ints[record + cellAt]!)
    }
  }
}

function wrapDeg(longitudeDeg: number): number {
  return longitudeDeg > 180
    ? longitudeDeg - 360
    : longitudeDeg < -180
      ? longitudeDeg + 360
      : longitudeDeg
}

/**
 * A first look that costs a few products: is the point certainly beyond the key that gave `bound`?
 * With p = phi², l = lambda², both below 0.01, rough = p + cos(here) (cos(here) - sin(here) phi) l
 * is four times the haversine but for: sin²(x/2) >= x²/4 (1 - x²/12), a loss under 0.084 %, and
 * the linear cosine of the other latitude, too large by at most p/2 + |phi|³/6, which times l is
 * under 0.52 % of p. So the haversine is at least 0.993 of rough / 4.
 */
function roughlyBeyond(
  p: number,
  l: number,
  phi: number,
  cosine: number,
  sine: number,
  bound: number,
): boolean {
  return p < 0.01 && l < 0.01 && p + cosine * (cosine - sine * phi) * l > bound
}

function roughBound(keyMax: number): number {
  return (keyMax * 4) / 0.993
}

/**
 * The haversine sin²(angle / 2) of a point `phi` and `lambda` radians away, given cosine and sine
 * of the latitude here. Below 0.1 rad the sines and cosines are Taylor polynomials whose first
 * dropped term is under 3e-17: as exact as Math.sin and several times faster; farther, Math does
 * it.
 */
function haversineKey(phi: number, lambda: number, cosine: number, sine: number): number {
  const p = phi * phi
  const l = lambda * lambda
  if (p < 0.01 && l < 0.01) {
    const halfSinPhi = (phi / 2) * (1 - (p / 24) * (1 - (p / 80) * (1 - p / 168)))
    const halfSinLambda = (lambda / 2) * (1 - (l / 24) * (1 - (l / 80) * (1 - l / 168)))
    const cosPhi = 1 - (p / 2) * (1 - (p / 12) * (1 - (p / 30) * (1 - p / 56)))
    const sinPhi = phi * (1 - (p / 6) * (1 - (p / 20) * (1 - (p / 42) * (1 - p / 72))))
    return (
      halfSinPhi * halfSinPhi +
      cosine * (cosine * cosPhi - sine * sinPhi) * halfSinLambda * halfSinLambda
    )
  }
  const halfSinPhi = Math.sin(phi / 2)
  const halfSinLambda = Math.sin(lambda / 2)
  return (
    halfSinPhi * halfSinPhi +
    cosine * (cosine * Math.cos(phi) - sine * Math.sin(phi)) * halfSinLambda * halfSinLambda
  )
}
