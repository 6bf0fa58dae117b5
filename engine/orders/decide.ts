/**
 * Decides whether a command may happen to this order now. It is pure: the answer is events, or a
 * rejection from the catalogue. Ownership is checked here and not only at the edge, because only
 * here it cannot race with a change of owner. For a stranger an order does not exist: the answer is
 * `order_not_found`.
 */
import { currencyOf } from '../../protocol/pricing/money.ts'
import { tariffIn } from '../../protocol/pricing/tariff.ts'
import { toldOf } from '../../protocol/orders/fields.ts'
import { requestExpired } from '../../protocol/orders/texts.ts'
import { limits } from '../../protocol/kernel/limits.ts'
import type { OrderEvent } from '../../protocol/dispatch/events.ts'
import { emit, reject, unreachable } from '../actors/decision.ts'
import { distanceKm } from '../../protocol/river/geo.ts'
import { roadKm } from '../../protocol/drivers/travel.ts'
import { acceptedFee, feeAtPlacement, feeOfResponse } from './fee.ts'
import {
  acceptOffer,
  assignDriver,
  closed,
  closeOffer,
  declineOffer,
  driverLeft,
  driverTook,
  endSearch,
  findDriver,
  proposeDriver,
  searchStarted,
} from './finding.ts'
import { concerns } from '../actors/decision-scope.ts'
import type { OrderCommand } from './commands.ts'
import { decideCustody } from './custody-commands.ts'
import {
  completeReturn,
  deliver,
  fail,
  outForDelivery,
  pickUp,
  recordArrival,
  startReturn,
  updateDriver,
} from './delivering.ts'
import {
  conflict,
  isCustomer,
  isPharmacy,
  mayOrder,
  nameOf,
  notFound,
  privileged,
  type Of,
  type OrderDecision,
} from './parties.ts'
import { isCancellable, pharmacyOf, type Order } from './state.ts'

/** `nowMs`: time of the decision, ms since the epoch. Never throws. */
export function decide(order: Order, command: OrderCommand, nowMs: number): OrderDecision {
  if (command.within !== undefined && !inScope(order, command))
    return order.kind === 'absent' ? outOfScope : notFound()
  if (command.verb === 'broadcast') return openRequest(order, command, nowMs)
  if (command.verb === 'create') return place(order, command)
  if (order.kind === 'absent') return reject('order_not_found', 'no such order')
  switch (command.verb) {
    case 'respond':
      return respond(order, command, nowMs)
    case 'accept':
      return accept(order, command, nowMs)
    case 'reject':
      return refuse(order, command)
    case 'cancel':
      return cancel(order, command)
    case 'reissue_tracking':
      return reissueTracking(order, command)
    case 'expire':
      return expire(order, nowMs)
    case 'find_driver':
      return findDriver(order, command, nowMs)
    case 'assign_driver':
      return assignDriver(order, command, nowMs)
    case 'propose_driver':
      return proposeDriver(order, command, nowMs)
    case 'end_search':
      return endSearch(order, nowMs)
    case 'accept_offer':
      return acceptOffer(order, command, nowMs)
    case 'driver_took':
      return driverTook(order, command)
    case 'driver_left':
      return driverLeft(order, command, nowMs)
    case 'decline_offer':
      return declineOffer(order, command)
    case 'driver_refused':
      return closeOffer(order, command.offerId, 'unavailable', command.reason, nowMs, command.code)
    case 'offer_expired':
      return closeOffer(order, command.offerId, 'expired', null, nowMs)
    case 'record_arrival':
      return recordArrival(order, command)
    case 'pack':
    case 'scan':
    case 'name_agent':
    case 'renew_code':
    case 'report_break':
    case 'record_temperatures':
    case 'mend':
    case 'return_overdue':
      return decideCustody(order, command, nowMs)
    case 'update_driver':
      return updateDriver(order, command)
    case 'pick_up':
      return pickUp(order, command, nowMs)
    case 'out_for_delivery':
      return outForDelivery(order, command)
    case 'deliver':
      return deliver(order, command, nowMs)
    case 'fail':
      return fail(order, command, nowMs)
    case 'return':
      return startReturn(order, command)
    case 'complete_return':
      return completeReturn(order, command, nowMs)
    default:
      return unreachable(command)
  }
}

/**
 * A service may answer an open request for one of its own pharmacies. For every other command an
 * open request belongs to no pharmacy, so it is outside of every scope.
 */
