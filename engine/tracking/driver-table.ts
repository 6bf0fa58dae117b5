/**
 * Where every driver is: a struct of arrays by driver number, the id table that gives the numbers,
 * and the moving index over those that have a position. Why not objects: 261 bytes a driver against
 * about a hundred, and a frame touches four arrays that stay in cache instead of a heap of pointers.
 *
 * Bytes a driver: time 8, heading and speed 8, seq window 12, suspect point 17, flags 1, plus the id
 * table (some 24) and the moving index with the coordinates (some 38): see `byteLength`.
 */
import { limits } from '../../protocol/limits.ts'
import { MovingIndex } from '../geo/moving-index.ts'
import { IdTable, parseUuid } from './id-table.ts'

/** Bits of `flags`. */
export const followed = 1
export const watched = 2
/** A position that waits to be saved. */
export const unsaved = 4

const capacityMin = 1_024

export class DriverTable {
  readonly ids: IdTable
  readonly index = new MovingIndex()
  /** Device time of the live position, ms; 0 when there is none. */
  #atMs = new Float64Array(capacityMin)
  #headingDeg = new Float32Array(capacityMin)
  #speedMps = new Float32Array(capacityMin)
  /** Newest seq, and a bit for each of the 64 before and including it. */
  seq = new Uint32Array(capacityMin)
  windowLow = new Uint32Array(capacityMin)
  windowHigh = new Uint32Array(capacityMin)
  /** The last impossible point, and how many in a row agree with it. */
  suspectLatitude = new Float32Array(capacityMin)
  suspectLongitude = new Float32Array(capacityMin)
  suspectAtMs = new Float64Array(capacityMin)
  suspectCount = new Uint8Array(capacityMin)
  flags = new Uint8Array(capacityMin)
  readonly #words = new Uint32Array(4)

  /** Seeds keep strangers from choosing ids that collide. */
  constructor(seed0: number, seed1: number) {
    this.ids = new IdTable(seed0, seed1, limits.driversMax)
  }

  get byteLength(): number {
    const columns = [
      this.#atMs, this.#headingDeg, this.#speedMps, this.seq, this.windowLow, this.windowHigh,
      this.suspectLatitude, this.suspectLongitude, this.suspectAtMs, this.suspectCount, this.flags,
    ]
    return columns.reduce((sum, column) => sum + column.byteLength, 0) + this.ids.byteLength + this.index.byteLength
  }

  /** The number of a driver id in words, made if it is new; -1 when the table is full. */
  numberOf(id0: number, id1: number, id2: number, id3: number): number {
    const known = this.ids.numberOf(id0, id1, id2, id3)
    if (known >= 0) return known
    if (this.ids.count >= limits.driversMax) return -1
    const number = this.ids.add(id0, id1, id2, id3)
    if (number >= this.flags.length) this.#grow(number + 1)
    return number
  }

  /** The number of a driver id, made if it is new; -1 when it is no UUID or the table is full. */
  ensure(driverId: string): number {
    const w = this.#words
    return parseUuid(driverId, w) ? this.numberOf(w[0]!, w[1]!, w[2]!, w[3]!) : -1
  }

  /** The number of a known driver; -1 otherwise. */
  find(driverId: string): number {
    const w = this.#words
    return parseUuid(driverId, w) ? this.ids.numberOf(w[0]!, w[1]!, w[2]!, w[3]!) : -1
  }

  /** Gives up the number: the next new driver may get it, and must find nothing of this one. */
  forget(number: number): void {
    this.ids.remove(number)
    this.index.remove(number)
    for (const column of [this.#atMs, this.#headingDeg, this.#speedMps, this.seq, this.windowLow, this.windowHigh, this.suspectLatitude, this.suspectLongitude, this.suspectAtMs, this.suspectCount, this.flags])
      column[number] = 0
  }

  idOf(number: number): string { return this.ids.idString(number) }
  hasPosition(number: number): boolean { return this.#atMs[number]! > 0 }
  latitude(number: number): number { return this.index.latitudeOf(number) }
  longitude(number: number): number { return this.index.longitudeOf(number) }
  atMs(number: number): number { return this.#atMs[number]! }
  /** Null when the device did not say. */
  headingDeg(number: number): number | null { return orNull(this.#headingDeg[number]!) }
  speedMps(number: number): number | null { return orNull(this.#speedMps[number]!) }

  /** Moves the live pin; a place that is none moves nothing. Heading and speed NaN when unknown. */
  place(number: number, latitude: number, longitude: number, atMs: number, headingDeg: number, speedMps: number): void {
    if (!this.index.set(number, latitude, longitude)) return
    this.#atMs[number] = atMs
    this.#headingDeg[number] = headingDeg
    this.#speedMps[number] = speedMps
  }

  #grow(needed: number): void {
    // By a quarter and not by doubling: on average an eighth of the table waits unused, not a third.
    const capacity = Math.max(needed, Math.ceil(this.flags.length * 1.25))
    const grown = <T extends Float64Array | Float32Array | Uint32Array | Uint8Array>(old: T): T => {
      const next = new (old.constructor as new (length: number) => T)(capacity)
      next.set(old as never)
      return next
    }
    this.#atMs = grown(this.#atMs)
    this.#headingDeg = grown(this.#headingDeg)
    this.#speedMps = grown(this.#speedMps)
    this.seq = grown(this.seq)
    this.windowLow = grown(this.windowLow)
    this.windowHigh = grown(this.windowHigh)
    this.suspectLatitude = grown(this.suspectLatitude)
    this.suspectLongitude = grown(this.suspectLongitude)
    this.suspectAtMs = grown(this.suspectAtMs)
    this.suspectCount = grown(this.suspectCount)
    this.flags = grown(this.flags)
  }
}

const orNull = (value: number): number | null => (Number.isNaN(value) ? null : Math.round(value * 100) / 100)
