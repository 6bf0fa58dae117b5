/**
 * The payment of an order as a state machine. `decide` takes what happened and returns the facts
 * that follow, or the rule that it breaks; `evolve` makes the state of the facts. Pure. Amounts are
 * whole minor units of the order's currency. The processor of cards is told nothing here: see
 * `requests.ts`.
 */
import type { PaymentStatus } from '../../protocol/orders/payment-statuses.ts'
import type { PaymentMethod } from '../../protocol/orders/said-money.ts'
import type { SeenPayment } from './card/processor.ts'

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
  /** An approved one is under way until the processor has paid it, or failed to. */
  readonly state: 'proposed' | 'approved' | 'refused' | 'paid' | 'failed'
  readonly decidedBy: string | null
}

/** The authorisation of a card that is under way. */
export interface Card {
  /** The processor's object; empty for an order that costs nothing. */
  readonly id: string
  readonly isAuthorised: boolean
  readonly clientSecret: string | null
  readonly declined: string | null
  readonly captureBefore: string | null
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
  readonly card: Card | null
  /** The proven hand-over, after which the card is charged. */
  readonly handedOver: { readonly driverId: string } | null
  /** The processor's objects that this payment does not use: they are over, or there was another. */
  readonly lost: readonly string[]
  /** The processor takes no payment for this order. */
  readonly isRefused: boolean
  readonly refunds: readonly Refund[]
}

export type PaymentFact =
  | { type: 'opened'; data: { method: PaymentMethod; currency: string; tipMinor: number } }
  | { type: 'priced'; data: Price & { pharmacyId: string } }
  | { type: 'captured'; data: Taken }
  | { type: 'closed'; data: Record<string, never> }
  | {
      type: 'action_required'
      data: { id: string; clientSecret: string | null; declined: string | null }
    }
  | { type: 'authorised'; data: { id: string; amountMinor: number; captureBefore: string | null } }
  | { type: 'authorisation_lost' | 'released'; data: { id: string; wasAuthorised: boolean } }
  /** A second object was made for the order; the payment goes on with the first one. */
  | { type: 'authorisation_doubled'; data: { id: string } }
  | { type: 'authorisation_refused'; data: { code: string } }
  | { type: 'handed_over'; data: { driverId: string } }
  | {
      type: 'refund_proposed'
      data: { refundId: string; parts: Parts; reason: string; by: string }
    }
  | { type: 'refund_approved' | 'refund_refused'; data: { refundId: string; by: string } }
  | { type: 'refund_paid'; data: { refundId: string } }
  | { type: 'refund_failed'; data: { refundId: string; wasPaid: boolean } }

export type PaymentCommand =
  | { do: 'open'; method: PaymentMethod; currency: string; tipMinor: number }
  | ({ do: 'price'; pharmacyId: string } & Price)
  | ({ do: 'capture' } & Taken)
  | { do: 'close' }
  /** The payment as the processor of cards has it. */
  | { do: 'see'; seen: SeenPayment }
  /** The processor will never take it. */
  | { do: 'refuse_authorisation'; code: string }
  | { do: 'end_refund'; refundId: string; isPaid: boolean }
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
const happened = (...facts: PaymentFact[]): PaymentDecision => ({ ok: true, facts })
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
    .filter(({ state }) => state === 'paid')
    .reduce((sum, { parts }) => sum + amountOf(parts), 0)

/** True when a refund, with those that are not refused, leaves nothing below zero. */
function isCovered({ price, tipMinor, taken, refunds }: Payment, wanted: Parts): boolean {
  const all = [
    wanted,
    ...refunds
      .filter(({ state }) => state !== 'refused' && state !== 'failed')
      .map(one => one.parts),
  ]
  const paid: Parts = { ...price!, tipMinor }
  return (
    priceParts.every(part => all.reduce((sum, one) => sum + one[part], 0) <= paid[part]) &&
    all.reduce((sum, one) => sum + amountOf(one), 0) <= taken!.takenMinor
  )
}

/** The state by its public name. */
export function statusOf(payment: Payment): PaymentStatus {
  if (payment.taken === null)
    return payment.isRefused
      ? 'failed'
      : payment.isClosed || payment.card === null
        ? 'none'
        : payment.card.isAuthorised
          ? 'authorised'
          : 'requires_action'
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
      if (!isAmount(goodsMinor, taxMinor, feeMinor)) return refused('amount_not_whole')
      const priced: PaymentFact = {
        type: 'priced',
        data: { goodsMinor, taxMinor, feeMinor, pharmacyId },
      }
      // A card is not asked for nothing.
      return payment.method === 'card' && dueMinor(evolve(payment, priced)) === 0
        ? happened(priced, {
            type: 'authorised',
            data: { id: '', amountMinor: 0, captureBefore: null },
          })
        : happened(priced)
    }
    case 'capture': {
      const { takenMinor, reason, driverId } = command
      if (payment.taken !== null) return nothing
      if (payment.price === null || payment.isClosed) return refused('payment_state_conflict')
      if (payment.method === 'card') return handOver(payment, driverId)
      return isAmount(takenMinor)
        ? happened({ type: 'captured', data: { takenMinor, reason, driverId } })
        : refused('amount_not_whole')
    }
    case 'close':
      return payment.taken !== null || payment.handedOver !== null || payment.isClosed
        ? nothing
        : happened({ type: 'closed', data: {} })
    case 'see':
      return see(payment, command.seen)
    case 'refuse_authorisation':
      return payment.card !== null || payment.isClosed || payment.isRefused
        ? nothing
        : happened({ type: 'authorisation_refused', data: { code: command.code } })
    case 'end_refund': {
      const { refundId, isPaid } = command
      const refund = payment.refunds.find(one => one.refundId === refundId)
      if (refund === undefined) return refused('refund_not_found')
      const { state } = refund
      if (state === (isPaid ? 'paid' : 'failed')) return nothing
      if (state === 'approved' && isPaid)
        return happened({ type: 'refund_paid', data: { refundId } })
      // A refund that was paid can still fail, and then the money comes back.
      if ((state === 'approved' || state === 'paid') && !isPaid)
        return happened({ type: 'refund_failed', data: { refundId, wasPaid: state === 'paid' } })
      // One that moved nothing here has moved money there: a person looks at it.
      return refused('payment_state_conflict')
    }
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
        return (refund.state !== 'refused') === isApproved && refund.decidedBy === by
          ? nothing
          : refused('payment_state_conflict')
      // Who has proposed it may take it back, but not approve it.
      if (isApproved && refund.proposedBy === by) return refused('second_person_required')
      if (!isApproved) return happened({ type: 'refund_refused', data: { refundId, by } })
      const approved: PaymentFact = { type: 'refund_approved', data: { refundId, by } }
      // Cash is given back by hand.
      return payment.method === 'cash' || payment.card?.id === ''
        ? happened(approved, { type: 'refund_paid', data: { refundId } })
        : happened(approved)
    }
  }
}

