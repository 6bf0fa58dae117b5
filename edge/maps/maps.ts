/**
 * The map services of a configuration behind one port: the order in which they are asked, the cache
 * of their answers, and the estimate when no service answers.
 */
import { CaduceusError } from '../../protocol/kernel/errors.ts'
import { distanceKm, type GeoPoint } from '../../protocol/river/geo.ts'
import { mapsLimits } from './limits.ts'
import { roadKm, travelMinutes } from '../../protocol/drivers/travel.ts'
import type { MapServices } from './config.ts'
import type { Geocoder, Located, Maps, MapsEnv, Route, Router } from './port.ts'
import { BoundedCache } from '../kernel/bounded-cache.ts'
import { jsonGetter, ServiceError, type JsonGetter } from './json-get.ts'
import { googleGeocoder, googleRouter } from './maps-google.ts'
import { nominatimGeocoder } from './maps-nominatim.ts'
import { osrmRouter } from './maps-osrm.ts'

/** Maps without a configured service estimate routes and look up no addresses. */
export function createMaps(config: MapServices, env: MapsEnv): Maps {
  const get = jsonGetter(env.after)
  const geocoder = geocoderOf(config, get)
  const router = routerOf(config, get)
  // The cache holds promises, so that an address asked twice at once is looked up once.
  const places = new BoundedCache<Promise<readonly Located[]>>(
    mapsLimits.mapsCacheEntriesMax,
    mapsLimits.mapsCacheMs,
    env.nowMs,
  )
  const routes = new BoundedCache<Omit<Route, 'source'>>(
    mapsLimits.mapsCacheEntriesMax,
    mapsLimits.mapsCacheMs,
    env.nowMs,
  )
  let routerRestsUntilMs = 0

  const find = async (address: string): Promise<readonly Located[]> => {
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
    try {
      return await pending
    } catch (error) {
      places.delete(key)
      // The error itself is never logged: its text may contain the URL, and so the key and
      // somebody's address.
      env.log.warn({ reason: (error as Error).message }, 'an address could not be looked up')
      throw new CaduceusError(
        'geocoding_failed',
        'the address could not be looked up now; try again, or send latitude and longitude with it',
      )
    }
  }

  return {
    hasGeocoder: geocoder !== null,
    hasRouter: router !== null,
    find,
    async locate(address) {
      const [found] = await find(address)
      if (found === undefined)
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
        // Status 400 concerns these two points (an island, a place off the map); the next pair may
        // have a route.
        const pause_ms =
          error instanceof ServiceError && error.status === 400 ? 0 : mapsLimits.routerPauseMs
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

/**
 * Google is first where there is a key, because its owner pays for it. Another configured service
 * is asked when it fails.
 */
function geocoderOf(config: MapServices, get: JsonGetter): Geocoder | null {
  return firstThat([
    config.google === null ? null : googleGeocoder(config.google, get),
    config.nominatimUrl === null ? null : nominatimGeocoder(config.nominatimUrl, get),
  ])
}

/** The operator's own router is asked before Google, which costs money for each request. */
function routerOf(config: MapServices, get: JsonGetter): Router | null {
  return firstThat([
    config.osrmUrl === null ? null : osrmRouter(config.osrmUrl, get),
    config.google === null ? null : googleRouter(config.google, get),
  ])
}

/** Asks each service in turn until one answers; fails with the last error. */
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

/** The great circle with a detour, at the speed of town traffic. */
function estimated(from: GeoPoint, to: GeoPoint): Route {
  const distance_km = roadKm(distanceKm(from.latitude, from.longitude, to.latitude, to.longitude))
  return { distance_km, duration_minutes: travelMinutes(distance_km), source: 'estimate' }
}
