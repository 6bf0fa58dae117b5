/**
 * Claims decide atomically which pharmacy may win a request, so that the others never reach the
 * engine. A claim is a fast filter and may forget everything; the order's actor decides.
 *
 * Rules, tested by `contract.ts` against every adapter: C1: Of any number of simultaneous claims by
 * eligible pharmacies exactly one hears `won`. C2: The holder that asks again hears `won` again.
 * C3: Others hear `held` until the holder is confirmed, then `taken`. C4: An unconfirmed claim
 * lapses after leaseMs; the next pharmacy that asks wins. C5: A pharmacy that was not asked hears
 * `not_eligible`, whatever the state. C6: At or after the deadline an unheld claim answers
 * `too_late`; a confirmed one still answers `taken`. C7: `close` ends the claim: everybody hears
 * `closed` with its outcome. A confirmed winner stays `won`/`taken`. C8: An order that the store
 * does not know answers `unknown`. C9: A second `open` changes nothing that was already decided.
 * C10: `release` by the holder frees an unconfirmed claim at once; by another pharmacy it does
 * nothing. C11: `confirm` sets the winner even over another's unconfirmed hold, because it comes
 * from the journal. C12: When the store cannot be reached, every call rejects `unavailable` within
 * a bound.
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
