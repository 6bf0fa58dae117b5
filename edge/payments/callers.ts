/** The callers that the operations of this feature answer. */
import { admins, everyone, parties, signedIn, type Caller } from '../kernel/access.ts'

export const access: Readonly<Record<string, readonly Caller[]>> = {
  listPaymentMethods: everyone,
  listVendorPaymentMethods: everyone,
  getOrderPayment: parties,
  getPayment: parties,
  getPaymentV1: parties,
  getReceipt: ['customer', 'vendor', 'admin'],
  proposeRefund: admins,
  decideRefund: admins,
  listPayments: signedIn,
  listPaymentsV1: signedIn,
  stateRemittance: ['driver'],
  listRemittances: ['vendor', 'otherPharmacy', 'driver', 'otherDriver', 'admin'],
  decideRemittance: ['vendor'],
  // Whoever can sign is Stripe.
  takeStripeEvent: everyone,
}