function handOver(payment: Payment, driverId: string): PaymentDecision {
  if (payment.handedOver !== null) return nothing
  const handedOver: PaymentFact = { type: 'handed_over', data: { driverId } }
  return payment.card?.id === ''
    ? happened(handedOver, {
        type: 'captured',
        data: { takenMinor: 0, reason: null, driverId },
      })
    : happened(handedOver)
}

/**
 * The facts between the state and the object of the processor. An object that was read before the
 * last fact leads to none.
 */
function see(payment: Payment, seen: SeenPayment): PaymentDecision {
  const { card, price, taken, handedOver, isClosed, lost } = payment
  if (payment.method !== 'card' || price === null || seen.currency !== payment.currency)
    return refused('payment_state_conflict')
  const isLost = lost.includes(seen.id)
  if (isLost || (card !== null && card.id !== seen.id)) {
    // What was taken by mistake is given back by a person.
    if (seen.state === 'captured') return refused('payment_state_conflict')
    return isLost || seen.state === 'cancelled' || seen.requestId === null
      ? nothing
      : happened({ type: 'authorisation_doubled', data: { id: seen.id } })
  }
  if (taken !== null) return nothing
  const { id, clientSecret, declined, captureBefore } = seen
  const authorised: readonly PaymentFact[] =
    card?.isAuthorised === true
      ? []
      : [
          {
            type: 'authorised',
            data: { id, amountMinor: dueMinor(payment)!, captureBefore },
          },
        ]
  switch (seen.state) {
    case 'open':
      return card?.isAuthorised === true ||
        (card !== null && card.declined === declined && card.clientSecret === clientSecret)
        ? nothing
        : happened({ type: 'action_required', data: { id, clientSecret, declined } })
    case 'authorised':
      // An object that somebody has changed at the processor is looked at by a person.
      return seen.authorisedMinor === dueMinor(payment)
        ? happened(...authorised)
        : refused('payment_state_conflict')
    case 'captured':
      return handedOver === null || isClosed
        ? refused('payment_state_conflict')
        : happened(...authorised, {
            type: 'captured',
            data: {
              takenMinor: seen.capturedMinor,
              reason: null,
              driverId: handedOver.driverId,
            },
          })
    case 'cancelled':
      return card === null
        ? nothing
        : happened({
            type: isClosed ? 'released' : 'authorisation_lost',
            data: { id, wasAuthorised: card.isAuthorised },
          })
  }
}

/** The state after a fact. The first fact of a payment is `opened`. */
export function evolve(payment: Payment | null, fact: PaymentFact): Payment {
  if (fact.type === 'opened')
    return {
      ...fact.data,
      price: null,
      taken: null,
      isClosed: false,
      card: null,
      handedOver: null,
      lost: [],
      isRefused: false,
      refunds: [],
    }
  const before = payment!
  switch (fact.type) {
    case 'priced':
      return { ...before, price: fact.data }
    case 'captured':
      return { ...before, taken: fact.data }
    case 'closed':
      return { ...before, isClosed: true }
    case 'action_required':
      return {
        ...before,
        card: { ...fact.data, isAuthorised: false, captureBefore: null },
        isRefused: false,
      }
    case 'authorised': {
      const { id, captureBefore } = fact.data
      const told = { clientSecret: null, declined: null }
      return {
        ...before,
        card: { id, captureBefore, isAuthorised: true, ...told },
        isRefused: false,
      }
    }
    case 'authorisation_lost':
    case 'released':
      return { ...before, card: null, lost: [...before.lost, fact.data.id] }
    case 'authorisation_doubled':
      return { ...before, lost: [...before.lost, fact.data.id] }
    case 'authorisation_refused':
      return { ...before, isRefused: true }
    case 'handed_over':
      return { ...before, handedOver: fact.data }
    case 'refund_paid':
    case 'refund_failed': {
      const state = fact.type === 'refund_paid' ? 'paid' : 'failed'
      const { refundId } = fact.data
      return {
        ...before,
        refunds: before.refunds.map(one => (one.refundId === refundId ? { ...one, state } : one)),
      }
    }
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
