/** The custody of an order as its parties see it. Nothing in it is a secret between them. */
import { custodyBounds } from '../../protocol/custody/limits.ts'
import type { OrderCustodyView } from '../../protocol/custody/facts.ts'
import { policyOf } from '../../protocol/custody/policies.ts'
import { isoTime } from '../../protocol/kernel/iso-time.ts'
import { returnDueMs } from './custody.ts'
import { classesOf, custodyOf, orderPolicy } from './custody-state.ts'
import { pharmacyOf, type Order } from './state.ts'

/** Null for goods that ask for nothing and with which nothing happened. */
export function custodyView(order: Exclude<Order, { kind: 'absent' }>): OrderCustodyView | null {
  const policy = orderPolicy(order, pharmacyOf(order))
  if (policy === null && order.core.custody === undefined) return null
  const { pickup, handover, return: back, minimumAge, celsius } = policy ?? policyOf([])
  const custody = custodyOf(order)
  const { scanned, packages, seal, packedAtMs, code } = custody
  const dueMs = returnDueMs(order)
  return {
    classes: [...classesOf(order)],
    needs: { pickup: [...pickup], handover: [...handover], return: [...back] },
    minimum_age: minimumAge,
    celsius,
    return_by: dueMs === null ? null : isoTime(dueMs),
    packed: packedAtMs !== null,
    sealed: seal !== null,
    packages: packages.length,
    scanned: {
      pickup: scanned.pickup.length,
      handover: scanned.handover.length,
      return: scanned.return.length,
    },
    agents: custody.agents.map(({ name, relationship }) => ({ name, relationship })),
    code: {
      generation: code.generation,
      tries_left: Math.max(0, custodyBounds.codeTriesMax - code.wrong),
    },
    breaks: custody.breaks.map(({ number, kind, stage, atMs, outcome, celsius, verdict }) => ({
      number,
      kind,
      stage,
      opened_at: isoTime(atMs),
      outcome,
      ...(celsius !== undefined && { celsius }),
      ...(verdict !== undefined && { verdict }),
    })),
  }
}
