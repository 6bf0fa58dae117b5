/** The simulator's fold of drivers, and the checks at each of their events. */
import type { DriverEvent } from '../../protocol/dispatch/events.ts'
import type { Push } from '../../protocol/dispatch/pushes.ts'
import { driverMachine } from '../drivers/machine.ts'
import type { StoredEvent } from '../journal/journal.ts'
import { driverName } from '../saga/commands.ts'
import type { RowWritten } from './database.ts'
import type { Books, DriverBook, Findings } from './findings.ts'
import { columnsOfDriver, foldedDriver, placesTaken, stateOfDriver } from './model/driver.ts'
import { pushesOfDriver } from './model/pushes.ts'

/** The drivers of a simulation, by their ids. */
export class DriverBooks implements Books {
  readonly kind = driverName
  readonly books = new Map<string, DriverBook>()
  readonly #findings: Findings

  constructor(findings: Findings) {
    this.#findings = findings
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
      this.#findings.fail('[4]', `version ${stored.version} after ${before?.version ?? 0}`, id)
    const to = driverMachine.steps[from]?.[event.type]
    if (to === undefined)
      return this.#findings.fail('[4]', `${event.type} of a driver who is ${from}`, id)
    this.#findings.coverage.take(this.kind, from, event.type)
    if (event.type === 'offer_held' && before?.hold != null)
      this.#findings.fail('[8]', 'two offers at once', id)
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
      this.#findings.fail(
        '[4]',
        `${event.type} of a driver who is ${from} made them ${stateOfDriver(after)}, not ${to}`,
        id,
      )
    if (placesTaken(after) > after.profile.capacity)
      this.#findings.fail(
        '[8]',
        `${placesTaken(after)} places taken of ${after.profile.capacity}`,
        id,
      )
    this.#findings.witness.ofDriver(
      event,
      after,
      orderId => this.#findings.orders.get(orderId)?.order ?? null,
    )
  }

  /** `isCarrying`: the order is under way and has this driver now. */
  carries(driverId: string, orderId: string, isCarrying: boolean): void {
    const book = this.books.get(driverId)
    if (book === undefined) return
    if (!isCarrying) return void book.carrying.delete(orderId)
    book.carrying.add(orderId)
    const { capacity } = book.driver.profile
    if (book.carrying.size > capacity)
      this.#findings.fail(
        '[8]',
        `driver ${driverId} carries ${book.carrying.size} orders, ${capacity} at the most`,
        driverId,
      )
  }

  row({ columns }: RowWritten): void {
    const id = columns['id']!
    const driver = this.books.get(id)?.driver
    if (String(driver?.version) !== columns['version'])
      return this.#findings.fail(
        '[2]',
        `a row at version ${columns['version']} without its events`,
        id,
      )
    this.#findings.same('row', columns, columnsOfDriver(driver!), id)
  }
}
