/** The payment of an order, as its parties see it. */
import { useEffect, useState } from 'preact/hooks'
import { CaduceusError, type RestClient } from '../../../protocol/client/index.ts'

export interface Payment {
  method: string
  currency: string
  goods_amount: number | null
  tax_amount: number | null
  delivery_fee: number | null
  tip: number
  /** What the customer pays; null before acceptance. */
  due: number | null
  taken: number | null
  refunded: number
}

/** Null for an order that names no way to pay, undefined until that is known. */
export function usePayment(api: RestClient, orderId: string): Payment | null | undefined {
  const [payment, setPayment] = useState<Payment | null>()
  useEffect(() => {
    api
      .call<Payment>('GET', `/api/orders/${orderId}/payment`)
      .then(setPayment)
      .catch((error: unknown) => {
        if (error instanceof CaduceusError && error.code === 'payment_not_found') setPayment(null)
      })
  }, [orderId])
  return payment
}
