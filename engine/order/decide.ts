/**
 * May this happen to this order, now? Pure: the answer is events or a rejection of the catalogue.
 * Ownership is checked here and not only at the edge, because only here it cannot race with a
 * change of owner. To a stranger an order does not exist: the answer is `order_not_found`.
 */
import type { ErrorCode } from '../../protocol/errors.ts'
import { limits } from '../../protocol/limits.ts'
import type { OrderEvent } from '../../protocol/events.ts'
import type { Principal } from '../../protocol/principal.ts'
import { type Decision, emit, reject, unreachable } from '../decision.ts'
import { distanceKm } from '../../protocol/geo.ts'
import { roadKm } from '../../protocol/travel.ts'
import { acceptedFee, feeAtPlacement, feeOfResponse } from './fee.ts'
import type { OrderCommand } from './commands.ts'
import { deliveryOf, vendorOf, type Order } from './state.ts'

type Of<V extends OrderCommand['verb']> = Extract<OrderCommand, { verb: V }>
type OrderDecision = Decision<OrderEvent>

export function decide(order: Order, command: OrderCommand, nowMs: number): OrderDecision {
  if (command.verb === 'broadcast') return openBroadcast(order, command, nowMs)
  if (command.verb === 'create') return place(order, command)
  if (order.kind === 'absent') return reject('order_not_found', 'no such order')
  switch (command.verb) {
    case 'respond': return respond(order, command, nowMs)
    case 'accept': return accept(order, command, nowMs)
    case 'reject': return refuse(order, command)
    case 'cancel': return cancel(order, command)
    case 'reissue_tracking': return reissueTracking(order, command)
    case 'expire': return expire(order, nowMs)
    case 'find_driver': return findDriver(order, command, nowMs)
    case 'assign_driver': return assignDriver(order, command, nowMs)
    case 'propose_driver': return proposeDriver(order, command, nowMs)
    case 'end_search': return endSearch(order, nowMs)
    case 'accept_offer': return acceptOffer(order, command, nowMs)
    case 'driver_took': return driverTook(order, command)
    case 'decline_offer': return declineOffer(order, command)
    case 'driver_refused': return closeOffer(order, command.offerId, 'unavailable', command.reason, nowMs, command.code)
    case 'offer_expired': return closeOffer(order, command.offerId, 'expired', null, nowMs)
    case 'record_arrival': return recordArrival(order, command)
    case 'pick_up': return pickUp(order, command)
    case 'out_for_delivery': return outForDelivery(order, command)
    case 'deliver': return deliver(order, command)
    case 'fail': return fail(order, command)
    case 'return': return startReturn(order, command)
    case 'complete_return': return completeReturn(order, command)
    default: return unreachable(command)
  }
}

// Who may

const privileged = (by: Principal): boolean => by.role === 'admin' || by.role === 'system' || by.role === 'service'
const isCustomer = (order: Exclude<Order, { kind: 'absent' }>, by: Principal): boolean =>
  privileged(by) || (by.role === 'customer' && by.id === order.core.customerId)
const isVendor = (order: Order, by: Principal): boolean =>
  privileged(by) || (by.role === 'vendor' && by.id === vendorOf(order)?.vendor_id)
const isDriver = (order: Order, by: Principal): boolean =>
  privileged(by) || (by.role === 'driver' && by.id === deliveryOf(order)?.driver.driver_id)

/** Of people the role says enough: an order has one customer and one pharmacy. Services are many. */
const nameOf = (by: Principal): string => (by.role === 'service' ? `service:${by.id}` : by.role)

/** A customer orders for themselves; edges and services for whom they vouch. */
const mayOrder = (by: Principal, customerId: string): boolean => privileged(by) || (by.role === 'customer' && by.id === customerId)

const notFound = () => reject('order_not_found', 'no such order')
const conflict = (order: Order, wanted: string) =>
  reject('order_state_conflict', `an order that is ${order.kind === 'broadcast' ? 'an open request' : order.kind} cannot be ${wanted}`)

// Beginnings

