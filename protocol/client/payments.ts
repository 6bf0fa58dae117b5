/** Payments for programs: `api.payments`. Amounts are decimals in the currency of the order. */
import type { PaymentMethod } from '../orders/said-money.ts'

export interface PaymentRefund {
  id: string
  amount: number
  goods_amount: number
  tax_amount: number
  delivery_fee: number
  tip: number
  /** Null for drivers. */
  reason: string | null
  status: 'proposed' | 'approved' | 'refused' | 'paid' | 'failed'
}
export interface OrderPayment {
  order_id: string
  method: PaymentMethod
  status:
    | 'none'
    | 'requires_action'
    | 'authorised'
    | 'captured'
    | 'partly_refunded'
    | 'refunded'
    | 'failed'
  currency: string
  /** Null before a pharmacy has accepted, like the next three. */
  goods_amount: number | null
  tax_amount: number | null
  delivery_fee: number | null
  due: number | null
  tip: number
  taken: number | null
  cash_reason: string | null
  refunded: number
  refunds: PaymentRefund[]
  /** For the customer who has to confirm a payment by card with Stripe's library. */
  action: { client_secret: string; publishable_key: string; declined: string | null } | null
  history: { type: string; at: string }[]
}
export interface Remittance {
  id: string
  driver_id: string
  vendor_id: string
  amount: number
  currency: string
  status: 'stated' | 'received' | 'refused' | 'expired'
  stated_at: string
  decided_at: string | null
}
export interface Receipt {
  number: string
  order_id: string
  order_number: string
  issued_at: string
  pharmacy: { name: string; address: string | null; phone: string }
  currency: string
  lines: { kind: 'goods' | 'tax' | 'delivery' | 'tip'; amount: number }[]
  total: number
  method: PaymentMethod
  paid: number
  refunds: { at: string; amount: number }[]
  refunded: number
}
export interface RefundProposal {
  goods_amount?: number
  tax_amount?: number
  delivery_fee?: number
  tip?: number
  reason: string
}
/** The ways to pay that an order may name. */
export interface PaymentMethods {
  currency: string
  /** `publishable_key` is of Stripe's library, for cards; null for other ways. */
  methods: { method: PaymentMethod; publishable_key: string | null }[]
}
interface Page {
  limit?: number
  cursor?: string
}

type Call = <Answer>(
  method: 'GET' | 'POST',
  path: string,
  options?: { query?: Record<string, string | number | undefined>; body?: object },
) => Promise<Answer>

/** The calls about payments of orders and about cash that drivers hand over. */
export class PaymentCalls {
  readonly #call: Call

  constructor(call: Call) {
    this.#call = call
  }

  /** Without a pharmacy: of a request to all of them. Throws `vendor_not_found`. */
  methods(pharmacyId?: string): Promise<PaymentMethods> {
    return this.#call(
      'GET',
      pharmacyId === undefined
        ? '/api/payments/methods'
        : `/api/vendors/${pharmacyId}/payment-methods`,
    )
  }
  /** Throws `payment_not_found` for an order that names no way to pay. */
  of(orderId: string): Promise<OrderPayment> {
    return this.#call('GET', `/api/orders/${orderId}/payment`)
  }
  /** Throws `payment_not_found`, and `payment_state_conflict` before the customer has paid. */
  receipt(orderId: string): Promise<Receipt> {
    return this.#call('GET', `/api/orders/${orderId}/receipt`)
  }
  list(
    query: Page & { status?: OrderPayment['status'] } = {},
  ): Promise<{ payments: OrderPayment[]; next_cursor: string | null }> {
    return this.#call('GET', '/api/payments', { query: { ...query } })
  }
  /** For administrators; another one has to approve it. */
  proposeRefund(orderId: string, refund: RefundProposal): Promise<OrderPayment> {
    return this.#call('POST', `/api/orders/${orderId}/payment/refund`, { body: refund })
  }
  decideRefund(
    orderId: string,
    refundId: string,
    decision: 'approved' | 'refused',
  ): Promise<OrderPayment> {
    const path = `/api/orders/${orderId}/payment/refunds/${refundId}/decision`
    return this.#call('POST', path, { body: { decision } })
  }
  /** Of a driver who hands cash over to the pharmacy. */
  stateRemittance(amount: number, currency: string): Promise<Remittance> {
    return this.#call('POST', '/api/payments/remittances', { body: { amount, currency } })
  }
  remittances(
    query: Page = {},
  ): Promise<{ remittances: Remittance[]; next_cursor: string | null }> {
    return this.#call('GET', '/api/payments/remittances', { query: { ...query } })
  }
  /** The pharmacy countersigns, or refuses. */
  decideRemittance(remittanceId: string, decision: 'received' | 'refused'): Promise<Remittance> {
    const path = `/api/payments/remittances/${remittanceId}/decision`
    return this.#call('POST', path, { body: { decision } })
  }
}
