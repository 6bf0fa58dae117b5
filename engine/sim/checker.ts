/**
 * Checks everything that must be true at every step of a simulation. It reads the database's
 * commits, the events at the bus's server and the messages to clients, and nothing from the memory
 * of an engine. States, rows and sums come from its own folds (model/), never from the product's.
 * In a violation's rule a number is an invariant of SPEC.md, a C-number is a rule of claims, and a
 * word is a rule of the simulator.
 */
import type { PublishedEvent } from '../../protocol/dispatch/events.ts'
import type { ClaimAnswer } from '../../protocol/claims/claims.ts'
import { limits } from '../../protocol/kernel/limits.ts'
import type { OrderView } from '../../protocol/orders/view.ts'
import { orderView, type OrderProgress } from '../../protocol/orders/view-parts.ts'
import type { TableRow } from '../journal/memory-table.ts'
import { kinds as allKinds } from '../kinds.ts'
import type { AnyKind } from '../actors/kind.ts'
import { Audience } from './audience.ts'
import { PlainBooks } from './books.ts'
import { CalendarBooks } from './calendar-books.ts'
import type { Commit, SimDatabase } from './database.ts'
import { DriverBooks } from './driver-books.ts'
import type { Books, DriverBook, Findings, OrderBook } from './findings.ts'
import { Coverage } from './machine.ts'
import { isOver, publicStatus } from './model/order.ts'
import { viewOf } from './model/order-row.ts'
import type { SimNode } from './node.ts'
import { OrderBooks } from './order-books.ts'
import { Witness } from './witness.ts'

export interface Violation {
  rule: string
  what: string
  actorId: string | null
}
/** The checker of one simulation. It collects violations and never throws. */
export class Checker implements Findings {
  readonly violations: Violation[] = []
  readonly coverage = new Coverage()
  readonly #orderBooks: OrderBooks
  readonly #driverBooks: DriverBooks
  readonly calendars = new CalendarBooks(this)
  /** The books by the name of the kind. */
  readonly #books = new Map<string, Books>()
  readonly witness = new Witness((rule, what, actorId) => this.fail(rule, what, actorId))
  readonly audience = new Audience(this)
  /** By actor and command id, the types of the events that the command made. */
  readonly #commands = new Map<string, string>()
  /** By slot, the number that the next new event must have. */
  readonly #nextHeard = new Map<number, number>()
  /** Events that the bus's server received and forgot, with their publisher and its epoch. */
  readonly #lost = new Map<string, { node: SimNode; isDoubtful: boolean; epoch: number }>()
  /** By idempotency key, the first answer that a caller took as final. */
  readonly #answers = new Map<string, string>()
  /** By order, the highest version that a client was told. */
  readonly #told = new Map<string, number>()
  #database: SimDatabase | null = null
  /** Until this time an engine may answer from old memory, because a clock went wrong. */
  doubtfulUntilMs = -Infinity
  events = 0
  published = 0
  republished = 0

