/**
 * Google's Geocoding API, by HTTP: one GET, no library. Its answer's `location_type` says how exact it
 * is; APPROXIMATE is the middle of a town or a postcode, which nobody can deliver to.
 */
import { validCoordinate } from '../../protocol/geo.ts'
import type { JsonGetter } from './json-get.ts'
import type { Geocoder } from './maps.ts'

interface Answer {
  status?: string
  results?: { formatted_address?: string; geometry?: { location?: { lat?: number; lng?: number }; location_type?: string } }[]
}

export function googleGeocoder({ url, apiKey }: { url: string; apiKey: string }, get: JsonGetter): Geocoder {
  return async address => {
    const answer = await get(`${url}/maps/api/geocode/json?${new URLSearchParams({ address, key: apiKey })}`) as Answer
    if (answer.status === 'ZERO_RESULTS') return null
    // OVER_QUERY_LIMIT, REQUEST_DENIED, INVALID_REQUEST, UNKNOWN_ERROR: all with HTTP status 200.
    if (answer.status !== 'OK') throw new Error(`the service answered ${/^[A-Z_]{1,40}$/.test(answer.status ?? '') ? answer.status : 'without a status'}`)
    const exact = answer.results?.find(result => result.geometry?.location_type !== 'APPROXIMATE')
    const { lat = NaN, lng = NaN } = exact?.geometry?.location ?? {}
    return validCoordinate(lat, lng) ? { latitude: lat, longitude: lng, address: exact?.formatted_address ?? address } : null
  }
}
