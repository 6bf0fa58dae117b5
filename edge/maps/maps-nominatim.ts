/**
 * A Nominatim-compatible service: OpenStreetMap's or one's own. `place_rank` tells the accuracy of
 * an answer: 26 is a street, 30 a house. A town or a postcode has less, and nobody can deliver to
 * it.
 */
import { validCoordinate } from '../../protocol/river/geo.ts'
import type { JsonGetter } from './json-get.ts'
import type { Geocoder } from './port.ts'

interface Place {
  lat?: string
  lon?: string
  display_name?: string
  place_rank?: number
}

const placeRankMin = 26

/** Null for an address that is unknown, or known only to its town. */
export function nominatimGeocoder(url: string, get: JsonGetter): Geocoder {
  return async address => {
    const places = await get(
      `${url}/search?${new URLSearchParams({ q: address, format: 'jsonv2', limit: '3' })}`,
    )
    if (!Array.isArray(places))
      throw new Error('the service answered something else than a list of places')
    const exact = (places as Place[]).find(
      place => (place.place_rank ?? placeRankMin) >= placeRankMin,
    )
    if (exact === undefined) return null
    const [latitude, longitude] = [Number(exact.lat ?? NaN), Number(exact.lon ?? NaN)]
    return validCoordinate(latitude, longitude)
      ? { latitude, longitude, address: exact.display_name ?? address }
      : null
  }
}