function openBroadcast(order: Order, command: Of<'broadcast'>, nowMs: number): OrderDecision {
  const d = command.data
  if (!mayOrder(command.by, d.customer_id)) return reject('forbidden', 'customer_id is not the account that orders')
  if (order.kind !== 'absent')
    return order.core.customerId === d.customer_id && order.core.origin === 'broadcast'
      ? emit() : reject('order_already_exists', 'an order with this id already exists')
  const opened: OrderEvent = {
    type: 'broadcast_opened',
    data: {
      ...newOrder(command),
      dropoff: { latitude: d.latitude, longitude: d.longitude, address: d.delivery_address ?? null },
      quantity: d.quantity ?? null,
      radius_km: d.radius_km,
      expires_at_ms: nowMs + d.expires_in_seconds * 1000,
      candidates: command.candidates,
      fee: d.fee ?? null,
    },
  }
  // Nobody to ask means nobody can ever accept: say so now instead of letting the customer wait.
  return command.candidates.length > 0
    ? emit(opened) : emit<OrderEvent>(opened, { type: 'request_expired', data: { reason: 'no_pharmacy_in_radius' } })
}

function place(order: Order, command: Of<'create'>): OrderDecision {
  const d = command.data
  if (!mayOrder(command.by, d.customer_id)) return reject('forbidden', 'customer_id is not the account that orders')
  if (order.kind !== 'absent')
    return order.core.customerId === d.customer_id && order.core.origin === 'direct'
      ? emit() : reject('order_already_exists', 'an order with this id already exists')
  if (command.vendor === null) return reject('vendor_not_found', 'no such pharmacy, or it is not active')
  const vendor = {
    ...command.vendor,
    latitude: d.pickup_latitude ?? command.vendor.latitude,
    longitude: d.pickup_longitude ?? command.vendor.longitude,
    address: d.pickup_address ?? command.vendor.address,
  }
  const greatCircleKm = distanceKm(vendor.latitude, vendor.longitude, d.delivery_latitude, d.delivery_longitude)
  const fee = feeAtPlacement(d.fee, vendor.vendor_id, command.tariff, d.distance_km ?? roadKm(greatCircleKm))
  return emit({
    type: 'order_placed',
    data: {
      ...newOrder(command),
      dropoff: { latitude: d.delivery_latitude, longitude: d.delivery_longitude, address: d.delivery_address },
      quantity: null,
      vendor,
      distance_km: fee.distance_km,
      fee,
    },
  })
}

function newOrder(command: Of<'broadcast'> | Of<'create'>) {
  const d = command.data
  return {
    order_id: d.order_id,
    tracking_token: command.trackingToken,
    customer_id: d.customer_id,
    customer_name: d.customer_name,
    customer_phone: d.customer_phone,
    items: d.items,
    notes: d.notes ?? null,
    prescription_url: d.prescription_url ?? null,
  }
}

// The pharmacies' answers

function respond(order: Order, command: Of<'respond'>, nowMs: number): OrderDecision {
  const { by, data } = command
  if (order.kind === 'absent' || order.core.origin !== 'broadcast') return notFound()
  if (by.role !== 'vendor' && !privileged(by)) return notFound()
  const broadcast = 'broadcast' in order ? order.broadcast : null
  const winner = order.kind === 'broadcast' ? null : vendorOf(order)
  if (winner !== null && winner.vendor_id === by.id)
    return data.response_type === 'ACCEPTED' ? emit() : reject('request_already_assigned', 'you have accepted this request; cancel the order instead')
  const candidate = broadcast?.candidates.find(c => c.vendor_id === by.id)
  if (candidate === undefined) return reject('request_not_offered', 'this request was not offered to your pharmacy')
  if (order.kind === 'expired') return reject('request_expired', 'this request has expired')
  if (order.kind === 'cancelled' && order.deal === null) return reject('request_cancelled', 'this request was cancelled by the customer')
  if (order.kind !== 'broadcast')
    return reject('request_already_assigned', 'This request has already been assigned to a pharmacy')
  if (nowMs >= order.broadcast.expiresAtMs) return reject('request_expired', 'this request has expired')
  const { vendor } = command
  if (vendor === null) return reject('vendor_not_found', 'your pharmacy is not active')
  const answer = { text_message: data.text_message ?? null, audio_url: data.audio_url ?? null }
  if (data.response_type === 'REJECTED') {
    const known = order.broadcast.rejections
    if (known.some(r => r.vendorId === by.id) || known.length >= limits.responsesMax) return emit()
    const { name, latitude, longitude } = vendor
    return emit({ type: 'response_recorded', data: { vendor_id: by.id, vendor_name: name, latitude, longitude, distance_km: candidate.distance_km, ...answer } })
  }
  return emit<OrderEvent>(
    {
      type: 'order_accepted',
      data: { vendor, ...feeOfResponse(order.core.fee, data.fee, by.id, command.tariff, roadKm(candidate.distance_km)), ...answer },
    },
    ...(command.autoOffer ? [searchStarted(nowMs)] : []),
  )
}

