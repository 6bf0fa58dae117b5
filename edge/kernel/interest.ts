/**
 * Tells the engines which orders and fleets the sockets of this edge watch. The whole list goes out
 * every limits.interestRenewMs, so a lost message does no lasting harm. An addition goes out within
 * limits.interestDebounceMs, so a tracker that just connected hardly waits. A removal shows only in
 * the next whole list; until then the edge gets a few seconds of positions that nobody watches.
 */
import type { Bus } from '../../protocol/bus/bus.ts'
import { encodeBody } from '../../protocol/bus/codec.ts'
import { publishList } from '../../protocol/bus/lists.ts'
import type { Env } from '../../protocol/kernel/env.ts'
import { limits } from '../../protocol/kernel/limits.ts'
import type { InterestMessage } from '../../protocol/tracking/interest.ts'
import { subjects } from '../../protocol/bus/subjects.ts'

export class Interest {
  readonly #edgeId: string
  readonly #bus: Bus
  #newOrders: string[] = []
  #newPharmacies: string[] = []
  readonly #after: Env['after']
  #cancelDelta: (() => void) | null = null
  #cancelRenewal: () => void = () => {}
  readonly #orders: () => Iterable<string>
  readonly #pharmacies: () => Iterable<string>

  /** `orders` and `pharmacies` list everything that is watched now. */
  constructor(
    edgeId: string,
    bus: Bus,
    after: Env['after'],
    orders: () => Iterable<string>,
    pharmacies: () => Iterable<string>,
  ) {
    this.#edgeId = edgeId
    this.#bus = bus
    this.#after = after
    this.#orders = orders
    this.#pharmacies = pharmacies
    this.#renewLater()
  }

  #renewLater(): void {
    this.#cancelRenewal = this.#after(limits.interestRenewMs, () => {
      this.#renewLater()
      this.renew()
    })
  }

  addOrder(orderId: string): void {
    this.#newOrders.push(orderId)
    this.#schedule()
  }

  addPharmacy(pharmacyId: string): void {
    this.#newPharmacies.push(pharmacyId)
    this.#schedule()
  }

  #schedule(): void {
    this.#cancelDelta ??= this.#after(limits.interestDebounceMs, () => this.#publishDelta())
  }

  #publishDelta(): void {
    this.#cancelDelta = null
    const orders = this.#newOrders
    const pharmacies = this.#newPharmacies
    this.#newOrders = []
    this.#newPharmacies = []
    this.#publish(false, orders, pharmacies)
  }

  /**
   * Publishes everything that is watched. A list that is too long for one message continues in
   * messages that add to it.
   */
  renew(): void {
    this.#publish(true, [...this.#orders()], [...this.#pharmacies()])
  }

  #publish(full: boolean, orderIds: string[], pharmacyIds: string[]): void {
    const message = (
      full: boolean,
      order_ids: string[],
      vendor_ids: string[],
    ): InterestMessage => ({ edge_id: this.#edgeId, full, order_ids, vendor_ids })
    // An empty list is also news: nothing is watched any more.
    if (orderIds.length + pharmacyIds.length === 0) this.#send(message(full, [], []))
    publishList(this.#bus, subjects.interest, [...orderIds, ...pharmacyIds], (part, from) => {
      const orders = Math.max(0, Math.min(part.length, orderIds.length - from))
      return message(full && from === 0, part.slice(0, orders), part.slice(orders))
    })
  }

  #send(message: InterestMessage): void {
    this.#bus.publish(subjects.interest, encodeBody(message))
  }

  /** Tells engines that this edge ends, so that they forget it now and not when its lease ends. */
  gone(): void {
    this.#cancelRenewal()
    this.#cancelDelta?.()
    this.#send({ edge_id: this.#edgeId, full: true, order_ids: [], vendor_ids: [], gone: true })
  }
}
