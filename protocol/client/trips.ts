/** Trips for programs of the rides backend: `api.trips`. A trip is an order in other words. */
import type { OrderView } from '../orders/view.ts'
import type { TripView } from '../trips/view.ts'

export type Trip = TripView
/** With `vendor_id` an order to that pharmacy; without it the pharmacies nearby are asked. */
export interface NewTrip {
  /** The customer, when an administrator asks. */
  user_id?: string
  vendor_id?: string
  dropoff_address?: string
  dropoff_latitude?: number
  dropoff_longitude?: number
  items?: OrderView['items']
  notes?: string
  prescription_url?: string
  quote_id?: string
  /** These three only without `vendor_id`. */
  radius_km?: number
  quantity?: number
  expires_in_seconds?: number
}

type Call = <Answer>(
  method: string,
  path: string,
  options?: {
    body?: object
    query?: Record<string, string | number | undefined>
    idempotencyKey?: string
  },
) => Promise<Answer>

/** The calls about trips, as `trips` of the client. */
export class TripCalls {
  readonly #call: Call

  constructor(call: Call) {
    this.#call = call
  }

  request(trip: NewTrip, idempotencyKey?: string): Promise<Trip> {
    return this.#call('POST', '/api/v1/trips/request', {
      body: trip,
      ...(idempotencyKey !== undefined && { idempotencyKey }),
    })
  }
  list(
    query: { limit?: number; cursor?: string } = {},
  ): Promise<{ trips: Trip[]; next_cursor: string | null }> {
    return this.#call('GET', '/api/v1/trips', { query })
  }
  get(tripId: string): Promise<Trip> {
    return this.#call('GET', `/api/v1/trips/${tripId}`)
  }
  cancel(tripId: string, reason?: string): Promise<Trip> {
    return this.#call('POST', `/api/v1/trips/${tripId}/cancel`, {
      body: reason === undefined ? {} : { reason },
    })
  }
}
