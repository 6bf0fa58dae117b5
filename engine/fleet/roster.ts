/**
 * The drivers that may be asked. Every engine has this replicated, soft view of all drivers'
 * actors. An own actor is written at each transition, the actors of other engines by their digests.
 * A stale row costs one refused offer, never a wrong assignment, because the driver's actor
 * decides.
 *
 * A struct of arrays by the roster's own number, like the driver table. It has every driver, also
 * those who have been idle for weeks; an object per driver would take 350 bytes and more instead of
 * about 35. Rejected: the numbers of the driver table. Frames of strangers use those too, and could
 * use them up.
 */
import type { RosterRow } from '../../protocol/drivers/roster.ts'
import { driverStatuses } from '../../protocol/drivers/statuses.ts'
import { IdTable, parseUuid } from './id-table.ts'
import { fleetLimits } from './limits.ts'

/**
 * Bits of a row's state: the status's place in `driverStatuses`, and whether the driver can take
 * more.
 */
const statusMask = 0x07
const takesMore = 0x08

const noDriver = -1
const capacityMin = 1_024

export class Roster {
  readonly #ids: IdTable
  #pharmacy = new Uint32Array(capacityMin)
  /** The next driver of the same fleet; `noDriver` at the end. */
  #nextOfFleet = new Int32Array(capacityMin)
  #state = new Uint8Array(capacityMin)
  #vehicle = new Uint8Array(capacityMin)
  readonly #pharmacyIds: string[] = []
  readonly #pharmacyNumbers = new Map<string, number>()
  /** By the number of the pharmacy: the first driver of its fleet, and the size of the fleet. */
  readonly #firstOfFleet: number[] = []
  readonly #fleetSizes: number[] = []
  readonly #vehicles: string[] = ['']
  readonly #words = new Uint32Array(4)

  /** 32 random bits each, so that strangers cannot choose ids that collide. */
  constructor(seed0: number, seed1: number) {
    this.#ids = new IdTable(seed0, seed1, fleetLimits.driversMax)
  }

  get size(): number {
    return this.#ids.count
  }

  /** Kinds of vehicle seen so far; '' stands for none. */
  get vehicleTypes(): readonly string[] {
    return this.#vehicles
  }

  /** Bytes held for drivers. The bytes of fleets and kinds of vehicle are not counted. */
  get byteLength(): number {
    return (
      this.#ids.byteLength +
      this.#pharmacy.byteLength +
      this.#nextOfFleet.byteLength +
      this.#state.byteLength +
      this.#vehicle.byteLength
    )
  }

  /**
   * True when the row has news: a new driver, another status, or a change of whether the driver can
   * take more. A row without a valid id, or beyond the bound, is dropped.
   */
  put(row: RosterRow): boolean {
    const before = this.#find(row.driverId)
    const number = before !== noDriver ? before : this.#add(row.driverId)
    if (number === noDriver) return false
    const pharmacy = this.#pharmacyOf(row.vendorId)
    if (before === noDriver) this.#join(number, pharmacy)
    else if (this.#pharmacy[number] !== pharmacy) {
      this.#leave(number)
      this.#join(number, pharmacy)
    }
    const state = driverStatuses.indexOf(row.status) | (row.canTakeMore ? takesMore : 0)
    const isNews = before === noDriver || this.#state[number] !== state
    this.#state[number] = state
    this.#vehicle[number] = this.#vehicleOf(row.vehicleType)
    return isNews
  }

  get(driverId: string): RosterRow | undefined {
    const number = this.#find(driverId)
    return number === noDriver ? undefined : this.#row(number)
  }

  *rows(): Generator<RosterRow> {
    for (let number = 0; number < this.#ids.numberEnd; number++) yield this.#row(number)
  }

  fleetSize(pharmacyId: string): number {
    return this.#fleetSizes[this.#pharmacyNumbers.get(pharmacyId) ?? -1] ?? 0
  }

  /** All drivers of that pharmacy, or only those who can take more. */
  *fleet(pharmacyId: string, who: 'all' | 'can take more' = 'all'): Generator<RosterRow> {
    const pharmacy = this.#pharmacyNumbers.get(pharmacyId)
    if (pharmacy === undefined) return
    for (
      let number = this.#firstOfFleet[pharmacy]!;
      number !== noDriver;
      number = this.#nextOfFleet[number]!
    )
      if (who === 'all' || (this.#state[number]! & takesMore) !== 0) yield this.#row(number)
  }

  #row(number: number): RosterRow {
    const state = this.#state[number]!
    return {
      driverId: this.#ids.idString(number),
      vendorId: this.#pharmacyIds[this.#pharmacy[number]!]!,
      vehicleType: this.#vehicles[this.#vehicle[number]!]!,
      status: driverStatuses[state & statusMask]!,
      canTakeMore: (state & takesMore) !== 0,
    }
  }

  #find(driverId: string): number {
    const w = this.#words
    return parseUuid(driverId, w) ? this.#ids.numberOf(w[0]!, w[1]!, w[2]!, w[3]!) : noDriver
  }

  #add(driverId: string): number {
    const w = this.#words
    if (!parseUuid(driverId, w)) return noDriver
    const number = this.#ids.add(w[0]!, w[1]!, w[2]!, w[3]!)
    if (number >= this.#state.length) this.#grow(number + 1)
    return number
  }

  #pharmacyOf(pharmacyId: string): number {
    const known = this.#pharmacyNumbers.get(pharmacyId)
    if (known !== undefined) return known
    const pharmacy = this.#pharmacyIds.push(pharmacyId) - 1
    this.#pharmacyNumbers.set(pharmacyId, pharmacy)
    this.#firstOfFleet.push(noDriver)
    this.#fleetSizes.push(0)
    return pharmacy
  }

  /**
   * There are few kinds of vehicle, but a registration may name any. Beyond the bound a kind counts
   * as none.
   */
  #vehicleOf(type: string): number {
    const known = this.#vehicles.indexOf(type)
    if (known >= 0) return known
    return this.#vehicles.length < fleetLimits.vehicleTypesMax ? this.#vehicles.push(type) - 1 : 0
  }

  #join(number: number, pharmacy: number): void {
    this.#pharmacy[number] = pharmacy
    this.#nextOfFleet[number] = this.#firstOfFleet[pharmacy]!
    this.#firstOfFleet[pharmacy] = number
    this.#fleetSizes[pharmacy]!++
  }

  /**
   * Takes a driver out of its fleet. It walks the fleet, because a driver almost never changes the
   * pharmacy.
   */
  #leave(number: number): void {
    const pharmacy = this.#pharmacy[number]!
    const next = this.#nextOfFleet[number]!
    if (this.#firstOfFleet[pharmacy] === number) this.#firstOfFleet[pharmacy] = next
    else {
      let before = this.#firstOfFleet[pharmacy]!
      while (this.#nextOfFleet[before] !== number) before = this.#nextOfFleet[before]!
      this.#nextOfFleet[before] = next
    }
    this.#fleetSizes[pharmacy]!--
  }

  #grow(needed: number): void {
    // Grow by a quarter, like the driver table.
    const capacity = Math.max(needed, Math.ceil(this.#state.length * 1.25))
    const grown = <T extends Uint32Array | Int32Array | Uint8Array>(old: T): T => {
      const next = new (old.constructor as new (length: number) => T)(capacity)
      next.set(old as never)
      return next
    }
    this.#pharmacy = grown(this.#pharmacy)
    this.#nextOfFleet = grown(this.#nextOfFleet)
    this.#state = grown(this.#state)
    this.#vehicle = grown(this.#vehicle)
  }
}
