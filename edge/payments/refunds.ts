/** Refunds by administrators, with four eyes: one proposes, and another one approves. */
import type { Transaction } from 'kysely'
import type { Tables } from '../../migrations/database/tables.ts'
import { CaduceusError } from '../../protocol/kernel/errors.ts'
import type { Kernel } from '../kernel/kernel.ts'
import { requireIndependent } from '../kernel/sponsors.ts'
import { invalid } from '../kernel/validate.ts'
import { paymentLimits } from './limits.ts'
import type { Parts, Payment, PaymentCommand } from './payment.ts'
import { minorOf } from './said.ts'
import { LedgerRefusal, LockedPayments } from './store.ts'

type Books = Pick<Kernel, 'database' | 'nowMs' | 'random'>

/** Says what is given back, by the parts of the price. */
export interface Proposal {
  goods_amount?: number
  tax_amount?: number
  delivery_fee?: number
  tip?: number
  reason: string
}

/** Throws `payment_not_found`, `payment_state_conflict`, `refund_exceeds_payment`. */
export async function proposeRefund(
  books: Books,
  orderId: string,
  by: string,
  refundId: string,
  { reason, ...given }: Proposal,
): Promise<void> {
  await tell(books, orderId, async ({ currency, refunds }) => {
    if (refunds.length >= paymentLimits.refundsMax)
      throw new CaduceusError('payment_state_conflict', 'it has too many refunds')
    const minor = (field: keyof typeof given) => minorOf(field, given[field] ?? 0, currency)
    const parts: Parts = {
      goodsMinor: minor('goods_amount'),
      taxMinor: minor('tax_amount'),
      feeMinor: minor('delivery_fee'),
      tipMinor: minor('tip'),
    }
    return { do: 'propose_refund', refundId, parts, reason, by }
  })
}

/**
 * Throws `not_found`, `second_person_required`, `payment_state_conflict`, and `ledger_conflict` when
 * a driver who would give a tip back has been paid.
 */
export const decideRefund = (
  books: Books,
  orderId: string,
  by: string,
  refundId: string,
  isApproved: boolean,
): Promise<void> =>
  tell(books, orderId, async ({ refunds }, tx) => {
    const refund = refunds.find(one => one.refundId === refundId)
    // Two accounts of one administrator are no four eyes.
    if (isApproved && refund?.state === 'proposed' && refund.proposedBy !== by)
      await requireIndependent(tx, refund.proposedBy, by, books.nowMs())
    return { do: 'decide_refund', refundId, isApproved, by }
  })

function tell(
  { database: { kysely: db }, nowMs, random }: Books,
  orderId: string,
  commandFor: (payment: Payment, tx: Transaction<Tables>) => Promise<PaymentCommand>,
): Promise<void> {
  return db.transaction().execute(async tx => {
    const payments = await LockedPayments.of(tx, [orderId])
    const payment = payments.get(orderId)
    if (payment === null)
      throw new CaduceusError('payment_not_found', 'this order names no way to pay')
    const command = await commandFor(payment, tx)
    const decision = payments.tell(orderId, command, new Date(nowMs()))
    if (!decision.ok)
      switch (decision.refusal) {
        case 'refund_not_found':
          throw new CaduceusError('not_found', 'no such refund')
        case 'amount_not_whole':
          throw invalid([
            { field: 'goods_amount', rule: 'or another amount must be above nothing' },
          ])
        default:
          throw new CaduceusError(decision.refusal)
      }
    await payments.write(new Map(), { nowMs, random }).catch((error: unknown) => {
      throw error instanceof LedgerRefusal
        ? new CaduceusError('ledger_conflict', error.message)
        : error
    })
  })
}
