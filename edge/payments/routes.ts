/** Payments over HTTP: those of orders, refunds, and cash that drivers hand over. */
import Type from 'typebox'
import { CaduceusError } from '../../protocol/kernel/errors.ts'
import { limits } from '../../protocol/kernel/limits.ts'
import { saidAmountMax } from '../../protocol/orders/said-money.ts'
import { oneOf } from '../../protocol/kernel/schema.ts'
import { paymentStatuses } from '../../protocol/orders/payment-statuses.ts'
import { once, type IdempotencyContext } from '../idempotency/idempotency.ts'
import { roles, type Identity } from '../kernel/identity.ts'
import type { WithConfig } from '../kernel/kernel.ts'
import { route, underOlderName, type AnyRoute } from '../kernel/route.ts'
import { closedObject, nextCursor, page, paged } from '../kernel/shapes.ts'
import type { PaymentsConfig } from './config.ts'
import { paymentLimits } from './limits.ts'
import type { CardProcessor } from './card/processor.ts'
import { ask, readingOf } from './requests.ts'
import { decideRefund, proposeRefund } from './refunds.ts'
import {
  decideRemittance,
  findRemittance,
  remittancesOf,
  RemittanceView,
  stateRemittance,
} from './remittances.ts'
import { findPayment, PaymentView, readablePayments } from './views.ts'

/** Null without cards. */
export interface WithProcessor {
  readonly processor: CardProcessor | null
}
export type PaymentContext = IdempotencyContext & WithConfig<PaymentsConfig> & WithProcessor

const tags = ['payments']
const Amount = Type.Number({ exclusiveMinimum: 0, maximum: saidAmountMax })
const Part = Type.Optional(Type.Number({ minimum: 0, maximum: saidAmountMax }))
const CurrencyCode = Type.String({
  pattern: '^[A-Z]{3}$',
  'x-rule': 'must be an ISO 4217 code such as EUR',
})
const onePayment = { 200: { description: 'The payment', schema: PaymentView } }

