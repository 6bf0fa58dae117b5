/**
 * Facts about money, which edges publish: payments of orders follow from the journal and from the
 * processor of cards, and the earnings of drivers from the ledger. They travel as all other facts do,
 * under a slot number of their own (`moneySlot`). No fact has a name, an address or a medicine.
 */
import Type from 'typebox'
import { ids } from '../kernel/examples.ts'
import { Uuid } from '../kernel/principal.ts'
import { Currency, Minor, oneOf } from '../kernel/schema.ts'
import { paymentMethods } from '../orders/said-money.ts'
import { paymentStatuses } from '../orders/payment-statuses.ts'
import { fact } from './event-row.ts'

const Payment = {
  order_id: Uuid,
  customer_id: Uuid,
  vendor_id: Type.Union([Uuid, Type.Null()], {
    description: 'Null before a pharmacy has accepted',
  }),
  driver_id: Type.Union([Uuid, Type.Null()], { description: 'Null before the hand-over' }),
  method: oneOf(paymentMethods),
  currency: Currency,
  status: oneOf(paymentStatuses, { description: 'After this fact' }),
  due_minor: Type.Union([Minor, Type.Null()], {
    description: 'Goods, tax, fee and tip; null before a pharmacy has accepted',
  }),
  taken_minor: Type.Union([Minor, Type.Null()], { description: 'What the customer paid' }),
  refunded_minor: Minor,
}
const example = {
  order_id: ids.order,
  customer_id: ids.customer,
  vendor_id: ids.pharmacy,
  driver_id: ids.driver,
  method: 'card' as const,
  currency: 'USD',
  status: 'captured' as const,
  due_minor: 1_850,
  taken_minor: 1_850,
  refunded_minor: 0,
}
const unpaid = { ...example, driver_id: null, taken_minor: null }

const row = <T extends Type.TSchema>(
  name: string,
  description: string,
  data: T,
  shown: Type.Static<T>,
) => ({ ...fact(description, data, shown), publicName: `payment.${name}` as const })
const plain = Type.Object(Payment)
const ofRefund = Type.Object({ ...Payment, refund_id: Uuid, amount_minor: Minor })

/** By type, as in `event.payment.<type>.<order_id>`. */
export const paymentEvents = {
  opened: row('opened', 'An order names a way to pay.', plain, {
    ...unpaid,
    vendor_id: null,
    status: 'none',
    due_minor: null,
  }),
  priced: row('priced', 'A pharmacy has accepted the order and said what the goods cost.', plain, {
    ...unpaid,
    status: 'none',
  }),
  action_required: row(
    'action_required',
    'The customer must confirm the payment, or pay in another way.',
    plain,
    { ...unpaid, status: 'requires_action' },
  ),
  authorised: row('authorised', 'The amount is reserved on the card.', plain, {
    ...unpaid,
    status: 'authorised',
  }),
  authorisation_lost: row(
    'authorisation_lost',
    'The reservation ended before the hand-over. Another one is asked for.',
    plain,
    { ...unpaid, status: 'none' },
  ),
  released: row('released', 'The reserved amount is free again; nothing was paid.', plain, {
    ...unpaid,
    status: 'none',
  }),
  failed: row('failed', 'The processor takes no payment for this order.', plain, {
    ...unpaid,
    status: 'failed',
  }),
  captured: row('captured', 'The customer has paid, by card or in cash.', plain, example),
  closed: row('closed', 'The order ended and nothing was paid.', plain, {
    ...unpaid,
    status: 'none',
  }),
  refunded: row('refunded', 'Money was given back to the customer.', ofRefund, {
    ...example,
    status: 'partly_refunded',
    refunded_minor: 350,
    refund_id: ids.offer,
    amount_minor: 350,
  }),
  refund_failed: row('refund_failed', 'A refund did not reach the customer.', ofRefund, {
    ...example,
    refund_id: ids.offer,
    amount_minor: 350,
  }),
} as const

type PaymentEvents = typeof paymentEvents
export type PaymentEvent = {
  [Name in keyof PaymentEvents]: {
    type: Name
    data: Type.Static<PaymentEvents[Name]['data']>
  }
}[keyof PaymentEvents]

/** `event.driver.earned.<driver_id>`. */
export const earnedEvent = fact(
  'The fee of a delivered order was booked to its driver in the ledger. `order_seq` is that of the `order_completed` from which it follows.',
  Type.Object({
    driver_id: Uuid,
    order_id: Uuid,
    amount_minor: Minor,
    currency: Currency,
  }),
  {
    driver_id: ids.driver,
    order_id: ids.order,
    amount_minor: 300,
    currency: 'USD',
  },
)
export type EarnedEvent = Type.Static<typeof earnedEvent.data>
