/**
 * The acknowledgements that clients got and must find again. Only received answers are noted; a
 * missing answer says nothing. Contradictions between two answers are found here at once, without
 * the journal.
 */
import type { Asked } from './ask.ts'

export type Step =
  | 'picked_up'
  | 'out_for_delivery'
  | 'delivered'
  | 'failed'
  | 'returning'
  | 'returned'

/** All acknowledged facts about one order. */
export interface Remembered {
  orderId: string
  customerId: string
  /** The request that created it. A repetition must name the same order. */
  asked: Asked
  kind: 'broadcast' | 'direct'
  winner: string | null
  /** Pharmacies that were told that another one has it. */
  losers: Set<string>
  declined: Set<string>
  rejected: boolean
  cancelled: boolean
  expiredTold: boolean
  assigned: string[]
  steps: Step[]
}

export class Memory {
  readonly orders = new Map<string, Remembered>()
  /**
   * Number of creations that were sent, by customer. Each may have made one order, acknowledged or
   * not.
   */
  readonly attempted = new Map<string, number>()
  readonly contradictions: string[] = []
  acknowledgements = 0

  attempting(customerId: string): void {
    this.attempted.set(customerId, (this.attempted.get(customerId) ?? 0) + 1)
  }

  created(orderId: string, customerId: string, asked: Asked, kind: Remembered['kind']): Remembered {
    this.acknowledgements++
    if (this.orders.has(orderId))
      this.contradictions.push(`[3] two creations were answered with the order ${orderId}`)
    const remembered: Remembered = {
      orderId,
      customerId,
      asked,
      kind,
      winner: null,
      losers: new Set(),
      declined: new Set(),
      rejected: false,
      cancelled: false,
      expiredTold: false,
      assigned: [],
      steps: [],
    }
    this.orders.set(orderId, remembered)
    return remembered
  }

  /** Does nothing for an order whose creation was never acknowledged. */
  note(orderId: string, note: (remembered: Remembered) => void): void {
    const remembered = this.orders.get(orderId)
    if (remembered === undefined) return
    this.acknowledgements++
    note(remembered)
  }

  won(orderId: string, pharmacyId: string): void {
    this.note(orderId, order => {
      if (order.winner !== null && order.winner !== pharmacyId)
        this.contradictions.push(
          `[1] ${orderId}: both ${order.winner} and ${pharmacyId} were told that they won`,
        )
      order.winner = pharmacyId
    })
  }
}
