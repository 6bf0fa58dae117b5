/**
 * The payment of an order as a state machine. `decide` takes what happened and returns the facts
 * that follow, or the rule that it breaks; `evolve` makes the state of the facts. Pure. Amounts are
 * whole minor units of the order's currency.
 */
import type { PaymentMethod } from '../../protocol/orders/said-money.ts'

export type PaymentStatus = 'none' | 'captured' | 'partly_refunded' | 'refunded'
export const paymentStatuses = [
  'none',
  'captured',
  'partly_refunded',
  'refunded',
] as const satisfies readonly PaymentStatus[]

interface Price {
  readonly goodsMinor: number
  readonly taxMinor: number
  readonly feeMinor: number
}
interface Taken {
  readonly takenMinor: number
  /** Why more or less was taken than was due. */
  readonly reason: string | null
  readonly driverId: string
}
/** The parts of a price; a refund gives back some of each. */
export const priceParts = ['goodsMinor', 'taxMinor', 'feeMinor', 'tipMinor'] as const
export type Parts = Readonly<Record<(typeof priceParts)[number], number>>
export interface Refund {
  readonly refundId: string
  readonly parts: Parts
  readonly reason: string
  readonly proposedBy: string
  readonly state: 'proposed' | 'approved' | 'refused'
  readonly decidedBy: string | null
}

export interface Payment {
  readonly method: PaymentMethod
  readonly currency: string
  readonly tipMinor: number
  /** Null before a pharmacy has accepted. */
  readonly price: (Price & { readonly pharmacyId: string }) | null
  readonly taken: Taken | null
  /** The order ended and nothing was paid. */
  readonly isClosed: boolean
  readonly refunds: readonly Refund[]
}

export type PaymentFact =
  | { type: 'opened'; data: { method: PaymentMethod; currency: string; tipMinor: number } }
  | { type: 'priced'; data: Price & { pharmacyId: string } }
  | { type: 'captured'; data: Taken }
  | { type: 'closed'; data: Record<string, never> }
  | {
      type: 'refund_proposed'
      data: { refundId: string; parts: Parts; reason: string; by: string }
    }
  | { type: 'refund_approved' | 'refund_refused'; data: { refundId: string; by: string } }

export type PaymentCommand =
  | { do: 'open'; method: PaymentMethod; currency: string; tipMinor: number }
  | ({ do: 'price'; pharmacyId: string } & Price)
  | ({ do: 'capture' } & Taken)
  | { do: 'close' }
  | { do: 'propose_refund'; refundId: string; parts: Parts; reason: string; by: string }
  | { do: 'decide_refund'; refundId: string; isApproved: boolean; by: string }

export type PaymentRefusal =
  | 'amount_not_whole'
  | 'payment_state_conflict'
  | 'refund_exceeds_payment'
  | 'refund_not_found'
  | 'second_person_required'

export type PaymentDecision =
  | { ok: true; facts: readonly PaymentFact[] }
  | { ok: false; refusal: PaymentRefusal }

const nothing: PaymentDecision = { ok: true, facts: [] }
const happened = (fact: PaymentFact): PaymentDecision => ({ ok: true, facts: [fact] })
const refused = (refusal: PaymentRefusal): PaymentDecision => ({ ok: false, refusal })
const isAmount = (...amounts: readonly number[]): boolean =>
  amounts.every(amount => Number.isSafeInteger(amount) && amount >= 0)

/** What the customer has to pay; null before a pharmacy has accepted. */
export const dueMinor = ({ price, tipMinor }: Payment): number | null =>
  price === null ? null : price.goodsMinor + price.taxMinor + price.feeMinor + tipMinor

/** The amount of a refund. */
export const amountOf = (parts: Parts): number =>
  priceParts.reduce((sum, part) => sum + parts[part], 0)

/** What was given back so far. */
export const givenBackMinor = ({ refunds }: Payment): number =>
  refunds
    .filter(({ state }) => state === 'approved')
    .reduce((sum, { parts }) => sum + amountOf(parts), 0)

