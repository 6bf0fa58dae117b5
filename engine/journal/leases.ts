/**
 * Leases: which engine may write which slot. A slot's epoch grows with each acquisition, and an append under
 * an epoch that is over writes nothing.
 *
 * Rule, tested by `contract/leases.ts` against every adapter:
 *  J10 acquireSlots takes free or lapsed slots and increments the epoch; a live lease of another is respected
 *      unless `force`. A lease lasts as it was acquired, and then for as long as its owner's membership does. renew
 *      keeps what is still ours, all of it at once, and says which. release frees at once.
 */

export interface SlotLease {
  slot: number
  epoch: number
}

export interface Leases {
  acquireSlots(
    engineId: string,
    slots: readonly number[],
    leaseMs: number,
    force?: boolean,
  ): Promise<SlotLease[]>
  /** Renews this engine's membership, and with it what it holds; returns that, and the engines that are alive, by id. */
  renewSlots(engineId: string, leaseMs: number): Promise<{ leases: SlotLease[]; engines: string[] }>
  releaseSlots(engineId: string, slots: readonly number[]): Promise<void>
  leave(engineId: string): Promise<void>
}
