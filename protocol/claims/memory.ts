/**
 * Claims inside one process, for the embedded engine and the simulator. JavaScript runs one call at
 * a time, so each call is atomic, as a Lua script is. Like Redis it may forget: beyond `ordersMax`
 * it drops the oldest order, and `unknown` then sends that order's pharmacies to the actor.
 */
import { CaduceusError } from '../kernel/errors.ts'
import { limits } from '../kernel/limits.ts'
import type { ClaimAnswer, Claims } from './claims.ts'

export interface MemoryClaimsOptions {
  leaseMs?: number
  ordersMax?: number
}

/**
 * Open and recently ended requests of one process. With about ten pharmacies each they take about
 * 200 MB.
 */
const ordersMaxDefault = 100_000
/**
 * Interval at which the memory of expired orders is freed. Expired orders are not answered any more
 * even before that.
 */
const sweepMs = limits.claimAfterlifeMs / 10

interface OrderClaim {
  readonly pharmacies: ReadonlySet<string>
  readonly deadlineMs: number
  holder: { pharmacyId: string; untilMs: number } | undefined
  winner: string | undefined
  closedAs: 'expired' | 'cancelled' | undefined
}

/**
 * `nowMs`: the clock, ms since the epoch. `after`: sets a timer and returns the function that
 * clears it.
 */
export function memoryClaims(
  nowMs: () => number,
  after: (ms: number, run: () => void) => () => void,
  options: MemoryClaimsOptions = {},
): Claims {
  const leaseMs = options.leaseMs ?? limits.claimLeaseMs
  const ordersMax = options.ordersMax ?? ordersMaxDefault
  /** In the order of opening, which a Map keeps. */
  const orders = new Map<string, OrderClaim>()
  let open = true
  let cancelSweep: (() => void) | undefined

  const expired = (order: OrderClaim): boolean =>
    nowMs() >= order.deadlineMs + limits.claimAfterlifeMs

  function find(orderId: string): OrderClaim | undefined {
    const order = orders.get(orderId)
    return order && !expired(order) ? order : undefined
  }

  /** Runs only while there are orders, so that an idle process has no timer. */
  function sweepLater(): void {
    cancelSweep ??= after(sweepMs, () => {
      cancelSweep = undefined
      for (const [orderId, order] of orders) if (expired(order)) orders.delete(orderId)
      if (orders.size > 0) sweepLater()
    })
  }

  function answer(order: OrderClaim | undefined, pharmacyId: string): ClaimAnswer {
    if (!order) return { outcome: 'unknown' }
    if (!order.pharmacies.has(pharmacyId)) return { outcome: 'not_eligible' }
    if (order.winner === pharmacyId) return { outcome: 'won' }
    if (order.winner !== undefined) return { outcome: 'taken', by: order.winner }
    if (order.closedAs) return { outcome: 'closed', as: order.closedAs }
    const now = nowMs()
    if (order.holder && now < order.holder.untilMs)
      return { outcome: order.holder.pharmacyId === pharmacyId ? 'won' : 'held' }
    if (now >= order.deadlineMs) return { outcome: 'too_late' }
    order.holder = { pharmacyId, untilMs: now + leaseMs }
    return { outcome: 'won' }
  }

  function checkOpen(): void {
    if (!open) throw new CaduceusError('unavailable', 'claims are shut down')
  }

  return {
    async open(orderId, pharmacyIds, deadlineMs) {
      checkOpen()
      if (find(orderId)) return
      // The order expired and was not swept yet. It begins anew, at the end of the order of
      // opening.
      orders.delete(orderId)
      const oldest = orders.keys().next()
      if (orders.size >= ordersMax && !oldest.done) orders.delete(oldest.value)
      orders.set(orderId, {
        pharmacies: new Set(pharmacyIds),
        deadlineMs,
        holder: undefined,
        winner: undefined,
        closedAs: undefined,
      })
      sweepLater()
    },
    async claim(orderId, pharmacyId) {
      checkOpen()
      return answer(find(orderId), pharmacyId)
    },
    async confirm(orderId, pharmacyId) {
      checkOpen()
      const order = find(orderId)
      if (order) order.winner = pharmacyId
    },
    async release(orderId, pharmacyId) {
      checkOpen()
      const order = find(orderId)
      if (order?.holder?.pharmacyId === pharmacyId) order.holder = undefined
    },
    async close(orderId, outcome) {
      checkOpen()
      const order = find(orderId)
      if (order) order.closedAs ??= outcome
    },
    async shutdown() {
      open = false
      cancelSweep?.()
      orders.clear()
    },
  }
}
