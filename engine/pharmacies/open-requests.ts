/** Open requests by pharmacy, so that a terminal which connects late is told at once what it missed. */
import type { Order } from '../orders/state.ts'

export class OpenRequests {
  readonly #byVendor = new Map<string, Set<string>>()
  readonly #vendorsOf = new Map<string, string[]>()

  get size(): number {
    return this.#vendorsOf.size
  }
  orderIds(): IterableIterator<string> {
    return this.#vendorsOf.keys()
  }

  observe(order: Order): void {
    if (order.kind === 'absent') return
    const { orderId } = order.core
    if (order.kind !== 'broadcast') return this.drop(orderId)
    if (this.#vendorsOf.has(orderId)) return
    const vendorIds = order.broadcast.candidates.map(c => c.vendor_id)
    this.#vendorsOf.set(orderId, vendorIds)
    for (const vendorId of vendorIds) {
      let orders = this.#byVendor.get(vendorId)
      if (orders === undefined) this.#byVendor.set(vendorId, (orders = new Set()))
      orders.add(orderId)
    }
  }

  drop(orderId: string): void {
    const vendorIds = this.#vendorsOf.get(orderId)
    if (vendorIds === undefined) return
    this.#vendorsOf.delete(orderId)
    for (const vendorId of vendorIds) {
      const orders = this.#byVendor.get(vendorId)
      orders?.delete(orderId)
      if (orders?.size === 0) this.#byVendor.delete(vendorId)
    }
  }

  /** Oldest first: ids are UUIDv7, so their order is that of creation. At most `limit`, the newest of them. */
  ofVendor(vendorId: string, limit: number): string[] {
    return [...(this.#byVendor.get(vendorId) ?? [])].sort().slice(-limit)
  }
}
