/**
 * Claims: who may win a broadcast, decided atomically where the race happens, so that losers never
 * reach the engine. A claim is a fast filter and may forget everything; the order's actor decides.
 *
 * Rules, tested by `contract.ts` against every adapter:
 *  C1  Of any number of claims by eligible pharmacies at once exactly one hears `won`.
 *  C2  The holder asking again hears `won` again.
 *  C3  Others hear `held` until the holder is confirmed, then `taken`.
 *  C4  An unconfirmed claim lapses after leaseMs; the next asker wins.
 *  C5  A pharmacy that was not asked hears `not_eligible`, whatever the state.
 *  C6  At or after the deadline an unheld claim answers `too_late`; a confirmed one still `taken`.
 *  C7  `close` ends it: everybody hears `closed` with its outcome; a confirmed winner stays `won`/`taken`.
 *  C8  An order the store does not know answers `unknown`.
 *  C9  `open` twice changes nothing that was already decided.
 *  C10 `release` by the holder frees an unconfirmed claim at once; by anybody else it does nothing.
 *  C11 `confirm` sets the winner even over another's unconfirmed hold: it comes from the journal.
 *  C12 When the store cannot be reached every call rejects `unavailable` within a bound.
 */
export interface Claims {
  open(orderId: string, pharmacyIds: readonly string[], deadlineMs: number): Promise<void>
  claim(orderId: string, pharmacyId: string): Promise<ClaimAnswer>
  confirm(orderId: string, pharmacyId: string): Promise<void>
  release(orderId: string, pharmacyId: string): Promise<void>
  close(orderId: string, outcome: 'expired' | 'cancelled'): Promise<void>
  shutdown(): Promise<void>
}

export type ClaimAnswer =
  | { outcome: 'won' }
  | { outcome: 'held' }
  | { outcome: 'taken'; by: string }
  | { outcome: 'not_eligible' }
  | { outcome: 'too_late' }
  | { outcome: 'closed'; as: 'expired' | 'cancelled' }
  | { outcome: 'unknown' }
