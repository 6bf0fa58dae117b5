/**
 * What must be true at every step of a simulation, whatever goes wrong. It reads what the database
 * committed, what the bus's server heard and what clients were told, and nothing of the engine's own
 * memory. Numbers in brackets are the invariants of SPEC.md, C-numbers the rules of claims.
 */
import type { DriverEvent, OrderEvent, PublishedEvent } from '../../protocol/events.ts'
import type { ClaimAnswer } from '../../protocol/claims/claims.ts'
import { limits } from '../../protocol/limits.ts'
import type { OrderView } from '../../protocol/rest/order.ts'
import { evolve as evolveDriver } from '../driver/evolve.ts'
import { absentDriver, placesTaken, type Driver } from '../driver/state.ts'
import { view as viewDriver } from '../driver/view.ts'
import type { StoredEvent } from '../journal/journal.ts'
import { evolve as evolveOrder } from '../order/evolve.ts'
import { absentOrder, deliveryOf, vendorOf, type Order } from '../order/state.ts'
import { view as viewOrder } from '../order/view.ts'
import type { Commit, DriverRow, SimDatabase } from './database.ts'
import { Coverage, driverMachine, driverStateName, orderMachine, orderStateName } from './machine.ts'

export interface Violation { rule: string; what: string; actorId: string | null }
/** How an order stood after each of its events. */
interface Standing { status: string; vendorId: string | null; driverId: string | null }
export interface OrderBook { kind: 'order'; order: Order; version: number; atMs: number; standings: Standing[] }
export interface DriverBook { kind: 'driver'; driver: Driver; version: number; carrying: Set<string> }

/** States in which a driver has the goods, or is about to. */
const carried: ReadonlySet<string> = new Set(['driver_assigned', 'picked_up', 'out_for_delivery', 'failed', 'returning'])

export class Checker {
  readonly violations: Violation[] = []
  readonly coverage = new Coverage()
  readonly orders = new Map<string, OrderBook>()
  readonly drivers = new Map<string, DriverBook>()
  readonly #commands = new Map<string, string>()
  /** By slot: the number that the next fact never heard of must have. */
  readonly #nextHeard = new Map<number, number>()
  readonly #answers = new Map<string, string>()
  #database: SimDatabase | null = null
  events = 0
  published = 0
  republished = 0

  /** The database comes after its observer. */
  watch(database: SimDatabase): void { this.#database = database }

  fail(rule: string, what: string, actorId: string | null = null): void { this.violations.push({ rule, what, actorId }) }

  committed({ events, orders, drivers, epochs }: Commit): void {
    const store = this.#database!.store
    for (const [slot, epoch] of epochs)
      if (store.slot(slot).epoch !== epoch) this.fail('[5]', `slot ${slot} was written under epoch ${epoch}, its epoch is ${store.slot(slot).epoch}`)
    const commands = new Set<string>()
    for (const stored of events) {
      this.events++
      const place = store.slot(stored.slot).events.indexOf(stored, -1 - events.length) + 1
      if (place !== stored.seq) this.fail('[6]', `event ${place} of slot ${stored.slot} is numbered ${stored.seq}`, stored.actorId)
      commands.add(`${stored.actorId} ${stored.commandId}`)
      if (stored.kind === 'order') this.#order(stored)
      else this.#driver(stored)
    }
    for (const command of commands) {
      const [actorId] = command.split(' ', 1)
      const first = this.#commands.get(command)
      const types = events.filter(one => one.actorId === actorId).map(one => one.event.type).join(', ')
      if (first !== undefined) this.fail('[3]', `command ${command} was journaled twice: ${first}, and again ${types}`, actorId!)
      this.#commands.set(command, types)
    }
    for (const row of orders) this.#orderRow(row)
    for (const row of drivers) this.#driverRow(row)
  }

  #order(stored: StoredEvent): void {
    const event = stored.event as OrderEvent
    let book = this.orders.get(stored.actorId)
    if (book === undefined) this.orders.set(stored.actorId, book = { kind: 'order', order: absentOrder, version: 0, atMs: 0, standings: [] })
    const before = book.order
    const from = orderStateName(before)
    if (stored.version !== book.version + 1) this.fail('[4]', `version ${stored.version} after ${book.version}`, stored.actorId)
    const to = orderMachine[from]?.[event.type]
    if (to === undefined) return this.fail('[4]', `${event.type} of an order that is ${from}`, stored.actorId)
    this.coverage.take('order', from, event.type)
    if (event.type === 'order_accepted') {
      if (vendorOf(before) !== null && before.kind !== 'pending') this.fail('[1]', `a second winner, ${event.data.vendor.vendor_id}`, stored.actorId)
      if (before.kind === 'broadcast' && stored.atMs >= before.broadcast.expiresAtMs) this.fail('[10]', 'accepted at or after its deadline', stored.actorId)
    }
    if (event.type === 'request_expired' && event.data.reason === 'deadline' && before.kind === 'broadcast' && stored.atMs < before.broadcast.expiresAtMs)
      this.fail('[10]', 'expired before its deadline', stored.actorId)
    if (event.type === 'driver_assigned') this.#assigned(stored.actorId, before, event.data)
    book.order = evolveOrder(before, event, stored.atMs)
    book.version = stored.version
    book.atMs = stored.atMs
    if (orderStateName(book.order) !== to) this.fail('[4]', `${event.type} of an order that is ${from} made it ${orderStateName(book.order)}, not ${to}`, stored.actorId)
    const { order } = book
    if (order.kind === 'absent') return
    book.standings[stored.version] = { status: order.kind === 'broadcast' ? 'pending' : order.kind, vendorId: vendorOf(order)?.vendor_id ?? null, driverId: deliveryOf(order)?.driver.driver_id ?? null }
    const driverId = deliveryOf(order)?.driver.driver_id ?? deliveryOf(before)?.driver.driver_id
    if (driverId !== undefined) this.#carries(driverId, stored.actorId, carried.has(order.kind))
  }

