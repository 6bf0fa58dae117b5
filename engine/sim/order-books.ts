/** The simulator's fold of orders, and the checks at each of their events. */
import type { OrderEvent } from '../../protocol/dispatch/events.ts'
import type { StoredEvent } from '../journal/journal.ts'
import { orderMachine } from '../orders/machine.ts'
import { orderName } from '../saga/commands.ts'
import type { Push } from '../../protocol/dispatch/pushes.ts'
import type { RowWritten } from './database.ts'
import type { Books, Findings, OrderBook } from './findings.ts'
import { folded, underWay, type OrderModel } from './model/order.ts'
import { columnsOf, viewOf } from './model/order-row.ts'
import { pushesOfOrder } from './model/pushes.ts'

/** The orders of a simulation, by their ids. */
export class OrderBooks implements Books {
  readonly kind = orderName
  readonly books = new Map<string, OrderBook>()
  readonly #findings: Findings

  constructor(findings: Findings) {
    this.#findings = findings
  }

  past(actorId: string): readonly unknown[] {
    return this.books.get(actorId)!.past
  }

  pushesOf({ event, actorId, atMs }: StoredEvent, version: number): Push[] {
    return pushesOfOrder(event as OrderEvent, this.books.get(actorId)!.past[version]!, atMs)
  }

  take(stored: StoredEvent): void {
    const event = stored.event as OrderEvent
    const id = stored.actorId
    const book = this.books.get(id)
    const before = book?.order ?? null
    const from = before?.state ?? 'absent'
    if (stored.version !== (before?.version ?? 0) + 1)
      this.#findings.fail('[4]', `version ${stored.version} after ${before?.version ?? 0}`, id)
    const to = orderMachine.steps[from]?.[event.type]
    if (to === undefined)
      return this.#findings.fail('[4]', `${event.type} of an order that is ${from}`, id)
    this.#findings.coverage.take(this.kind, from, event.type)
    if (before !== null) this.#timely(event, before, stored.atMs)
    if (event.type === 'driver_assigned') this.#assigned(id, before!, event.data)
    const after = folded(before, id, to, event, stored.version, stored.atMs)
    if (after === null) return
    if (book === undefined)
      this.books.set(id, { order: after, past: [] }).get(id)!.past[stored.version] = after
    else {
      book.order = after
      book.past[stored.version] = after
    }
    this.#findings.witness.ofOrder(event, before, after, stored.atMs)
    if (before !== null && before.driver !== null && after.driver === null)
      this.#findings.carries(before.driver.driver_id, id, false)
    if (after.driver !== null) this.#findings.carries(after.driver.driver_id, id, underWay.has(to))
  }

  /** Checks the winner of a request, and the times of its acceptance and of its expiry. */
  #timely(event: OrderEvent, before: OrderModel, atMs: number): void {
    const isOpen = before.state === 'broadcast'
    const untilMs = before.wish.expires_at_ms ?? Infinity
    if (event.type === 'order_accepted' && before.vendor !== null && before.state !== 'pending')
      this.#findings.fail('[1]', `a second winner, ${event.data.vendor.vendor_id}`, before.id)
    if (event.type === 'order_accepted' && isOpen && atMs >= untilMs)
      this.#findings.fail('[10]', 'accepted at or after its deadline', before.id)
    if (
      event.type === 'request_expired' &&
      event.data.reason === 'deadline' &&
      isOpen &&
      atMs < untilMs
    )
      this.#findings.fail('[10]', 'expired before its deadline', before.id)
  }

  /**
   * Checks that the driver who is assigned was asked, holds the offer, and is described as known.
   */
  #assigned(
    orderId: string,
    before: OrderModel,
    { offer_id, driver }: Extract<OrderEvent, { type: 'driver_assigned' }>['data'],
  ): void {
    if (before.offer?.offer_id !== offer_id || before.offer.driver_id !== driver.driver_id)
      this.#findings.fail(
        '[1]',
        `assigned to ${driver.driver_id}, who was not the one asked`,
        orderId,
      )
    const known = this.#findings.drivers.get(driver.driver_id)?.driver
    if (known?.hold?.offer_id !== offer_id)
      return this.#findings.fail(
        '[8]',
        `assigned by offer ${offer_id}, which driver ${driver.driver_id} does not hold`,
        orderId,
      )
    const { full_name, phone, vehicle_type } = known.profile
    if (driver.name !== full_name || driver.phone !== phone || driver.vehicle_type !== vehicle_type)
      this.#findings.fail(
        '[said]',
        `driver ${driver.driver_id} as ${JSON.stringify(driver)}`,
        orderId,
      )
  }

  row({ table, row, columns }: RowWritten): void {
    if (table !== 'orders') return
    const id = columns['id']!
    const view = this.#findings.viewOf(id, row)
    const order = this.books.get(view.id)?.order
    if (order?.version !== view.version)
      return this.#findings.fail(
        '[2]',
        `a row at version ${view.version} without its events`,
        view.id,
      )
    this.#findings.same(
      'view',
      view as unknown as Record<string, unknown>,
      viewOf(order) as unknown as Record<string, unknown>,
      view.id,
    )
    this.#findings.same('row', columns, columnsOf(order), id)
  }
}
