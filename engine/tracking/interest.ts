/**
 * The orders and fleets that edges watch, as soft leases. An order that nobody watches costs
 * nothing. An edge that dies is forgotten when its lease lapses.
 */
import { SetsByKey } from '../../protocol/kernel/sets-by-key.ts'
import { limits } from '../../protocol/kernel/limits.ts'
import type { InterestMessage } from '../../protocol/tracking/interest.ts'

interface EdgeInterest {
  orders: Set<string>
  pharmacies: Set<string>
  leaseUntilMs: number
}

export class Interest {
  readonly #edges = new Map<string, EdgeInterest>()
  readonly #byOrder = new SetsByKey<string, string>()
  readonly #byPharmacy = new SetsByKey<string, string>()

  edgesOfOrder(orderId: string): ReadonlySet<string> {
    return this.#byOrder.get(orderId) ?? nobody
  }
  edgesOfPharmacy(pharmacyId: string): ReadonlySet<string> {
    return this.#byPharmacy.get(pharmacyId) ?? nobody
  }
  pharmacies(): IterableIterator<string> {
    return this.#byPharmacy.keys()
  }
  get edges(): number {
    return this.#edges.size
  }

  /**
   * Takes an edge's message. Returns the orders and pharmacies that the edge did not watch before.
   */
  take(message: InterestMessage, nowMs: number): { orders: string[]; pharmacies: string[] } {
    if (message.gone) {
      this.#remove(message.edge_id)
      return { orders: [], pharmacies: [] }
    }
    let edge = this.#edges.get(message.edge_id)
    if (edge === undefined)
      this.#edges.set(
        message.edge_id,
        (edge = { orders: new Set(), pharmacies: new Set(), leaseUntilMs: 0 }),
      )
    edge.leaseUntilMs = nowMs + limits.interestLeaseMs
    const orders = message.order_ids.filter(id => !edge.orders.has(id))
    const pharmacies = message.vendor_ids.filter(id => !edge.pharmacies.has(id))
    if (message.full) {
      drop(edge.orders, new Set(message.order_ids), this.#byOrder, message.edge_id)
      drop(edge.pharmacies, new Set(message.vendor_ids), this.#byPharmacy, message.edge_id)
    }
    for (const id of orders) add(edge.orders, id, this.#byOrder, message.edge_id)
    for (const id of pharmacies) add(edge.pharmacies, id, this.#byPharmacy, message.edge_id)
    return { orders, pharmacies }
  }

  lapse(nowMs: number): void {
    for (const [id, edge] of this.#edges) if (edge.leaseUntilMs < nowMs) this.#remove(id)
  }

  #remove(edgeId: string): void {
    const edge = this.#edges.get(edgeId)
    if (edge === undefined) return
    drop(edge.orders, nothing, this.#byOrder, edgeId)
    drop(edge.pharmacies, nothing, this.#byPharmacy, edgeId)
    this.#edges.delete(edgeId)
  }
}

function add(own: Set<string>, id: string, byId: SetsByKey<string, string>, edgeId: string): void {
  own.add(id)
  byId.add(id, edgeId)
}

function drop(
  own: Set<string>,
  keep: ReadonlySet<string>,
  byId: SetsByKey<string, string>,
  edgeId: string,
): void {
  for (const id of own) {
    if (keep.has(id)) continue
    own.delete(id)
    byId.delete(id, edgeId)
  }
}

const nobody: ReadonlySet<string> = new Set()
const nothing: ReadonlySet<string> = new Set()
