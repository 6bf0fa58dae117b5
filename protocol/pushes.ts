/**
 * Pushes: what engines ask edges to put on sockets. Soft by design: a push may be lost or repeated;
 * terminals resynchronise, trackers begin with the full state, and edges drop what a socket knows.
 */
import type { OpeningHours } from './opening-hours.ts'
import type { Tariff } from './tariff.ts'

/** Who should hear it: every socket subscribed to the topic, on whichever edge. */
export const topics = {
  vendor: (vendorId: string) => `vendor:${vendorId}`,
  customer: (customerId: string) => `customer:${customerId}`,
  driver: (driverId: string) => `driver:${driverId}`,
  /** Trackers of one order. */
  order: (orderId: string) => `order:${orderId}`,
} as const

/** `new_request`, without the distance, which differs by recipient and is spliced in by the edge. */
export interface NewRequestBody {
  request_id: string
  patient_name: string
  patient_phone: string
  patient_location: { lat: number; lng: number }
  radius_km: number
  quantity: number | null
  items: { name: string; quantity: number }[]
  notes: string | null
  image_url: string | null
  prescription_url: string | null
  timestamp: string
  expires_at: string
}

export type SocketMessage = { type: string } & Record<string, unknown>

/** One message on `push.all`, body of a list. */
export type Push =
  /** A message to all sockets of a topic. */
  | { kind: 'topic'; topic: string; message: SocketMessage }
  /** A broadcast request to the terminals of many pharmacies: one message, distances beside it. */
  | { kind: 'new_request'; body: NewRequestBody; vendor_ids: string[]; distances_km: number[] }
  /** The end of a request, to all who were asked but one. `request_taken` | `request_expired` | `request_cancelled`. */
  | { kind: 'request_closed'; request_id: string; vendor_ids: string[]; message: SocketMessage }
export type PushList = Push[]

/** From an edge on `interest`: everything its sockets watch. Renewed as a whole, so loss heals itself. */
export interface InterestMessage {
  edge_id: string
  /** True when the lists are all there is; false when they add to it. */
  full: boolean
  /** Orders with a tracker or the order's customer connected. */
  order_ids: string[]
  /** Vendors with a fleet view open. */
  vendor_ids: string[]
  /** Everything ended: the edge is going away. */
  gone?: true
}

/** From an edge on `terminals`: these pharmacies' terminals want every open request they are eligible for. */
export interface TerminalsMessage { vendor_ids: string[] }

/** From an engine to one edge, once a tick: positions of what that edge watches. */
export interface LocationPush {
  orders: OrderLocation[]
  fleet: FleetLocation[]
}
export interface OrderLocation {
  order_id: string
  latitude: number
  longitude: number
  heading: number | null
  speed: number | null
  /** To the drop-off; before the pick-up by way of the pharmacy. */
  eta_minutes: number | null
  distance_km: number
  at_ms: number
}
export interface FleetLocation {
  vendor_id: string
  driver_id: string
  status: string
  latitude: number
  longitude: number
  heading: number | null
  speed: number | null
  at_ms: number
}

/** `query.position`: asked by edges, answered by any engine. */
export interface PositionQuery {
  driver_id: string
  target?: { latitude: number; longitude: number }
  /** On the way to the target, for an order not yet picked up. */
  via?: { latitude: number; longitude: number }
}
export interface PositionAnswer {
  position: { latitude: number; longitude: number; heading: number | null; speed: number | null; at_ms: number } | null
  distance_km: number | null
  eta_minutes: number | null
}

/** From the edge on `directory.vendor` after it wrote the row. */
export interface DirectoryVendor {
  vendor_id: string
  name: string
  phone: string
  address: string | null
  latitude: number
  longitude: number
  is_active: boolean
  proof_required: boolean
  dispatch_policy: 'manual' | 'offer'
  time_zone: string
  /** Null: never closed. */
  opening_hours: OpeningHours | null
  /** Null: the default tariff. */
  tariff: Tariff | null
}
