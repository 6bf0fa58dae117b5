/**
 * An account of the ledger. It keeps two sums on each side: what is posted, and what is only
 * reserved. All amounts are whole minor units of the account's currency, as bigint, so no sum is
 * ever rounded.
 */

/** A bound that no transfer may break. Without one the account may go either way. */
export type AccountFlag = 'debits_must_not_exceed_credits' | 'credits_must_not_exceed_debits'

export interface AccountKey {
  readonly id: string
  /** Its place in the chart of accounts. */
  readonly code: string
  /** The record that it belongs to; null for an account of the platform. */
  readonly ownerId: string | null
  /** ISO 4217. A transfer never leaves its currency. */
  readonly currency: string
  readonly flag: AccountFlag | null
}

export interface Account extends AccountKey {
  readonly debitsPending: bigint
  readonly debitsPosted: bigint
  readonly creditsPending: bigint
  readonly creditsPosted: bigint
}

/** The largest sum of an account: a bigint of PostgreSQL. */
export const sumMax = 2n ** 63n - 1n

/** The account before its first transfer. */
export const emptyAccount = (key: AccountKey): Account => ({
  ...key,
  debitsPending: 0n,
  debitsPosted: 0n,
  creditsPending: 0n,
  creditsPosted: 0n,
})
