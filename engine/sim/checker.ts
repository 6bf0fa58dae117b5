/**
 * What must be true at every step of a simulation, whatever goes wrong. It reads what the database committed, what
 * the bus's server heard and what clients were told, and nothing of the engine's own memory; states, rows and sums
 * come from folds of its own (model/), and never from the product's. Numbers in brackets are the invariants of
 * SPEC.md, C-numbers the rules of claims; words are the simulator's own rules.
 */
import type { DriverEvent, OrderEvent, PublishedEvent } from '../../protocol/events.ts'
import type { ClaimAnswer } from '../../protocol/claims/claims.ts'
import { limits } from '../../protocol/limits.ts'
import type { OrderView } from '../../protocol/rest/order.ts'
import type { StoredEvent } from '../journal/journal.ts'
import { Audience } from './audience.ts'
import type { Commit, DriverColumns, OrderWritten, SimDatabase } from './database.ts'
import { Coverage, driverMachine, orderMachine } from './machine.ts'
import {
  columnsOfDriver,
  foldedDriver,
  placesTaken,
  stateOfDriver,
  type DriverModel,
} from './model/driver.ts'
import { folded, isOver, publicStatus, underWay, type OrderModel } from './model/order.ts'
import { columnsOf, viewOf } from './model/order-row.ts'
import type { SimNode } from './node.ts'
import { Witness } from './witness.ts'

export interface Violation {
  rule: string
  what: string
  actorId: string | null
}
/** `past[version]`: how the order stood after that many events. */
export interface OrderBook {
  order: OrderModel
  past: OrderModel[]
}
export interface DriverBook {
  driver: DriverModel
  past: DriverModel[]
  carrying: Set<string>
}

export class Checker {
  readonly violations: Violation[] = []
  readonly coverage = new Coverage()
  readonly orders = new Map<string, OrderBook>()
  readonly drivers = new Map<string, DriverBook>()
  readonly witness = new Witness((rule, what, actorId) => this.fail(rule, what, actorId))
  readonly audience = new Audience(this)
  readonly #commands = new Map<string, string>()
  /** By slot: the number that the next fact never heard of must have. */
  readonly #nextHeard = new Map<number, number>()
  /** Facts that the bus's server heard and forgot, with who had published them under which epoch. */
  readonly #lost = new Map<string, { node: SimNode; isDoubtful: boolean; epoch: number }>()
  readonly #answers = new Map<string, string>()
  /** By order: the highest version that somebody was told. */
  readonly #told = new Map<string, number>()
  #database: SimDatabase | null = null
  /** Until then an engine may answer from memory what is history: a clock went wrong. */
  doubtfulUntilMs = -Infinity
  events = 0
  published = 0
  republished = 0

  /** The database comes after its observer. */
  watch(database: SimDatabase): void {
    this.#database = database
  }

  fail(rule: string, what: string, actorId: string | null = null): void {
    this.violations.push({ rule, what, actorId })
  }

  committed({ events, orders, drivers, epochs, nowMs }: Commit): void {
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
      if (stored.kind === 'order') this.#order(stored)
      else this.#driver(stored)
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
    for (const row of orders) this.#orderRow(row)
    for (const row of drivers) this.#driverRow(row)
    if (this.violations.length === 0) this.audience.committed(events, nowMs)
  }

