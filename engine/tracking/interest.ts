/**
 * Who watches what: soft leases of edges on orders and fleets. Nobody watching costs nothing; an
 * edge that dies is forgotten when its lease lapses.
 */
import { limits } from '../../protocol/kernel/limits.ts'
import type { InterestMessage } from '../../protocol/tracking/interest.ts'

interface EdgeInterest {
  orders: Set<string>
  vendors: Set<string>
  leaseUntilMs: number
}

export class Interest {
  readonly #edges = new Map<string, EdgeInterest>()
  readonly #byOrder = new Map<string, Set<string>>()
  readonly #byVendor = new Map<string, Set<string>>()

  edgesOfOrder(orderId: string): ReadonlySet<string> {
    return this.#byOrder.get(orderId) ?? nobody
  }
  edgesOfVendor(vendorId: string): ReadonlySet<string> {
    return this.#byVendor.get(vendorId) ?? nobody
  }
  vendors(): IterableIterator<string> {
    return this.#byVendor.keys()
  }
  get edges(): number {
    return this.#edges.size
  }

  /** Takes an edge's message; returns the orders and vendors that edge did not watch before. */
  take(message: InterestMessage, nowMs: number): { orders: string[]; vendors: string[] } {
    if (message.gone) {
      this.#remove(message.edge_id)
      return { orders: [], vendors: [] }
    }
    let edge = this.#edges.get(message.edge_id)
    if (edge === undefined)
      this.#edges.set(
        message.edge_id,
        (edge = { orders: new Set(), vendors: new Set(), leaseUntilMs: 0 }),
      )
    edge.leaseUntilMs = nowMs + limits.interestLeaseMs
    const orders = message.order_ids.filter(id => !edge.orders.has(id))
    const vendors = message.vendor_ids.filter(id => !edge.vendors.has(id))
    if (message.full) {
      drop(edge.orders, new Set(message.order_ids), this.#byOrder, message.edge_id)
      drop(edge.vendors, new Set(message.vendor_ids), this.#byVendor, message.edge_id)
    }
    for (const id of orders) add(edge.orders, id, this.#byOrder, message.edge_id)
    for (const id of vendors) add(edge.vendors, id, this.#byVendor, message.edge_id)
    return { orders, vendors }
  }

  lapse(nowMs: number): void {
    for (const [id, edge] of this.#edges) if (edge.leaseUntilMs < nowMs) this.#remove(id)
  }

  #remove(edgeId: string): void {
    const edge = this.#edges.get(edgeId)
    if (edge === undefined) return
    drop(edge.orders, nothing, this.#byOrder, edgeId)
    drop(edge.vendors, nothing, this.#byVendor, edgeId)
    this.#edges.delete(edgeId)
  }
}

function add(own: Set<string>, id: string, byId: Map<string, Set<string>>, edgeId: string): void {
  own.add(id)
  let edges = byId.get(id)
  if (edges === undefined) byId.set(id, (edges = new Set()))
  edges.add(edgeId)
}

function drop(
  own: Set<string>,
  keep: ReadonlySet<string>,
  byId: Map<string, Set<string>>,
  edgeId: string,
): void {
  for (const id of own) {
    if (keep.has(id)) continue
    own.delete(id)
    const edges = byId.get(id)
    edges?.delete(edgeId)
    if (edges?.size === 0) byId.delete(id)
  }
}

const nobody: ReadonlySet<string> = new Set()
const nothing: ReadonlySet<string> = new Set()
