/** Payments as the routes show them, and who may see which. Amounts are decimals. */
import Type from 'typebox'
import { sql, type Kysely, type RawBuilder } from 'kysely'
import type { Tables } from '../../migrations/database/tables.ts'
import { CaduceusError } from '../../protocol/kernel/errors.ts'
import { Uuid } from '../../protocol/kernel/principal.ts'
import { Currency, oneOf } from '../../protocol/kernel/schema.ts'
import { decimalOfMinor } from '../../protocol/pricing/money.ts'
import type { Identity } from '../kernel/identity.ts'
import { paymentMethods } from '../../protocol/orders/said-money.ts'
import { paymentStatuses } from '../../protocol/orders/payment-statuses.ts'
import { nullable, Timestamp } from '../kernel/shapes.ts'
import {
  amountOf,
  dueMinor,
  givenBackMinor,
  statusOf,
  type Payment,
  type Refund,
} from './payment.ts'
import { paymentsOf, type DatedFact } from './store.ts'

const Amount = Type.Number()
const RefundView = Type.Object({
  id: Uuid,
  amount: Amount,
  goods_amount: Amount,
  tax_amount: Amount,
  delivery_fee: Amount,
  tip: Amount,
  reason: nullable(Type.String({ description: 'Null for drivers' })),
  status: oneOf(['proposed', 'approved', 'refused', 'paid', 'failed'], {
    description: 'An approved refund of a card is under way until it is paid or has failed',
  }),
})
export const PaymentView = Type.Object({
  order_id: Uuid,
  method: oneOf(paymentMethods),
  status: oneOf(paymentStatuses),
  currency: Currency,
  goods_amount: nullable(Amount),
  tax_amount: nullable(Amount),
  delivery_fee: nullable(Amount),
  tip: Amount,
  due: nullable(Type.Number({ description: 'What the customer pays; null before acceptance' })),
  taken: nullable(Amount),
  cash_reason: nullable(Type.String({ description: 'Why more or less was taken than was due' })),
  refunded: Amount,
  refunds: Type.Array(RefundView),
  action: nullable(
    Type.Object(
      {
        client_secret: Type.String(),
        publishable_key: Type.String(),
        declined: nullable(Type.String({ description: 'Why the last card was refused' })),
      },
      {
        description:
          "For the customer while the status is requires_action: the own device confirms the payment with Stripe's library",
      },
    ),
  ),
  history: Type.Array(Type.Object({ type: Type.String(), at: Timestamp })),
})

function paymentView(
  { role }: Identity,
  publishableKey: string | null,
  orderId: string,
  { payment, facts }: { payment: Payment; facts: readonly DatedFact[] },
): Type.Static<typeof PaymentView> {
  const { method, currency, price, taken, tipMinor, refunds, card } = payment
  const status = statusOf(payment)
  const decimal = (minor: number): number => decimalOfMinor(minor, currency)
  const due = dueMinor(payment)
  return {
    order_id: orderId,
    method,
    status,
    currency,
    goods_amount: price && decimal(price.goodsMinor),
    tax_amount: price && decimal(price.taxMinor),
    delivery_fee: price && decimal(price.feeMinor),
    tip: decimal(tipMinor),
    due: due === null ? null : decimal(due),
    taken: taken && decimal(taken.takenMinor),
    cash_reason: taken?.reason ?? null,
    refunded: decimal(givenBackMinor(payment)),
    refunds: refunds.map(({ refundId, parts, reason, state }: Refund) => ({
      id: refundId,
      amount: decimal(amountOf(parts)),
      goods_amount: decimal(parts.goodsMinor),
      tax_amount: decimal(parts.taxMinor),
      delivery_fee: decimal(parts.feeMinor),
      tip: decimal(parts.tipMinor),
      reason: role === 'driver' ? null : reason,
      status: state,
    })),
    action:
      role === 'user' &&
      status === 'requires_action' &&
      publishableKey !== null &&
      typeof card?.clientSecret === 'string'
        ? {
            client_secret: card.clientSecret,
            publishable_key: publishableKey,
            declined: card.declined,
          }
        : null,
    history: facts.map(({ fact, at }) => ({ type: fact.type, at: at.toISOString() })),
  }
}

/**
 * The parties of an order and administrators see its payment. A list has those of a pharmacy from
 * the acceptance on and of a driver from the hand-over on; each of these conditions has an index.
 */
const readable = ({ role, userId, pharmacyId, driverId }: Identity): RawBuilder<unknown> =>
  role === 'admin'
    ? sql`true`
    : role === 'user'
      ? sql`p.customer_id = ${userId}`
      : role === 'vendor'
        ? sql`p.vendor_id = ${pharmacyId}`
        : sql`p.driver_id = ${driverId}`

/** One payment is also shown to the driver and the pharmacy that the order has now. */
const involved = ({ role, pharmacyId, driverId }: Identity): RawBuilder<unknown> =>
  sql`exists (select from orders o where o.id = p.order_id and ${
    role === 'vendor' ? sql`o.vendor_id = ${pharmacyId}` : sql`o.driver_id = ${driverId}`
  })`

/** Payments of the caller, newest first, after the cursor; `only` is one of them. */
export async function readablePayments(
  db: Kysely<Tables>,
  identity: Identity,
  { only, cursor, status }: { only?: string; cursor?: string; status?: string },
  rowsMax: number,
  publishableKey: string | null,
): Promise<{ id: string; view: Type.Static<typeof PaymentView> }[]> {
  const { rows } = await sql<{ id: string }>`
    select p.order_id as id from payments p
    where ${
      only === undefined
        ? readable(identity)
        : sql`p.order_id = ${only} and (${readable(identity)} or ${involved(identity)})`
    }
      and ${status === undefined ? sql`true` : sql`p.status = ${status}`}
      and ${cursor === undefined ? sql`true` : sql`p.order_id < ${cursor}`}
    order by p.order_id desc limit ${rowsMax}`.execute(db)
  const found = await paymentsOf(
    db,
    rows.map(row => row.id),
  )
  return rows.map(({ id }) => ({
    id,
    view: paymentView(identity, publishableKey, id, found.get(id)!),
  }))
}

/** Throws `payment_not_found` when the order has no payment, or none for this caller. */
export async function findPayment(
  db: Kysely<Tables>,
  identity: Identity,
  orderId: string,
  publishableKey: string | null,
): Promise<Type.Static<typeof PaymentView>> {
  const [found] = await readablePayments(db, identity, { only: orderId }, 1, publishableKey)
  if (found === undefined)
    throw new CaduceusError('payment_not_found', 'this order names no way to pay')
  return found.view
}
