/**
 * Finds the driver of an accepted order: searches, offers, assignments by hand, and drivers who
 * leave.
 */
import type { ErrorCode } from '../../protocol/kernel/errors.ts'
import { searchPolicyDefault, type SearchPolicy } from '../../protocol/drivers/policies.ts'
import { limits } from '../../protocol/kernel/limits.ts'
import type { OrderEvent } from '../../protocol/dispatch/events.ts'
import type { Principal } from '../../protocol/kernel/principal.ts'
import { emit, reject } from '../actors/decision.ts'
import {
  conflict,
  isDriver,
  isPharmacy,
  notFound,
  privileged,
  type Of,
  type OrderDecision,
} from './parties.ts'
import { deliveryOf, isBeingFetched, type Order } from './state.ts'

/**
 * The event that begins a search. The default times are those of protocol/kernel/limits.ts, in ms.
 */
export const searchStarted = (
  nowMs: number,
  policy: SearchPolicy,
  offerTtlMs: number = limits.offerTtlMs,
  searchTtlMs: number = limits.driverSearchTtlMs,
): OrderEvent => ({
  type: 'driver_search_started',
  data: { policy, offer_ttl_ms: offerTtlMs, deadline_ms: nowMs + searchTtlMs },
})

/** The pharmacy lets the engine search for a driver. */
export function findDriver(order: Order, command: Of<'find_driver'>, nowMs: number): OrderDecision {
  if (order.kind === 'broadcast' || !isPharmacy(order, command.by)) return notFound()
  // The order has a driver. A `find_driver` that is repeated after its search ended well gets the
  // same answer (invariant 3).
  if (deliveryOf(order) !== null && order.kind !== 'cancelled') return emit()
  if (order.kind !== 'accepted') return conflict(order, 'given a driver')
  if (order.search.kind === 'searching' || order.search.kind === 'offering') return emit()
  const { offer_seconds, search_seconds } = command.data
  return emit(
    searchStarted(
      nowMs,
      command.policy,
      offer_seconds === undefined ? command.offerTtlMs : offer_seconds * 1000,
      search_seconds === undefined ? undefined : search_seconds * 1000,
    ),
  )
}

/** The pharmacy chooses a driver by hand. */
export function assignDriver(
  order: Order,
  command: Of<'assign_driver'>,
  nowMs: number,
): OrderDecision {
  if (order.kind === 'broadcast' || !isPharmacy(order, command.by)) return notFound()
  const driverId = command.data.driver_id
  if (order.kind === 'driver_assigned' && order.delivery.driver.driver_id === driverId)
    return emit()
  if (order.kind !== 'accepted') return conflict(order, 'given a driver')
  const { search } = order
  if (search.kind === 'offering') {
    if (search.offer.driverId === driverId && search.offer.mode === 'assign') return emit()
    return reject(
      'order_state_conflict',
      'a driver is being asked for this order; wait for the answer or cancel the search',
    )
  }
  return emit({
    type: 'offer_made',
    data: {
      offer_id: command.offerId,
      driver_id: driverId,
      mode: 'assign',
      expires_at_ms: nowMs + (command.offerTtlMs ?? limits.offerTtlMs),
      eta_minutes: null,
      distance_km: null,
    },
  })
}

/** The engine found the next driver to ask. */
export function proposeDriver(
  order: Order,
  command: Of<'propose_driver'>,
  nowMs: number,
): OrderDecision {
  if (order.kind !== 'accepted' || order.search.kind !== 'searching') return emit()
  const { auto } = order.search
  const { candidate } = command
  if (nowMs >= auto.deadlineMs || auto.offersMade >= limits.offersPerSearchMax)
    return emit({ type: 'driver_search_ended', data: { outcome: 'exhausted' } })
  if (auto.triedDriverIds.includes(candidate.driverId)) return emit()
  return emit({
    type: 'offer_made',
    data: {
      offer_id: candidate.offerId,
      driver_id: candidate.driverId,
      mode: 'offer',
      expires_at_ms: Math.min(nowMs + auto.offerTtlMs, auto.deadlineMs),
      eta_minutes: candidate.etaMinutes,
      distance_km: candidate.distanceKm,
    },
  })
}

/** The engine ends a search that is past its deadline or has made all its offers. */
export function endSearch(order: Order, nowMs: number): OrderDecision {
  if (order.kind !== 'accepted' || order.search.kind !== 'searching') return emit()
  const { auto } = order.search
  if (nowMs < auto.deadlineMs && auto.offersMade < limits.offersPerSearchMax) return emit()
  return emit({ type: 'driver_search_ended', data: { outcome: 'exhausted' } })
}

/** The open offer, if `offerId` is that offer and `by` is the driver who was asked. */
function offerFor(order: Order, offerId: string, by: Principal) {
  if (
    order.kind !== 'accepted' ||
    order.search.kind !== 'offering' ||
    order.search.offer.offerId !== offerId
  )
    return null
  return privileged(by) || by.id === order.search.offer.driverId ? order.search.offer : null
}

