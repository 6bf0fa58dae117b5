/**
 * The receipt of a payment: as values, and as a page to print. It follows from the facts of the
 * payment, so it is the same whenever it is asked for, but for refunds that came later. It names no
 * customer and no medicine.
 */
import Type from 'typebox'
import type { Kysely } from 'kysely'
import type { Tables } from '../../migrations/database/tables.ts'
import { CaduceusError } from '../../protocol/kernel/errors.ts'
import { Uuid } from '../../protocol/kernel/principal.ts'
import { Currency, oneOf } from '../../protocol/kernel/schema.ts'
import { paymentMethods } from '../../protocol/orders/said-money.ts'
import { decimalOfMinor } from '../../protocol/pricing/money.ts'
import { paperHeaders, paperPage, text } from '../kernel/paper.ts'
import type { Identity } from '../kernel/identity.ts'
import { route, type AnyRoute } from '../kernel/route.ts'
import { closedObject, nullable, Timestamp } from '../kernel/shapes.ts'
import { amountOf, dueMinor, givenBackMinor, priceParts } from './payment.ts'
import type { PaymentContext } from './routes.ts'
import { paymentsOf } from './store.ts'
import { findPayment } from './views.ts'

const Amount = Type.Number()
const lineKinds = ['goods', 'tax', 'delivery', 'tip'] as const
const ReceiptView = Type.Object({
  number: Type.String({ description: 'The number of the order, with an R before it' }),
  order_id: Uuid,
  order_number: Type.String(),
  issued_at: Type.String({ ...Timestamp, description: 'When the customer paid' }),
  pharmacy: Type.Object({
    name: Type.String(),
    address: nullable(Type.String()),
    phone: Type.String(),
  }),
  currency: Currency,
  lines: Type.Array(Type.Object({ kind: oneOf(lineKinds), amount: Amount })),
  total: Amount,
  method: oneOf(paymentMethods),
  paid: Type.Number({ description: 'Cash may be more or less than the total' }),
  refunds: Type.Array(Type.Object({ at: Timestamp, amount: Amount })),
  refunded: Amount,
})
type Receipt = Type.Static<typeof ReceiptView>

const notFound = () => new CaduceusError('payment_not_found', 'this order names no way to pay')

/** Throws `payment_not_found`, and `payment_state_conflict` before the customer has paid. */
async function receiptOf(
  db: Kysely<Tables>,
  identity: Identity,
  orderId: string,
): Promise<Receipt> {
  // The same people may see it as the payment.
  await findPayment(db, identity, orderId, null)
  const [found, row] = await Promise.all([
    paymentsOf(db, [orderId]),
    db
      .selectFrom('payments as p')
      .innerJoin('orders as o', 'o.id', 'p.order_id')
      .innerJoin('vendors as v', 'v.id', 'p.vendor_id')
      .select(['o.order_number', 'v.business_name as name', 'v.address', 'v.phone'])
      .where('p.order_id', '=', orderId)
      .executeTakeFirst(),
  ])
  const { payment, facts = [] } = found.get(orderId) ?? {}
  if (payment === undefined) throw notFound()
  const { price, taken, tipMinor, currency, method, refunds } = payment
  const captured = facts.find(({ fact }) => fact.type === 'captured')
  if (price === null || taken === null || captured === undefined || row === undefined)
    throw new CaduceusError('payment_state_conflict', 'nothing was paid for this order yet')
  const decimal = (minor: number): number => decimalOfMinor(minor, currency)
  const paid = { ...price, tipMinor }
  const { order_number, ...pharmacy } = row
  return {
    number: `R-${order_number}`,
    order_id: orderId,
    order_number,
    issued_at: captured.at.toISOString(),
    pharmacy,
    currency,
    lines: priceParts.flatMap((part, i) =>
      paid[part] === 0 ? [] : [{ kind: lineKinds[i]!, amount: decimal(paid[part]) }],
    ),
    total: decimal(dueMinor(payment)!),
    method,
    paid: decimal(taken.takenMinor),
    refunds: facts.flatMap(({ fact, at }) => {
      if (fact.type !== 'refund_paid') return []
      const refund = refunds.find(one => one.refundId === fact.data.refundId)
      return refund?.state === 'paid'
        ? [{ at: at.toISOString(), amount: decimal(amountOf(refund.parts)) }]
        : []
    }),
    refunded: decimal(givenBackMinor(payment)),
  }
}

const words: Readonly<Record<(typeof lineKinds)[number], string>> = {
  goods: 'Goods',
  tax: 'Tax',
  delivery: 'Delivery',
  tip: 'Tip',
}

function receiptPage(receipt: Receipt): string {
  const { number, order_number, issued_at, pharmacy, currency, method } = receipt
  const amounts = new Intl.NumberFormat('en', { style: 'currency', currency })
  const line = (label: string, amount: number): string =>
    `<tr><th scope="row">${text(label)}</th><td>${text(amounts.format(amount))}</td></tr>`
  const day = (at: string): string => at.slice(0, 16).replace('T', ' ')
  return paperPage(
    `Receipt ${number}`,
    `<h1>Receipt ${text(number)}</h1>
<p>${text(pharmacy.name)}${pharmacy.address === null ? '' : `<br>${text(pharmacy.address)}`}<br>${text(pharmacy.phone)}</p>
<p>Order ${text(order_number)}, paid ${method === 'cash' ? 'in cash' : 'by card'} at ${day(issued_at)} (UTC).</p>
<table>
<tbody>
${[
  ...receipt.lines.map(({ kind, amount }) => line(words[kind], amount)),
  line('Total', receipt.total),
  line('Paid', receipt.paid),
  ...receipt.refunds.map(({ at, amount }) => line(`Refunded at ${day(at)}`, amount)),
].join('\n')}
</tbody>
</table>`,
  )
}

/** The row of a receipt. */
export function receiptRoutes({ database }: Pick<PaymentContext, 'database'>): AnyRoute[] {
  return [
    route({
      method: 'GET',
      path: '/api/orders/:id/receipt',
      operationId: 'getReceipt',
      summary: 'The receipt of an order that was paid; with `format=html` a page to print',
      tags: ['payments'],
      auth: ['user', 'vendor', 'admin'],
      query: closedObject({ format: Type.Optional(oneOf(['json', 'html'])) }),
      responses: { 200: { description: 'The receipt', schema: ReceiptView } },
      errors: ['payment_not_found', 'payment_state_conflict'],
      handler: async ({ identity, params: { id }, query: { format = 'json' } }) => {
        const receipt = await receiptOf(database.kysely, identity, id!)
        return format === 'json'
          ? { status: 200, body: receipt }
          : { status: 200, body: receiptPage(receipt), headers: paperHeaders }
      },
    }),
  ]
}