function accept(order: Order, command: Of<'accept'>, nowMs: number): OrderDecision {
  if (order.kind === 'broadcast') return notFound()
  if (!isVendor(order, command.by)) return notFound()
  if (order.kind === 'accepted') return emit()
  if (order.kind !== 'pending') return conflict(order, 'accepted')
  return emit<OrderEvent>(
    {
      type: 'order_accepted',
      data: {
        vendor: order.vendor, distance_km: order.distanceKm, fee_minor: acceptedFee(order.core.fee, command.data.fee, order.vendor.vendor_id, order.distanceKm),
        text_message: command.data.text_message ?? null, audio_url: null,
      },
    },
    ...(command.autoOffer ? [searchStarted(nowMs)] : []),
  )
}

function refuse(order: Order, command: Of<'reject'>): OrderDecision {
  if (order.kind === 'broadcast') return notFound()
  if (!isVendor(order, command.by)) return notFound()
  if (order.kind === 'rejected') return emit()
  if (order.kind !== 'pending') return conflict(order, 'rejected')
  return emit({ type: 'order_rejected', data: { vendor_id: order.vendor.vendor_id, reason: command.data.reason ?? null } })
}

function expire(order: Order, nowMs: number): OrderDecision {
  if (order.kind !== 'broadcast' || nowMs < order.broadcast.expiresAtMs) return emit()
  return emit({ type: 'request_expired', data: { reason: 'deadline' } })
}

function cancel(order: Order, command: Of<'cancel'>): OrderDecision {
  if (order.kind === 'absent') return notFound()
  if (!isCustomer(order, command.by) && !isVendor(order, command.by)) return notFound()
  switch (order.kind) {
    case 'cancelled': return emit()
    case 'broadcast': case 'pending': case 'accepted': case 'driver_assigned':
      return emit<OrderEvent>(
        ...(order.kind === 'accepted' && order.search.kind === 'offering' ? [closed(order.search.offer, 'withdrawn', 'order cancelled')] : []),
        { type: 'order_cancelled', data: { by: nameOf(command.by), reason: command.data.reason ?? null } },
      )
    case 'expired': return reject('request_expired', 'this request has expired')
    default: return reject('order_not_cancellable', `an order that is ${order.kind} can no longer be cancelled`)
  }
}

/** The link is the customer's and the pharmacy's to share, so it is theirs to take back. At any time: who has it may still look. */
function reissueTracking(order: Order, command: Of<'reissue_tracking'>): OrderDecision {
  if (order.kind === 'absent' || (!isCustomer(order, command.by) && !isVendor(order, command.by))) return notFound()
  return order.core.trackingToken === command.trackingToken ? emit() : emit({ type: 'tracking_reissued', data: { tracking_token: command.trackingToken } })
}

// Finding a driver

const searchStarted = (nowMs: number, offerTtlMs: number = limits.offerTtlMs, searchTtlMs: number = limits.driverSearchTtlMs): OrderEvent =>
  ({ type: 'driver_search_started', data: { policy: 'offer', offer_ttl_ms: offerTtlMs, deadline_ms: nowMs + searchTtlMs } })

function findDriver(order: Order, command: Of<'find_driver'>, nowMs: number): OrderDecision {
  if (order.kind === 'broadcast' || !isVendor(order, command.by)) return notFound()
  // There is one: a search that was found under way, and is repeated when it has ended well, is answered as it was (3).
  if (deliveryOf(order) !== null && order.kind !== 'cancelled') return emit()
  if (order.kind !== 'accepted') return conflict(order, 'given a driver')
  if (order.search.kind === 'searching' || order.search.kind === 'offering') return emit()
  const { offer_seconds, search_seconds } = command.data
  return emit(searchStarted(nowMs,
    offer_seconds === undefined ? undefined : offer_seconds * 1000,
    search_seconds === undefined ? undefined : search_seconds * 1000))
}

