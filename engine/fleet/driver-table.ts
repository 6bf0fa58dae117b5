/**
 * The positions of all drivers: a struct of arrays by driver number, the id table that gives the
 * numbers, and the moving index over the drivers that have a position. Rejected: objects. They take
 * 261 bytes a driver instead of about a hundred, and a frame touches four arrays that stay in cache
 * instead of a heap of pointers.
 *
 * Bytes per driver: time 8, seq window 12, flags 1, the id table about 23, and the moving index
 * with coordinates, heading and speed about 40; see `byteLength`. Two maps have a point for the few
 * drivers whose last frame was impossible, or who took a step too fast for the road.
 */
import { MovingIndex } from '../geo/moving-index.ts'
import { IdTable, parseUuid } from './id-table.ts'
import { fleetLimits } from './limits.ts'

/** Bit of `flags`: the driver has an order under way. */
export const followed = 1
/** Bit of `flags`: somebody watches the driver's fleet. */
export const watched = 2
/** Bit of `flags`: a position waits to be saved. */
export const unsaved = 4
/** Bit of `flags`: the last frame was impossible, and the table keeps its point. */
export const suspected = 8

/**
 * An impossible point, the number of points in a row that agree with it, and the time of the first
 * of them, by the device's clock and by ours.
 */
export interface Suspect {
  latitude: number
  longitude: number
  atMs: number
  count: number
  firstAtMs: number
  firstHeardMs: number
}

/** The start of a run of steps that are each too fast, and small enough to be noise. */
export interface QuickStart {
  latitude: number
  longitude: number
  atMs: number
}

/**
 * Heading and speed are kept in hundredths of a degree and of m/s, which is the precision in which
 * they are sent.
 */
const hundredths = 100
const unknown = 0xffff

const capacityMin = 1_024

export class DriverTable {
  readonly ids: IdTable
  readonly index = new MovingIndex()
  /** Device time of the live position, ms since the epoch; 0 when there is none. */
  #atMs = new Float64Array(capacityMin)
  /** Newest seq, and a bit for each of the 64 numbers up to it. */
  seq = new Uint32Array(capacityMin)
  windowLow = new Uint32Array(capacityMin)
  windowHigh = new Uint32Array(capacityMin)
  flags = new Uint8Array(capacityMin)
  readonly #suspects = new Map<number, Suspect>()
  readonly #quickStarts = new Map<number, QuickStart>()
  readonly #words = new Uint32Array(4)

  /** Random seeds, so that strangers cannot choose ids that collide. */
  constructor(seed0: number, seed1: number) {
    this.ids = new IdTable(seed0, seed1, fleetLimits.driversMax)
  }

  get byteLength(): number {
    const columns = [this.#atMs, this.seq, this.windowLow, this.windowHigh, this.flags]
    return (
      columns.reduce((sum, column) => sum + column.byteLength, 0) +
      this.ids.byteLength +
      this.index.byteLength
    )
  }

  /** The number of a driver id in words, given out if the id is new; -1 when the table is full. */
  numberOf(id0: number, id1: number, id2: number, id3: number): number {
    const known = this.ids.numberOf(id0, id1, id2, id3)
    if (known >= 0) return known
    if (this.ids.count >= fleetLimits.driversMax) return -1
    const number = this.ids.add(id0, id1, id2, id3)
    if (number >= this.flags.length) this.#grow(number + 1)
    return number
  }

  /**
   * The number of a driver id, given out if the id is new; -1 when it is no UUID or the table is
   * full.
   */
  ensure(driverId: string): number {
    const w = this.#words
    return parseUuid(driverId, w) ? this.numberOf(w[0]!, w[1]!, w[2]!, w[3]!) : -1
  }

  /** The number of a known driver; -1 otherwise. */
  find(driverId: string): number {
    const w = this.#words
    return parseUuid(driverId, w) ? this.ids.numberOf(w[0]!, w[1]!, w[2]!, w[3]!) : -1
  }

  /** Gives up the number. The next new driver may get it, and must find nothing of this one. */
  forget(number: number): void {
    this.ids.remove(number)
    this.index.remove(number)
    this.#suspects.delete(number)
    this.#quickStarts.delete(number)
    for (const column of [this.#atMs, this.seq, this.windowLow, this.windowHigh, this.flags])
      column[number] = 0
  }

  idOf(number: number): string {
    return this.ids.idString(number)
  }
  hasPosition(number: number): boolean {
    return this.#atMs[number]! > 0
  }
  latitude(number: number): number {
    return this.index.latitudeOf(number)
  }
  longitude(number: number): number {
    return this.index.longitudeOf(number)
  }
  atMs(number: number): number {
    return this.#atMs[number]!
  }
  /** Null when the device did not send it. */
  headingDeg(number: number): number | null {
    return told(this.index.tagOf(number) >>> 16)
  }
  speedMps(number: number): number | null {
    return told(this.index.tagOf(number) & unknown)
  }

  /** Moves the live pin. An invalid place moves nothing. Heading and speed are NaN when unknown. */
  place(
    number: number,
    latitude: number,
    longitude: number,
    atMs: number,
    headingDeg: number,
    speedMps: number,
  ): void {
    if (!this.index.set(number, latitude, longitude)) return
    this.#atMs[number] = atMs
    this.index.setTag(number, (kept(headingDeg) << 16) | kept(speedMps))
  }

  suspect(number: number): Suspect | undefined {
    return this.#suspects.get(number)
  }

  /**
   * At most fleetLimits.suspectsMax at once. The oldest is dropped, and its driver is judged as if
   * the frame had not come.
   */
  setSuspect(number: number, suspect: Suspect): void {
    if (this.#suspects.size >= fleetLimits.suspectsMax)
      for (const first of this.#suspects.keys()) {
        this.clearSuspect(first)
        break
      }
    this.#suspects.set(number, suspect)
    this.flags[number]! |= suspected
  }

  clearSuspect(number: number): void {
    this.#suspects.delete(number)
    this.flags[number]! &= ~suspected
  }

  quickStart(number: number): QuickStart | undefined {
    return this.#quickStarts.get(number)
  }

  /** At most fleetLimits.suspectsMax at once. The oldest is dropped and begins a new run. */
  setQuickStart(number: number, start: QuickStart): void {
    if (this.#quickStarts.size >= fleetLimits.suspectsMax)
      for (const first of this.#quickStarts.keys()) {
        this.#quickStarts.delete(first)
        break
      }
    this.#quickStarts.set(number, start)
  }

  #grow(needed: number): void {
    // Grow by a quarter and not by doubling: on average an eighth of the table is unused, not a
    // third.
    const capacity = Math.max(needed, Math.ceil(this.flags.length * 1.25))
    const grown = <T extends Float64Array | Uint32Array | Uint8Array>(old: T): T => {
      const next = new (old.constructor as new (length: number) => T)(capacity)
      next.set(old as never)
      return next
    }
    this.#atMs = grown(this.#atMs)
    this.seq = grown(this.seq)
    this.windowLow = grown(this.windowLow)
    this.windowHigh = grown(this.windowHigh)
    this.flags = grown(this.flags)
  }
}

const kept = (value: number): number =>
  Number.isNaN(value) ? unknown : Math.min(unknown - 1, Math.round(value * hundredths))
const told = (value: number): number | null => (value === unknown ? null : value / hundredths)
