/**
 * Time of arrival from a great-circle distance. Without a road network: distance times a detour
 * factor over a town speed by vehicle. 1.3 is the usual circuity of street networks (Boeing 2019
 * finds 1.2 to 1.4 for most cities).
 */
const detourFactor = 1.3
const speedKmh: Record<string, number> = { bike: 15, scooter: 25, car: 25, van: 22 }
const speedKmhDefault = 22

/** Minutes, rounded up to a tenth; never negative. */
export function etaMinutes(distanceKm: number, vehicleType: string): number {
  const hours = (distanceKm * detourFactor) / (speedKmh[vehicleType] ?? speedKmhDefault)
  return Math.ceil(hours * 600) / 10
}
