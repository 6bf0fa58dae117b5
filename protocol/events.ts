/**
 * Events: facts, as the journal stores them and the bus publishes them after commit. The journal
 * keeps `data` as written here, so a change of shape is a new `v` with an upcaster, never an edit.
 * Times inside data are ms since the epoch, `_ms` in the name.
 */

export interface Place { latitude: number; longitude: number; address: string | null }
export interface VendorFact {
  vendor_id: string
  name: string
  phone: string
  latitude: number
  longitude: number
  address: string | null
  proof_required: boolean
}
export interface CandidateFact { vendor_id: string; distance_km: number }

interface NewOrder {
  order_id: string
  tracking_token: string
  customer_id: string
  customer_name: string
  customer_phone: string
  dropoff: Place
  items: { name: string; quantity: number }[]
  quantity: number | null
  notes: string | null
  prescription_url: string | null
  /** The fee as the customer was told it. Absent: in a request without a quote, and before fees were told. */
  fee?: FeeFact
}

export interface FeeFact {
  /** Null: by the pharmacy's tariff at that moment. */
  quote_id: string | null
  /** Whose fee it is; null: that of whoever accepts. */
  vendor_id: string | null
  fee_minor: number
  /** By road. */
  distance_km: number
}

export type OrderEvent =
  | { type: 'broadcast_opened'; data: NewOrder & { radius_km: number; expires_at_ms: number; candidates: CandidateFact[] } }
  | { type: 'order_placed'; data: NewOrder & { vendor: VendorFact; distance_km: number } }
  | { type: 'response_recorded'; data: { vendor_id: string; vendor_name: string; latitude: number; longitude: number; distance_km: number; text_message: string | null; audio_url: string | null } }
  | { type: 'order_accepted'; data: { vendor: VendorFact; distance_km: number; fee_minor: number; text_message: string | null; audio_url: string | null } }
  | { type: 'order_rejected'; data: { vendor_id: string; reason: string | null } }
  | { type: 'request_expired'; data: { reason: 'deadline' | 'no_pharmacy_in_radius' } }
  | { type: 'order_cancelled'; data: { by: string; reason: string | null } }
  | { type: 'tracking_reissued'; data: { tracking_token: string } }
  | { type: 'driver_search_started'; data: { policy: 'offer'; offer_ttl_ms: number; deadline_ms: number } }
  | { type: 'offer_made'; data: OfferFact }
  | { type: 'offer_closed'; data: { offer_id: string; driver_id: string; outcome: 'declined' | 'expired' | 'unavailable' | 'withdrawn'; reason: string | null; code: string | null } }
  | { type: 'driver_search_ended'; data: { outcome: 'exhausted' } }
  | { type: 'driver_assigned'; data: { offer_id: string; driver: DriverFact } }
  | { type: 'arrived_at_pickup'; data: Record<string, never> }
  | { type: 'picked_up'; data: Record<string, never> }
  | { type: 'out_for_delivery'; data: Record<string, never> }
  | { type: 'arrived_at_dropoff'; data: Record<string, never> }
  | { type: 'delivered'; data: { driver_id: string; proof_photo_url: string | null; signature_url: string | null; actual_distance_km: number | null; earnings_minor: number } }
  | { type: 'delivery_failed'; data: { reason: string } }
  | { type: 'return_started'; data: Record<string, never> }
  | { type: 'returned'; data: { driver_id: string } }

export interface OfferFact {
  offer_id: string
  driver_id: string
  /** `assign`: the pharmacy picked; the driver's actor accepts by itself if it can. */
  mode: 'offer' | 'assign'
  expires_at_ms: number
  eta_minutes: number | null
  distance_km: number | null
}
/** What a driver may know of an order before taking it: where from, where to, what it pays; not who. */
export interface HeldOfferFact {
  offer_id: string
  order_id: string
  mode: 'offer' | 'assign'
  expires_at_ms: number
  pickup: Place
  dropoff: Place
  distance_km: number
  fee_minor: number
}
export interface DriverFact { driver_id: string; name: string; phone: string; vehicle_type: string }

export type DriverEvent =
  | { type: 'driver_registered'; data: { driver_id: string; vendor_id: string; full_name: string; phone: string; vehicle_type: string; capacity: number } }
  | { type: 'status_changed'; data: { availability: 'offline' | 'available' | 'on_break' } }
  | { type: 'offer_held'; data: HeldOfferFact }
  | { type: 'offer_released'; data: { offer_id: string; order_id: string; outcome: string } }
  | { type: 'order_assigned'; data: { offer_id: string; order_id: string } }
  | { type: 'order_completed'; data: { order_id: string; outcome: 'delivered' | 'returned' | 'cancelled'; earnings_minor: number } }

/** Version of the data shapes above; the journal stores it beside each event. */
export const eventVersion = 1

/** What is published on `caduceus.v1.event.<actor>.<type>.<id>`. */
export interface PublishedEvent {
  /** `<slot>.<seq>`: the message id for deduplication; a republication carries the same. */
  id: string
  slot: number
  seq: number
  /** Version of the actor after this event: contiguous per order. */
  order_seq: number
  at: string
  actor: 'order' | 'driver'
  actor_id: string
  type: string
  v: number
  data: unknown
}