  #assigned(orderId: string, before: Order, { offer_id, driver }: { offer_id: string; driver: { driver_id: string } }): void {
    const offer = before.kind === 'accepted' && before.search.kind === 'offering' ? before.search.offer : null
    if (offer?.offerId !== offer_id || offer.driverId !== driver.driver_id) this.fail('[1]', `assigned to ${driver.driver_id}, who was not the one asked`, orderId)
    const book = this.drivers.get(driver.driver_id)
    if (book === undefined || book.driver.kind === 'absent' || book.driver.hold?.offer_id !== offer_id)
      this.fail('[8]', `assigned by offer ${offer_id}, which driver ${driver.driver_id} does not hold`, orderId)
  }

  #carries(driverId: string, orderId: string, carries: boolean): void {
    const book = this.drivers.get(driverId)
    if (book === undefined) return
    if (!carries) return void book.carrying.delete(orderId)
    book.carrying.add(orderId)
    if (book.driver.kind === 'registered' && book.carrying.size > book.driver.capacity)
      this.fail('[8]', `driver ${driverId} carries ${book.carrying.size} orders, ${book.driver.capacity} at the most`, driverId)
  }

  #driver(stored: StoredEvent): void {
    const event = stored.event as DriverEvent
    let book = this.drivers.get(stored.actorId)
    if (book === undefined) this.drivers.set(stored.actorId, book = { kind: 'driver', driver: absentDriver, version: 0, carrying: new Set() })
    const from = book.driver.kind === 'absent' ? 'absent' : driverStateName(book.driver)
    if (stored.version !== book.version + 1) this.fail('[4]', `version ${stored.version} after ${book.version}`, stored.actorId)
    const to = driverMachine[from]?.[event.type]
    if (to === undefined) return this.fail('[4]', `${event.type} of a driver who is ${from}`, stored.actorId)
    this.coverage.take('driver', from, event.type)
    if (event.type === 'offer_held' && book.driver.kind === 'registered' && book.driver.hold !== null) this.fail('[8]', 'two offers at once', stored.actorId)
    const driver = evolveDriver(book.driver, event)
    book.driver = driver
    book.version = stored.version
    if (driver.kind !== 'registered') return
    if (to !== '' && driverStateName(driver) !== to) this.fail('[4]', `${event.type} of a driver who is ${from} made them ${driverStateName(driver)}, not ${to}`, stored.actorId)
    if (placesTaken(driver) > driver.capacity) this.fail('[8]', `${placesTaken(driver)} places taken of ${driver.capacity}`, stored.actorId)
  }

  #orderRow(row: OrderView): void {
    const book = this.orders.get(row.id)
    if (book === undefined || book.order.kind === 'absent' || book.version !== row.version) return this.fail('[2]', `a row at version ${row.version} without its events`, row.id)
    const expected = JSON.stringify(viewOrder(book.order, book.version, book.atMs))
    if (JSON.stringify(row) !== expected) this.fail('[4]', `the row is not what its events make: ${difference(JSON.stringify(row), expected)}`, row.id)
  }

  #driverRow(row: DriverRow): void {
    const book = this.drivers.get(row.id)
    if (book === undefined || book.driver.kind === 'absent' || book.version !== row.version) return this.fail('[2]', `a row at version ${row.version} without its events`, row.id)
    const { id, vendor_id, status, capacity, active_order_ids, total_deliveries, version } = viewDriver(book.driver, book.version)
    const expected = JSON.stringify({ id, vendor_id, status, capacity, active_order_ids, total_deliveries, version })
    if (JSON.stringify(row) !== expected) this.fail('[4]', `the row is not what its events make: ${difference(JSON.stringify(row), expected)}`, row.id)
  }

  /** The bus's server received a fact. */
  heard(event: PublishedEvent): void {
    const stored = this.#database!.store.slot(event.slot).events[event.seq - 1]
    if (stored === undefined) return this.fail('[6]', `${event.id} ${event.type} was published and is not in the journal`, event.actor_id)
    if (event.id !== `${stored.slot}.${stored.seq}` || event.actor_id !== stored.actorId || event.type !== stored.event.type || event.order_seq !== stored.version)
      this.fail('[6]', `${event.id} was published as ${event.type} and journaled as ${stored.event.type}`, event.actor_id)
    const next = this.#nextHeard.get(event.slot) ?? 1
    if (event.seq > next) this.fail('[6]', `${event.id} was published, ${event.slot}.${next} before it never was`, event.actor_id)
    if (event.seq < next) this.republished++
    else {
      this.published++
      this.#nextHeard.set(event.slot, event.seq + 1)
    }
  }

  /** The number up to which facts of the slot were heard. */
  heardThrough(slot: number): number { return (this.#nextHeard.get(slot) ?? 1) - 1 }

  /** A client was told that an order stands so. */
  toldOrder(view: OrderView, how: string): void {
    const standing = this.orders.get(view.id)?.standings[view.version]
    if (standing === undefined) return this.fail('[2]', `${how}: version ${view.version} was acknowledged and is not in the journal`, view.id)
    if (standing.status !== view.status || standing.vendorId !== view.vendor_id || standing.driverId !== view.driver_id)
      this.fail('[2]', `${how}: told ${view.status} at version ${view.version}, the journal says ${standing.status}`, view.id)
  }

  /** A pharmacy was told what became of its acceptance. */
  toldRace(orderId: string, vendorId: string, outcome: string): void {
    const order = this.orders.get(orderId)?.order
    const winner = order === undefined ? null : vendorOf(order)?.vendor_id ?? null
    if (outcome === 'won' && winner !== vendorId) this.fail('[1]', `${vendorId} was told it won, the journal says ${winner ?? 'nobody'}`, orderId)
    if (outcome === 'request_already_assigned' && (winner === null || winner === vendorId)) this.fail('[1]', `${vendorId} was told it lost, the journal says ${winner ?? 'nobody'} won`, orderId)
  }

  /** The answer that a caller took for final: a repeat must hear the same. */
  toldAnswer(key: string, answer: string, actorId: string | null): void {
    const first = this.#answers.get(key)
    if (first === undefined) this.#answers.set(key, answer)
    else if (first !== answer) this.fail('[3]', `${key} was answered ${first}, and then ${answer}`, actorId)
  }

  /** A refusal is no fact: it may be another one after a restart. But what was granted is not refused later. */
  refusedAnswer(key: string, code: string, actorId: string | null): void {
    const first = this.#answers.get(key)
    if (first !== undefined) this.fail('[3]', `${key} was granted as ${first}, and then refused: ${code}`, actorId)
  }

  /** The claims answered, at that time of theirs. */
  claimAnswered(orderId: string, vendorId: string, answer: ClaimAnswer, atMs: number): void {
    const order = this.orders.get(orderId)?.order
    // A hold taken just before the deadline may be asked for again while it lasts.
    const endMs = order !== undefined && 'broadcast' in order && order.broadcast !== null ? order.broadcast.expiresAtMs + limits.claimLeaseMs : Infinity
    if (answer.outcome === 'won' && atMs >= endMs && (order === undefined || vendorOf(order)?.vendor_id !== vendorId))
      this.fail('[C6]', `a claim of ${vendorId} was won ${Math.round(atMs - endMs)} ms after any hold could last`, orderId)
    if (answer.outcome === 'taken' && (order === undefined || vendorOf(order)?.vendor_id !== answer.by)) this.fail('[C3]', `claims say ${answer.by} has it, the journal does not`, orderId)
  }
}

/** Where two texts part, with a little around it. */
function difference(one: string, other: string): string {
  let at = 0
  while (at < one.length && one[at] === other[at]) at++
  return `…${one.slice(Math.max(0, at - 30), at + 40)}… instead of …${other.slice(Math.max(0, at - 30), at + 40)}…`
}
