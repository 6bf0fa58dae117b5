/**
 * A second computation of distances and fees. The distance comes from the chord between two vectors
 * and not from the haversine. The fee adds the kilometres of each band, beginning with the last
 * band.
 */
import type { Tariff } from '../../../protocol/pricing/tariff.ts'

/** A place in degrees. */
export interface Point {
  latitude: number
  longitude: number
}

const meanRadiusKm = 6371.0088
/** Ratio of the distance by road to the straight distance. */
const roadsPerCrow = 1.3
/**
 * The tariff of a pharmacy without a tariff of its own: 2.50, and 1.20 for each kilometre beyond
 * the second; at least 3.00.
 */
const usualTariff: Tariff = {
  base_minor: 250,
  minimum_minor: 300,
  bands: [
    { up_to_km: 2, per_km_minor: 0 },
    { up_to_km: null, per_km_minor: 120 },
  ],
}

const vector = ({ latitude, longitude }: Point): [number, number, number] => {
  const [phi, lambda] = [(latitude * Math.PI) / 180, (longitude * Math.PI) / 180]
  return [Math.cos(phi) * Math.cos(lambda), Math.cos(phi) * Math.sin(lambda), Math.sin(phi)]
}

/** The straight distance between two places, km. */
export function crowKm(from: Point, to: Point): number {
  const [a, b] = [vector(from), vector(to)]
  return (
    2 * meanRadiusKm * Math.asin(Math.min(1, Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]) / 2))
  )
}

/** The distance by road for a straight distance, km. */
export const byRoadKm = (km: number): number => km * roadsPerCrow

/** The fee of a tariff in minor units, a multiple of five. */
export function feeOf(tariff: Tariff | null, roadKm: number): number {
  const { base_minor, minimum_minor, bands } = tariff ?? usualTariff
  let left = roadKm
  let sum = base_minor
  for (let i = bands.length - 1; i >= 0; i--) {
    const beginsKm = i === 0 ? 0 : bands[i - 1]!.up_to_km!
    const within = Math.max(0, left - beginsKm)
    sum += within * bands[i]!.per_km_minor
    left -= within
  }
  return Math.max(minimum_minor, 5 * Math.round(sum / 5))
}

/** Are two distances the same to a millimetre? Two computations differ after the tenth digit. */
export const sameKm = (one: number, other: number): boolean => Math.abs(one - other) < 1e-6
