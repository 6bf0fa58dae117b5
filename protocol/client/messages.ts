/** The messages that clients receive, by socket. Fields may be added; the ones here stay. */
import type { ErrorCode, FieldError } from '../errors.ts'
import type { NewRequestBody } from '../pushes.ts'
import type { OrderStatus } from '../rest/order.ts'

/** Something of what was sent could not be used. `seq` or `index` point at a location. */
export interface ErrorMessage {
  type: 'error'
  code: ErrorCode
  message: string
  id?: string
  seq?: number
  index?: number
  fields?: FieldError[]
  server_time_ms?: number
}

/** To a pharmacy's terminal: a request nearby that anybody may still take. */
export interface NewRequest extends NewRequestBody { type: 'new_request'; distance_km: number }
export interface RequestEnded { type: 'request_taken' | 'request_expired' | 'request_cancelled'; request_id: string; message: string }
/** An order sent to this pharmacy alone. */
export interface NewOrder {
  type: 'new_order'
  order_id: string
  status: OrderStatus
  customer_name: string
  items: { name: string; quantity: number }[]
  notes: string | null
  distance_km: number
  timestamp: string
}
/** What became of an answer to a request. */
export interface ResponseResult {
  type: 'response_result'
  request_id: string
  outcome: 'won' | 'recorded' | 'lost' | 'not_offered' | 'expired' | 'cancelled' | 'error'
  id?: string
  code?: ErrorCode
  message?: string
}

/** To a customer: a pharmacy's answer to their request. */
export interface PharmacyResponse {
  type: 'pharmacy_response'
  request_id: string
  pharmacy_id: string
  pharmacy_name: string
  pharmacy_location: { lat: number; lng: number }
  response_type: 'ACCEPTED' | 'REJECTED'
  text_message: string | null
  audio_url: string | null
  distance_km: number
  responded_at: string
}
/** A new status of an order, to everybody who follows it. */
export interface StatusMessage { type: 'status'; order_id: string; status: OrderStatus; at: string; arrived_at?: 'pickup' | 'dropoff'; driver_name?: string }
/** Where an order's driver is, at most a few times a second. */
export interface LocationMessage {
  type: 'location'
  order_id: string
  latitude: number
  longitude: number
  heading: number | null
  speed: number | null
  eta_minutes: number | null
  distance_km: number
  at: string
}

/** The first message of a tracking link: the whole state, as `GET /api/tracking/{token}` answers it. */
export interface TrackingStateMessage {
  type: 'state'
  order: { id: string; order_number: string; status: OrderStatus; customer_name: string; delivery_latitude: number; delivery_longitude: number } & Record<string, unknown>
  driver_location: { latitude: number; longitude: number; heading: number | null; speed: number | null; last_update: string } | null
  eta_minutes: number | null
  distance_km: number | null
}

interface Stop { latitude: number; longitude: number; address: string | null; name?: string; phone?: string }
/** To a driver: take this delivery, before `expires_at`? */
export interface OfferMessage {
  type: 'offer'
  offer_id: string
  order_id: string
  pickup: Stop
  dropoff: Stop
  distance_km: number | null
  fee: number | null
  currency: string
  expires_at: string
}
export interface OfferWithdrawn { type: 'offer_withdrawn'; offer_id: string; order_id: string; reason: string }
export interface AssignedMessage {
  type: 'assigned'
  order_id: string
  pickup: Stop
  dropoff: Stop
  items: { name: string; quantity: number }[]
  notes: string | null
  fee: number | null
  currency: string
}
export interface OfferResult {
  type: 'offer_result'
  offer_id: string
  order_id?: string
  outcome: 'accepted' | 'declined' | 'expired' | 'not_found' | 'not_yours' | 'error'
  id?: string
  code?: ErrorCode
  message?: string
}
export interface StatusResult { type: 'status_result'; outcome: 'changed' | 'error'; status?: string; id?: string; code?: ErrorCode; message?: string }

/** One driver of a fleet; coordinates are null before the first location. */
export interface FleetMember {
  driver_id: string
  status: string
  latitude: number | null
  longitude: number | null
  heading: number | null
  speed: number | null
  at: string | null
  full_name?: string
  phone?: string
  vehicle_type?: string
  active_order_ids?: string[]
}
export interface FleetMessage { type: 'fleet'; vendor_id: string; vendor_name: string; drivers: FleetMember[] }
export interface FleetLocations { type: 'locations'; vendor_id: string; drivers: FleetMember[] }
