/**
 * Geohash and great-circle arithmetic on WGS 84 degrees, for engine, edge and clients alike.
 * Subjects are keyed by geohash and people see distances, so all need the same numbers. This file
 * depends on nothing.
 *
 * A sphere and not the ellipsoid: haversine with the mean radius is within 0.56 % of the exact
 * geodesic everywhere and costs a few nanoseconds. Vincenty and Karney iterate to correct an error
 * smaller than any detour of a driver.
 *
 * Cells are computed by scaling and not by bisecting one bit at a time. Both give the same cell,
 * because the scaled guess is corrected against the exact edge, but scaling needs no loop of sixty
 * branches.
 */

/** Mean Earth radius (IUGG), km. */
export const earthRadiusKm = 6371.0088

const degree = Math.PI / 180
const alphabet = '0123456789bcdefghjkmnpqrstuvwxyz'
const precisionMax = 12

/** An area in degrees. `longitudeMin > longitudeMax` means that it crosses the antimeridian. */
export interface GeoBounds {
  latitudeMin: number
  latitudeMax: number
  longitudeMin: number
  longitudeMax: number
}

/** A point in degrees. */
export interface GeoPoint {
  latitude: number
  longitude: number
}

/** True for finite degrees with latitude in [-90, 90] and longitude in [-180, 180]. */
export function validCoordinate(latitude: number, longitude: number): boolean {
  return latitude >= -90 && latitude <= 90 && longitude >= -180 && longitude <= 180
}

/** Great-circle distance in km between two points in degrees (haversine). */
export function distanceKm(
  latitude1: number,
  longitude1: number,
  latitude2: number,
  longitude2: number,
): number {
  const sinLatitude = Math.sin(((latitude2 - latitude1) * degree) / 2)
  const sinLongitude = Math.sin(((longitude2 - longitude1) * degree) / 2)
  const h =
    sinLatitude * sinLatitude +
    Math.cos(latitude1 * degree) * Math.cos(latitude2 * degree) * sinLongitude * sinLongitude
  return 2 * earthRadiusKm * Math.asin(Math.sqrt(Math.min(1, h)))
}

/**
 * The smallest box around a circle of `radiusKm`. A circle that reaches a pole has every longitude.
 * A circle that crosses the antimeridian has `longitudeMin > longitudeMax`.
 */
export function boundingBox(latitude: number, longitude: number, radiusKm: number): GeoBounds {
  // Slightly larger, so that rounding never puts a point of the circle outside its box.
  const delta = (radiusKm / earthRadiusKm) * (1 + 1e-12) + 1e-15
  const latitudeMin = latitude - delta / degree
  const latitudeMax = latitude + delta / degree
  if (latitudeMin <= -90 || latitudeMax >= 90) {
    return {
      latitudeMin: Math.max(-90, latitudeMin),
      latitudeMax: Math.min(90, latitudeMax),
      longitudeMin: -180,
      longitudeMax: 180,
    }
  }
  const sine = Math.min(1, Math.sin(delta) / Math.cos(latitude * degree))
  const halfWidth = (Math.asin(sine) / degree) * (1 + 1e-12)
  return {
    latitudeMin,
    latitudeMax,
    longitudeMin: wrapLongitude(longitude - halfWidth),
    longitudeMax: wrapLongitude(longitude + halfWidth),
  }
}

/**
 * Geohash of a point in degrees, 1 to 12 characters. Throws on a coordinate or precision out of
 * range.
 */
export function encodeGeohash(latitude: number, longitude: number, precision: number): string {
  assertCoordinate(latitude, longitude)
  if (!Number.isInteger(precision) || precision < 1 || precision > precisionMax) {
    throw new RangeError(`geohash precision ${precision} is not 1 to ${precisionMax}`)
  }
  const bits = precision * 5
  return cellsToHash(
    axisCell(latitude, -90, 180, bits >> 1),
    axisCell(longitude, -180, 360, (bits + 1) >> 1),
    precision,
  )
}

/** The box of a geohash (1 to 12 characters, either case); null when the text is not a geohash. */
export function decodeGeohash(hash: string): GeoBounds | null {
  const cells = hashToCells(hash)
  if (cells === null) return null
  const [latitudeCell, longitudeCell] = cells
  const bits = hash.length * 5
  const height = 180 / 2 ** (bits >> 1)
  const width = 360 / 2 ** ((bits + 1) >> 1)
  return {
    latitudeMin: latitudeCell * height - 90,
    latitudeMax: (latitudeCell + 1) * height - 90,
    longitudeMin: longitudeCell * width - 180,
    longitudeMax: (longitudeCell + 1) * width - 180,
  }
}

function assertCoordinate(latitude: number, longitude: number): void {
  if (!validCoordinate(latitude, longitude)) {
    throw new RangeError(`not a coordinate: ${latitude}, ${longitude}`)
  }
}

/** The same meridian as a longitude in [-180, 180) degrees. */
export function wrapLongitude(longitude: number): number {
  if (longitude >= -180 && longitude < 180) return longitude
  return ((((longitude + 180) % 360) + 360) % 360) - 180
}

/**
 * The index of the cell that contains the value, among 2^bits equal cells from `min` over `span`
 * degrees. The end belongs to the last cell. The edges are exact in a double (a small odd number
 * times a power of two), so a comparison with them repairs the rounding of the division.
 */
export function axisCell(value: number, min: number, span: number, bits: number): number {
  const count = 2 ** bits
  const size = span / count
  let cell = Math.floor((value - min) / size)
  if (value < min + cell * size) cell--
  else if (value >= min + (cell + 1) * size) cell++
  return Math.min(count - 1, cell)
}

function cellsToHash(latitudeCell: number, longitudeCell: number, precision: number): string {
  const bits = precision * 5
  let latitudePlace = bits >> 1
  let longitudePlace = (bits + 1) >> 1
  let hash = ''
  let takeLongitude = true
  for (let index = 0; index < precision; index++) {
    let digit = 0
    for (let bit = 0; bit < 5; bit++) {
      digit =
        (digit << 1) |
        (takeLongitude
          ? (longitudeCell >>> --longitudePlace) & 1
          : (latitudeCell >>> --latitudePlace) & 1)
      takeLongitude = !takeLongitude
    }
    hash += alphabet[digit]
  }
  return hash
}

function hashToCells(hash: string): [latitudeCell: number, longitudeCell: number] | null {
  if (hash.length < 1 || hash.length > precisionMax) return null
  let latitudeCell = 0
  let longitudeCell = 0
  let takeLongitude = true
  for (const character of hash.toLowerCase()) {
    const digit = alphabet.indexOf(character)
    if (digit < 0) return null
    for (let place = 4; place >= 0; place--) {
      const bit = (digit >> place) & 1
      if (takeLongitude) longitudeCell = longitudeCell * 2 + bit
      else latitudeCell = latitudeCell * 2 + bit
      takeLongitude = !takeLongitude
    }
  }
  return [latitudeCell, longitudeCell]
}
