/**
 * Orders that search for a driver, by pharmacy. A driver who becomes free is proposed at once, not
 * at the next look.
 */
import type { Order } from '../orders/state.ts'

export class SearchingOrders {
  readonly #byPharmacy = new Map<string, Set<string>>()
  readonly #pharmacyOf = new Map<string, string>()

  orderIds(): IterableIterator<string> {
    return this.#pharmacyOf.keys()
  }

  observe(order: Order): void {
    if (order.kind === 'absent') return
    if (order.kind !== 'accepted' || order.search.kind !== 'searching')
      return this.drop(order.core.orderId)
    const { orderId } = order.core
    const pharmacyId = order.deal.vendor.vendor_id
    this.#pharmacyOf.set(orderId, pharmacyId)
    let orders = this.#byPharmacy.get(pharmacyId)
    if (orders === undefined) this.#byPharmacy.set(pharmacyId, (orders = new Set()))
    orders.add(orderId)
  }

  drop(orderId: string): void {
    const pharmacyId = this.#pharmacyOf.get(orderId)
    if (pharmacyId === undefined) return
    this.#pharmacyOf.delete(orderId)
    const orders = this.#byPharmacy.get(pharmacyId)
    orders?.delete(orderId)
    if (orders?.size === 0) this.#byPharmacy.delete(pharmacyId)
  }

  ofPharmacy(pharmacyId: string): Iterable<string> {
    return this.#byPharmacy.get(pharmacyId) ?? []
  }
}
