/**
 * What requests and messages say about money, beside what they say to the order. Amounts are
 * decimals in the currency of the order.
 */
import Type from 'typebox'
import { oneOf } from '../kernel/schema.ts'

/** Ways to pay. A deployment offers those that PAYMENT_METHODS names. */
export const paymentMethods = ['cash', 'card'] as const
export type PaymentMethod = (typeof paymentMethods)[number]

/** Largest amount that somebody states, in whole units of the currency. */
export const saidAmountMax = 1_000_000

const amount = (description: string) =>
  Type.Optional(
    Type.Number({
      minimum: 0,
      maximum: saidAmountMax,
      description: `${description}, in the currency of the order`,
    }),
  )

/** Of whom places an order. */
export const placementMoney = {
  payment_method: Type.Optional(oneOf(paymentMethods)),
  payment_token: Type.Optional(
    Type.String({
      pattern: '^pm_[A-Za-z0-9_]{1,100}$',
      'x-rule': "must be a PaymentMethod's id such as pm_1PgafyB7WZ01zgkW",
      description:
        'For cards: the name that Stripe gave to the card on the own device. No data of a card comes here. Without it, the own device confirms the payment',
    }),
  ),
  amount_max: amount(
    'The most that payment_token confirms. A higher price asks the own device again',
  ),
  tip: amount('For the driver'),
}
/** Of the pharmacy that accepts. An order that names a way to pay needs `goods_amount`. */
export const acceptanceMoney = {
  goods_amount: amount('Price of the goods without tax'),
  tax_amount: amount('Tax on the goods'),
}
/** Of the driver who delivers an order that is paid in cash. */
export const deliveryMoney = {
  cash_taken: amount('Cash that the customer gave'),
  cash_reason: Type.Optional(
    Type.String({ maxLength: 500, description: 'Why more or less was taken than was due' }),
  ),
}
type Said<Fields extends Type.TProperties> = {
  readonly [Name in keyof Fields]?: Type.Static<Fields[Name]> | undefined
}
export type PlacementMoney = Said<typeof placementMoney>
export type AcceptanceMoney = Said<typeof acceptanceMoney>
export type DeliveryMoney = Said<typeof deliveryMoney>
