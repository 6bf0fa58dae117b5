/** The bodies and answers of accounts, pharmacies, orders, ratings and conversations, as the REST client gives and takes them. */
import type { MessageKind, Topic } from '../conversations/parts.ts'
import type { VehicleType } from '../drivers/vehicles.ts'
import type { OrderStatus } from '../orders/statuses.ts'

export interface Tokens {
  access_token: string
  refresh_token: string
}
export interface Account {
  id: string
  email: string
  full_name: string
  phone: string
  role: 'user' | 'vendor' | 'driver' | 'admin'
  vendor_id: string | null
  driver_id: string | null
}

export type RatedSubject = 'vendor' | 'driver' | 'service'
export interface NewRating {
  /** Either this or `appointment_id`. */
  order_id?: string
  appointment_id?: string
  subject: RatedSubject
  /** 1 to 5. */
  score: number
  reasons?: string[]
  /** Only the rated one and administrators read it. */
  text?: string
}
export interface Rating {
  id: string
  subject: RatedSubject
  subject_id: string
  status: 'standing' | 'appealed' | 'removed'
  /** YYYY-MM. */
  month: string
  /** Null for the rated one until five people have rated. */
  score: number | null
  reasons: string[] | null
  text: string | null
  /** Only for the customer. */
  order_id?: string
  appointment_id?: string
  created_at?: string
  /** Only for the rated one. */
  appeal?: {
    reason: string
    appealed_at: string
    decision: 'stands' | 'removed' | null
    decision_reason: string | null
    decided_at: string | null
  } | null
}

export interface NewConversation {
  topic: Topic
  order_id?: string
  appointment_id?: string
  /** For a customer who writes to a pharmacy that answered a request. */
  vendor_id?: string
}
export interface NewMessage {
  kind?: MessageKind
  text?: string
  /** From `uploadFile`, for a document or audio. */
  upload_id?: string
  /** The same id again is the same message, for ever. */
  client_id: string
}
export type ReportReason = 'abuse' | 'personal_data' | 'wrong_person' | 'other'

export interface OrderUpdate {
  status: OrderStatus
  proof_photo_url?: string
  signature_url?: string
  reason?: string
  /** With `accepted`. */
  goods_amount?: number
  tax_amount?: number
  /** With `delivered`. */
  cash_taken?: number
  cash_reason?: string
}

export interface RegisterVendor {
  email: string
  business_name: string
  phone: string
  password: string
  address?: string
  latitude: number
  longitude: number
}

/** A driver who asks a pharmacy to join, or who has its invitation. */
export interface RegisterAccount {
  email: string
  full_name: string
  phone: string
  role: 'user' | 'vendor' | 'driver'
  password: string
}
export type RegisterDriver = DriverProfile & ({ vendor_id: string } | { invitation_code: string })
interface DriverProfile {
  email: string
  full_name: string
  phone: string
  password: string
  vehicle_type: VehicleType
  vehicle_number?: string
  license_number?: string
  capacity?: number
}
