/**
 * The books of each kind of actor, and the checker as its parts see it. They are interfaces,
 * because the checker is made of these parts.
 */
import type { Push } from '../../protocol/dispatch/pushes.ts'
import type { OrderView } from '../../protocol/orders/view.ts'
import type { StoredEvent } from '../journal/journal.ts'
import type { TableRow } from '../journal/memory-table.ts'
import type { RowWritten } from './database.ts'
import type { Coverage } from './machine.ts'
import type { DriverModel } from './model/driver.ts'
import type { OrderModel } from './model/order.ts'
import type { Witness } from './witness.ts'

/**
 * The simulator's books of the actors of one kind, folded from the events that the database
 * committed.
 */
export interface Books {
  readonly kind: string
  /** Takes an event, in the order of the journal. */
  take(stored: StoredEvent): void
  /** Takes a row of the same transaction, after its events. */
  row(row: RowWritten): void
  /** The states of an actor, by version. */
  past(actorId: string): readonly unknown[]
  /** The pushes of an event when its actor has the state after `version` events. */
  pushesOf(stored: StoredEvent, version: number): Push[]
}

/** `past[version]`: the driver after that many events. */
export interface DriverBook {
  driver: DriverModel
  past: DriverModel[]
  /** The ids of the orders under way that have this driver. */
  carrying: Set<string>
}

/** `past[version]`: the order after that many events. */
export interface OrderBook {
  order: OrderModel
  past: OrderModel[]
}

/** The checker, as the books and the audience use it. */
export interface Findings {
  readonly coverage: Coverage
  readonly witness: Witness
  readonly orders: ReadonlyMap<string, OrderBook>
  readonly drivers: ReadonlyMap<string, DriverBook>
  booksOf(kind: string): Books
  /** `isCarrying`: the order is under way and has this driver now. */
  carries(driverId: string, orderId: string, isCarrying: boolean): void
  /** The view of an order, from its row and from its first row. */
  viewOf(orderId: string, row: TableRow): OrderView
  fail(rule: string, what: string, actorId?: string | null): void
  same(
    what: string,
    is: Record<string, unknown>,
    should: Record<string, unknown>,
    actorId: string,
  ): void
}
