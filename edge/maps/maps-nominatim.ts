/**
 * A Nominatim-compatible service: OpenStreetMap's or one's own. `place_rank` tells the accuracy of
 * an answer: 26 is a street, 30 a house. A town or a postcode has less, and nobody can deliver to
 * it.
 */
import { validCoordinate } from '../../protocol/river/geo.ts'
import type { JsonGetter } from './json-get.ts'
import { mapsLimits } from './limits.ts'
import type { Geocoder, Located } from './port.ts'

interface Place {
  lat?: string
  lon?: string
  display_name?: string
  place_rank?: number
}

const placeRankMin = 26

/** Nothing for an address that is unknown, or known only to its town. */
export function nominatimGeocoder(url: string, get: JsonGetter): Geocoder {
  return async address => {
    const limit = String(mapsLimits.placesMax)
    const places = await get(
      `${url}/search?${new URLSearchParams({ q: address, format: 'jsonv2', limit })}`,
    )
    if (!Array.isArray(places))
      throw new Error('the service answered something else than a list of places')
    return (places as Place[]).flatMap(place => locatedAt(place, address))
  }
}

function locatedAt(place: Place, address: string): Located[] {
  const [latitude, longitude] = [Number(place.lat ?? NaN), Number(place.lon ?? NaN)]
  const isExact = (place.place_rank ?? placeRankMin) >= placeRankMin
  return isExact && validCoordinate(latitude, longitude)
    ? [{ latitude, longitude, address: place.display_name ?? address }]
    : []
}
