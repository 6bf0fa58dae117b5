/** The public view of an order: the answer of REST, and in two parts the row of the read model. */
import { kmToMetre } from '../../protocol/kernel/kilometres.ts'
import { currencyOf, decimalOfMinor } from '../../protocol/pricing/money.ts'
import { isoTime } from '../../protocol/kernel/iso-time.ts'
import { orderNumber } from '../../protocol/kernel/ids.ts'
import { shownOf } from '../../protocol/orders/fields.ts'
import type { OrderView } from '../../protocol/orders/view.ts'
import type { OrderStatus } from '../../protocol/orders/statuses.ts'
import {
  orderView,
  type OrderPlaced,
  type OrderProgress,
} from '../../protocol/orders/view-parts.ts'
import { custodyView } from './custody-view.ts'
import {
  deliveryOf,
  isEnded,
  pharmacyOf,
  type Broadcast,
  type Deal,
  type Order,
  type Search,
} from './state.ts'

export type Living = Exclude<Order, { kind: 'absent' }>

/**
 * An open request is shown as `pending`: for the customer it is an order that nobody has taken yet.
 */
export const statusOf = (order: Living): OrderStatus =>
  order.kind === 'broadcast' ? 'pending' : order.kind

/** An order after its `version`-th event, at `updatedAtMs`. */
export const view = (order: Living, version: number, updatedAtMs: number): OrderView =>
  orderView({ placed: placed(order), progress: progress(order, version, updatedAtMs) })

/** The part of a request; null for an order to a known pharmacy. */
export const broadcastOf = (order: Living): Broadcast | null =>
  'broadcast' in order ? order.broadcast : null

/**
 * The fee in minor units: before acceptance the one that the customer was told, if any; from
 * acceptance on the agreed one; null where the order ended before.
 */
export function feeMinorOf(order: Living): number | null {
  if ('deal' in order && order.deal !== null) return order.deal.feeMinor
  return isEnded(order) || order.core.fee === null ? null : order.core.fee.fee_minor
}

/** The part of the view that never changes. */
export function placed(order: Living): OrderPlaced {
  const { core } = order
  const broadcast = broadcastOf(order)
  return {
    id: core.orderId,
    kind: core.origin,
    order_number: orderNumber(core.orderId),
    user_id: core.customerId,
    delivery_address: core.dropoff.address,
    delivery_latitude: core.dropoff.latitude,
    delivery_longitude: core.dropoff.longitude,
    customer_name: core.customerName,
    customer_phone: core.customerPhone,
    items: core.items,
    quantity: core.quantity,
    ...shownOf(core),
    currency: currencyOf(core),
    ...(broadcast !== null && {
      radius_km: broadcast.radiusKm,
      pharmacies_notified: broadcast.candidates.length,
      expires_at: isoTime(broadcast.expiresAtMs),
    }),
    created_at: isoTime(core.createdAtMs),
  }
}

/**
 * The rest of the view. It is built field by field, because most steps of an order leave most
 * fields out.
 */
export function progress(order: Living, version: number, updatedAtMs: number): OrderProgress {
  const { core } = order
  const deal = 'deal' in order ? order.deal : null
  const vendor = pharmacyOf(order)
  const delivery = deliveryOf(order)
  const broadcast = broadcastOf(order)
  const feeMinor = feeMinorOf(order)
  const shown: OrderProgress = {
    status: statusOf(order),
    tracking_token: core.trackingToken,
    updated_at: isoTime(updatedAtMs),
    version,
  }
  if (vendor !== null) {
    shown.vendor_id = vendor.vendor_id
    shown.vendor_name = vendor.name
    if (vendor.address !== null) shown.pickup_address = vendor.address
    shown.pickup_latitude = vendor.latitude
    shown.pickup_longitude = vendor.longitude
  }
  if (order.kind === 'pending') shown.estimated_distance_km = kmToMetre(order.distanceKm)
  if (feeMinor !== null) shown.delivery_fee = decimalOfMinor(feeMinor, currencyOf(core))
  if (deal !== null) {
    shown.estimated_distance_km = kmToMetre(deal.distanceKm)
    shown.accepted_at = isoTime(deal.acceptedAtMs)
  }
  if (broadcast !== null && (deal !== null || broadcast.rejections.length > 0))
    shown.responses = responses(broadcast, deal)
  if (order.kind === 'accepted' && order.search.kind !== 'idle')
    shown.driver_search = searchView(order.search)
  if (delivery !== null) {
    shown.driver_id = delivery.driver.driver_id
    shown.driver_name = delivery.driver.name
    shown.driver_phone = delivery.driver.phone
    shown.assignment_id = delivery.assignmentId
    shown.driver_assigned_at = isoTime(delivery.assignedAtMs)
    if (delivery.arrivedAtPickupMs !== null)
      shown.arrived_at_pickup_at = isoTime(delivery.arrivedAtPickupMs)
    if (delivery.pickedUpAtMs !== null) shown.picked_up_at = isoTime(delivery.pickedUpAtMs)
    if (delivery.outForDeliveryAtMs !== null)
      shown.out_for_delivery_at = isoTime(delivery.outForDeliveryAtMs)
    if (delivery.arrivedAtDropoffMs !== null)
      shown.arrived_at_dropoff_at = isoTime(delivery.arrivedAtDropoffMs)
  }
  if (order.kind === 'delivered') {
    shown.delivered_at = isoTime(order.endedAtMs)
    if (order.actualDistanceKm !== null)
      shown.actual_distance_km = kmToMetre(order.actualDistanceKm)
    if (order.proofPhotoUrl !== null) shown.proof_photo_url = order.proofPhotoUrl
    if (order.signatureUrl !== null) shown.signature_url = order.signatureUrl
    if (order.flag !== undefined) shown.delivery_flag = order.flag
  }
  if ('reason' in order && typeof order.reason === 'string') shown.reason = order.reason
  const custody = custodyView(order)
  if (custody !== null) shown.custody = custody
  if (isEnded(order)) shown.ended_at = isoTime(order.endedAtMs)
  return shown
}

function responses(broadcast: Broadcast, deal: Deal | null): OrderView['responses'] {
  const list: OrderView['responses'] = broadcast.rejections.map(r => ({
    vendor_id: r.vendorId,
    response_type: 'REJECTED',
    text_message: r.textMessage,
    audio_url: r.audioUrl,
    responded_at: isoTime(r.atMs),
  }))
  if (deal !== null)
    list.push({
      vendor_id: deal.vendor.vendor_id,
      response_type: 'ACCEPTED',
      text_message: deal.textMessage,
      audio_url: deal.audioUrl,
      responded_at: isoTime(deal.acceptedAtMs),
    })
  return list
}

function searchView(search: Exclude<Search, { kind: 'idle' }>): OrderView['driver_search'] {
  switch (search.kind) {
    case 'searching':
      return { state: 'searching', offers_made: search.auto.offersMade, offer: null }
    case 'exhausted':
      return { state: 'exhausted', offers_made: search.offersMade, offer: null }
    case 'offering':
      return {
        state: 'offering',
        offers_made: search.auto?.offersMade ?? 1,
        offer: {
          offer_id: search.offer.offerId,
          driver_id: search.offer.driverId,
          expires_at: isoTime(search.offer.expiresAtMs),
        },
      }
  }
}
