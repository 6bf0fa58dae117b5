/** Drivers as the simulator folds them, and what must be true at each of their events. */
import type { DriverEvent } from '../../protocol/events.ts'
import type { Push } from '../../protocol/pushes.ts'
import { driverMachine } from '../driver/machine.ts'
import type { StoredEvent } from '../journal/journal.ts'
import { driverName } from '../saga/commands.ts'
import type { Books } from './books.ts'
import type { Checker } from './checker.ts'
import type { RowWritten } from './database.ts'
import {
  columnsOfDriver,
  foldedDriver,
  placesTaken,
  stateOfDriver,
  type DriverModel,
} from './model/driver.ts'
import { pushesOfDriver } from './model/pushes.ts'

/** `past[version]`: how the driver stood after that many events. */
export interface DriverBook {
  driver: DriverModel
  past: DriverModel[]
  carrying: Set<string>
}

export class DriverBooks implements Books {
  readonly kind = driverName
  readonly books = new Map<string, DriverBook>()
  readonly #checker: Checker

  constructor(checker: Checker) {
    this.#checker = checker
  }

  past(actorId: string): readonly unknown[] {
    return this.books.get(actorId)!.past
  }

  pushesOf({ event, actorId }: StoredEvent, version: number): Push[] {
    return pushesOfDriver(event as DriverEvent, this.books.get(actorId)!.past[version]!)
  }

  take(stored: StoredEvent): void {
    const event = stored.event as DriverEvent
    const id = stored.actorId
    const before = this.books.get(id)?.driver ?? null
    const from = before === null ? 'absent' : stateOfDriver(before)
    if (stored.version !== (before?.version ?? 0) + 1)
      this.#checker.fail('[4]', `version ${stored.version} after ${before?.version ?? 0}`, id)
    const to = driverMachine.steps[from]?.[event.type]
    if (to === undefined)
      return this.#checker.fail('[4]', `${event.type} of a driver who is ${from}`, id)
    this.#checker.coverage.take(this.kind, from, event.type)
    if (event.type === 'offer_held' && before?.hold != null)
      this.#checker.fail('[8]', 'two offers at once', id)
    const after = foldedDriver(before, id, event, stored.version)
    if (after === null) return
    const book = this.books.get(id)
    if (book === undefined)
      this.books.set(id, { driver: after, past: [], carrying: new Set() }).get(id)!.past[
        stored.version
      ] = after
    else {
      book.driver = after
      book.past[stored.version] = after
    }
    if (to !== '' && stateOfDriver(after) !== to)
      this.#checker.fail(
        '[4]',
        `${event.type} of a driver who is ${from} made them ${stateOfDriver(after)}, not ${to}`,
        id,
      )
    if (placesTaken(after) > after.profile.capacity)
      this.#checker.fail(
        '[8]',
        `${placesTaken(after)} places taken of ${after.profile.capacity}`,
        id,
      )
    this.#checker.witness.ofDriver(
      event,
      after,
      orderId => this.#checker.orders.get(orderId)?.order ?? null,
    )
  }

  carries(driverId: string, orderId: string, carries: boolean): void {
    const book = this.books.get(driverId)
    if (book === undefined) return
    if (!carries) return void book.carrying.delete(orderId)
    book.carrying.add(orderId)
    const { capacity } = book.driver.profile
    if (book.carrying.size > capacity)
      this.#checker.fail(
        '[8]',
        `driver ${driverId} carries ${book.carrying.size} orders, ${capacity} at the most`,
        driverId,
      )
  }

  row({ columns }: RowWritten): void {
    const id = columns['id']!
    const driver = this.books.get(id)?.driver
    if (String(driver?.version) !== columns['version'])
      return this.#checker.fail(
        '[2]',
        `a row at version ${columns['version']} without its events`,
        id,
      )
    this.#checker.same('row', columns, columnsOfDriver(driver!), id)
  }
}
