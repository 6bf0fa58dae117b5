/** The requests of the access test about money, where the path alone does not say them. */
import Stripe from 'stripe'
import { payoutOf } from './paid-order.ts'
import { stripeEvent } from '../payments/examples.ts'

type Ids = Readonly<Record<string, string>>
interface Call {
  params?: Record<string, string>
  body?: unknown
  headers?: Record<string, string>
}

/** By operationId. */
export const moneyCalls: Readonly<Record<string, { of?(ids: Ids): Call; shows?: boolean }>> = {
  getOrderPayment: { of: ids => ({ params: { id: ids['paidOrder']! } }) },
  getPayment: { of: ids => ({ params: { id: ids['paidOrder']! } }) },
  getPaymentV1: { of: ids => ({ params: { id: ids['paidOrder']! } }) },
  getReceipt: { of: ids => ({ params: { id: ids['paidOrder']! } }) },
  listPaymentMethods: { shows: true },
  listVendorPaymentMethods: { shows: true, of: ids => ({ params: { id: ids['vendor']! } }) },
  proposeRefund: {
    of: ids => ({
      params: { id: ids['paidOrder']! },
      body: { goods_amount: 0.5, reason: 'as the table says' },
    }),
  },
  decideRefund: {
    of: ids => ({
      params: { id: ids['paidOrder']!, refund_id: ids['refund']! },
      body: { decision: 'refused' },
    }),
  },
  takeStripeEvent: {
    of: () => ({
      body: stripeEvent,
      headers: {
        'stripe-signature': Stripe.webhooks.generateTestHeaderString({
          payload: stripeEvent,
          secret: 'whsec_1',
        }),
      },
    }),
  },
  stateRemittance: { of: () => ({ body: { amount: 0.5, currency: 'USD' } }) },
  decideRemittance: {
    of: ids => ({ params: { id: ids['remittance']! }, body: { decision: 'received' } }),
  },
  proposePayout: { of: ids => ({ body: payoutOf(ids['driver']!) }) },
  decidePayout: {
    of: ids => ({ params: { id: ids['payout']! }, body: { decision: 'refused' } }),
  },
  getStatement: { of: ids => ({ params: { id: ids['payout']! } }) },
  exportStatement: { of: ids => ({ params: { id: ids['payout']! } }) },
  listLedgerTransfers: { of: ids => ({ params: { id: ids['ledgerAccount']! } }) },
  proposeLedgerCorrection: {
    of: ids => ({
      body: {
        debit_account_id: ids['otherLedgerAccount']!,
        credit_account_id: ids['ledgerAccount']!,
        amount: 1,
        currency: 'USD',
        reason: 'as the table says',
      },
    }),
  },
  decideLedgerCorrection: {
    of: ids => ({ params: { id: ids['correction']! }, body: { decision: 'refused' } }),
  },
}