/**
 * A driver accepts an offer. `command.driver` comes from the driver's actor
 * (engine/dispatch/holds.ts).
 */
export function acceptOffer(
  order: Order,
  command: Of<'accept_offer'>,
  nowMs: number,
): OrderDecision {
  const { by, data } = command
  if (by.role !== 'driver' && !privileged(by)) return notFound()
  const delivery = deliveryOf(order)
  if (delivery !== null && delivery.assignmentId === data.offer_id && isDriver(order, by))
    return emit()
  if (
    order.kind === 'accepted' &&
    order.search.kind === 'offering' &&
    order.search.offer.offerId === data.offer_id
  ) {
    if (offerFor(order, data.offer_id, by) === null)
      return reject('offer_not_yours', 'this offer was made to another driver')
    if (nowMs >= order.search.offer.expiresAtMs)
      return reject('offer_expired', 'this offer has expired')
    if (command.driver === null) return reject('driver_not_found', 'no such driver')
    // Also where a service answers for the driver, only the driver who was asked holds the place
    // (invariant 8).
    if (command.driver.driver_id !== order.search.offer.driverId)
      return reject('offer_not_yours', 'this offer was made to another driver')
    return emit({
      type: 'driver_assigned',
      data: { offer_id: data.offer_id, driver: command.driver },
    })
  }
  return reject('offer_expired', 'this offer is over')
}

/**
 * The driver's actor holds a place for this order. This completes an assignment by the pharmacy.
 */
export function driverTook(order: Order, command: Of<'driver_took'>): OrderDecision {
  const offer = offerFor(order, command.offerId, command.by)
  if (offer === null || offer.mode !== 'assign') return emit()
  return emit({
    type: 'driver_assigned',
    data: { offer_id: offer.offerId, driver: command.driver },
  })
}

/** A driver declines an offer. */
export function declineOffer(order: Order, command: Of<'decline_offer'>): OrderDecision {
  const { by, data } = command
  if (by.role !== 'driver' && !privileged(by)) return notFound()
  if (
    order.kind === 'accepted' &&
    order.search.kind === 'offering' &&
    order.search.offer.offerId === data.offer_id
  ) {
    if (offerFor(order, data.offer_id, by) === null)
      return reject('offer_not_yours', 'this offer was made to another driver')
    return emit(closed(order.search.offer, 'declined', data.reason ?? null))
  }
  const delivery = deliveryOf(order)
  if (delivery !== null && delivery.assignmentId === data.offer_id && isDriver(order, by))
    return conflict(order, 'declined')
  // The answer "already so" is only for a driver who was asked. To others it would reveal the
  // order.
  const wasAsked =
    order.kind === 'accepted' &&
    order.search.kind !== 'idle' &&
    order.search.kind !== 'exhausted' &&
    order.search.auto?.triedDriverIds.includes(by.id) === true
  return wasAsked || privileged(by) ? emit() : reject('offer_expired', 'this offer is over')
}

/** The offer expired, or the driver's actor refused it. Does nothing for any other offer. */
export function closeOffer(
  order: Order,
  offerId: string,
  outcome: 'expired' | 'unavailable',
  reason: string | null,
  nowMs: number,
  code: ErrorCode | null = null,
): OrderDecision {
  if (order.kind !== 'accepted' || order.search.kind !== 'offering') return emit()
  const { offer } = order.search
  if (offer.offerId !== offerId || (outcome === 'expired' && nowMs < offer.expiresAtMs))
    return emit()
  return emit(closed(offer, outcome, reason, code))
}

/** The event that ends an offer. `code` is the refusal of the driver's actor, if there was one. */
export const closed = (
  offer: { offerId: string; driverId: string },
  outcome: 'declined' | 'expired' | 'unavailable' | 'withdrawn',
  reason: string | null,
  code: ErrorCode | null = null,
): OrderEvent => ({
  type: 'offer_closed',
  data: { offer_id: offer.offerId, driver_id: offer.driverId, outcome, reason, code },
})

/**
 * The driver no longer belongs to the pharmacy. A driver who has the parcel completes the delivery.
 * Before the pick-up the order searches for another driver, also where the pharmacy chose by hand,
 * because a patient waits.
 */
export function driverLeft(order: Order, command: Of<'driver_left'>, nowMs: number): OrderDecision {
  if (!isBeingFetched(order) || order.delivery.driver.driver_id !== command.driverId) return emit()
  return emit<OrderEvent>(
    {
      type: 'driver_unassigned',
      data: {
        driver_id: command.driverId,
        offer_id: order.delivery.assignmentId,
        reason: command.reason,
      },
    },
    searchStarted(nowMs, searchPolicyDefault),
  )
}