/** The rows of `/api/payments` and of an order's payment. */
export function paymentRoutes(ctx: PaymentContext): AnyRoute[] {
  const db = ctx.database.kysely
  const publishableKey = ctx.config.stripe?.publishableKey ?? null
  const onePaymentOf = (identity: Identity, orderId: string) =>
    findPayment(db, identity, orderId, publishableKey)
  const listPayments = route({
    method: 'GET',
    path: '/api/payments',
    operationId: 'listPayments',
    summary:
      "Payments of the caller's own orders, of those of the caller's pharmacy or driver, or for an administrator all; newest first",
    tags,
    auth: roles,
    query: closedObject({ ...page, status: Type.Optional(oneOf(paymentStatuses)) }),
    responses: {
      200: {
        description: 'A page',
        schema: Type.Object({ payments: Type.Array(PaymentView), next_cursor: nextCursor }),
      },
    },
    handler: async ({ identity, query: { limit = limits.listLimitDefault, ...filter } }) => {
      const found = await readablePayments(db, identity, filter, limit + 1, publishableKey)
      const { rows, next_cursor } = paged(found, limit)
      return { status: 200, body: { payments: rows.map(({ view }) => view), next_cursor } }
    },
  })

  const getOrderPayment = route({
    method: 'GET',
    path: '/api/orders/:id/payment',
    operationId: 'getOrderPayment',
    summary: 'The payment of an order: what is due, what was taken, and what was given back',
    tags,
    auth: roles,
    standing: 'carrying',
    responses: onePayment,
    errors: ['payment_not_found'],
    handler: async ({ identity, params: { id } }) => ({
      status: 200,
      body: await onePaymentOf(identity, id!),
    }),
  })

  return [
    getOrderPayment,
    // A payment has the id of its order.
    { ...getOrderPayment, path: '/api/payments/:id', operationId: 'getPayment' },
    underOlderName(getOrderPayment, {
      path: '/api/v1/payments/:id',
      operationId: 'getPaymentV1',
      tags: ['rides (older API)'],
    }),
    route({
      method: 'POST',
      path: '/api/orders/:id/payment/refund',
      operationId: 'proposeRefund',
      summary:
        'Propose a refund by the parts of the price; it happens when another administrator approves it',
      tags,
      auth: ['admin'],
      idempotent: true,
      body: closedObject({
        goods_amount: Part,
        tax_amount: Part,
        delivery_fee: Part,
        tip: Part,
        reason: Type.String({ minLength: 1, maxLength: paymentLimits.reasonCharactersMax }),
      }),
      responses: { 201: { description: 'The payment', schema: PaymentView } },
      errors: ['payment_not_found', 'payment_state_conflict', 'refund_exceeds_payment'],
      handler: async request => {
        const {
          identity,
          body,
          params: { id },
        } = request
        const answer = await once(ctx, request, 'proposeRefund', async ({ targetId }) => {
          await proposeRefund(ctx, id!, identity.userId, targetId, body)
          return { status: 201, body: {} }
        })
        return { ...answer, body: await onePaymentOf(identity, id!) }
      },
    }),
    route({
      method: 'POST',
      path: '/api/orders/:id/payment/refunds/:refund_id/decision',
      operationId: 'decideRefund',
      summary:
        'Approve a refund of another administrator, or refuse one; who proposed it may take it back',
      tags,
      auth: ['admin'],
      idempotent: true,
      body: closedObject({ decision: oneOf(['approved', 'refused']) }),
      responses: onePayment,
      errors: [
        'payment_not_found',
        'not_found',
        'second_person_required',
        'payment_state_conflict',
        'ledger_conflict',
      ],
      handler: async request => {
        const {
          identity,
          body,
          params: { id, refund_id },
        } = request
        const answer = await once(ctx, request, 'decideRefund', async () => {
          await decideRefund(ctx, id!, identity.userId, refund_id!, body.decision === 'approved')
          return { status: 200, body: {} }
        })
        return { ...answer, body: await onePaymentOf(identity, id!) }
      },
    }),
    route({
      method: 'POST',
      path: '/api/webhooks/stripe',
      operationId: 'takeStripeEvent',
      summary: 'Messages of Stripe; each leads to one reading of the object that it names',
      tags,
      auth: 'none',
      rate: 'public',
      rawBody: {
        contentTypes: ['application/json'],
        description: 'An event as Stripe signs it',
      },
      responses: {
        200: {
          description: 'Kept',
          schema: Type.Object({ outcome: oneOf(['kept', 'ignored']) }),
        },
      },
      errors: ['not_found', 'signature_invalid', 'payment_webhook_mismatch'],
      handler: async ({ body, headers }) => {
        if (ctx.processor === null) throw new CaduceusError('not_found', 'cards are not taken here')
        const hint = ctx.processor.hintOf(body as Uint8Array, headers['stripe-signature'])
        if (hint !== null)
          await ask(db, [readingOf(hint.about, hint.objectId, hint.id)], ctx.nowMs())
        return { status: 200, body: { outcome: hint === null ? 'ignored' : 'kept' } }
      },
    }),
    listPayments,
    underOlderName(listPayments, {
      path: '/api/v1/payments',
      operationId: 'listPaymentsV1',
      tags: ['rides (older API)'],
    }),
    route({
      method: 'POST',
      path: '/api/payments/remittances',
      operationId: 'stateRemittance',
      summary: `A driver states the cash that the pharmacy gets; the pharmacy countersigns within ${paymentLimits.remittanceHours} hours`,
      tags,
      auth: ['driver'],
      standing: 'any',
      idempotent: true,
      body: closedObject({ amount: Amount, currency: CurrencyCode }),
      responses: { 201: { description: 'The remittance', schema: RemittanceView } },
      errors: ['not_found', 'ledger_conflict'],
      handler: async request => {
        const { identity, body } = request
        const answer = await once(ctx, request, 'stateRemittance', async ({ targetId }) => {
          await stateRemittance(ctx, identity, targetId, body)
          return { status: 201, body: { id: targetId } }
        })
        const { id } = answer.body as { id: string }
        return { ...answer, body: await findRemittance(db, identity, id, ctx.nowMs()) }
      },
    }),
    route({
      method: 'GET',
      path: '/api/payments/remittances',
      operationId: 'listRemittances',
      summary: 'Cash that was handed over, newest first',
      tags,
      auth: ['driver', 'vendor', 'admin'],
      standing: 'driver',
      query: closedObject(page),
      responses: {
        200: {
          description: 'A page',
          schema: Type.Object({ remittances: Type.Array(RemittanceView), next_cursor: nextCursor }),
        },
      },
      handler: async ({ identity, query: { limit = limits.listLimitDefault, ...after } }) => {
        const found = await remittancesOf(db, identity, after, ctx.nowMs(), limit + 1)
        const { rows, next_cursor } = paged(found, limit)
        return { status: 200, body: { remittances: rows, next_cursor } }
      },
    }),
    route({
      method: 'POST',
      path: '/api/payments/remittances/:id/decision',
      operationId: 'decideRemittance',
      summary: 'The pharmacy countersigns the cash that a driver handed over, or refuses',
      tags,
      auth: ['vendor'],
      idempotent: true,
      body: closedObject({ decision: oneOf(['received', 'refused']) }),
      responses: { 200: { description: 'The remittance', schema: RemittanceView } },
      errors: ['not_found', 'ledger_conflict'],
      handler: async request => {
        const {
          identity,
          body,
          params: { id },
        } = request
        const answer = await once(ctx, request, 'decideRemittance', async () => {
          await decideRemittance(ctx, identity, id!, body.decision === 'received')
          return { status: 200, body: {} }
        })
        return { ...answer, body: await findRemittance(db, identity, id!, ctx.nowMs()) }
      },
    }),
  ]
}