function inScope(order: Order, command: OrderCommand): boolean {
  const { by } = command
  if (command.verb === 'respond' && by.role !== 'vendor') return false
  const pharmacyId =
    command.verb === 'respond'
      ? by.id
      : order.kind === 'absent' && command.verb === 'create'
        ? command.data.vendor_id
        : (pharmacyOf(order)?.vendor_id ?? null)
  return concerns(command, pharmacyId)
}
const outOfScope = reject(
  'forbidden',
  'this service orders from its own pharmacies and from no other',
)

// Placing

function openRequest(order: Order, command: Of<'broadcast'>, nowMs: number): OrderDecision {
  const d = command.data
  if (!mayOrder(command.by, d.customer_id))
    return reject('forbidden', 'customer_id is not the account that orders')
  if (order.kind !== 'absent')
    return order.core.customerId === d.customer_id && order.core.origin === 'broadcast'
      ? emit()
      : reject('order_already_exists', 'an order with this id already exists')
  const opened: OrderEvent = {
    type: 'broadcast_opened',
    data: {
      ...newOrder(command),
      currency: command.currency,
      dropoff: {
        latitude: d.latitude,
        longitude: d.longitude,
        address: d.delivery_address ?? null,
      },
      quantity: d.quantity ?? null,
      radius_km: d.radius_km,
      expires_at_ms: nowMs + d.expires_in_seconds * 1000,
      candidates: command.candidates,
      fee: d.fee ?? null,
    },
  }
  // Without a pharmacy to ask, nobody can ever accept. End the request now instead of letting the
  // customer wait.
  return command.candidates.length > 0
    ? emit(opened)
    : emit<OrderEvent>(opened, {
        type: 'request_expired',
        data: { reason: 'no_pharmacy_in_radius' },
      })
}

