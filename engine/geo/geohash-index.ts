/**
 * The index of the pharmacies' places: geohash integers in ascending order, cut into blocks of at
 * most 32 places. A query covers its circle with geohash cells, finds the blocks of these cells by
 * binary search, and measures the exact distance of each place in them. The precision follows from
 * the radius and from the density of the places, so the same order serves 1 km and 50 km.
 *
 * Places are unit vectors, not degrees. The squared chord of two points is three subtractions and
 * three products, it orders exactly as the great-circle distance does, and no query computes a sine
 * per place. The vectors of a block follow each other in memory.
 *
 * Rejected: one sorted array. With blocks, a pharmacy that registers, moves or closes changes one
 * block, and a million places are never moved for one. Rejected: a hash of cells, because it has
 * one precision for all radii. Rejected: kdbush, which is made for this, because it must be rebuilt
 * to move one point.
 *
 * Memory per place: 28 B in blocks that are about two thirds full, 12 to 24 B by slot, and about
 * 100 B for the id with its map entry.
 */
import { validCoordinate } from '../../protocol/river/geo.ts'
import { axisBits, geohashBits, geohashOf, interleave } from './geohash-cell.ts'
import { GeohashCircle } from './geohash-circle.ts'
import { keyOfKm, kmOfKey, NearestBuffer, type TieBreak } from './ranking.ts'

const degree = Math.PI / 180
/**
 * Places of a block: few enough that looking at all of them in vain is cheap, and enough that the
 * order of blocks is short.
 */
const blockPlaces = 32
const blockFloats = blockPlaces * 3
/** A block with fewer places is joined with its neighbour when both together leave room. */
const sparsePlaces = 8
const joinedPlacesMax = 24
/**
 * When the circle has more places than this for each wanted one, a smaller circle is tried first.
 */
const surplus = 4

/**
 * A cell is cut in halves until it has this many blocks, or is this many bits finer than the coarse
 * cells around the circle. Measured: looking at a few blocks in vain is cheaper than a cut.
 */
const fewBlocks = 8
const finerBits = 4
/** Geohash integers of a cell, by its bits. */
const sizes = Float64Array.from({ length: geohashBits + 1 }, (_, bits) => 2 ** (geohashBits - bits))

/** May the place in this slot be among the results? Must not search or change the index itself. */
export type AcceptSlot = (slot: number) => boolean

/** Radius queries over places, each known by a string id and a dense slot number. */
export class GeohashIndex {
  readonly #circle = new GeohashCircle()
  readonly #results = new NearestBuffer(256)
  readonly #slots = new Map<string, number>()
  readonly #ids: (string | undefined)[] = []
  readonly #freeSlots: number[] = []
  readonly #byId: TieBreak = (a, b) => (this.#ids[a]! < this.#ids[b]! ? -1 : 1)
  /** By slot. */
  #geohashes = new Float64Array(16)
  #blockOf = new Int32Array(16)
  /** By block: unit vectors and slots of its places, in no order, and their number. */
  #vectors = new Float64Array(4 * blockFloats)
  #placeSlots = new Int32Array(4 * blockPlaces)
  #counts = new Int32Array(4)
  /** Last query that read the block. */
  #readBy = new Uint32Array(4)
  #query = 0
  /**
   * The query under way: its place as a unit vector, its filter, its columns, its finest precision.
   */
  #x = 0
  #y = 0
  #z = 0
  #accept: AcceptSlot | null = null
  #columnMin = 0
  #columnMax = 0
  #bitsMax = 0
  readonly #freeBlocks: number[] = []
  #blocksMade = 1
  /**
   * Blocks in the order of their geohashes. Block `order[i]` has geohashes from `firsts[i]` up to
   * `firsts[i + 1]`, the latter included, because many places may have one geohash.
   */
  #order = new Int32Array(4)
  #firsts = new Float64Array(4)
  #orderCount = 1

  /** Places in the index. */
  get size(): number {
    return this.#slots.size
  }

  /** Bytes held by the arrays; ids and their map are not counted. */
  get byteLength(): number {
    return [
      this.#geohashes,
      this.#blockOf,
      this.#vectors,
      this.#placeSlots,
      this.#counts,
      this.#readBy,
      this.#order,
      this.#firsts,
    ].reduce((bytes, array) => bytes + array.byteLength, 0)
  }

