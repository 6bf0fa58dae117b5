/**
 * What an edge knows of places: where an address is, and how far two points are by road. The port; its
 * adapters stand beside it (maps-google.ts, maps-nominatim.ts, maps-osrm.ts).
 *
 * An address is looked up or refused, never guessed: a medicine at made-up coordinates is a medicine that
 * does not arrive. A route is different: without a router, or when it fails, the great circle with a
 * detour factor is good enough to price and to promise, and the log says which it was.
 */
import type { Log } from '../../migrations/database/pool.ts'
import { CaduceusError } from '../../protocol/errors.ts'
import { distanceKm, type GeoPoint } from '../../protocol/geo.ts'
import { limits } from '../../protocol/limits.ts'
import { roadKm, travelMinutes } from '../../protocol/travel.ts'
import type { MapsConfig } from '../config.ts'
import { BoundedCache } from './bounded-cache.ts'
import { jsonGetter, ServiceError, type JsonGetter } from './json-get.ts'
import { googleGeocoder, googleRouter } from './maps-google.ts'
import { nominatimGeocoder } from './maps-nominatim.ts'
import { osrmRouter } from './maps-osrm.ts'

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

/** One service. `null`: it knows no such address, or too vaguely to deliver to. Throws when it fails. */
export type Geocoder = (address: string) => Promise<Located | null>
export type Router = (from: GeoPoint, to: GeoPoint) => Promise<Omit<Route, 'source'>>

export interface MapsEnv {
  log: Log
  nowMs(): number
  after(ms: number, run: () => void): () => void
}

export function createMaps(config: MapsConfig, env: MapsEnv): Maps {
  const get = jsonGetter(env.after)
  const geocoder = geocoderOf(config, get)
  const router = routerOf(config, get)
  // Promises and not answers, so that the same address asked twice at once is looked up once.
  const places = new BoundedCache<Promise<Located | null>>(
    limits.mapsCacheEntriesMax,
    limits.mapsCacheMs,
    env.nowMs,
  )
  const routes = new BoundedCache<Omit<Route, 'source'>>(
    limits.mapsCacheEntriesMax,
    limits.mapsCacheMs,
    env.nowMs,
  )
  let routerRestsUntilMs = 0

  return {
    hasGeocoder: geocoder !== null,
    hasRouter: router !== null,
    async locate(address) {
      if (geocoder === null)
        throw new CaduceusError(
          'geocoding_unavailable',
          'this server has no service that looks addresses up (GOOGLE_MAPS_API_KEY or NOMINATIM_URL); send latitude and longitude with the address',
        )
      const key = address.trim().toLowerCase().replaceAll(/\s+/g, ' ')
      let pending = places.get(key)
      if (pending === undefined) {
        pending = geocoder(address.trim())
        places.set(key, pending)
      }
      let found: Located | null
      try {
        found = await pending
      } catch (error) {
        places.delete(key)
        // Never the error as it is: its text may hold the URL, and that the key and somebody's address.
        env.log.warn({ reason: (error as Error).message }, 'an address could not be looked up')
        throw new CaduceusError(
          'geocoding_failed',
          'the address could not be looked up now; try again, or send latitude and longitude with it',
        )
      }
      if (found === null)
        throw new CaduceusError(
          'address_not_found',
          'the address is unknown or too vague to deliver to; correct it, or send latitude and longitude with it',
        )
      return found
    },
    async route(from, to) {
      if (router === null || env.nowMs() < routerRestsUntilMs) return estimated(from, to)
      const key = [from.latitude, from.longitude, to.latitude, to.longitude]
        .map(degrees => degrees.toFixed(5))
        .join(' ')
      const known = routes.get(key)
      if (known !== undefined) return { ...known, source: 'router' }
      try {
        const route = await router(from, to)
        routes.set(key, route)
        return { ...route, source: 'router' }
      } catch (error) {
        // 400 is about these two points (an island, a place off its map); the next pair may have a way.
        const pause_ms =
          error instanceof ServiceError && error.status === 400 ? 0 : limits.routerPauseMs
        routerRestsUntilMs = env.nowMs() + pause_ms
        env.log.warn(
          { reason: (error as Error).message, pause_ms },
          'the router gave no route; distances are estimated meanwhile',
        )
        return estimated(from, to)
      }
    },
  }
}

/** Google's where there is a key: whoever pays for it wants it used. Another one that is named steps in when it fails. */
function geocoderOf(config: MapsConfig, get: JsonGetter): Geocoder | null {
  return firstThat([
    config.google === null ? null : googleGeocoder(config.google, get),
    config.nominatimUrl === null ? null : nominatimGeocoder(config.nominatimUrl, get),
  ])
}

/** One's own before the one that is paid for by the question. */
function routerOf(config: MapsConfig, get: JsonGetter): Router | null {
  return firstThat([
    config.osrmUrl === null ? null : osrmRouter(config.osrmUrl, get),
    config.google === null ? null : googleRouter(config.google, get),
  ])
}

/** Asks each in turn until one answers; fails as the last one does. */
function firstThat<Of extends Geocoder | Router>(services: readonly (Of | null)[]): Of | null {
  const [first, second] = services.filter(service => service !== null) as ((
    ...asked: unknown[]
  ) => Promise<unknown>)[]
  if (first === undefined) return null
  return (
    second === undefined
      ? first
      : (...asked: unknown[]) => first(...asked).catch(() => second(...asked))
  ) as Of
}

/** The great circle with a detour, at a town's speed. */
export function estimated(from: GeoPoint, to: GeoPoint): Route {
  const distance_km = roadKm(distanceKm(from.latitude, from.longitude, to.latitude, to.longitude))
  return { distance_km, duration_minutes: travelMinutes(distance_km), source: 'estimate' }
}
