/**
 * The write-behind of positions and breadcrumbs: drivers with news are gathered, and their newest
 * positions are saved and told to other services at a pace of seconds.
 */
import type { Bus } from '../../protocol/bus/bus.ts'
import { publishList } from '../../protocol/bus/lists.ts'
import { subjects } from '../../protocol/bus/subjects.ts'
import type { DriverLocationsUpdated } from '../../protocol/dispatch/older-topics.ts'
import type { Env } from '../../protocol/kernel/env.ts'
import { isoTime } from '../../protocol/kernel/iso-time.ts'
import { unsaved, type DriverTable } from '../fleet/driver-table.ts'
import type { BreadcrumbRow, PositionRow, Positions } from '../journal/positions.ts'
import type { Following } from './following.ts'
import { locationBytes } from './limits.ts'

/** Rows of one statement. */
const saveBatchMax = 1_000

interface SavingDeps {
  env: Env
  bus: Bus
  positions: Positions
  ownsActor(actorId: string): boolean
  log(level: 'warn' | 'error', message: string, detail?: unknown): void
}

export class Saving {
  readonly #deps: SavingDeps
  readonly #table: DriverTable
  readonly #following: Following
  /** Drivers with an accepted frame since the last save. Each has its flag set. */
  #unsaved: number[] = []
  /** The end of the last save. It never rejects. */
  #saved: Promise<void> = Promise.resolve()

  constructor(deps: SavingDeps, table: DriverTable, following: Following) {
    this.#deps = deps
    this.#table = table
    this.#following = following
  }

  /**
   * Remembers that the driver has a new position. The caller has seen that the driver's flag
   * `unsaved` is not set.
   */
  note(number: number): void {
    this.#table.flags[number]! |= unsaved
    this.#unsaved.push(number)
  }

  /** Saves after the save that runs, so that the last one of `stop` ends behind all others. */
  save(): Promise<void> {
    this.#saved = this.#saved.then(() => this.#saveNews())
    return this.#saved
  }

  /**
   * Saves in parts, and the thread is free while the database takes one. The rows of a million
   * drivers in one piece stopped the engine for seconds.
   */
  async #saveNews(): Promise<void> {
    const { positions, log } = this.#deps
    const numbers = this.#unsaved
    this.#unsaved = []
    let isAway = false
    const failed = (error: unknown): void => {
      isAway = true
      log('warn', 'saving positions failed; the next round saves them', error)
    }
    for (let from = 0; from < numbers.length; from += saveBatchMax) {
      const rows = this.#takeRows(numbers.slice(from, from + saveBatchMax))
      if (rows.length === 0) continue
      this.#tell(rows)
      if (!isAway) await positions.savePositions(rows).catch(failed)
      // A driver who stands still sends no newer position.
      if (isAway) this.#putBack(rows)
    }
    const crumbs = this.#following.takeCrumbs()
    const left: BreadcrumbRow[] = []
    for (let from = 0; from < crumbs.length; from += saveBatchMax) {
      const part = crumbs.slice(from, from + saveBatchMax)
      if (!isAway) await positions.saveBreadcrumbs(part).catch(failed)
      // A distance is the sum of its breadcrumbs.
      if (isAway) left.push(...part)
    }
    if (left.length > 0) this.#following.putBackCrumbs(left)
  }

  /** The rows of own drivers among these; none of them waits to be saved any more. */
  #takeRows(numbers: readonly number[]): PositionRow[] {
    const rows: PositionRow[] = []
    const table = this.#table
    for (const number of numbers) {
      table.flags[number]! &= ~unsaved
      const driverId = table.idOf(number)
      if (!this.#deps.ownsActor(driverId)) continue
      rows.push({
        driverId,
        latitude: table.latitude(number),
        longitude: table.longitude(number),
        headingDeg: table.headingDeg(number),
        speedMps: table.speedMps(number),
        atMs: table.atMs(number),
      })
    }
    return rows
  }

  #putBack(rows: readonly PositionRow[]): void {
    for (const { driverId } of rows) {
      const number = this.#table.find(driverId)
      if (number < 0 || this.#table.flags[number]! & unsaved) continue
      this.note(number)
    }
  }

  /**
   * Tells other services, at the pace of saving and not of frames. A service that wants each frame
   * listens to the river itself.
   */
  #tell(rows: readonly PositionRow[]): void {
    const { bus, env } = this.#deps
    const at = isoTime(env.nowMs())
    publishList(
      bus,
      subjects.driverLocations,
      rows,
      (part): DriverLocationsUpdated => ({
        type: 'driver.location.updated',
        at,
        data: part.map(told),
      }),
      () => locationBytes,
    )
  }
}

/** Rows of the journal in the form for other services. */
const told = ({
  driverId,
  latitude,
  longitude,
  headingDeg,
  speedMps,
  atMs,
}: PositionRow): DriverLocationsUpdated['data'][number] => ({
  driver_id: driverId,
  latitude,
  longitude,
  heading: headingDeg,
  speed: speedMps,
  at_ms: atMs,
})
