/**
 * Which drivers may be asked, in every engine: a replicated, soft view of all drivers' actors. Own
 * actors are written at each transition; those of other engines by their digests. A stale row costs
 * one refused offer, never a wrong assignment: the driver's actor decides.
 *
 * A struct of arrays by a number of its own, as the driver table: it has every driver there is, also
 * those who have been idle for weeks, and an object a driver takes 350 bytes and more against some 35.
 * Rejected: the driver table's numbers. Strangers' frames give those out too and could use them up.
 */
import type { RosterRow } from '../../protocol/drivers/roster.ts'
import { driverStatuses } from '../../protocol/drivers/statuses.ts'
import { IdTable, parseUuid } from './id-table.ts'
import { fleetLimits } from './limits.ts'

/** Bits of a row's state: the status's place in `driverStatuses`, and whether the driver can take more. */
const statusMask = 0x07
const takesMore = 0x08

const noDriver = -1
const capacityMin = 1_024

export class Roster {
  readonly #ids: IdTable
  #vendor = new Uint32Array(capacityMin)
  /** The next driver of the same fleet; `noDriver` at its end. */
  #nextOfFleet = new Int32Array(capacityMin)
  #state = new Uint8Array(capacityMin)
  #vehicle = new Uint8Array(capacityMin)
  readonly #vendorIds: string[] = []
  readonly #vendorNumbers = new Map<string, number>()
  /** By vendor number: the first driver of its fleet, and how many there are. */
  readonly #firstOfFleet: number[] = []
  readonly #fleetSizes: number[] = []
  readonly #vehicles: string[] = ['']
  readonly #words = new Uint32Array(4)

  /** 32 random bits each: they keep strangers from choosing ids that collide. */
  constructor(seed0: number, seed1: number) {
    this.#ids = new IdTable(seed0, seed1, fleetLimits.driversMax)
  }

  get size(): number {
    return this.#ids.count
  }

  /** Kinds of vehicle seen so far; '' is no kind. */
  get vehicleTypes(): readonly string[] {
    return this.#vehicles
  }

  /** Bytes held for drivers; those of fleets and kinds of vehicle are beside them. */
  get byteLength(): number {
    return (
      this.#ids.byteLength +
      this.#vendor.byteLength +
      this.#nextOfFleet.byteLength +
      this.#state.byteLength +
      this.#vehicle.byteLength
    )
  }

  /** True when it says something new: another status, or whether the driver can take more. A row of no driver, or one too many, is dropped. */
  put(row: RosterRow): boolean {
    const before = this.#find(row.driverId)
    const number = before !== noDriver ? before : this.#add(row.driverId)
    if (number === noDriver) return false
    const vendor = this.#vendorOf(row.vendorId)
    if (before === noDriver) this.#join(number, vendor)
    else if (this.#vendor[number] !== vendor) {
      this.#leave(number)
      this.#join(number, vendor)
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

  fleetSize(vendorId: string): number {
    return this.#fleetSizes[this.#vendorNumbers.get(vendorId) ?? -1] ?? 0
  }

  /** Everybody of that pharmacy, or only those who can take more. */
  *fleet(vendorId: string, who: 'all' | 'can take more' = 'all'): Generator<RosterRow> {
    const vendor = this.#vendorNumbers.get(vendorId)
    if (vendor === undefined) return
    for (
      let number = this.#firstOfFleet[vendor]!;
      number !== noDriver;
      number = this.#nextOfFleet[number]!
    )
      if (who === 'all' || (this.#state[number]! & takesMore) !== 0) yield this.#row(number)
  }

  #row(number: number): RosterRow {
    const state = this.#state[number]!
    return {
      driverId: this.#ids.idString(number),
      vendorId: this.#vendorIds[this.#vendor[number]!]!,
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

  #vendorOf(vendorId: string): number {
    const known = this.#vendorNumbers.get(vendorId)
    if (known !== undefined) return known
    const vendor = this.#vendorIds.push(vendorId) - 1
    this.#vendorNumbers.set(vendorId, vendor)
    this.#firstOfFleet.push(noDriver)
    this.#fleetSizes.push(0)
    return vendor
  }

  /** Kinds of vehicle are few; a registration may say anything, so beyond the bound they are of no kind. */
  #vehicleOf(type: string): number {
    const known = this.#vehicles.indexOf(type)
    if (known >= 0) return known
    return this.#vehicles.length < fleetLimits.vehicleTypesMax ? this.#vehicles.push(type) - 1 : 0
  }

  #join(number: number, vendor: number): void {
    this.#vendor[number] = vendor
    this.#nextOfFleet[number] = this.#firstOfFleet[vendor]!
    this.#firstOfFleet[vendor] = number
    this.#fleetSizes[vendor]!++
  }

  /** Walks the fleet: a driver changes the pharmacy about never. */
  #leave(number: number): void {
    const vendor = this.#vendor[number]!
    const next = this.#nextOfFleet[number]!
    if (this.#firstOfFleet[vendor] === number) this.#firstOfFleet[vendor] = next
    else {
      let before = this.#firstOfFleet[vendor]!
      while (this.#nextOfFleet[before] !== number) before = this.#nextOfFleet[before]!
      this.#nextOfFleet[before] = next
    }
    this.#fleetSizes[vendor]!--
  }

  #grow(needed: number): void {
    // By a quarter, as the driver table.
    const capacity = Math.max(needed, Math.ceil(this.#state.length * 1.25))
    const grown = <T extends Uint32Array | Int32Array | Uint8Array>(old: T): T => {
      const next = new (old.constructor as new (length: number) => T)(capacity)
      next.set(old as never)
      return next
    }
    this.#vendor = grown(this.#vendor)
    this.#nextOfFleet = grown(this.#nextOfFleet)
    this.#state = grown(this.#state)
    this.#vehicle = grown(this.#vehicle)
  }
}
