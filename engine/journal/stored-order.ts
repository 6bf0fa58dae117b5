/** An order in the form of its row in the table of orders, for stores that are not a database. */
import type { OrderView } from '../../protocol/orders/view.ts'
import {
  orderView,
  type OrderPlaced,
  type OrderProgress,
} from '../../protocol/orders/view-parts.ts'

export interface StoredOrder {
  placed: OrderPlaced
  view: OrderView
  candidateIds: string[] | null
  offeredDriverId: string | null
}

/** A row is never changed, only replaced, so its view is made once. */
const made = new WeakMap<object, StoredOrder>()

/** The order in a row of the table of orders. One row always gives the same object. */
export function storedOrder(row: Readonly<Record<string, unknown>>): StoredOrder {
  let order = made.get(row)
  if (order === undefined) {
    const parts = {
      placed: (row['placed'] ?? {}) as OrderPlaced,
      progress: row['progress'] as OrderProgress,
    }
    order = {
      placed: parts.placed,
      view: orderView(parts),
      candidateIds: row['candidate_ids'] as string[] | null,
      offeredDriverId: row['offered_driver_id'] as string | null,
    }
    made.set(row, order)
  }
  return order
}
