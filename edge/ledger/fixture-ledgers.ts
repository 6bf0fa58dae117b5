/**
 * What the tests of the ledger share: a ledger in memory around the pure rules, and the form in
 * which both it and the store in PostgreSQL are tested.
 */
import { emptyAccount, type Account, type AccountFlag, type AccountKey } from './account.ts'
import { expire, post, type Books, type Outcome } from './post.ts'
import type { StoredTransfer, Transfer } from './transfer.ts'
import { transferId } from './chart.ts'

/** A ledger, as its contract sees it. */
export interface Subject {
  open(keys: readonly AccountKey[]): Promise<void>
  record(group: readonly Transfer[], atMs: number): Promise<Outcome>
  expire(atMs: number): Promise<number>
  account(id: string): Promise<Account>
}

/** The sums of an account as four numbers: debits pending and posted, credits pending and posted. */
export const sumsOf = (account: Account): number[] =>
  [account.debitsPending, account.debitsPosted, account.creditsPending, account.creditsPosted].map(
    Number,
  )

export const key = (id: string, flag: AccountFlag | null = null, currency = 'USD'): AccountKey => ({
  id,
  code: 'world',
  ownerId: id,
  currency,
  flag,
})

/** A ledger in memory. */
export class MemoryLedger implements Books {
  readonly accounts = new Map<string, Account>()
  readonly transfers = new Map<string, StoredTransfer>()

  open(keys: readonly AccountKey[]): void {
    for (const one of keys)
      if (!this.accounts.has(one.id)) this.accounts.set(one.id, emptyAccount(one))
  }
  account(id: string): Account | undefined {
    return this.accounts.get(id)
  }
  transfer(id: string): StoredTransfer | undefined {
    return this.transfers.get(id)
  }
  settlementOf(pendingId: string): StoredTransfer | undefined {
    return [...this.transfers.values()].find(one => one.pendingId === pendingId)
  }
  record(group: readonly Transfer[], atMs: number): Outcome {
    return this.#take(post(this, group, atMs))
  }
  expire(atMs: number): number {
    const outcome = expire(this, [...this.transfers.keys()], atMs, id => transferId('expired', id))
    this.#take(outcome)
    return outcome.ok ? outcome.transfers.length : 0
  }
  #take(outcome: Outcome): Outcome {
    if (outcome.ok) {
      for (const account of outcome.accounts) this.accounts.set(account.id, account)
      for (const transfer of outcome.transfers) this.transfers.set(transfer.id, transfer)
    }
    return outcome
  }
}
