/**
 * Open requests by pharmacy, so that a terminal that connects late gets the requests that it missed
 * at once.
 */
import { SetsByKey } from '../../protocol/kernel/sets-by-key.ts'
import type { Order } from '../orders/state.ts'

export class OpenRequests {
  readonly #byPharmacy = new SetsByKey<string, string>()
  readonly #pharmaciesOf = new Map<string, string[]>()

  get size(): number {
    return this.#pharmaciesOf.size
  }
  orderIds(): IterableIterator<string> {
    return this.#pharmaciesOf.keys()
  }

  observe(order: Order): void {
    if (order.kind === 'absent') return
    const { orderId } = order.core
    if (order.kind !== 'broadcast') return this.drop(orderId)
    if (this.#pharmaciesOf.has(orderId)) return
    const pharmacyIds = order.broadcast.candidates.map(c => c.vendor_id)
    this.#pharmaciesOf.set(orderId, pharmacyIds)
    for (const pharmacyId of pharmacyIds) this.#byPharmacy.add(pharmacyId, orderId)
  }

  drop(orderId: string): void {
    const pharmacyIds = this.#pharmaciesOf.get(orderId)
    if (pharmacyIds === undefined) return
    this.#pharmaciesOf.delete(orderId)
    for (const pharmacyId of pharmacyIds) this.#byPharmacy.delete(pharmacyId, orderId)
  }

  /**
   * Oldest first: ids are UUIDv7, so their order is the order of creation. At most `limit`, and
   * then the newest.
   */
  ofPharmacy(pharmacyId: string, limit: number): string[] {
    return [...(this.#byPharmacy.get(pharmacyId) ?? [])].sort().slice(-limit)
  }
}
