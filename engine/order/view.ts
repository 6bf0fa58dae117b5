/** An order as the outside sees it: the row of the read model and the answer of REST. */
import { orderNumber } from '../../protocol/ids.ts'
import type { OrderStatus, OrderView } from '../../protocol/rest/order.ts'
import { currency } from '../../protocol/money.ts'
import { deliveryOf, isEnded, vendorOf, type Broadcast, type Deal, type Order, type Search } from './state.ts'

const iso = (ms: number | null | undefined): string | null => (ms === null || ms === undefined ? null : new Date(ms).toISOString())
const kilometres = (km: number | null | undefined): number | null => (km === null || km === undefined ? null : Math.round(km * 1000) / 1000)

/** An open request shows as `pending`: to the customer it is an order that nobody has taken yet. */
export const statusOf = (order: Exclude<Order, { kind: 'absent' }>): OrderStatus => (order.kind === 'broadcast' ? 'pending' : order.kind)

export function view(order: Exclude<Order, { kind: 'absent' }>, version: number, updatedAtMs: number): OrderView {
  const { core } = order
  const broadcast = 'broadcast' in order ? order.broadcast : null
  const deal = 'deal' in order ? order.deal : null
  const vendor = vendorOf(order)
  const delivery = deliveryOf(order)
  const delivered = order.kind === 'delivered' ? order : null
  return {
    id: core.orderId,
    kind: core.origin,
    order_number: orderNumber(core.orderId),
    tracking_token: core.trackingToken,
    status: statusOf(order),
    user_id: core.customerId,
    vendor_id: vendor?.vendor_id ?? null,
    vendor_name: vendor?.name ?? null,
    driver_id: delivery?.driver.driver_id ?? null,
    driver_name: delivery?.driver.name ?? null,
    driver_phone: delivery?.driver.phone ?? null,
    assignment_id: delivery?.assignmentId ?? null,
    pickup_address: vendor?.address ?? null,
    pickup_latitude: vendor?.latitude ?? null,
    pickup_longitude: vendor?.longitude ?? null,
    delivery_address: core.dropoff.address,
    delivery_latitude: core.dropoff.latitude,
    delivery_longitude: core.dropoff.longitude,
    customer_name: core.customerName,
    customer_phone: core.customerPhone,
    items: core.items,
    quantity: core.quantity,
    notes: core.notes,
    prescription_url: core.prescriptionUrl,
    radius_km: broadcast?.radiusKm ?? null,
    pharmacies_notified: broadcast?.candidates.length ?? null,
    expires_at: iso(broadcast?.expiresAtMs),
    responses: responses(broadcast, deal),
    driver_search: searchView(order.kind === 'accepted' ? order.search : { kind: 'idle' }),
    estimated_distance_km: kilometres(deal?.distanceKm ?? (order.kind === 'pending' ? order.distanceKm : null)),
    actual_distance_km: kilometres(delivered?.actualDistanceKm),
    delivery_fee: deal !== null ? deal.feeMinor / 100 : isEnded(order) || !core.fee ? null : core.fee.fee_minor / 100,
    currency,
    proof_photo_url: delivered?.proofPhotoUrl ?? null,
    signature_url: delivered?.signatureUrl ?? null,
    reason: 'reason' in order ? order.reason : null,
    created_at: new Date(core.createdAtMs).toISOString(),
    updated_at: new Date(updatedAtMs).toISOString(),
    accepted_at: iso(deal?.acceptedAtMs),
    driver_assigned_at: iso(delivery?.assignedAtMs),
    arrived_at_pickup_at: iso(delivery?.arrivedAtPickupMs),
    picked_up_at: iso(delivery?.pickedUpAtMs),
    out_for_delivery_at: iso(delivery?.outForDeliveryAtMs),
    arrived_at_dropoff_at: iso(delivery?.arrivedAtDropoffMs),
    delivered_at: iso(delivered?.endedAtMs),
    ended_at: isEnded(order) ? iso(order.endedAtMs) : null,
    version,
  }
}

function responses(broadcast: Broadcast | null, deal: Deal | null): OrderView['responses'] {
  const list: OrderView['responses'] = (broadcast?.rejections ?? []).map(r => ({
    vendor_id: r.vendorId, response_type: 'REJECTED', text_message: r.textMessage, audio_url: r.audioUrl, responded_at: new Date(r.atMs).toISOString(),
  }))
  if (broadcast !== null && deal !== null)
    list.push({
      vendor_id: deal.vendor.vendor_id, response_type: 'ACCEPTED', text_message: deal.textMessage, audio_url: deal.audioUrl,
      responded_at: new Date(deal.acceptedAtMs).toISOString(),
    })
  return list
}

function searchView(search: Search): OrderView['driver_search'] {
  switch (search.kind) {
    case 'idle': return { state: 'idle', offers_made: 0, offer: null }
    case 'searching': return { state: 'searching', offers_made: search.auto.offersMade, offer: null }
    case 'exhausted': return { state: 'exhausted', offers_made: search.offersMade, offer: null }
    case 'offering': return {
      state: 'offering',
      offers_made: search.auto?.offersMade ?? 1,
      offer: { offer_id: search.offer.offerId, driver_id: search.offer.driverId, expires_at: new Date(search.offer.expiresAtMs).toISOString() },
    }
  }
}
