/**
 * The port to map services that orders and prices use: the place of an address, and the distance of
 * two points by road; and the two kinds of service behind it.
 *
 * An address is looked up or refused, never guessed, because a medicine at invented coordinates
 * does not arrive. A route may be estimated: without a router, or when it fails, the great circle
 * with a detour factor is accurate enough for a price and a promise, and `source` names the origin.
 */
import type { Log } from '../../migrations/database/pool.ts'
import type { GeoPoint } from '../../protocol/river/geo.ts'

export interface Located extends GeoPoint {
  address: string
}
export interface Route {
  /** Distance by road, km. */
  distance_km: number
  duration_minutes: number
  source: 'router' | 'estimate'
}

export interface Maps {
  readonly hasGeocoder: boolean
  readonly hasRouter: boolean
  /**
   * Throws CaduceusError: `geocoding_unavailable` when no service is configured,
   * `address_not_found` when the service does not know the address or knows only its town,
   * `geocoding_failed` when it does not answer in time.
   */
  locate(address: string): Promise<Located>
  /**
   * The places that an address may mean, the likeliest first; all are exact enough to deliver to.
   * Throws `geocoding_unavailable` and `geocoding_failed`.
   */
  find(address: string): Promise<readonly Located[]>
  /** Never throws. */
  route(from: GeoPoint, to: GeoPoint): Promise<Route>
}

/** Parts with the maps. */
export interface WithMaps {
  readonly maps: Maps
}

/**
 * One service. The list is empty when it does not know the address, or not accurately enough to
 * deliver. Throws when it fails.
 */
export type Geocoder = (address: string) => Promise<readonly Located[]>
export type Router = (from: GeoPoint, to: GeoPoint) => Promise<Omit<Route, 'source'>>

export interface MapsEnv {
  log: Log
  nowMs(): number
  after(ms: number, run: () => void): () => void
}
