/**
 * Google's Geocoding and Distance Matrix APIs over HTTP: one GET each, without a library. The
 * `location_type` of a geocoder's answer tells its accuracy; APPROXIMATE is the middle of a town or
 * a postcode, to which nobody can deliver.
 */
import { validCoordinate } from '../../protocol/river/geo.ts'
import { limits } from '../../protocol/kernel/limits.ts'
import { ServiceError, type JsonGetter } from './json-get.ts'
import { mapsLimits } from './limits.ts'
import type { Geocoder, Router } from './port.ts'

interface Matrix {
  status?: string
  rows?: {
    elements?: { status?: string; distance?: { value?: number }; duration?: { value?: number } }[]
  }[]
}

interface Answer {
  status?: string
  results?: {
    formatted_address?: string
    geometry?: { location?: { lat?: number; lng?: number }; location_type?: string }
  }[]
}

/** Nothing for an address that is unknown, or known only to its town. */
export function googleGeocoder(
  { url, apiKey }: { url: string; apiKey: string },
  get: JsonGetter,
): Geocoder {
  return async address => {
    const answer = (await get(
      `${url}/maps/api/geocode/json?${new URLSearchParams({ address, key: apiKey })}`,
    )) as Answer
    if (answer.status === 'ZERO_RESULTS') return []
    // OVER_QUERY_LIMIT, REQUEST_DENIED, INVALID_REQUEST and UNKNOWN_ERROR all come with HTTP status
    // 200.
    if (answer.status !== 'OK') throw new Error(saying(answer.status))
    return (answer.results ?? []).slice(0, mapsLimits.placesMax).flatMap(result => {
      const { lat = NaN, lng = NaN } = result.geometry?.location ?? {}
      return result.geometry?.location_type !== 'APPROXIMATE' && validCoordinate(lat, lng)
        ? [{ latitude: lat, longitude: lng, address: result.formatted_address ?? address }]
        : []
    })
  }
}

/**
 * Metres and seconds by road of the quickest route, without traffic, because a price must not
 * depend on the minute of the question.
 */
export function googleRouter(
  { url, apiKey }: { url: string; apiKey: string },
  get: JsonGetter,
): Router {
  return async (from, to) => {
    const [origins, destinations] = [from, to].map(
      ({ latitude, longitude }) => `${latitude.toFixed(6)},${longitude.toFixed(6)}`,
    ) as [string, string]
    const answer = (await get(
      `${url}/maps/api/distancematrix/json?${new URLSearchParams({ origins, destinations, mode: 'driving', units: 'metric', key: apiKey })}`,
    )) as Matrix
    if (answer.status !== 'OK') throw new Error(saying(answer.status))
    const element = answer.rows?.[0]?.elements?.[0]
    // NOT_FOUND, ZERO_RESULTS and MAX_ROUTE_LENGTH_EXCEEDED concern these two points; the next pair
    // may have a route.
    if (element?.status !== 'OK') throw new ServiceError(saying(element?.status), 400)
    const { distance: { value: metres = NaN } = {}, duration: { value: seconds = NaN } = {} } =
      element
    if (!(metres >= 0 && metres <= limits.routeKmMax * 1000) || !(seconds >= 0))
      throw new Error('the service answered without a distance')
    return { distance_km: metres / 1000, duration_minutes: Math.ceil(seconds / 6) / 10 }
  }
}

/** Contains the service's status if it is one word; a longer text may contain the key. */
const saying = (status: string | undefined): string =>
  `the service answered ${/^[A-Z_]{1,40}$/.test(status ?? '') ? status : 'without a status'}`
