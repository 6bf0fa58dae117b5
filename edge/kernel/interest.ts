/**
 * What the sockets of this edge watch, told to the engines: positions of orders, fleets of vendors.
 * The whole list goes out every limits.interestRenewMs, so a lost message heals itself; an addition
 * goes out at once, so that a tracker who just connected does not wait. An end only leaves the next
 * whole list: the price is a few seconds of positions that nobody looks at.
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
  #newVendors: string[] = []
  readonly #after: Env['after']
  #cancelDelta: (() => void) | null = null
  #cancelRenewal: () => void = () => {}
  readonly #orders: () => Iterable<string>
  readonly #vendors: () => Iterable<string>

  /** `orders` and `vendors` give everything that is watched now. */
  constructor(
    edgeId: string,
    bus: Bus,
    after: Env['after'],
    orders: () => Iterable<string>,
    vendors: () => Iterable<string>,
  ) {
    this.#edgeId = edgeId
    this.#bus = bus
    this.#after = after
    this.#orders = orders
    this.#vendors = vendors
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

  addVendor(vendorId: string): void {
    this.#newVendors.push(vendorId)
    this.#schedule()
  }

  #schedule(): void {
    this.#cancelDelta ??= this.#after(limits.interestDebounceMs, () => this.#publishDelta())
  }

  #publishDelta(): void {
    this.#cancelDelta = null
    const orders = this.#newOrders
    const vendors = this.#newVendors
    this.#newOrders = []
    this.#newVendors = []
    this.#publish(false, orders, vendors)
  }

  /** Everything that is watched. A list too long for one message continues in messages that add to it. */
  renew(): void {
    this.#publish(true, [...this.#orders()], [...this.#vendors()])
  }

  #publish(full: boolean, orderIds: string[], vendorIds: string[]): void {
    const message = (
      full: boolean,
      order_ids: string[],
      vendor_ids: string[],
    ): InterestMessage => ({ edge_id: this.#edgeId, full, order_ids, vendor_ids })
    // Nothing is watched any more: that is news too, when it is all there is to say.
    if (orderIds.length + vendorIds.length === 0) this.#send(message(full, [], []))
    publishList(this.#bus, subjects.interest, [...orderIds, ...vendorIds], (part, from) => {
      const orders = Math.max(0, Math.min(part.length, orderIds.length - from))
      return message(full && from === 0, part.slice(0, orders), part.slice(orders))
    })
  }

  #send(message: InterestMessage): void {
    this.#bus.publish(subjects.interest, encodeBody(message))
  }

  /** The edge is going away: engines forget it now and not when its lease ends. */
  gone(): void {
    this.#cancelRenewal()
    this.#cancelDelta?.()
    this.#send({ edge_id: this.#edgeId, full: true, order_ids: [], vendor_ids: [], gone: true })
  }
}
