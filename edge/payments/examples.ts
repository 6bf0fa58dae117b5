/** One request for each operation of this feature, in an order in which they can be called. */
import type { Example } from '../kernel/example.ts'
import { placeholders as of } from '../kernel/placeholders.ts'

/** About nothing of this server. */
export const stripeEvent = '{"id":"evt_1","object":"event","livemode":false,"data":{"object":{}}}'

export const examples: Readonly<Record<string, Example>> = {
  listPaymentMethods: { status: 200 },
  listVendorPaymentMethods: { params: { id: of.vendor }, status: 200 },
  getOrderPayment: { as: 'customer', params: { id: of.paidOrder }, status: 200 },
  getPayment: { as: 'customer', params: { id: of.paidOrder }, status: 200 },
  getPaymentV1: { as: 'customer', params: { id: of.paidOrder }, status: 200 },
  getReceipt: { as: 'customer', params: { id: of.paidOrder }, status: 200 },
  listPayments: { as: 'customer', query: { limit: 1 }, status: 200 },
  listPaymentsV1: { as: 'customer', query: { limit: 1 }, status: 200 },
  proposeRefund: {
    as: 'admin',
    params: { id: of.paidOrder },
    body: { goods_amount: 2, tip: 0.5, reason: 'one box was missing' },
    status: 201,
  },
  decideRefund: {
    as: 'admin',
    params: { id: of.paidOrder, refund_id: of.refund },
    body: { decision: 'refused' },
    status: 200,
  },
  takeStripeEvent: {
    headers: { 'stripe-signature': of.stripeSignature },
    raw: { contentType: 'application/json', text: stripeEvent },
    status: 200,
  },
  stateRemittance: { as: 'driver', body: { amount: 1, currency: 'USD' }, status: 201 },
  listRemittances: { as: 'driver', query: { limit: 1 }, status: 200 },
  decideRemittance: {
    as: 'vendor',
    params: { id: of.remittance },
    body: { decision: 'received' },
    status: 200,
  },
}
