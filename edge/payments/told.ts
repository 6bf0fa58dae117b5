/** The facts of a payment that others hear, under their public names. Pure. */
import type { PaymentEvent } from '../../protocol/dispatch/money-events.ts'
import type { MoneyFact } from '../facts/store.ts'
import {
  amountOf,
  dueMinor,
  givenBackMinor,
  statusOf,
  type Payment,
  type PaymentFact,
} from './payment.ts'

/** Steps within the house are told to nobody: proposals, and what only the processor needs. */
const names: Readonly<Record<PaymentFact['type'], PaymentEvent['type'] | null>> = {
  opened: 'opened',
  priced: 'priced',
  action_required: 'action_required',
  authorised: 'authorised',
  authorisation_lost: 'authorisation_lost',
  released: 'released',
  authorisation_refused: 'failed',
  captured: 'captured',
  closed: 'closed',
  refund_paid: 'refunded',
  refund_failed: 'refund_failed',
  authorisation_doubled: null,
  handed_over: null,
  refund_proposed: null,
  refund_approved: null,
  refund_refused: null,
}

export const isTold = ({ type }: PaymentFact): boolean => names[type] !== null

/** The parties of a payment, from its row. */
interface Parties {
  order_id: string
  customer_id: string
  vendor_id: string | null
}

/** A told fact. `payment` is as it is after the fact; `number` counts the told facts of the payment. */
export function toldFact(
  { order_id, customer_id, vendor_id }: Parties,
  payment: Payment,
  fact: PaymentFact,
  number: number,
  at: Date,
): MoneyFact {
  const { method, currency, taken } = payment
  const refund =
    fact.type === 'refund_paid' || fact.type === 'refund_failed'
      ? payment.refunds.find(one => one.refundId === fact.data.refundId)!
      : null
  return {
    actor: 'payment',
    actorId: order_id,
    type: names[fact.type]!,
    orderSeq: number,
    pharmacyId: vendor_id,
    at,
    data: {
      order_id,
      customer_id,
      vendor_id,
      driver_id: taken?.driverId ?? null,
      method,
      currency,
      status: statusOf(payment),
      due_minor: dueMinor(payment),
      taken_minor: taken?.takenMinor ?? null,
      refunded_minor: givenBackMinor(payment),
      ...(refund !== null && { refund_id: refund.refundId, amount_minor: amountOf(refund.parts) }),
    } satisfies PaymentEvent['data'],
  }
}
