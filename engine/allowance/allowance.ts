/**
 * The number of requests that a customer may have open. It is counted in one place for all edges:
 * the engine that owns the customer's slot (the slot of the customer's id, as if it were an
 * actor's). The truth is the read model, which is written with the journal in one statement. Memory
 * holds the last answer of the read model and the requests that were allowed since. When their
 * number reaches the bound, the read model is asked again (ADR 23).
 */
import { limits } from '../../protocol/kernel/limits.ts'
import type { Env } from '../../protocol/kernel/env.ts'
import type { Journal } from '../journal/journal.ts'
import type { OrderLookups } from '../journal/lookups.ts'
import type { Order } from '../orders/state.ts'
import { customersRememberedMax, grantMs } from './limits.ts'
import type { Slots } from '../../protocol/kernel/slots.ts'

export interface AllowanceDeps {
  env: Pick<Env, 'nowMs'>
  store: Pick<OrderLookups, 'openRequestsOf'> & Pick<Journal, 'loadActor'>
  slots: Slots
  openRequestsPerCustomerMax: number
}

interface Customer {
  /**
   * By order id: the time until which a request counts without another read, and the time at which
   * it was allowed here (0 for a request from the read model).
   */
  open: Map<string, { untilMs: number; grantedAtMs: number }>
  reading: Promise<void> | null
}

export class Allowance {
  readonly #deps: AllowanceDeps
  /** The oldest customer comes first. */
  readonly #customers = new Map<string, Customer>()

  constructor(deps: AllowanceDeps) {
    this.#deps = deps
  }

  /**
   * May this request be opened? A repetition of an allowed request is allowed, however many are
   * open. Call it at the owner of the customer's slot. Rejects when the journal cannot be read.
   */
  async grant(customerId: string, orderId: string): Promise<boolean> {
    let customer = this.#customers.get(customerId)
    if (customer === undefined) {
      this.#makeRoom()
      this.#customers.set(customerId, (customer = { open: new Map(), reading: null }))
      await this.#read(customerId, customer)
    } else if (customer.reading !== null) await customer.reading
    if (this.#has(customer, orderId)) return true
    // Some requests may have ended since; the read model knows.
    if (this.#count(customer) >= this.#deps.openRequestsPerCustomerMax)
      await this.#read(customerId, customer)
    if (this.#has(customer, orderId)) return true
    if (this.#count(customer) < this.#deps.openRequestsPerCustomerMax) {
      const nowMs = this.#deps.env.nowMs()
      customer.open.set(orderId, {
        untilMs: nowMs + limits.requestTtlSecondsMax * 1_000,
        grantedAtMs: nowMs,
      })
      return true
    }
    const { snapshot, events } = await this.#deps.store.loadActor(orderId)
    return snapshot !== null || events.length > 0
  }

  /**
   * Called after a transition of an order of this engine. A request that a pharmacy took, or that
   * is over, makes room at once, if its customer is counted here.
   */
  observe(order: Order): void {
    if (order.kind === 'absent' || order.kind === 'broadcast') return
    this.#customers.get(order.core.customerId)?.open.delete(order.core.orderId)
  }

  /** Another engine owns the customers of this slot from now on. */
  drop(slot: number): void {
    for (const customerId of this.#customers.keys())
      if (this.#deps.slots.of(customerId) === slot) this.#customers.delete(customerId)
  }

  #has(customer: Customer, orderId: string): boolean {
    return customer.open.has(orderId)
  }

  #count({ open }: Customer): number {
    const nowMs = this.#deps.env.nowMs()
    for (const [orderId, { untilMs }] of open) if (untilMs <= nowMs) open.delete(orderId)
    return open.size
  }

  /**
   * One read at a time: a question that comes meanwhile waits for it. A request that was allowed a
   * moment ago may not be written yet, so it stays.
   */
  #read(customerId: string, customer: Customer): Promise<void> {
    return (customer.reading ??= (async () => {
      try {
        const keepFromMs = this.#deps.env.nowMs() - grantMs
        const rows = await this.#deps.store.openRequestsOf(customerId, [...customer.open.keys()])
        const written = new Set(rows.map(({ orderId }) => orderId))
        const open: Customer['open'] = new Map(
          rows
            .filter(row => row.open)
            .map(({ orderId, expiresAtMs }) => [
              orderId,
              { untilMs: expiresAtMs ?? Infinity, grantedAtMs: 0 },
            ]),
        )
        for (const [orderId, one] of customer.open)
          if (one.grantedAtMs >= keepFromMs && !written.has(orderId)) open.set(orderId, one)
        customer.open = open
      } catch (error) {
        // Without the rows the count is too low. Forget the customer, so that the next request
        // reads again.
        if (customer.open.size === 0) this.#customers.delete(customerId)
        throw error
      } finally {
        customer.reading = null
      }
    })())
  }

  #makeRoom(): void {
    if (this.#customers.size < customersRememberedMax) return
    for (const [customerId, { reading }] of this.#customers)
      if (reading === null) {
        this.#customers.delete(customerId)
        return
      }
  }
}
