/**
 * The transfers that follow from the facts of a payment. Pure. What was taken enters the account of
 * the order and leaves it in the same group, so an order that is over has nothing left on it. The
 * fee goes back to the world, from which the driver's earnings come with the driver's own event.
 */
import { accountOf, transferId, type AccountCode } from '../ledger/chart.ts'
import type { Group } from '../ledger/store.ts'
import type { Move, Settlement } from '../ledger/transfer.ts'
import { dueMinor, type Payment, type PaymentFact } from './payment.ts'

/** `payment` is the state after the fact. Empty when the fact moves nothing. */
export function bookingsOf(orderId: string, payment: Payment, fact: PaymentFact): Group[] {
  const { currency } = payment
  switch (fact.type) {
    case 'authorised': {
      const { id, amountMinor } = fact.data
      const order: Side = ['order_clearing', orderId]
      const lines: Line[] = [['card_charged', amountMinor, ['processor_clearing', null], order, id]]
      return [group(orderId, currency, lines, 'pending')]
    }
    case 'captured':
      return [captured(orderId, payment)]
    case 'authorisation_lost':
    case 'released':
      // One that waited for its customer has reserved nothing.
      return fact.data.wasAuthorised
        ? [{ transfers: [settlement('card_charged', fact.data.id, 'void')] }]
        : []
    case 'refund_approved':
      return [group(orderId, currency, refundLines(payment, fact.data.refundId), 'pending')]
    case 'refund_paid':
      return [{ transfers: settlements(payment, fact.data.refundId, 'post') }]
    case 'refund_failed': {
      const { refundId, wasPaid } = fact.data
      if (!wasPaid) return [{ transfers: settlements(payment, refundId, 'void') }]
      const back = refundLines(payment, refundId).map(([code, amount, debit, credit]): Line => [
        `${code}_failed`,
        amount,
        credit,
        debit,
        refundId,
      ])
      return [group(orderId, currency, back)]
    }
    default:
      return []
  }
}

type Side = readonly [AccountCode, string | null]
/** The reason, the amount, the debited account, the credited account, and what makes the id. */
type Line = readonly [string, number, Side, Side, string?]

function captured(orderId: string, payment: Payment): Group {
  const { goodsMinor, taxMinor, feeMinor, pharmacyId } = payment.price!
  const { takenMinor, driverId } = payment.taken!
  const over = takenMinor - dueMinor(payment)!
  const order: Side = ['order_clearing', orderId]
  const isCash = payment.method === 'cash'
  const difference: Side = isCash ? ['cash_difference', driverId] : ['platform_revenue', null]
  const onward = group(orderId, payment.currency, [
    ['cash_taken', isCash ? takenMinor : 0, ['driver_cash', driverId], order],
    ['taken_short', Math.max(-over, 0), difference, order],
    ['goods', goodsMinor, order, ['pharmacy_payable', pharmacyId]],
    ['tax', taxMinor, order, ['pharmacy_tax', pharmacyId]],
    ['delivery_fee', feeMinor, order, ['world', null]],
    ['tip', payment.tipMinor, order, ['driver_payable', driverId]],
    ['taken_over', Math.max(over, 0), order, difference],
  ])
  if (isCash || takenMinor === 0) return onward
  const charged = settlement('card_charged', payment.card!.id, 'post', takenMinor)
  return { ...onward, transfers: [charged, ...onward.transfers] }
}

/** Each part is given back by its receiver. The driver has earned the fee, so the platform bears it. */
function refundLines(payment: Payment, refundId: string): Line[] {
  const { parts } = payment.refunds.find(one => one.refundId === refundId)!
  const { pharmacyId } = payment.price!
  const { driverId } = payment.taken!
  const customer: Side = [payment.method === 'cash' ? 'world' : 'processor_clearing', null]
  return [
    ['refund_goods', parts.goodsMinor, ['pharmacy_payable', pharmacyId], customer, refundId],
    ['refund_tax', parts.taxMinor, ['pharmacy_tax', pharmacyId], customer, refundId],
    ['refund_fee', parts.feeMinor, ['platform_revenue', null], customer, refundId],
    ['refund_tip', parts.tipMinor, ['driver_payable', driverId], customer, refundId],
  ]
}

/** The ends of the pending transfers of a refund. */
const settlements = (
  payment: Payment,
  refundId: string,
  phase: Settlement['phase'],
): Settlement[] =>
  refundLines(payment, refundId)
    .filter(([, amount]) => amount > 0)
    .map(([code]) => settlement(code, refundId, phase))

function group(
  orderId: string,
  currency: string,
  lines: readonly Line[],
  phase: Move['phase'] = 'direct',
): Group {
  const used = lines.filter(([, amount]) => amount > 0)
  const key = ([code, ownerId]: Side) => accountOf(code, ownerId, currency)
  return {
    opens: used.flatMap(([, , debit, credit]) => [key(debit), key(credit)]),
    transfers: used.map(([code, amount, debit, credit, once = orderId]): Move => ({
      id: transferId(code, once),
      code,
      phase,
      debitId: key(debit).id,
      creditId: key(credit).id,
      currency,
      amount: BigInt(amount),
      aboutId: orderId,
    })),
  }
}

/** Ends the pending transfer with this reason and id. */
const settlement = (
  code: string,
  once: string,
  phase: Settlement['phase'],
  amountMinor?: number,
): Settlement => ({
  id: transferId(code, once, phase),
  code,
  phase,
  pendingId: transferId(code, once),
  ...(amountMinor !== undefined && { amount: BigInt(amountMinor) }),
})
