/**
 * Leases decide which engine may write which slot. The epoch of a slot grows with each acquisition.
 * An append under an old epoch writes nothing.
 *
 * Rule, tested by `contract/leases.ts` against every adapter:
 * J10 acquireSlots takes free or lapsed slots and increments the epoch; it respects a live lease of
 *     another engine unless `force`. A lease lasts for the time of its acquisition, and then as
 *     long as the membership of its owner. renewSlots keeps all leases that are still ours, at
 *     once, and names them. releaseSlots frees slots at once.
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
  /**
   * Renews this engine's membership, and with it the leases that it holds. Returns those leases and
   * the ids of the living engines.
   */
  renewSlots(engineId: string, leaseMs: number): Promise<{ leases: SlotLease[]; engines: string[] }>
  releaseSlots(engineId: string, slots: readonly number[]): Promise<void>
  leave(engineId: string): Promise<void>
}
