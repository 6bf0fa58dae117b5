/**
 * The transfers that follow from the facts of a payment. Pure. What was taken enters the account of
 * the order and leaves it in the same group, so an order that is over has nothing left on it. The
 * fee goes back to the world, from which the driver's earnings come with the driver's own event.
 */
import { accountOf, transferId, type AccountCode } from '../ledger/chart.ts'
import type { Group } from '../ledger/store.ts'
import type { Move } from '../ledger/transfer.ts'
import { dueMinor, type Payment, type PaymentFact } from './payment.ts'

/** `payment` is the state after the fact. Empty when the fact moves nothing. */
export function bookingsOf(orderId: string, payment: Payment, fact: PaymentFact): Group[] {
  if (fact.type === 'captured') return [captured(orderId, payment)]
  if (fact.type === 'refund_approved') {
    const { refundId } = fact.data
    const { goodsMinor, taxMinor, feeMinor, tipMinor } = payment.refunds.find(
      one => one.refundId === refundId,
    )!.parts
    const { pharmacyId } = payment.price!
    const { driverId } = payment.taken!
    const customer: Side = ['world', null]
    // Each part is given back by its receiver. The driver has earned the fee, so the platform bears it.
    return [
      group(orderId, payment.currency, [
        ['refund_goods', goodsMinor, ['pharmacy_payable', pharmacyId], customer, refundId],
        ['refund_tax', taxMinor, ['pharmacy_tax', pharmacyId], customer, refundId],
        ['refund_fee', feeMinor, ['platform_revenue', null], customer, refundId],
        ['refund_tip', tipMinor, ['driver_payable', driverId], customer, refundId],
      ]),
    ]
  }
  return []
}

type Side = readonly [AccountCode, string | null]
/** The reason, the amount, the debited account, the credited account, and what makes the id. */
type Line = readonly [string, number, Side, Side, string?]

function captured(orderId: string, payment: Payment): Group {
  const { goodsMinor, taxMinor, feeMinor, pharmacyId } = payment.price!
  const { takenMinor, driverId } = payment.taken!
  const over = takenMinor - dueMinor(payment)!
  const order: Side = ['order_clearing', orderId]
  const difference: Side = ['cash_difference', driverId]
  return group(orderId, payment.currency, [
    ['cash_taken', takenMinor, ['driver_cash', driverId], order],
    ['cash_short', Math.max(-over, 0), difference, order],
    ['goods', goodsMinor, order, ['pharmacy_payable', pharmacyId]],
    ['tax', taxMinor, order, ['pharmacy_tax', pharmacyId]],
    ['delivery_fee', feeMinor, order, ['world', null]],
    ['tip', payment.tipMinor, order, ['driver_payable', driverId]],
    ['cash_over', Math.max(over, 0), order, difference],
  ])
}

function group(orderId: string, currency: string, lines: readonly Line[]): Group {
  const used = lines.filter(([, amount]) => amount > 0)
  const key = ([code, ownerId]: Side) => accountOf(code, ownerId, currency)
  return {
    opens: used.flatMap(([, , debit, credit]) => [key(debit), key(credit)]),
    transfers: used.map(([code, amount, debit, credit, once = orderId]): Move => ({
      id: transferId(code, once),
      code,
      phase: 'direct',
      debitId: key(debit).id,
      creditId: key(credit).id,
      currency,
      amount: BigInt(amount),
      aboutId: orderId,
    })),
  }
}
