/**
 * Corrections by hand, with four eyes: one administrator proposes, which reserves the amount, and
 * another one, who does not depend on the same administrator, posts or voids it. Nothing in the
 * ledger is ever changed or deleted.
 */
import { sql } from 'kysely'
import { CaduceusError } from '../../protocol/kernel/errors.ts'
import { minorOfDecimal } from '../../protocol/pricing/money.ts'
import type { Kernel } from '../kernel/kernel.ts'
import { requireIndependent } from '../kernel/sponsors.ts'
import { invalid } from '../kernel/validate.ts'
import { transferId } from './chart.ts'
import { ledgerLimits } from './limits.ts'
import type { Refusal } from './post.ts'
import { record } from './store.ts'
import type { Transfer } from './transfer.ts'

type Parts = Pick<Kernel, 'database' | 'nowMs'>

export interface Proposal {
  debit_account_id: string
  credit_account_id: string
  amount: number
  currency: string
  reason: string
}

/** Reserves the amount of a correction. Throws a CaduceusError for every broken rule. */
export async function propose(
  parts: Parts,
  byId: string,
  id: string,
  { debit_account_id, credit_account_id, amount, currency, reason }: Proposal,
): Promise<void> {
  const minor = minorOfDecimal(amount, currency)
  if (minor === null)
    throw invalid([{ field: 'amount', rule: `must be whole in the smallest unit of ${currency}` }])
  await happens(parts, {
    id,
    code: 'correction',
    phase: 'pending',
    debitId: debit_account_id,
    creditId: credit_account_id,
    currency,
    amount: BigInt(minor),
    timeoutMs: ledgerLimits.correctionHours * 3_600_000,
    byId,
    note: reason,
  })
}

/** Posts or voids a correction. Throws `not_found`, `second_person_required`, `ledger_conflict`. */
export async function decideCorrection(
  parts: Parts,
  byId: string,
  pendingId: string,
  isApproved: boolean,
): Promise<void> {
  const {
    rows: [proposed],
  } = await sql<{ by_id: string | null }>`
    select by_id from ledger_transfers where id = ${pendingId} and phase = 'pending' and code = 'correction'`.execute(
    parts.database.kysely,
  )
  if (proposed === undefined) throw new CaduceusError('not_found', 'no such correction')
  // Who has proposed it may take it back, but not post it.
  if (isApproved && proposed.by_id === byId)
    throw new CaduceusError('second_person_required', 'another administrator has to approve it')
  if (isApproved && proposed.by_id !== null)
    await requireIndependent(parts.database.kysely, proposed.by_id, byId, parts.nowMs())
  await happens(parts, {
    id: transferId('decided', pendingId),
    code: 'correction',
    phase: isApproved ? 'post' : 'void',
    pendingId,
    byId,
  })
}

async function happens({ database: { kysely: db }, nowMs }: Parts, transfer: Transfer) {
  const [outcome] = await db
    .transaction()
    .execute(tx => record(tx, [{ transfers: [transfer] }], nowMs()))
  if (!outcome!.ok) throw refusalOf(outcome!.refusal)
}

function refusalOf(refusal: Refusal): CaduceusError {
  switch (refusal) {
    case 'amount_must_be_positive':
      return invalid([{ field: 'amount', rule: 'must be above nothing' }])
    case 'accounts_must_differ':
      return invalid([{ field: 'credit_account_id', rule: 'must be another account' }])
    case 'debit_account_not_found':
      return invalid([{ field: 'debit_account_id', rule: 'must be an account of the ledger' }])
    case 'credit_account_not_found':
      return invalid([{ field: 'credit_account_id', rule: 'must be an account of the ledger' }])
    case 'currencies_must_be_equal':
      return invalid([{ field: 'currency', rule: 'must be the currency of both accounts' }])
    default:
      return new CaduceusError('ledger_conflict', sentences[refusal] ?? refusal)
  }
}
const sentences: Partial<Record<Refusal, string>> = {
  exceeds_credits: 'the debited account has less than that',
  exceeds_debits: 'the credited account has less than that to give back',
  sum_too_large: 'the sums of the account would be too large',
  pending_transfer_already_posted: 'it was approved before',
  pending_transfer_already_voided: 'it was refused before',
  pending_transfer_expired: 'its time is over; propose it again',
  exists_with_other_content: 'another decision was made before',
}
