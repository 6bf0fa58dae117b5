/**
 * Decides whether a group of transfers may happen. The group happens as a whole or not at all. The
 * rules are those of TigerBeetle: accounts with flags, immutable transfers, two phases. Pure; the
 * store reads the books before and writes the outcome after. Rejected: TigerBeetle itself, because
 * one more server would have to be run, backed up and kept equal to the journal.
 */
import { sumMax, type Account } from './account.ts'
import {
  isMove,
  type Move,
  type Settlement,
  type StoredTransfer,
  type Transfer,
} from './transfer.ts'

/** The accounts and transfers that a group is about. */
export interface Books {
  account(id: string): Account | undefined
  transfer(id: string): StoredTransfer | undefined
  /** The transfer that ended a pending one. */
  settlementOf(pendingId: string): StoredTransfer | undefined
}

export type Refusal =
  | 'group_is_empty'
  | 'id_twice_in_group'
  | 'exists_with_other_content'
  | 'exists_in_part'
  | 'amount_must_be_positive'
  | 'accounts_must_differ'
  | 'debit_account_not_found'
  | 'credit_account_not_found'
  | 'currencies_must_be_equal'
  | 'timeout_must_be_positive'
  | 'timeout_is_for_pending_transfers'
  | 'sum_too_large'
  | 'exceeds_credits'
  | 'exceeds_debits'
  | 'pending_transfer_not_found'
  | 'transfer_is_not_pending'
  | 'pending_transfer_already_posted'
  | 'pending_transfer_already_voided'
  | 'pending_transfer_expired'
  | 'exceeds_pending_amount'
  | 'amount_is_for_posting'

export type Outcome =
  | {
      readonly ok: true
      /** The whole group had happened before; nothing is written. */
      readonly repeated: boolean
      readonly accounts: readonly Account[]
      readonly transfers: readonly StoredTransfer[]
    }
  | {
      readonly ok: false
      readonly refusal: Refusal
      /** Place in the group. */ readonly at: number
    }

const refused = (refusal: Refusal, at = 0): Outcome => ({ ok: false, refusal, at })

/** `nowMs`: time of the transfers, ms since the epoch. Never throws. */
export function post(books: Books, group: readonly Transfer[], nowMs: number): Outcome {
  if (group.length === 0) return refused('group_is_empty')
  const ids = new Set<string>()
  for (const [at, { id }] of group.entries()) {
    if (ids.has(id)) return refused('id_twice_in_group', at)
    ids.add(id)
  }
  const before = repeatOf(books, group)
  if (before !== null) return before
  const draft = new Draft(books, nowMs)
  for (const [at, transfer] of group.entries()) {
    const refusal = isMove(transfer) ? draft.move(transfer) : draft.settle(transfer)
    if (refusal !== null) return refused(refusal, at)
  }
  return draft.outcome()
}

/** The group's outcome when some of its transfers happened before; null when none did. */
function repeatOf(books: Books, group: readonly Transfer[]): Outcome | null {
  let known = 0
  for (const [at, transfer] of group.entries()) {
    const stored = books.transfer(transfer.id)
    if (stored === undefined) continue
    if (!isSame(books, stored, transfer)) return refused('exists_with_other_content', at)
    known++
  }
  if (known === 0) return null
  if (known < group.length) return refused('exists_in_part')
  return { ok: true, repeated: true, accounts: [], transfers: [] }
}

function isSame(books: Books, stored: StoredTransfer, given: Transfer): boolean {
  if (stored.phase !== given.phase || stored.code !== given.code) return false
  if (stored.aboutId !== (given.aboutId ?? null)) return false
  if (isMove(given))
    return (
      stored.debitId === given.debitId &&
      stored.creditId === given.creditId &&
      stored.currency === given.currency &&
      stored.amount === given.amount &&
      stored.timeoutMs === (given.timeoutMs ?? null)
    )
  const whole = books.transfer(given.pendingId)?.amount
  return stored.pendingId === given.pendingId && stored.amount === (given.amount ?? whole)
}

/** Is the time of a pending transfer over? */
const isOver = ({ atMs, timeoutMs }: StoredTransfer, nowMs: number): boolean =>
  timeoutMs !== null && nowMs >= atMs + timeoutMs

/**
 * Ends those of these pending transfers whose time is over and that nothing ended before. `idOf`
 * gives the id of the new transfer.
 */
export function expire(
  books: Books,
  pendingIds: readonly string[],
  nowMs: number,
  idOf: (pendingId: string) => string,
): Outcome {
  const draft = new Draft(books, nowMs)
  for (const pendingId of pendingIds) {
    const pending = books.transfer(pendingId)
    if (pending?.phase !== 'pending' || !isOver(pending, nowMs)) continue
    if (books.settlementOf(pendingId) === undefined) draft.expire(pending, idOf(pendingId))
  }
  return draft.outcome()
}