function assignDriver(order: Order, command: Of<'assign_driver'>, nowMs: number): OrderDecision {
  if (order.kind === 'broadcast' || !isVendor(order, command.by)) return notFound()
  const driverId = command.data.driver_id
  if (order.kind === 'driver_assigned' && order.delivery.driver.driver_id === driverId) return emit()
  if (order.kind !== 'accepted') return conflict(order, 'given a driver')
  const { search } = order
  if (search.kind === 'offering') {
    if (search.offer.driverId === driverId && search.offer.mode === 'assign') return emit()
    return reject('order_state_conflict', 'a driver is being asked for this order; wait for the answer or cancel the search')
  }
  return emit({
    type: 'offer_made',
    data: {
      offer_id: command.offerId, driver_id: driverId, mode: 'assign',
      expires_at_ms: nowMs + limits.offerTtlMs, eta_minutes: null, distance_km: null,
    },
  })
}

function proposeDriver(order: Order, command: Of<'propose_driver'>, nowMs: number): OrderDecision {
  if (order.kind !== 'accepted' || order.search.kind !== 'searching') return emit()
  const { auto } = order.search
  const { candidate } = command
  if (nowMs >= auto.deadlineMs || auto.offersMade >= limits.offersPerSearchMax)
    return emit({ type: 'driver_search_ended', data: { outcome: 'exhausted' } })
  if (auto.triedDriverIds.includes(candidate.driverId)) return emit()
  return emit({
    type: 'offer_made',
    data: {
      offer_id: candidate.offerId, driver_id: candidate.driverId, mode: 'offer',
      expires_at_ms: Math.min(nowMs + auto.offerTtlMs, auto.deadlineMs),
      eta_minutes: candidate.etaMinutes, distance_km: candidate.distanceKm,
    },
  })
}

function endSearch(order: Order, nowMs: number): OrderDecision {
  if (order.kind !== 'accepted' || order.search.kind !== 'searching') return emit()
  const { auto } = order.search
  if (nowMs < auto.deadlineMs && auto.offersMade < limits.offersPerSearchMax) return emit()
  return emit({ type: 'driver_search_ended', data: { outcome: 'exhausted' } })
}

/** The one offer that is out, if it is the one meant and the asker is the one asked. */
function offerFor(order: Order, offerId: string, by: Principal) {
  if (order.kind !== 'accepted' || order.search.kind !== 'offering' || order.search.offer.offerId !== offerId) return null
  return privileged(by) || by.id === order.search.offer.driverId ? order.search.offer : null
}

function acceptOffer(order: Order, command: Of<'accept_offer'>, nowMs: number): OrderDecision {
  const { by, data } = command
  if (by.role !== 'driver' && !privileged(by)) return notFound()
  const delivery = deliveryOf(order)
  if (delivery !== null && delivery.assignmentId === data.offer_id && isDriver(order, by)) return emit()
  if (order.kind === 'accepted' && order.search.kind === 'offering' && order.search.offer.offerId === data.offer_id) {
    if (offerFor(order, data.offer_id, by) === null) return reject('offer_not_yours', 'this offer was made to another driver')
    if (nowMs >= order.search.offer.expiresAtMs) return reject('offer_expired', 'this offer has expired')
    if (command.driver === null) return reject('driver_not_found', 'no such driver')
    // Whoever answers for a driver: the place is held by the one who was asked, and by no other (8).
    if (command.driver.driver_id !== order.search.offer.driverId) return reject('offer_not_yours', 'this offer was made to another driver')
    return emit({ type: 'driver_assigned', data: { offer_id: data.offer_id, driver: command.driver } })
  }
  return reject('offer_expired', 'this offer is over')
}

/** The driver's actor holds a place for this order: an assignment by the pharmacy is thereby done. */
function driverTook(order: Order, command: Of<'driver_took'>): OrderDecision {
  const offer = offerFor(order, command.offerId, command.by)
  if (offer === null || offer.mode !== 'assign') return emit()
  return emit({ type: 'driver_assigned', data: { offer_id: offer.offerId, driver: command.driver } })
}

function declineOffer(order: Order, command: Of<'decline_offer'>): OrderDecision {
  const { by, data } = command
  if (by.role !== 'driver' && !privileged(by)) return notFound()
  if (order.kind === 'accepted' && order.search.kind === 'offering' && order.search.offer.offerId === data.offer_id) {
    if (offerFor(order, data.offer_id, by) === null) return reject('offer_not_yours', 'this offer was made to another driver')
    return emit(closed(order.search.offer, 'declined', data.reason ?? null))
  }
  const delivery = deliveryOf(order)
  if (delivery !== null && delivery.assignmentId === data.offer_id && isDriver(order, by)) return conflict(order, 'declined')
  // Only to one who was asked is it "already so"; to others the answer would show the order.
  const wasAsked = order.kind === 'accepted' && order.search.kind !== 'idle' && order.search.kind !== 'exhausted' &&
    order.search.auto?.triedDriverIds.includes(by.id) === true
  return wasAsked || privileged(by) ? emit() : reject('offer_expired', 'this offer is over')
}

