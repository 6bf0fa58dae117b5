/** Walks along great circles, with which tests lay out places around a point. */
import { earthRadiusKm, wrapLongitude, type GeoPoint } from '../river/geo.ts'

const degree = Math.PI / 180

/** Initial bearing of the great circle from point 1 to point 2, degrees in [0, 360), north is 0. */
export function bearingDeg(
  latitude1: number,
  longitude1: number,
  latitude2: number,
  longitude2: number,
): number {
  const phi1 = latitude1 * degree
  const phi2 = latitude2 * degree
  const lambda = (longitude2 - longitude1) * degree
  const east = Math.sin(lambda) * Math.cos(phi2)
  const north = Math.cos(phi1) * Math.sin(phi2) - Math.sin(phi1) * Math.cos(phi2) * Math.cos(lambda)
  const bearing = (Math.atan2(east, north) / degree + 360) % 360
  return bearing + 0 // -0 to 0
}

/**
 * The point `distanceKm` away from a point in degrees, leaving at `bearingDeg`; longitude in [-180,
 * 180).
 */
export function destination(
  latitude: number,
  longitude: number,
  bearingDeg: number,
  distanceKm: number,
): GeoPoint {
  const delta = distanceKm / earthRadiusKm
  const theta = bearingDeg * degree
  const phi1 = latitude * degree
  const sinPhi2 =
    Math.sin(phi1) * Math.cos(delta) + Math.cos(phi1) * Math.sin(delta) * Math.cos(theta)
  const east = Math.sin(theta) * Math.sin(delta) * Math.cos(phi1)
  const lambda = Math.atan2(east, Math.cos(delta) - Math.sin(phi1) * sinPhi2) / degree
  return {
    latitude: Math.asin(Math.max(-1, Math.min(1, sinPhi2))) / degree,
    longitude: wrapLongitude(longitude + lambda),
  }
}
