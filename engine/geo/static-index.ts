/**
 * Where every pharmacy is: a directory that changes rarely, queried by radius for every
 * broadcast. Cells of the same kind of grid as the drivers', but larger, and unit vectors in
 * place of degrees: two points' squared chord is three subtractions and three products, it
 * orders exactly as the great-circle distance does, and no query calls a sine per candidate.
 *
 * Why not kdbush, made for exactly this: one pharmacy that opens, moves or closes would mean
 * rebuilding the tree. Here that relinks one list entry, and the queries are faster.
 * Closed (inactive) pharmacies leave the lists, so they cost a query nothing.
 *
 * Why 32-byte records and not an array per field: a query meets places in no order of slot, and each
 * then costs one cache line in place of five.
 *
 * Memory per pharmacy of capacity: 32 B record + 5 B back link and flag + 4 to 8 B bucket heads,
 * and the id string with its map entry, about 100 B, which a directory of a million affords.
 */
import { validCoordinate } from '../../protocol/geo.ts'
import { CellGrid, CellSearch } from './cells.ts'
import { keyOfKm, kmOfKey, NearestBuffer, type TieBreak } from './ranking.ts'

const degree = Math.PI / 180
const none = -1

// A record is three float64 (the unit vector) and two int32 (cell and next slot of its list).
const recordFloats = 4
const recordInts = 8
const cellAt = 6
const nextAt = 7

/** Says whether a pharmacy, by slot, may be among the results. Must not search or change the index itself. */
export type AcceptSlot = (slot: number) => boolean

/** Sizes of a static index; `countMax` bounds its memory. */
export interface StaticIndexOptions {
  cellKm?: number
  capacity?: number
  countMax?: number
}

/** Radius queries over places that rarely change, each known by a string id and a dense slot number. */
export class StaticIndex {
  readonly countMax: number
  readonly #grid: CellGrid
  readonly #search: CellSearch
  readonly #results = new NearestBuffer(256)
  readonly #slots = new Map<string, number>()
  readonly #ids: (string | undefined)[] = []
  readonly #freeSlots: number[] = []
  readonly #byId: TieBreak = (a, b) => (this.#ids[a]! < this.#ids[b]! ? -1 : 1)
  #capacity = 0
  /** The records, seen as numbers and as integers. */
  #floats!: Float64Array
  #ints!: Int32Array
  #previous!: Int32Array
  #active!: Uint8Array
  #heads!: Int32Array
  #shift = 0

  constructor(options: StaticIndexOptions = {}) {
    this.countMax = options.countMax ?? 2 ** 22
    this.#grid = CellGrid.of(options.cellKm ?? 5)
    this.#search = new CellSearch(this.#grid)
    this.#resize(Math.max(16, options.capacity ?? 1024))
  }

  /** Places known, active or not. */
  get size(): number {
    return this.#slots.size
  }

  /** Slot of an id, or -1. Slots are reused after `remove`. */
  slotOf(id: string): number {
    return this.#slots.get(id) ?? none
  }

  /** Id in a slot; undefined when the slot is empty. */
  idOf(slot: number): string | undefined {
    return this.#ids[slot]
  }

  isActive(id: string): boolean {
    const slot = this.slotOf(id)
    return slot !== none && this.#active[slot] === 1
  }