  #order(stored: StoredEvent): void {
    const event = stored.event as OrderEvent
    const id = stored.actorId
    const book = this.orders.get(id)
    const before = book?.order ?? null
    const from = before?.state ?? 'absent'
    if (stored.version !== (before?.version ?? 0) + 1)
      this.fail('[4]', `version ${stored.version} after ${before?.version ?? 0}`, id)
    const to = orderMachine[from]?.[event.type]
    if (to === undefined) return this.fail('[4]', `${event.type} of an order that is ${from}`, id)
    this.coverage.take('order', from, event.type)
    if (before !== null) this.#timely(event, before, stored.atMs)
    if (event.type === 'driver_assigned') this.#assigned(id, before!, event.data)
    const after = folded(before, id, to, event, stored.version, stored.atMs)
    if (after === null) return
    if (book === undefined)
      this.orders.set(id, { order: after, past: [] }).get(id)!.past[stored.version] = after
    else {
      book.order = after
      book.past[stored.version] = after
    }
    this.witness.ofOrder(event, before, after, stored.atMs)
    if (before !== null && before.driver !== null && after.driver === null)
      this.#carries(before.driver.driver_id, id, false)
    if (after.driver !== null) this.#carries(after.driver.driver_id, id, underWay.has(to))
  }

  #timely(event: OrderEvent, before: OrderModel, atMs: number): void {
    const isOpen = before.state === 'broadcast'
    const untilMs = before.wish.expires_at_ms ?? Infinity
    if (event.type === 'order_accepted' && before.vendor !== null && before.state !== 'pending')
      this.fail('[1]', `a second winner, ${event.data.vendor.vendor_id}`, before.id)
    if (event.type === 'order_accepted' && isOpen && atMs >= untilMs)
      this.fail('[10]', 'accepted at or after its deadline', before.id)
    if (
      event.type === 'request_expired' &&
      event.data.reason === 'deadline' &&
      isOpen &&
      atMs < untilMs
    )
      this.fail('[10]', 'expired before its deadline', before.id)
  }

  #assigned(
    orderId: string,
    before: OrderModel,
    { offer_id, driver }: Extract<OrderEvent, { type: 'driver_assigned' }>['data'],
  ): void {
    if (before.offer?.offer_id !== offer_id || before.offer.driver_id !== driver.driver_id)
      this.fail('[1]', `assigned to ${driver.driver_id}, who was not the one asked`, orderId)
    const known = this.drivers.get(driver.driver_id)?.driver
    if (known?.hold?.offer_id !== offer_id)
      return this.fail(
        '[8]',
        `assigned by offer ${offer_id}, which driver ${driver.driver_id} does not hold`,
        orderId,
      )
    const { full_name, phone, vehicle_type } = known.profile
    if (driver.name !== full_name || driver.phone !== phone || driver.vehicle_type !== vehicle_type)
      this.fail('[said]', `driver ${driver.driver_id} as ${JSON.stringify(driver)}`, orderId)
  }

  #carries(driverId: string, orderId: string, carries: boolean): void {
    const book = this.drivers.get(driverId)
    if (book === undefined) return
    if (!carries) return void book.carrying.delete(orderId)
    book.carrying.add(orderId)
    const { capacity } = book.driver.profile
    if (book.carrying.size > capacity)
      this.fail(
        '[8]',
        `driver ${driverId} carries ${book.carrying.size} orders, ${capacity} at the most`,
        driverId,
      )
  }

  #driver(stored: StoredEvent): void {
    const event = stored.event as DriverEvent
    const id = stored.actorId
    const before = this.drivers.get(id)?.driver ?? null
    const from = before === null ? 'absent' : stateOfDriver(before)
    if (stored.version !== (before?.version ?? 0) + 1)
      this.fail('[4]', `version ${stored.version} after ${before?.version ?? 0}`, id)
    const to = driverMachine[from]?.[event.type]
    if (to === undefined) return this.fail('[4]', `${event.type} of a driver who is ${from}`, id)
    this.coverage.take('driver', from, event.type)
    if (event.type === 'offer_held' && before?.hold != null)
      this.fail('[8]', 'two offers at once', id)
    const after = foldedDriver(before, id, event, stored.version)
    if (after === null) return
    const book = this.drivers.get(id)
    if (book === undefined)
      this.drivers.set(id, { driver: after, past: [], carrying: new Set() }).get(id)!.past[
        stored.version
      ] = after
    else {
      book.driver = after
      book.past[stored.version] = after
    }
    if (to !== '' && stateOfDriver(after) !== to)
      this.fail(
        '[4]',
        `${event.type} of a driver who is ${from} made them ${stateOfDriver(after)}, not ${to}`,
        id,
      )
    if (placesTaken(after) > after.profile.capacity)
      this.fail('[8]', `${placesTaken(after)} places taken of ${after.profile.capacity}`, id)
    this.witness.ofDriver(event, after, orderId => this.orders.get(orderId)?.order ?? null)
  }

  #orderRow({ view, columns }: OrderWritten): void {
    const order = this.orders.get(view.id)?.order
    if (order?.version !== view.version)
      return this.fail('[2]', `a row at version ${view.version} without its events`, view.id)
    this.#same(
      'view',
      view as unknown as Record<string, unknown>,
      viewOf(order) as unknown as Record<string, unknown>,
      view.id,
    )
    this.#same('row', columns, columnsOf(order), view.id)
  }

  #driverRow(columns: DriverColumns): void {
    const id = columns['id']!
    const driver = this.drivers.get(id)?.driver
    if (String(driver?.version) !== columns['version'])
      return this.fail('[2]', `a row at version ${columns['version']} without its events`, id)
    this.#same('row', columns, columnsOfDriver(driver!), id)
  }

  #same(
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

  /** The bus's server received a fact; false when it was a repeat. */
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

  /** The number up to which facts of the slot were heard. */
  heardThrough(slot: number): number {
    return this.#excused(slot, Infinity) - 1
  }

  /** The server forgot a fact that this process had published: it must be told again. */
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
   * The next number that must be heard, at the most `through`. A fact that the server forgot is its publisher's to
   * repeat; who died, or lost the slot, before it could is no defect: the promise is one second, and one failure.
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

  /** The highest version of an order that anybody was told so far. */
  toldVersion(orderId: string): number {
    return this.#told.get(orderId) ?? 0
  }

  /** A client was told that an order stands so; `atLeast`: what somebody had been told before the question was put. */
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
    this.#same(
      `answer to ${how}`,
      view as unknown as Record<string, unknown>,
      viewOf(past) as unknown as Record<string, unknown>,
      view.id,
    )
  }

  /** A pharmacy was told what became of its acceptance. */
  toldRace(orderId: string, vendorId: string, outcome: string): void {
    const winner = this.#winnerOf(orderId)
    if (outcome === 'won' && winner !== vendorId)
      this.fail(
        '[1]',
        `${vendorId} was told it won, the journal says ${winner ?? 'nobody'}`,
        orderId,
      )
    if (outcome === 'request_already_assigned' && (winner === null || winner === vendorId))
      this.fail(
        '[1]',
        `${vendorId} was told it lost, the journal says ${winner ?? 'nobody'} won`,
        orderId,
      )
  }

  #winnerOf(orderId: string): string | null {
    return this.orders.get(orderId)?.order.vendor?.vendor_id ?? null
  }

  /** The answer that a caller took for final: a repeat must hear the same. */
  toldAnswer(key: string, answer: string, actorId: string | null): void {
    const first = this.#answers.get(key)
    if (first === undefined) this.#answers.set(key, answer)
    else if (first !== answer)
      this.fail('[3]', `${key} was answered ${first}, and then ${answer}`, actorId)
  }

  /** A refusal is no fact: it may be another one after a restart. But what was granted is not refused later. */
  refusedAnswer(key: string, code: string, actorId: string | null): void {
    const first = this.#answers.get(key)
    if (first !== undefined)
      this.fail('[3]', `${key} was granted as ${first}, and then refused: ${code}`, actorId)
  }

  /** The claims answered, at that time of theirs. */
  claimAnswered(orderId: string, vendorId: string, answer: ClaimAnswer, atMs: number): void {
    const untilMs = this.orders.get(orderId)?.order.wish.expires_at_ms
    // A hold taken just before the deadline may be asked for again while it lasts.
    const endMs = untilMs === undefined ? Infinity : untilMs + limits.claimLeaseMs
    if (answer.outcome === 'won' && atMs >= endMs && this.#winnerOf(orderId) !== vendorId)
      this.fail(
        '[C6]',
        `a claim of ${vendorId} was won ${Math.round(atMs - endMs)} ms after any hold could last`,
        orderId,
      )
    if (answer.outcome === 'taken' && this.#winnerOf(orderId) !== answer.by)
      this.fail('[C3]', `claims say ${answer.by} has it, the journal does not`, orderId)
  }

  /** What drivers' books say against what orders say: earned is what the delivered ones agreed on. Asked when all has come to rest. */
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

  /** Is anything of this order still to come? */
  isOpen(orderId: string): boolean {
    const order = this.orders.get(orderId)?.order
    return order !== undefined && !isOver(order)
  }

  /** What the outside calls the order's state; undefined for none. */
  statusOf(orderId: string): string | undefined {
    const order = this.orders.get(orderId)?.order
    return order === undefined ? undefined : publicStatus(order)
  }
}
