/** The payment of an order, as its parties see it. */
import { useEffect, useState } from 'preact/hooks'
import { CaduceusError, type RestClient } from '../../../protocol/client/index.ts'
import { isPassing } from './passing.ts'

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

/** Pauses between questions in ms; the last one is used again and again. */
const pausesMs = [1_000, 2_000, 4_000, 8_000, 15_000, 30_000] as const

interface Asking {
  /**
   * How often in a row the server must say that there is no payment. A payment and its parties follow
   * an order within a moment, so the answer about a new one can be too early.
   */
  noneAnswersMin?: number
  /** What an earlier run of the page knew. */
  known?: Payment | null | undefined
  onKnown?(payment: Payment | null): void
}

/**
 * Null for an order that names no way to pay, undefined until that is known. Asks until the amount
 * is known, with a growing pause, and at once when the connection is back.
 */
export function usePayment(
  api: RestClient,
  orderId: string,
  { noneAnswersMin = 1, known, onKnown }: Asking = {},
): Payment | null | undefined {
  const [payment, setPayment] = useState(known)
  useEffect(() => {
    if (isFinal(known)) return
    const ending = new AbortController()
    let timer: ReturnType<typeof setTimeout> | undefined
    let asked = 0
    let noneAnswers = 0
    const learn = (answer: Payment | null): void => {
      setPayment(answer)
      onKnown?.(answer)
    }
    /** True: this was the last word. */
    const hear = async (): Promise<boolean> => {
      try {
        const answer = await api.call<Payment>('GET', `/api/orders/${orderId}/payment`)
        if (!ending.signal.aborted) learn(answer)
        return isFinal(answer)
      } catch (error) {
        if (!(error instanceof CaduceusError)) return false
        if (error.code !== 'payment_not_found') return !isPassing(error)
        if (++noneAnswers < noneAnswersMin) return false
        if (!ending.signal.aborted) learn(null)
        return true
      }
    }
    let isAsking = false
    const ask = async (): Promise<void> => {
      if (isAsking) return
      isAsking = true
      clearTimeout(timer)
      const isOver = await hear()
      isAsking = false
      if (isOver) removeEventListener('online', askNow)
      else if (!ending.signal.aborted)
        timer = setTimeout(askNow, pausesMs[Math.min(asked++, pausesMs.length - 1)])
    }
    const askNow = (): void => void ask()
    addEventListener('online', askNow, { signal: ending.signal })
    askNow()
    return () => {
      ending.abort()
      clearTimeout(timer)
    }
  }, [orderId])
  return payment
}

/** The amount is known as soon as a pharmacy has accepted. */
const isFinal = (payment: Payment | null | undefined): boolean =>
  payment === null || typeof payment?.due === 'number'