  /** Adds or moves a place, degrees; its slot, or -1 when the coordinate is invalid or the index full. */
  set(id: string, latitude: number, longitude: number, active = true): number {
    if (!validCoordinate(latitude, longitude)) return none
    let slot = this.slotOf(id)
    if (slot === none) {
      if (this.size >= this.countMax) return none
      slot = this.#freeSlots.pop() ?? this.#ids.length
      if (slot >= this.#capacity) this.#resize(Math.min(this.countMax, this.#capacity * 2))
      this.#ids[slot] = id
      this.#slots.set(id, slot)
    } else if (this.#active[slot] === 1) {
      this.#unlink(slot)
    }
    const cosine = Math.cos(latitude * degree)
    this.#floats[slot * recordFloats] = cosine * Math.cos(longitude * degree)
    this.#floats[slot * recordFloats + 1] = cosine * Math.sin(longitude * degree)
    this.#floats[slot * recordFloats + 2] = Math.sin(latitude * degree)
    this.#ints[slot * recordInts + cellAt] = this.#grid.cellOf(latitude, longitude)
    this.#active[slot] = active ? 1 : 0
    if (active) this.#link(slot)
    return slot
  }

  /** Opens or closes a place to queries; false when the id is unknown. */
  setActive(id: string, active: boolean): boolean {
    const slot = this.slotOf(id)
    if (slot === none) return false
    const wanted = active ? 1 : 0
    if (this.#active[slot] === wanted) return true
    this.#active[slot] = wanted
    if (active) this.#link(slot)
    else this.#unlink(slot)
    return true
  }

  /** Forgets a place; false when the id is unknown. */
  remove(id: string): boolean {
    const slot = this.slotOf(id)
    if (slot === none) return false
    if (this.#active[slot] === 1) this.#unlink(slot)
    this.#active[slot] = 0
    this.#ids[slot] = undefined
    this.#slots.delete(id)
    this.#freeSlots.push(slot)
    return true
  }

  /**
   * Active places within `radiusKm` of a point in degrees, nearest first, ties by id, at most
   * `limit`. Entry i is slot `numbers[i]` at `distanceKm[i]`. The result is a reused buffer
   * unless one is given: read it before the next query.
   */
  within(
    latitude: number,
    longitude: number,
    radiusKm: number,
    limit = Infinity,
    accept: AcceptSlot | null = null,
    out: NearestBuffer = this.#results,
  ): NearestBuffer {
    out.begin(limit, keyOfKm(radiusKm), this.#byId)
    if (limit <= 0 || !(radiusKm >= 0) || !validCoordinate(latitude, longitude)) return out
    const cosine = Math.cos(latitude * degree)
    const x = cosine * Math.cos(longitude * degree)
    const y = cosine * Math.sin(longitude * degree)
    const z = Math.sin(latitude * degree)
    this.#search.begin(latitude, longitude)
    // Without a limit every cell must be seen: one step. With one, grow until no unseen cell matters.
    let reachKm = limit >= this.size ? radiusKm : Math.min(radiusKm, this.#grid.cellKm)
    for (;;) {
      this.#scanCells(this.#search.expand(reachKm), x, y, z, accept, out)
      if (reachKm >= radiusKm) break
      const worstKm = out.settle() ? kmOfKey(out.keyMax) : Infinity
      if (worstKm <= reachKm) break
      reachKm = Math.min(radiusKm, worstKm, reachKm * 2)
    }
    out.finish()
    return out
  }

  #scanCells(
    count: number,
    x: number,
    y: number,
    z: number,
    accept: AcceptSlot | null,
    out: NearestBuffer,
  ): void {
    const cells = this.#search.cells
    const floats = this.#floats
    const ints = this.#ints
    for (let index = 0; index < count; index++) {
      const cell = cells[index]! | 0
      let slot = this.#heads[this.#bucket(cell)]!
      for (; slot !== none; slot = ints[slot * recordInts + nextAt]!) {
        if (ints[slot * recordInts + cellAt] !== cell) continue
        const dx = floats[slot * recordFloats]! - x
        const dy = floats[slot * recordFloats + 1]! - y
        const dz = floats[slot * recordFloats + 2]! - z
        // A chord is 2 sin(angle / 2), so a quarter of its square is the haversine.
        const key = (dx * dx + dy * dy + dz * dz) / 4
        if (key <= out.keyMax && (accept === null || accept(slot))) out.push(slot, key)
      }
    }
  }

  #bucket(cell: number): number {
    return Math.imul(cell, 0x9e3779b1) >>> this.#shift
  }

  #link(slot: number): void {
    const bucket = this.#bucket(this.#ints[slot * recordInts + cellAt]!)
    const head = this.#heads[bucket]!
    this.#ints[slot * recordInts + nextAt] = head
    this.#previous[slot] = none
    if (head !== none) this.#previous[head] = slot
    this.#heads[bucket] = slot
  }

  #unlink(slot: number): void {
    const next = this.#ints[slot * recordInts + nextAt]!
    const previous = this.#previous[slot]!
    if (previous === none) this.#heads[this.#bucket(this.#ints[slot * recordInts + cellAt]!)] = next
    else this.#ints[previous * recordInts + nextAt] = next
    if (next !== none) this.#previous[next] = previous
  }

  #resize(capacity: number): void {
    const floats = new Float64Array(capacity * recordFloats)
    const active = new Uint8Array(capacity)
    if (this.#capacity > 0) {
      floats.set(this.#floats)
      active.set(this.#active)
    }
    this.#capacity = capacity
    this.#floats = floats
    this.#ints = new Int32Array(floats.buffer)
    this.#active = active
    const bits = Math.ceil(Math.log2(capacity))
    this.#previous = new Int32Array(capacity)
    this.#heads = new Int32Array(2 ** bits).fill(none)
    this.#shift = 32 - bits
    for (let slot = 0; slot < this.#ids.length; slot++) {
      if (this.#active[slot] === 1) this.#link(slot)
    }
  }
}
