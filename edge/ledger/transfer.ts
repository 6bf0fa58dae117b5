/**
 * A transfer: one amount from one account to another. It never changes. A pending transfer reserves
 * its amount until a second one posts it, voids it, or its time is over. A mistake is corrected by
 * another transfer.
 */

interface Told {
  /** A repeat of a transfer has its id, so a transfer happens once. */
  readonly id: string
  /** The reason, as a word of the chart. */
  readonly code: string
  /** The record that the transfer is about; null for none. */
  readonly aboutId?: string | null
  /** The person who asked for it, for transfers by hand. */
  readonly byId?: string | null
  readonly note?: string | null
}

/** Moves an amount at once, or reserves it. */
export interface Move extends Told {
  readonly phase: 'direct' | 'pending'
  readonly debitId: string
  readonly creditId: string
  readonly currency: string
  readonly amount: bigint
  /** For a pending transfer: it is over after that time. Without it nothing ends it by itself. */
  readonly timeoutMs?: number
}

/** Ends a pending transfer. */
export interface Settlement extends Told {
  readonly phase: 'post' | 'void'
  readonly pendingId: string
  /** Posts less than was reserved; the rest is free again. Without it everything is posted. */
  readonly amount?: bigint
}

export type Transfer = Move | Settlement

/** A transfer that happened. */
export interface StoredTransfer {
  readonly id: string
  readonly code: string
  /** `expire` is written by the ledger itself. */
  readonly phase: 'direct' | 'pending' | 'post' | 'void' | 'expire'
  readonly debitId: string
  readonly creditId: string
  readonly currency: string
  /** Of `void` and `expire`: the amount that is free again. */
  readonly amount: bigint
  /** The pending transfer that this one ends. */
  readonly pendingId: string | null
  readonly timeoutMs: number | null
  readonly aboutId: string | null
  readonly byId: string | null
  readonly note: string | null
  readonly atMs: number
}

/** True for the transfers that are moves, not ends of other transfers. */
export const isMove = (transfer: Transfer): transfer is Move =>
  transfer.phase === 'direct' || transfer.phase === 'pending'