/** The books with the transfers of the group that were taken so far. */
class Draft {
  readonly #books: Books
  readonly #nowMs: number
  readonly #accounts = new Map<string, Account>()
  readonly #transfers = new Map<string, StoredTransfer>()
  readonly #settlements = new Map<string, StoredTransfer>()

  constructor(books: Books, nowMs: number) {
    this.#books = books
    this.#nowMs = nowMs
  }

  outcome(): Outcome {
    const [accounts, transfers] = [[...this.#accounts.values()], [...this.#transfers.values()]]
    return { ok: true, repeated: false, accounts, transfers }
  }

  move(move: Move): Refusal | null {
    const { amount, debitId, creditId, currency, timeoutMs } = move
    if (amount <= 0n) return 'amount_must_be_positive'
    if (debitId === creditId) return 'accounts_must_differ'
    const [debit, credit] = [this.#account(debitId), this.#account(creditId)]
    if (debit === undefined) return 'debit_account_not_found'
    if (credit === undefined) return 'credit_account_not_found'
    if (debit.currency !== currency || credit.currency !== currency)
      return 'currencies_must_be_equal'
    if (timeoutMs !== undefined) {
      if (move.phase === 'direct') return 'timeout_is_for_pending_transfers'
      if (!(timeoutMs > 0)) return 'timeout_must_be_positive'
    }
    const [debits, credits] = [
      debit.debitsPending + debit.debitsPosted + amount,
      credit.creditsPending + credit.creditsPosted + amount,
    ]
    if (debits > sumMax || credits > sumMax) return 'sum_too_large'
    // What is only reserved for the other side does not count, because it may never come.
    if (debit.flag === 'debits_must_not_exceed_credits' && debits > debit.creditsPosted)
      return 'exceeds_credits'
    if (credit.flag === 'credits_must_not_exceed_debits' && credits > credit.debitsPosted)
      return 'exceeds_debits'
    if (move.phase === 'pending') this.#add(move, amount, 0n)
    else this.#add(move, 0n, amount)
    this.#store({ ...move, pendingId: null, timeoutMs: timeoutMs ?? null })
    return null
  }

  settle(settlement: Settlement): Refusal | null {
    const { phase, pendingId } = settlement
    const pending = this.#transfers.get(pendingId) ?? this.#books.transfer(pendingId)
    if (pending === undefined) return 'pending_transfer_not_found'
    if (pending.phase !== 'pending') return 'transfer_is_not_pending'
    const ended = this.#settlements.get(pendingId) ?? this.#books.settlementOf(pendingId)
    if (ended !== undefined)
      return ended.phase === 'post'
        ? 'pending_transfer_already_posted'
        : ended.phase === 'void'
          ? 'pending_transfer_already_voided'
          : 'pending_transfer_expired'
    if (isOver(pending, this.#nowMs)) return 'pending_transfer_expired'
    if (phase === 'void' && settlement.amount !== undefined) return 'amount_is_for_posting'
    const amount = settlement.amount ?? pending.amount
    if (amount <= 0n) return 'amount_must_be_positive'
    if (amount > pending.amount) return 'exceeds_pending_amount'
    this.#add(pending, -pending.amount, phase === 'post' ? amount : 0n)
    this.#end(pending, { ...settlement, amount })
    return null
  }

  expire(pending: StoredTransfer, id: string): void {
    this.#add(pending, -pending.amount, 0n)
    const { code, aboutId, amount } = pending
    this.#end(pending, { id, code, phase: 'expire', aboutId, amount, pendingId: pending.id })
  }

  #end(
    { debitId, creditId, currency }: StoredTransfer,
    end: Omit<Settlement, 'phase'> & { phase: 'post' | 'void' | 'expire'; amount: bigint },
  ): void {
    const stored = this.#store({ ...end, debitId, creditId, currency, timeoutMs: null })
    this.#settlements.set(end.pendingId, stored)
  }

  #store(
    given: Omit<StoredTransfer, 'aboutId' | 'byId' | 'note' | 'atMs'> &
      Pick<Transfer, 'aboutId' | 'byId' | 'note'>,
  ): StoredTransfer {
    const { aboutId = null, byId = null, note = null } = given
    const stored = { ...given, aboutId, byId, note, atMs: this.#nowMs }
    this.#transfers.set(stored.id, stored)
    return stored
  }

  #account(id: string): Account | undefined {
    return this.#accounts.get(id) ?? this.#books.account(id)
  }

  #add(
    { debitId, creditId }: Pick<Move, 'debitId' | 'creditId'>,
    pending: bigint,
    posted: bigint,
  ): void {
    const [debit, credit] = [this.#account(debitId)!, this.#account(creditId)!]
    this.#accounts.set(debitId, {
      ...debit,
      debitsPending: debit.debitsPending + pending,
      debitsPosted: debit.debitsPosted + posted,
    })
    this.#accounts.set(creditId, {
      ...credit,
      creditsPending: credit.creditsPending + pending,
      creditsPosted: credit.creditsPosted + posted,
    })
  }
}
