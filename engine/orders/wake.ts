/**
 * When an order must be looked at again without a command, and why. It is derived from the state,
 * so recovery needs no stored timers.
 */
import { returnDueMs } from './custody.ts'
import type { Order } from './state.ts'

export type OrderWake =
  | { atMs: number; why: 'expire' | 'search' | 'return' }
  | { atMs: number; why: 'offer'; offerId: string }

/**
 * Null when nothing happens without a command. A search is due at once; the engine puts it off when
 * no driver is near.
 */
export function wake(order: Order): OrderWake | null {
  if (order.kind === 'broadcast') return { atMs: order.broadcast.expiresAtMs, why: 'expire' }
  const returnByMs = returnDueMs(order)
  if (returnByMs !== null) return { atMs: returnByMs, why: 'return' }
  if (order.kind !== 'accepted') return null
  if (order.search.kind === 'searching') return { atMs: 0, why: 'search' }
  if (order.search.kind === 'offering')
    return {
      atMs: order.search.offer.expiresAtMs,
      why: 'offer',
      offerId: order.search.offer.offerId,
    }
  return null
}