function closeOffer(order: Order, offerId: string, outcome: 'expired' | 'unavailable', reason: string | null, nowMs: number, code: ErrorCode | null = null): OrderDecision {
  if (order.kind !== 'accepted' || order.search.kind !== 'offering') return emit()
  const { offer } = order.search
  if (offer.offerId !== offerId || (outcome === 'expired' && nowMs < offer.expiresAtMs)) return emit()
  return emit(closed(offer, outcome, reason, code))
}

const closed = (offer: { offerId: string; driverId: string }, outcome: 'declined' | 'expired' | 'unavailable' | 'withdrawn', reason: string | null, code: ErrorCode | null = null): OrderEvent =>
  ({ type: 'offer_closed', data: { offer_id: offer.offerId, driver_id: offer.driverId, outcome, reason, code } })

// Delivering

function recordArrival(order: Order, command: Of<'record_arrival'>): OrderDecision {
  if (command.at === 'pickup')
    return order.kind === 'driver_assigned' && order.delivery.arrivedAtPickupMs === null
      ? emit({ type: 'arrived_at_pickup', data: {} }) : emit()
  return order.kind === 'out_for_delivery' && order.delivery.arrivedAtDropoffMs === null
    ? emit({ type: 'arrived_at_dropoff', data: {} }) : emit()
}

/** Drivers report on their own deliveries; a pharmacy may for its own fleet. */
const mayReport = (order: Order, by: Principal): boolean => isDriver(order, by) || isVendor(order, by)

function pickUp(order: Order, command: Of<'pick_up'>): OrderDecision {
  if (!mayReport(order, command.by)) return notFound()
  if (order.kind === 'picked_up') return emit()
  return order.kind === 'driver_assigned' ? emit({ type: 'picked_up', data: {} }) : conflict(order, 'picked up')
}

function outForDelivery(order: Order, command: Of<'out_for_delivery'>): OrderDecision {
  if (!mayReport(order, command.by)) return notFound()
  if (order.kind === 'out_for_delivery') return emit()
  return order.kind === 'picked_up' ? emit({ type: 'out_for_delivery', data: {} }) : conflict(order, 'out for delivery')
}

function deliver(order: Order, command: Of<'deliver'>): OrderDecision {
  if (!mayReport(order, command.by)) return notFound()
  if (order.kind === 'delivered') return emit()
  if (order.kind !== 'out_for_delivery') return conflict(order, 'delivered')
  const { proof_photo_url, signature_url } = command.data
  if (order.deal.vendor.proof_required && !proof_photo_url && !signature_url)
    return reject('proof_required', 'delivered needs proof_photo_url or signature_url')
  return emit({
    type: 'delivered',
    data: {
      driver_id: order.delivery.driver.driver_id,
      proof_photo_url: proof_photo_url ?? null, signature_url: signature_url ?? null,
      actual_distance_km: command.actualDistanceKm, earnings_minor: order.deal.feeMinor,
    },
  })
}

function fail(order: Order, command: Of<'fail'>): OrderDecision {
  if (!mayReport(order, command.by)) return notFound()
  if (order.kind === 'failed') return emit()
  return order.kind === 'picked_up' || order.kind === 'out_for_delivery'
    ? emit({ type: 'delivery_failed', data: { reason: command.data.reason } }) : conflict(order, 'failed')
}

function startReturn(order: Order, command: Of<'return'>): OrderDecision {
  if (!mayReport(order, command.by)) return notFound()
  if (order.kind === 'returning') return emit()
  return order.kind === 'failed' ? emit({ type: 'return_started', data: {} }) : conflict(order, 'returned')
}

function completeReturn(order: Order, command: Of<'complete_return'>): OrderDecision {
  if (!mayReport(order, command.by)) return notFound()
  if (order.kind === 'returned') return emit()
  return order.kind === 'returning'
    ? emit({ type: 'returned', data: { driver_id: order.delivery.driver.driver_id } }) : conflict(order, 'returned')
}
