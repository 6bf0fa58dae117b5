/**
 * What an edge knows of places: where an address is, and how far two points are by road. The port that
 * orders and prices use, and the two kinds of service behind it.
 *
 * An address is looked up or refused, never guessed: a medicine at made-up coordinates is a medicine that
 * does not arrive. A route is different: without a router, or when it fails, the great circle with a
 * detour factor is good enough to price and to promise, and the log says which it was.
 */
import type { Log } from '../../migrations/database/pool.ts'
import type { GeoPoint } from '../../protocol/river/geo.ts'

export interface Located extends GeoPoint {
  address: string
}
export interface Route {
  /** By road. */
  distance_km: number
  duration_minutes: number
  source: 'router' | 'estimate'
}

export interface Maps {
  readonly hasGeocoder: boolean
  readonly hasRouter: boolean
  /**
   * Throws CaduceusError: `geocoding_unavailable` when no service is configured, `address_not_found` when
   * it knows no such address or only its town, `geocoding_failed` when it does not answer in time.
   */
  locate(address: string): Promise<Located>
  /** Never throws. */
  route(from: GeoPoint, to: GeoPoint): Promise<Route>
}

/** Parts with the maps. */
export interface WithMaps {
  readonly maps: Maps
}

/** One service. `null`: it knows no such address, or too vaguely to deliver to. Throws when it fails. */
export type Geocoder = (address: string) => Promise<Located | null>
export type Router = (from: GeoPoint, to: GeoPoint) => Promise<Omit<Route, 'source'>>

export interface MapsEnv {
  log: Log
  nowMs(): number
  after(ms: number, run: () => void): () => void
}