/** True when a refund, with those that are not refused, leaves nothing below zero. */
function isCovered({ price, tipMinor, taken, refunds }: Payment, wanted: Parts): boolean {
  const all = [wanted, ...refunds.filter(({ state }) => state !== 'refused').map(one => one.parts)]
  const paid: Parts = { ...price!, tipMinor }
  return (
    priceParts.every(part => all.reduce((sum, one) => sum + one[part], 0) <= paid[part]) &&
    all.reduce((sum, one) => sum + amountOf(one), 0) <= taken!.takenMinor
  )
}

/** The state by its public name. */
export function statusOf(payment: Payment): PaymentStatus {
  if (payment.taken === null) return 'none'
  const back = givenBackMinor(payment)
  return back === 0 ? 'captured' : back < payment.taken.takenMinor ? 'partly_refunded' : 'refunded'
}

/** `payment` is null for an order that named no way to pay. Never throws. */
export function decide(payment: Payment | null, command: PaymentCommand): PaymentDecision {
  if (command.do === 'open') {
    const { method, currency, tipMinor } = command
    if (payment !== null) return nothing
    return isAmount(tipMinor)
      ? happened({ type: 'opened', data: { method, currency, tipMinor } })
      : refused('amount_not_whole')
  }
  if (payment === null) return refused('payment_state_conflict')
  switch (command.do) {
    case 'price': {
      const { goodsMinor, taxMinor, feeMinor, pharmacyId } = command
      if (payment.price !== null || payment.isClosed) return nothing
      return isAmount(goodsMinor, taxMinor, feeMinor)
        ? happened({ type: 'priced', data: { goodsMinor, taxMinor, feeMinor, pharmacyId } })
        : refused('amount_not_whole')
    }
    case 'capture': {
      const { takenMinor, reason, driverId } = command
      if (payment.taken !== null) return nothing
      if (payment.price === null || payment.isClosed) return refused('payment_state_conflict')
      return isAmount(takenMinor)
        ? happened({ type: 'captured', data: { takenMinor, reason, driverId } })
        : refused('amount_not_whole')
    }
    case 'close':
      return payment.taken !== null || payment.isClosed
        ? nothing
        : happened({ type: 'closed', data: {} })
    case 'propose_refund': {
      const { refundId, parts, reason, by } = command
      if (payment.refunds.some(refund => refund.refundId === refundId)) return nothing
      if (!isAmount(...priceParts.map(part => parts[part])) || amountOf(parts) === 0)
        return refused('amount_not_whole')
      if (payment.taken === null) return refused('payment_state_conflict')
      return isCovered(payment, parts)
        ? happened({ type: 'refund_proposed', data: { refundId, parts, reason, by } })
        : refused('refund_exceeds_payment')
    }
    case 'decide_refund': {
      const { refundId, isApproved, by } = command
      const refund = payment.refunds.find(one => one.refundId === refundId)
      if (refund === undefined) return refused('refund_not_found')
      if (refund.state !== 'proposed')
        return refund.state === (isApproved ? 'approved' : 'refused') && refund.decidedBy === by
          ? nothing
          : refused('payment_state_conflict')
      // Who has proposed it may take it back, but not approve it.
      if (isApproved && refund.proposedBy === by) return refused('second_person_required')
      return happened({
        type: isApproved ? 'refund_approved' : 'refund_refused',
        data: { refundId, by },
      })
    }
  }
}

/** The state after a fact. The first fact of a payment is `opened`. */
export function evolve(payment: Payment | null, fact: PaymentFact): Payment {
  if (fact.type === 'opened')
    return { ...fact.data, price: null, taken: null, isClosed: false, refunds: [] }
  const before = payment!
  switch (fact.type) {
    case 'priced':
      return { ...before, price: fact.data }
    case 'captured':
      return { ...before, taken: fact.data }
    case 'closed':
      return { ...before, isClosed: true }
    case 'refund_proposed': {
      const { by, ...refund } = fact.data
      const added: Refund = { ...refund, proposedBy: by, state: 'proposed', decidedBy: null }
      return { ...before, refunds: [...before.refunds, added] }
    }
    case 'refund_approved':
    case 'refund_refused': {
      const state = fact.type === 'refund_approved' ? 'approved' : 'refused'
      const { refundId, by: decidedBy } = fact.data
      return {
        ...before,
        refunds: before.refunds.map(one =>
          one.refundId === refundId ? { ...one, state, decidedBy } : one,
        ),
      }
    }
  }
}
