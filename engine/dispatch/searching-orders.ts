/**
 * Orders that search for a driver, by pharmacy. A driver who becomes free is proposed at once, not
 * at the next look.
 */
import { SetsByKey } from '../../protocol/kernel/sets-by-key.ts'
import type { Order } from '../orders/state.ts'

export class SearchingOrders {
  readonly #byPharmacy = new SetsByKey<string, string>()
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
    this.#byPharmacy.add(pharmacyId, orderId)
  }

  drop(orderId: string): void {
    const pharmacyId = this.#pharmacyOf.get(orderId)
    if (pharmacyId === undefined) return
    this.#pharmacyOf.delete(orderId)
    this.#byPharmacy.delete(pharmacyId, orderId)
  }

  ofPharmacy(pharmacyId: string): Iterable<string> {
    return this.#byPharmacy.get(pharmacyId) ?? []
  }
}