  /** Id in a slot; undefined when the slot is empty. */
  idOf(slot: number): string | undefined {
    return this.#ids[slot]
  }

  /** Adds or moves a place, degrees. False, and nothing changes, when the coordinate is invalid. */
  set(id: string, latitude: number, longitude: number): boolean {
    if (!validCoordinate(latitude, longitude)) return false
    let slot = this.#slots.get(id)
    if (slot === undefined) {
      slot = this.#freeSlots.pop() ?? this.#ids.length
      this.#ids[slot] = id
      this.#slots.set(id, slot)
      if (slot >= this.#geohashes.length) {
        this.#geohashes = grown(this.#geohashes, new Float64Array(slot * 2))
        this.#blockOf = grown(this.#blockOf, new Int32Array(slot * 2))
      }
    } else {
      this.#takeOut(slot)
    }
    const geohash = geohashOf(latitude, longitude)
    const cosine = Math.cos(latitude * degree)
    this.#geohashes[slot] = geohash
    this.#putInto(
      this.#roomFor(geohash),
      slot,
      cosine * Math.cos(longitude * degree),
      cosine * Math.sin(longitude * degree),
      Math.sin(latitude * degree),
    )
    return true
  }

  /** Forgets a place; false when the id is unknown. Its slot is used again. */
  remove(id: string): boolean {
    const slot = this.#slots.get(id)
    if (slot === undefined) return false
    this.#takeOut(slot)
    this.#ids[slot] = undefined
    this.#slots.delete(id)
    this.#freeSlots.push(slot)
    return true
  }

  /**
   * Places within `radiusKm` of a point in degrees, nearest first, ties by id, at most `limit`.
   * Entry i is slot `numbers[i]` at `distanceKm[i]`. The result is a reused buffer: read it before
   * the next query.
   */
  within(
    latitude: number,
    longitude: number,
    radiusKm: number,
    limit = Infinity,
    accept: AcceptSlot | null = null,
  ): NearestBuffer {
    const out = this.#results
    out.begin(limit, keyOfKm(radiusKm), this.#byId)
    if (limit <= 0 || !(radiusKm >= 0) || !validCoordinate(latitude, longitude)) return out
    const cosine = Math.cos(latitude * degree)
    const x = cosine * Math.cos(longitude * degree)
    const y = cosine * Math.sin(longitude * degree)
    const z = Math.sin(latitude * degree)
    this.#beginQuery(x, y, z, accept)
    this.#circle.place(latitude, longitude, radiusKm)
    if (limit * surplus < this.size && this.#placesAround() > limit * surplus) {
      // The neighbours in the order are near, so the farthest of them bounds the circle.
      this.#scanNeighbours(geohashOf(latitude, longitude), limit)
      if (out.settle()) this.#circle.place(latitude, longitude, kmOfKey(out.keyMax) * (1 + 1e-9))
    }
    this.#scanCircle()
    out.finish()
    return out
  }

  #beginQuery(x: number, y: number, z: number, accept: AcceptSlot | null): void {
    this.#x = x
    this.#y = y
    this.#z = z
    this.#accept = accept
    this.#query = (this.#query + 1) >>> 0
    if (this.#query === 0) {
      this.#readBy.fill(0)
      this.#query = 1
    }
  }

  /**
   * A low estimate of the number of places between the two corners of the circle in the order: each
   * block counts as a sparse one.
   */
  #placesAround(): number {
    let blocks = 0
    for (let run = 0; run < this.#circle.runs; run++) {
      const { rowMin, rowMax } = this.#circle
      blocks +=
        this.#firstBlock(interleave(rowMax, this.#circle.columnsMax[run]!)) -
        this.#firstBlock(interleave(rowMin, this.#circle.columnsMin[run]!))
    }
    return blocks * sparsePlaces
  }

  /** Looks at blocks on both sides of a geohash, about twice `places` places. */
  #scanNeighbours(geohash: number, places: number): void {
    const at = this.#firstBlock(geohash)
    const blocks = Math.ceil(places / blockPlaces) + 1
    this.#scanBlocks(Math.max(0, at - blocks), Math.min(this.#orderCount, at + blocks + 1))
  }

  #scanCircle(): void {
    const circle = this.#circle
    for (let run = 0; run < circle.runs; run++) {
      const bits = circle.coarseBits(run)
      const rowShift = axisBits - (bits >> 1)
      const columnShift = axisBits - ((bits + 1) >> 1)
      const [columnMin, columnMax] = [circle.columnsMin[run]!, circle.columnsMax[run]!]
      this.#columnMin = columnMin
      this.#columnMax = columnMax
      this.#bitsMax = Math.min(geohashBits, bits + finerBits)
      for (let row = circle.rowMin >> rowShift; row <= circle.rowMax >> rowShift; row++)
        for (let column = columnMin >> columnShift; column <= columnMax >> columnShift; column++) {
          const cell = interleave(row << rowShift, column << columnShift)
          const from = this.#firstBlock(cell)
          const to = this.#endBlock(from, this.#orderCount, cell + sizes[bits]!)
          this.#scanCell(bits, row << rowShift, column << columnShift, from, to)
        }
    }
  }

  /**
   * Looks at the places of a cell, whose blocks are `from` up to `to`: at the whole cell, or at its
   * halves.
   */
  #scanCell(bits: number, row: number, column: number, from: number, to: number): void {
    if (to - from <= fewBlocks || bits >= this.#bitsMax) {
      this.#scanBlocks(from, to)
      return
    }
    const rows = 1 << (axisBits - (bits >> 1))
    const columns = 1 << (axisBits - ((bits + 1) >> 1))
    const held = this.#circle.holds(row, rows, column, columns)
    if (held !== 0) {
      if (held > 0) this.#scanBlocks(from, to)
      return
    }
    if ((bits & 1) === 0) {
      const middleColumn = column + (columns >> 1)
      const middle = this.#endBlock(from, to, interleave(row, middleColumn))
      if (this.#columnMin < middleColumn) this.#scanCell(bits + 1, row, column, from, middle)
      if (this.#columnMax >= middleColumn)
        this.#scanCell(bits + 1, row, middleColumn, Math.max(from, middle - 1), to)
    } else {
      const middleRow = row + (rows >> 1)
      const middle = this.#endBlock(from, to, interleave(middleRow, column))
      if (this.#circle.rowMin < middleRow) this.#scanCell(bits + 1, row, column, from, middle)
      if (this.#circle.rowMax >= middleRow)
        this.#scanCell(bits + 1, middleRow, column, Math.max(from, middle - 1), to)
    }
  }

  /**
   * Looks at each place in the blocks `from` up to `to` of the order that this query has not read
   * yet.
   */
  #scanBlocks(from: number, to: number): void {
    const { x, y, z } = { x: this.#x, y: this.#y, z: this.#z }
    const query = this.#query
    const vectors = this.#vectors
    const accept = this.#accept
    const out = this.#results
    let keyMax = out.keyMax
    for (let at = from; at < to; at++) {
      const block = this.#order[at]!
      if (this.#readBy[block] === query) continue
      this.#readBy[block] = query
      const first = block * blockPlaces
      const count = this.#counts[block]!
      for (let place = 0, vector = first * 3; place < count; place++, vector += 3) {
        const dx = vectors[vector]! - x
        const dy = vectors[vector + 1]! - y
        const dz = vectors[vector + 2]! - z
        // A chord is 2 sin(angle / 2), so a quarter of its square is the haversine.
        const key = (dx * dx + dy * dy + dz * dz) / 4
        if (key > keyMax) continue
        const slot = this.#placeSlots[first + place]!
        if (accept !== null && !accept(slot)) continue
        out.push(slot, key)
        keyMax = out.keyMax
      }
    }
  }

  /** The place in the order of the first block that may have a geohash of at least `geohash`. */
  #firstBlock(geohash: number): number {
    const end = this.#endBlock(0, this.#orderCount, geohash)
    return end === 0 ? 0 : end - 1
  }

  /**
   * The place in the order of the first block from `low` up to `high` that begins at or beyond
   * `geohash`; otherwise `high`.
   */
  #endBlock(low: number, high: number, geohash: number): number {
    const firsts = this.#firsts
    while (low < high) {
      const middle = (low + high) >>> 1
      if (firsts[middle]! < geohash) low = middle + 1
      else high = middle
    }
    return low
  }

  /** The block for a geohash, with room for one more place. */
  #roomFor(geohash: number): number {
    let at = this.#firstBlock(geohash)
    if (at + 1 < this.#orderCount && this.#firsts[at + 1]! <= geohash) at++
    const block = this.#order[at]!
    if (this.#counts[block]! < blockPlaces) return block
    const upper = this.#split(block, at)
    return geohash < this.#firsts[at + 1]! ? block : upper
  }

  /** Moves the upper half of a full block into a new block behind it. */
  #split(block: number, at: number): number {
    const base = block * blockPlaces
    const slots = [...this.#placeSlots.subarray(base, base + blockPlaces)].sort(
      (a, b) => this.#geohashes[a]! - this.#geohashes[b]!,
    )
    const upperSlots = slots.slice(blockPlaces / 2)
    const upper = this.#newBlock()
    this.#insertInOrder(at + 1, upper, this.#geohashes[upperSlots[0]!]!)
    for (const slot of upperSlots) this.#moveTo(upper, slot)
    return upper
  }

  /** Moves a place from its block to another one. */
  #moveTo(block: number, slot: number): void {
    const place = this.#placeOf(slot) * 3
    const vectors = this.#vectors
    const [x, y, z] = [vectors[place]!, vectors[place + 1]!, vectors[place + 2]!]
    this.#dropFromBlock(slot)
    this.#putInto(block, slot, x, y, z)
  }

  #putInto(block: number, slot: number, x: number, y: number, z: number): void {
    const place = block * blockPlaces + this.#counts[block]!++
    this.#placeSlots[place] = slot
    this.#blockOf[slot] = block
    this.#vectors[place * 3] = x
    this.#vectors[place * 3 + 1] = y
    this.#vectors[place * 3 + 2] = z
  }

  #placeOf(slot: number): number {
    let place = this.#blockOf[slot]! * blockPlaces
    while (this.#placeSlots[place] !== slot) place++
    return place
  }

  /** The last place of the block takes the place of the dropped one. */
  #dropFromBlock(slot: number): void {
    const block = this.#blockOf[slot]!
    const place = this.#placeOf(slot)
    const last = block * blockPlaces + --this.#counts[block]!
    this.#placeSlots[place] = this.#placeSlots[last]!
    this.#vectors.copyWithin(place * 3, last * 3, last * 3 + 3)
  }

  /** Takes a place out, and joins its block with a neighbour when few places are left. */
  #takeOut(slot: number): void {
    const block = this.#blockOf[slot]!
    this.#dropFromBlock(slot)
    if (this.#counts[block]! >= sparsePlaces || this.#orderCount === 1) return
    let at = this.#firstBlock(this.#geohashes[slot]!)
    while (this.#order[at] !== block) at++
    const into = at > 0 ? at - 1 : at
    const lower = this.#order[into]!
    const upper = this.#order[into + 1]!
    const together = this.#counts[lower]! + this.#counts[upper]!
    if (together > joinedPlacesMax && this.#counts[block]! > 0) return
    while (this.#counts[upper]! > 0) this.#moveTo(lower, this.#placeSlots[upper * blockPlaces]!)
    this.#order.copyWithin(into + 1, into + 2, this.#orderCount)
    this.#firsts.copyWithin(into + 1, into + 2, this.#orderCount)
    this.#orderCount--
    this.#freeBlocks.push(upper)
  }

  #newBlock(): number {
    const block = this.#freeBlocks.pop() ?? this.#blocksMade++
    if (block >= this.#counts.length) {
      const blocks = Math.ceil(block * growth) + 1
      this.#vectors = grown(this.#vectors, new Float64Array(blocks * blockFloats))
      this.#placeSlots = grown(this.#placeSlots, new Int32Array(blocks * blockPlaces))
      this.#counts = grown(this.#counts, new Int32Array(blocks))
      this.#readBy = grown(this.#readBy, new Uint32Array(blocks))
      this.#order = grown(this.#order, new Int32Array(blocks))
      this.#firsts = grown(this.#firsts, new Float64Array(blocks))
    }
    return block
  }

  #insertInOrder(at: number, block: number, first: number): void {
    this.#order.copyWithin(at + 1, at, this.#orderCount)
    this.#firsts.copyWithin(at + 1, at, this.#orderCount)
    this.#order[at] = block
    this.#firsts[at] = first
    this.#orderCount++
  }
}

/**
 * Grow by a quarter and not by doubling: on average an eighth of the memory is unused, not a third.
 */
const growth = 1.25

function grown<Numbers extends Float64Array | Int32Array | Uint32Array>(
  from: Numbers,
  to: Numbers,
): Numbers {
  to.set(from)
  return to
}
