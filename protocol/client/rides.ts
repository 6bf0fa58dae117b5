/** The names of the rides backend beside its trips, for its programs: `api.rides`. */
import type { Availability } from '../drivers/statuses.ts'
import type { DriverView } from '../drivers/view.ts'
import type { Account, RegisterDriver, Tokens } from './rest-shapes.ts'

export interface DriverLocation {
  driver_id: string
  latitude: number | null
  longitude: number | null
  at: string | null
}
interface Page {
  limit?: number
  cursor?: string
}
interface Places {
  pickup_latitude?: number
  pickup_longitude?: number
  delivery_latitude?: number
  delivery_longitude?: number
}

type Call = <Answer>(
  method: string,
  path: string,
  options?: { body?: object; query?: Record<string, string | number | undefined> },
) => Promise<Answer>

/**
 * The calls of the rides backend, as `rides` of the client. Those that sign in return the tokens,
 * and the client does not keep them.
 */
export class RideCalls {
  readonly #call: Call

  constructor(call: Call) {
    this.#call = call
  }

  requestOtp(phone: string): Promise<{ message: string; expires_in: number }> {
    return this.#call('POST', '/api/v1/auth/otp/request', { body: { phone } })
  }
  verifyOtp(phone: string, otp: string): Promise<Tokens & { user: Account }> {
    return this.#call('POST', '/api/v1/auth/otp/verify', { body: { phone, otp } })
  }
  login(email: string, password: string): Promise<Tokens & { user: Account }> {
    return this.#call('POST', '/api/v1/auth/login', { body: { email, password } })
  }
  refresh(refreshToken: string): Promise<Tokens> {
    return this.#call('POST', '/api/v1/auth/refresh', { body: { refresh_token: refreshToken } })
  }
  logout(refreshToken: string): Promise<{ message: string }> {
    return this.#call('POST', '/api/v1/auth/logout', { body: { refresh_token: refreshToken } })
  }
  me(): Promise<Account> {
    return this.#call('GET', '/api/v1/auth/me')
  }
  updateMe(change: {
    full_name?: string
    phone?: string
    address?: string | null
    picture_url?: string | null
  }): Promise<Account> {
    return this.#call('PATCH', '/api/v1/users/me', { body: change })
  }
  /** Administrators list accounts. */
  users(query: Page = {}): Promise<{ accounts: Account[]; next_cursor: string | null }> {
    return this.#call('GET', '/api/v1/users', { query: { ...query } })
  }
  user(accountId: string): Promise<Account> {
    return this.#call('GET', `/api/v1/users/${accountId}`)
  }

  registerDriver(driver: RegisterDriver): Promise<Tokens & { driver: DriverView }> {
    return this.#call('POST', '/api/v1/drivers/register', { body: driver })
  }
  drivers(query: Page = {}): Promise<{ drivers: DriverView[]; next_cursor: string | null }> {
    return this.#call('GET', '/api/v1/drivers', { query: { ...query } })
  }
  driver(driverId: string): Promise<DriverView> {
    return this.#call('GET', `/api/v1/drivers/${driverId}`)
  }
  setDriverStatus(driverId: string, status: Availability): Promise<DriverView> {
    return this.#call('PATCH', `/api/v1/drivers/${driverId}/status`, { body: { status } })
  }

  /** For a position now and then; `connectDriver` is for a stream of them. */
  sendLocation(location: {
    latitude: number
    longitude: number
    heading?: number | null
    speed?: number | null
    accuracy?: number | null
    timestamp?: string
  }): Promise<DriverLocation> {
    return this.#call('POST', '/api/v1/locations', { body: location })
  }
  locations(
    query: Page = {},
  ): Promise<{ locations: DriverLocation[]; next_cursor: string | null }> {
    return this.#call('GET', '/api/v1/locations', { query: { ...query } })
  }
  location(driverId: string): Promise<DriverLocation> {
    return this.#call('GET', `/api/v1/locations/${driverId}`)
  }

  /** The general tariff, and with two places the price of the route. It binds nobody. */
  price(places: Places = {}): Promise<{
    currency: string
    estimate: { fee: number; distance_km: number; duration_minutes: number } | null
  }> {
    return this.#call('GET', '/api/v1/pricing/calculate', { query: { ...places } })
  }
}