function place(order: Order, command: Of<'create'>): OrderDecision {
  const d = command.data
  if (!mayOrder(command.by, d.customer_id))
    return reject('forbidden', 'customer_id is not the account that orders')
  if (order.kind !== 'absent')
    return order.core.customerId === d.customer_id && order.core.origin === 'direct'
      ? emit()
      : reject('order_already_exists', 'an order with this id already exists')
  if (command.vendor === null)
    return reject('vendor_not_found', 'no such pharmacy, or it is not active')
  // The customer pays for the distance, so the pharmacy decides where it begins. A pick-up place
  // from a customer's older app is ignored.
  const pickup: Pick<typeof d, 'pickup_latitude' | 'pickup_longitude' | 'pickup_address'> =
    command.by.role === 'customer' ? {} : d
  const vendor = {
    ...command.vendor,
    latitude: pickup.pickup_latitude ?? command.vendor.latitude,
    longitude: pickup.pickup_longitude ?? command.vendor.longitude,
    address: pickup.pickup_address ?? command.vendor.address,
  }
  const greatCircleKm = distanceKm(
    vendor.latitude,
    vendor.longitude,
    d.delivery_latitude,
    d.delivery_longitude,
  )
  const fee = feeAtPlacement(
    d.fee,
    vendor.vendor_id,
    command.tariff,
    d.distance_km ?? roadKm(greatCircleKm),
  )
  return emit({
    type: 'order_placed',
    data: {
      ...newOrder(command),
      currency: currencyOf(command.tariff),
      dropoff: {
        latitude: d.delivery_latitude,
        longitude: d.delivery_longitude,
        address: d.delivery_address,
      },
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
    ...toldOf(d),
  }
}

// Answers of pharmacies

function respond(order: Order, command: Of<'respond'>, nowMs: number): OrderDecision {
  const { by, data } = command
  if (order.kind === 'absent' || order.core.origin !== 'broadcast') return notFound()
  if (by.role !== 'vendor' && !privileged(by)) return notFound()
  const broadcast = 'broadcast' in order ? order.broadcast : null
  const winner = order.kind === 'broadcast' ? null : pharmacyOf(order)
  if (winner !== null && winner.vendor_id === by.id)
    return data.response_type === 'ACCEPTED'
      ? emit()
      : reject(
          'request_already_assigned',
          'you have accepted this request; cancel the order instead',
        )
  const candidate = broadcast?.candidates.find(c => c.vendor_id === by.id)
  if (candidate === undefined)
    return reject('request_not_offered', 'this request was not offered to your pharmacy')
  if (order.kind === 'expired') return reject('request_expired', requestExpired)
  if (order.kind === 'cancelled' && order.deal === null)
    return reject('request_cancelled', 'this request was cancelled by the customer')
  if (order.kind !== 'broadcast')
    return reject(
      'request_already_assigned',
      'This request has already been assigned to a pharmacy',
    )
  if (nowMs >= order.broadcast.expiresAtMs) return reject('request_expired', requestExpired)
  const { vendor } = command
  if (vendor === null) return reject('vendor_not_found', 'your pharmacy is not active')
  const answer = { text_message: data.text_message ?? null, audio_url: data.audio_url ?? null }
  if (data.response_type === 'REJECTED') {
    const known = order.broadcast.rejections
    if (known.some(r => r.vendorId === by.id) || known.length >= limits.responsesMax) return emit()
    const { name, latitude, longitude } = vendor
    return emit({
      type: 'response_recorded',
      data: {
        vendor_id: by.id,
        vendor_name: name,
        latitude,
        longitude,
        distance_km: candidate.distance_km,
        ...answer,
      },
    })
  }
  return emit<OrderEvent>(
    {
      type: 'order_accepted',
      data: {
        vendor,
        ...feeOfResponse(
          order.core.fee,
          data.fee,
          by.id,
          tariffIn(currencyOf(order.core), command.tariff),
          roadKm(candidate.distance_km),
        ),
        ...answer,
      },
    },
    ...(command.search === null ? [] : [searchStarted(nowMs, command.search, command.offerTtlMs)]),
  )
}

function accept(order: Order, command: Of<'accept'>, nowMs: number): OrderDecision {
  if (order.kind === 'broadcast') return notFound()
  if (!isPharmacy(order, command.by)) return notFound()
  if (order.kind === 'accepted') return emit()
  if (order.kind !== 'pending') return conflict(order, 'accepted')
  return emit<OrderEvent>(
    {
      type: 'order_accepted',
      data: {
        vendor: order.vendor,
        distance_km: order.distanceKm,
        fee_minor: acceptedFee(
          order.core.fee,
          command.data.fee,
          order.vendor.vendor_id,
          currencyOf(order.core),
          order.distanceKm,
        ),
        text_message: command.data.text_message ?? null,
        audio_url: null,
      },
    },
    ...(command.search === null ? [] : [searchStarted(nowMs, command.search, command.offerTtlMs)]),
  )
}

function refuse(order: Order, command: Of<'reject'>): OrderDecision {
  if (order.kind === 'broadcast') return notFound()
  if (!isPharmacy(order, command.by)) return notFound()
  if (order.kind === 'rejected') return emit()
  if (order.kind !== 'pending') return conflict(order, 'rejected')
  return emit({
    type: 'order_rejected',
    data: { vendor_id: order.vendor.vendor_id, reason: command.data.reason ?? null },
  })
}

function expire(order: Order, nowMs: number): OrderDecision {
  if (order.kind !== 'broadcast' || nowMs < order.broadcast.expiresAtMs) return emit()
  return emit({ type: 'request_expired', data: { reason: 'deadline' } })
}

function cancel(order: Order, command: Of<'cancel'>): OrderDecision {
  if (order.kind === 'absent') return notFound()
  if (!isCustomer(order, command.by) && !isPharmacy(order, command.by)) return notFound()
  if (order.kind === 'cancelled') return emit()
  if (order.kind === 'expired') return reject('request_expired', requestExpired)
  if (!isCancellable(order))
    return reject(
      'order_not_cancellable',
      `an order that is ${order.kind} can no longer be cancelled`,
    )
  return emit<OrderEvent>(
    ...(order.kind === 'accepted' && order.search.kind === 'offering'
      ? [closed(order.search.offer, 'withdrawn', 'order cancelled')]
      : []),
    {
      type: 'order_cancelled',
      data: { by: nameOf(command.by), reason: command.data.reason ?? null },
    },
  )
}

/**
 * The customer and the pharmacy share the link, so both may take it back. This is possible at any
 * time, because a holder of the link may still look.
 */
function reissueTracking(order: Order, command: Of<'reissue_tracking'>): OrderDecision {
  if (order.kind === 'absent' || (!isCustomer(order, command.by) && !isPharmacy(order, command.by)))
    return notFound()
  return order.core.trackingToken === command.trackingToken
    ? emit()
    : emit({ type: 'tracking_reissued', data: { tracking_token: command.trackingToken } })
}