  /**
   * `kinds`: the kinds of the engines. A kind without a model is checked against its machine and
   * its own fold.
   */
  constructor(kinds: readonly AnyKind[] = allKinds) {
    this.#orderBooks = new OrderBooks(this)
    this.#driverBooks = new DriverBooks(this)
    for (const kind of kinds) this.#books.set(kind.name, new PlainBooks(this, kind))
    for (const books of [this.#orderBooks, this.#driverBooks, this.calendars])
      this.#books.set(books.kind, books)
  }

  get orders(): ReadonlyMap<string, OrderBook> {
    return this.#orderBooks.books
  }
  get drivers(): ReadonlyMap<string, DriverBook> {
    return this.#driverBooks.books
  }
  /** The books of a kind. */
  booksOf(kind: string): Books {
    return this.#books.get(kind)!
  }

  /** `isCarrying`: the order is under way and has this driver now. */
  carries(driverId: string, orderId: string, isCarrying: boolean): void {
    this.#driverBooks.carries(driverId, orderId, isCarrying)
  }

  /** The view of an order, from its row and from its first row. */
  viewOf(orderId: string, row: TableRow): OrderView {
    const { placed } = this.#database!.store.order(orderId)!
    return orderView({ placed, progress: row['progress'] as OrderProgress })
  }

  /** Sets the database, which is created after its observer. */
  watch(database: SimDatabase): void {
    this.#database = database
  }

  /** Notes a violation. */
  fail(rule: string, what: string, actorId: string | null = null): void {
    this.violations.push({ rule, what, actorId })
  }

  /** Takes a transaction of the database. */
  committed({ events, rows, epochs, nowMs }: Commit): void {
    const store = this.#database!.store
    for (const [slot, epoch] of epochs)
      if (store.slot(slot).epoch !== epoch)
        this.fail(
          '[5]',
          `slot ${slot} was written under epoch ${epoch}, its epoch is ${store.slot(slot).epoch}`,
        )
    const commands = new Set<string>()
    for (const stored of events) {
      this.events++
      const place = store.slot(stored.slot).events.indexOf(stored, -1 - events.length) + 1
      if (place !== stored.seq)
        this.fail(
          '[6]',
          `event ${place} of slot ${stored.slot} is numbered ${stored.seq}`,
          stored.actorId,
        )
      commands.add(`${stored.actorId} ${stored.commandId}`)
      this.#books.get(stored.kind)!.take(stored)
    }
    for (const command of commands) {
      const [actorId] = command.split(' ', 1)
      const first = this.#commands.get(command)
      const types = events
        .filter(one => one.actorId === actorId)
        .map(one => one.event.type)
        .join(', ')
      if (first !== undefined)
        this.fail(
          '[3]',
          `command ${command} was journaled twice: ${first}, and again ${types}`,
          actorId!,
        )
      this.#commands.set(command, types)
    }
    for (const row of rows) this.#books.get(row.kind)!.row(row)
    if (this.violations.length === 0) this.audience.committed(events, nowMs)
  }

  /** Compares two records field by field. `what` names the record in a violation. */
  same(
    what: string,
    is: Record<string, unknown>,
    should: Record<string, unknown>,
    actorId: string,
  ): void {
    for (const key of new Set([...Object.keys(is), ...Object.keys(should)])) {
      const [one, other] = [JSON.stringify(is[key]), JSON.stringify(should[key])]
      if (one !== other)
        this.fail('[4]', `the ${what} says ${key} ${one}, its events make ${other}`, actorId)
    }
  }

  /** The bus's server received an event. Returns false when the event was a repeat. */
  heard(event: PublishedEvent): boolean {
    const stored = this.#database!.store.slot(event.slot).events[event.seq - 1]
    if (stored === undefined) {
      this.fail(
        '[6]',
        `${event.id} ${event.type} was published and is not in the journal`,
        event.actor_id,
      )
      return false
    }
    if (
      event.id !== `${stored.slot}.${stored.seq}` ||
      event.actor_id !== stored.actorId ||
      event.type !== stored.event.type ||
      event.order_seq !== stored.version
    )
      this.fail(
        '[6]',
        `${event.id} was published as ${event.type} and journaled as ${stored.event.type}`,
        event.actor_id,
      )
    const next = this.#excused(event.slot, event.seq)
    if (event.seq > next)
      this.fail(
        '[6]',
        `${event.id} was published, ${event.slot}.${next} before it never was`,
        event.actor_id,
      )
    if (event.seq < next) this.republished++
    else {
      this.published++
      this.#nextHeard.set(event.slot, event.seq + 1)
    }
    return event.seq >= next
  }

  /** The number up to which events of the slot were received. */
  heardThrough(slot: number): number {
    return this.#excused(slot, Infinity) - 1
  }

  /** The server lost an event that this process had published, so it must be published again. */
  forgotten(slot: number, seq: number, node: SimNode): void {
    const next = this.#nextHeard.get(slot) ?? 1
    if (seq >= next && this.#lost.has(`${slot}.${seq}`)) return
    const isDoubtful = this.#database!.nowMs < this.doubtfulUntilMs
    this.#lost.set(`${slot}.${seq}`, {
      node,
      isDoubtful,
      epoch: this.#database!.store.slot(slot).epoch,
    })
    if (seq < next) this.#nextHeard.set(slot, seq)
  }

  /**
   * The next number that must be received, at most `through`. The publisher must repeat an event
   * that the server lost. It is no violation when the publisher died, or lost the slot, before it
   * could repeat the event: the promise covers one second and one failure.
   */
  #excused(slot: number, through: number): number {
    let next = this.#nextHeard.get(slot) ?? 1
    for (; next < through; next++) {
      const lost = this.#lost.get(`${slot}.${next}`)
      if (
        lost === undefined ||
        (lost.node.alive &&
          !lost.isDoubtful &&
          lost.epoch === this.#database!.store.slot(slot).epoch)
      )
        break
    }
    this.#nextHeard.set(slot, next)
    return next
  }

  /** The highest version of an order that a client was told so far. */
  toldVersion(orderId: string): number {
    return this.#told.get(orderId) ?? 0
  }

  /**
   * A client was told this state of an order. `atLeast`: the version that some client had been told
   * before this one asked.
   */
  toldOrder(view: OrderView, how: string, atLeast = 0): void {
    const past = this.orders.get(view.id)?.past[view.version]
    if (past === undefined)
      return this.fail(
        '[2]',
        `${how}: version ${view.version} was acknowledged and is not in the journal`,
        view.id,
      )
    if (view.version < atLeast && this.#database!.nowMs >= this.doubtfulUntilMs)
      this.fail(
        '[2]',
        `${how}: told version ${view.version}, and version ${atLeast} had been acknowledged before it was asked`,
        view.id,
      )
    this.#told.set(view.id, Math.max(view.version, this.toldVersion(view.id)))
    this.same(
      `answer to ${how}`,
      view as unknown as Record<string, unknown>,
      viewOf(past) as unknown as Record<string, unknown>,
      view.id,
    )
  }

  /** A pharmacy was told the result of its acceptance. */
  toldRace(orderId: string, pharmacyId: string, outcome: string): void {
    const winner = this.#winnerOf(orderId)
    if (outcome === 'won' && winner !== pharmacyId)
      this.fail(
        '[1]',
        `${pharmacyId} was told it won, the journal says ${winner ?? 'nobody'}`,
        orderId,
      )
    if (outcome === 'request_already_assigned' && (winner === null || winner === pharmacyId))
      this.fail(
        '[1]',
        `${pharmacyId} was told it lost, the journal says ${winner ?? 'nobody'} won`,
        orderId,
      )
  }

  #winnerOf(orderId: string): string | null {
    return this.orders.get(orderId)?.order.vendor?.vendor_id ?? null
  }

  /** A caller took this answer as final, so a repeat must get the same answer. */
  toldAnswer(key: string, answer: string, actorId: string | null): void {
    const first = this.#answers.get(key)
    if (first === undefined) this.#answers.set(key, answer)
    else if (first !== answer)
      this.fail('[3]', `${key} was answered ${first}, and then ${answer}`, actorId)
  }

  /**
   * A caller was refused. A refusal is not stored and may change after a restart, but a granted
   * command is never refused later.
   */
  refusedAnswer(key: string, code: string, actorId: string | null): void {
    const first = this.#answers.get(key)
    if (first !== undefined)
      this.fail('[3]', `${key} was granted as ${first}, and then refused: ${code}`, actorId)
  }

  /** The claims gave this answer at this time of their clock. */
  claimAnswered(orderId: string, pharmacyId: string, answer: ClaimAnswer, atMs: number): void {
    const untilMs = this.orders.get(orderId)?.order.wish.expires_at_ms
    // A hold from just before the deadline may still be won while its lease lasts.
    const endMs = untilMs === undefined ? Infinity : untilMs + limits.claimLeaseMs
    if (answer.outcome === 'won' && atMs >= endMs && this.#winnerOf(orderId) !== pharmacyId)
      this.fail(
        '[C6]',
        `a claim of ${pharmacyId} was won ${Math.round(atMs - endMs)} ms after any hold could last`,
        orderId,
      )
    if (answer.outcome === 'taken' && this.#winnerOf(orderId) !== answer.by)
      this.fail('[C3]', `claims say ${answer.by} has it, the journal does not`, orderId)
  }

  /**
   * Compares the sums of drivers with the orders: a driver has earned the agreed fees of the orders
   * that the driver delivered. Called when everything is at rest.
   */
  sums(): string[] {
    const wrong: string[] = []
    for (const [driverId, { driver }] of this.drivers) {
      const delivered = [...this.orders.values()].filter(
        ({ order }) => order.state === 'delivered' && order.driver?.driver_id === driverId,
      )
      const due = delivered.reduce((sum, { order }) => sum + order.yes!.fee_minor, 0)
      if (driver.deliveries !== delivered.length || driver.earnedMinor !== due)
        wrong.push(
          `[pay] driver ${driverId} has ${driver.earnedMinor} for ${driver.deliveries} deliveries, the orders say ${due} for ${delivered.length}`,
        )
    }
    return wrong
  }

  /** Is this order still open? */
  isOpen(orderId: string): boolean {
    const order = this.orders.get(orderId)?.order
    return order !== undefined && !isOver(order)
  }

  /** The public name of the order's state; undefined for none. */
  statusOf(orderId: string): string | undefined {
    const order = this.orders.get(orderId)?.order
    return order === undefined ? undefined : publicStatus(order)
  }
}
