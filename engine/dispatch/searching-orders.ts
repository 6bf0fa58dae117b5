/** Orders that look for a driver, by pharmacy: a driver who comes free is proposed at once and not at the next look. */
import type { Order } from '../orders/state.ts'

export class SearchingOrders {
  readonly #byVendor = new Map<string, Set<string>>()
  readonly #vendorOf = new Map<string, string>()

  orderIds(): IterableIterator<string> {
    return this.#vendorOf.keys()
  }

  observe(order: Order): void {
    if (order.kind === 'absent') return
    if (order.kind !== 'accepted' || order.search.kind !== 'searching')
      return this.drop(order.core.orderId)
    const { orderId } = order.core
    const vendorId = order.deal.vendor.vendor_id
    this.#vendorOf.set(orderId, vendorId)
    let orders = this.#byVendor.get(vendorId)
    if (orders === undefined) this.#byVendor.set(vendorId, (orders = new Set()))
    orders.add(orderId)
  }

  drop(orderId: string): void {
    const vendorId = this.#vendorOf.get(orderId)
    if (vendorId === undefined) return
    this.#vendorOf.delete(orderId)
    const orders = this.#byVendor.get(vendorId)
    orders?.delete(orderId)
    if (orders?.size === 0) this.#byVendor.delete(vendorId)
  }

  ofVendor(vendorId: string): Iterable<string> {
    return this.#byVendor.get(vendorId) ?? []
  }
}
