/**
 * What sockets are told of orders, made in one place: an engine pushes these messages when something
 * happens, an edge sends the same ones to whoever connects later, and neither tells more than the other.
 */
import { isoTime } from '../iso-time.ts'
import { currency } from '../money.ts'
import type { NewRequestBody, SocketMessage } from '../pushes.ts'
import type { OrderView } from '../rest/order.ts'
import type { GeoPoint } from '../geo.ts'
import { areaOf, coarseKm, initialsOf } from './area.ts'

/** An open request, as far as a message about it needs to know it. Times in ms, the radius in km. */
export interface OpenRequest {
  orderId: string
  customerName: string
  dropoff: GeoPoint
  items: NewRequestBody['items']
  quantity: number | null
  prescriptionUrl: string | null
  radiusKm: number
  createdAtMs: number
  expiresAtMs: number
}

/** What a pharmacy needs to say yes: the fields of the older API, without those that say who asks and where exactly. */
export function newRequestBody(request: OpenRequest): NewRequestBody {
  const area = areaOf(request.dropoff)
  return {
    request_id: request.orderId,
    patient_name: initialsOf(request.customerName),
    patient_phone: '',
    patient_location: { lat: area.latitude, lng: area.longitude },
    radius_km: request.radiusKm,
    quantity: request.quantity,
    items: request.items,
    notes: null,
    image_url: request.prescriptionUrl,
    prescription_url: request.prescriptionUrl,
    timestamp: isoTime(request.createdAtMs),
    expires_at: isoTime(request.expiresAtMs),
  }
}

/** An offer as its driver is asked it: two areas and the fee. `fee` in units of the currency, the distance by road. */
export interface OpenOffer {
  offer_id: string
  order_id: string
  pickup: GeoPoint
  dropoff: GeoPoint
  distance_km: number | null
  fee: number | null
  expires_at: string
}

/**
 * `address` is always null: the field is the older app's, and an address is more than an area. The distance is exact
 * to 100 m, because the fee follows from it and says as much.
 */
export const offerMessage = ({
  offer_id,
  order_id,
  pickup,
  dropoff,
  distance_km,
  fee,
  expires_at,
}: OpenOffer): SocketMessage => ({
  type: 'offer',
  offer_id,
  order_id,
  pickup: { ...areaOf(pickup), address: null },
  dropoff: { ...areaOf(dropoff), address: null },
  distance_km: distance_km === null ? null : coarseKm(distance_km),
  fee,
  currency,
  expires_at,
})

/** What a delivery needs, to its driver alone. `pickupPhone` is the pharmacy's. */
export function assignedMessage(order: OrderView, pickupPhone: string | null): SocketMessage {
  return {
    type: 'assigned',
    order_id: order.id,
    offer_id: order.assignment_id,
    assigned_at: order.driver_assigned_at,
    status: order.status,
    pickup: {
      latitude: order.pickup_latitude,
      longitude: order.pickup_longitude,
      address: order.pickup_address,
      name: order.vendor_name,
      ...(pickupPhone !== null && { phone: pickupPhone }),
    },
    dropoff: {
      latitude: order.delivery_latitude,
      longitude: order.delivery_longitude,
      address: order.delivery_address,
      name: order.customer_name,
      phone: order.customer_phone,
    },
    items: order.items,
    notes: order.notes,
    fee: order.delivery_fee,
    currency: order.currency,
  }
}
