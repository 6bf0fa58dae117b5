/** The names of the broadcast backend for its programs: `api.broadcast`. */
import type { PharmacyStatus } from '../pharmacies/statuses.ts'

/** Tokens in the words of that backend. */
interface OlderTokens {
  access: string
  refresh: string
}
export type OlderRole = 'CUSTOMER' | 'PHARMACY' | 'DRIVER' | 'ADMIN'
export interface OlderUser {
  id: string
  email: string
  name: string
  role: OlderRole
  phone_notice: string | null
}
export interface CustomerProfile extends OlderUser {
  phone_number: string
  address: string | null
  /** A link of ten minutes. */
  picture: string | null
  email_verified: boolean
  phone_verified: boolean
  created_at: string
  updated_at: string
}
type ProfileFields = Partial<Pick<CustomerProfile, 'name' | 'phone_number' | 'address' | 'picture'>>
export interface MedicineRequest {
  id: string
  patient_name: string
  patient_lat: number
  patient_lng: number
  radius_km: number | null
  quantity: number | null
  image: string | null
  status: string
  pharmacy: string | null
  pharmacy_name: string | null
  created_at: string
}
interface Requests {
  /** Of all pages; counting ends at 10,000. */
  count: number
  requests: MedicineRequest[]
  next_cursor: string | null
}
interface MedicineAnswer {
  id: string
  request_id: string
  pharmacy_id: string
  pharmacy_name: string | null
  response_type: 'ACCEPTED' | 'REJECTED'
  text_message: string | null
  audio: string | null
  responded_at: string
  message: string
}
export interface OlderPharmacy {
  id: string
  user: string | null
  name: string
  address: string | null
  phone_number: string
  lat: number
  lng: number
  status: PharmacyStatus
  is_active: boolean
  moving_to: { lat: number; lng: number } | null
  created_at: string
  updated_at: string
}
interface NewOlderPharmacy {
  /** A new account, or the id of one. */
  user?: string | { email: string; password: string; name?: string; phone_number?: string }
  name?: string
  address?: string | null
  phone_number?: string
  lat: number
  lng: number
}
type PharmacyFields = Partial<Omit<NewOlderPharmacy, 'user'> & { is_active: boolean }>
interface Page {
  limit?: number
  cursor?: string
}

type Call = <Answer>(
  method: string,
  path: string,
  options?: { body?: object; query?: Record<string, string | number | undefined> },
) => Promise<Answer>

/**
 * The calls of the broadcast backend, as `broadcast` of the client. Those that sign in return the
 * tokens, and the client does not keep them.
 */
export class BroadcastCalls {
  readonly #call: Call

  constructor(call: Call) {
    this.#call = call
  }

  sendOtp(email: string): Promise<{ message: string; expires_in: number }> {
    return this.#call('POST', '/send-otp/', { body: { email } })
  }
  verifyOtp(email: string, otp: string): Promise<{ message: string; verification_token: string }> {
    return this.#call('POST', '/verify-otp/', { body: { email, otp } })
  }
  registerCustomer(customer: {
    email: string
    password: string
    name: string
    phone_number: string
    verification_token?: string
  }): Promise<{ message: string; user: OlderUser } & OlderTokens> {
    return this.#call('POST', '/customer/register/', { body: customer })
  }
  login(
    email: string,
    password: string,
  ): Promise<OlderTokens & { role: OlderRole; user_id: string; name: string }> {
    return this.#call('POST', '/login/', { body: { email, password } })
  }
  refresh(refresh: string): Promise<OlderTokens> {
    return this.#call('POST', '/token/refresh/', { body: { refresh } })
  }

  profile(): Promise<CustomerProfile> {
    return this.#call('GET', '/customer/profile/')
  }
  updateProfile(change: ProfileFields): Promise<CustomerProfile> {
    return this.#call('PATCH', '/customer/profile/', { body: change })
  }
  customerRequests(query: Page = {}): Promise<Requests> {
    return this.#call('GET', '/customer/requests/', { query: { ...query } })
  }
  /** A request with a picture is a form; `createRequest` takes the URL of an upload. */
  request(request: {
    patient_lat: number
    patient_lng: number
    radius_km: number
    quantity?: number
    notes?: string
    expires_in_seconds?: number
  }): Promise<{
    message: string
    request_id: string
    pharmacies_notified: number
    data: MedicineRequest
  }> {
    return this.#call('POST', '/medicine/request/', { body: request })
  }
  requests(query: Page = {}): Promise<Requests> {
    return this.#call('GET', '/medicine/request/', { query: { ...query } })
  }
  respond(answer: {
    request_id: string
    response_type: 'ACCEPTED' | 'REJECTED'
    text_message?: string | null
    audio?: string | null
    goods_amount?: number
    tax_amount?: number
  }): Promise<MedicineAnswer> {
    return this.#call('POST', '/medicine/response/', { body: answer })
  }

  /** Tokens come only with a new account. */
  registerPharmacy(
    pharmacy: NewOlderPharmacy,
  ): Promise<{ message: string; pharmacy: OlderPharmacy } & Partial<OlderTokens>> {
    return this.#call('POST', '/register-pharmacy/', { body: pharmacy })
  }
  pharmacies(
    query: Page = {},
  ): Promise<{ count: number; pharmacies: OlderPharmacy[]; next_cursor: string | null }> {
    return this.#call('GET', '/pharmacy/', { query: { ...query } })
  }
  pharmacy(pharmacyId: string): Promise<OlderPharmacy> {
    return this.#call('GET', `/pharmacy/${pharmacyId}/`)
  }
  updatePharmacy(pharmacyId: string, change: PharmacyFields): Promise<OlderPharmacy> {
    return this.#call('PATCH', `/pharmacy/${pharmacyId}/`, { body: change })
  }
  /** It takes no requests any more; `is_active: true` opens it again. */
  closePharmacy(pharmacyId: string): Promise<null> {
    return this.#call('DELETE', `/pharmacy/${pharmacyId}/`)
  }
  pharmacyProfile(): Promise<OlderPharmacy> {
    return this.#call('GET', '/pharmacy/profile/')
  }
  updatePharmacyProfile(change: PharmacyFields): Promise<OlderPharmacy> {
    return this.#call('PATCH', '/pharmacy/profile/', { body: change })
  }
}
