/**
 * Estimates distance and time by road without a road network: the great circle times a detour
 * factor, divided by a town speed of the vehicle. 1.3 is the usual circuity of street networks
 * (Boeing 2019 finds 1.2 to 1.4 for most cities). It is here and not in the engine, because the fee
 * that an edge quotes and the fee of the order must come from the same kilometres.
 */
import { speedKmhOf } from './vehicles.ts'

export const detourFactor = 1.3

/** Estimated kilometres by road for a great-circle distance in km. */
export const roadKm = (greatCircleKm: number): number => greatCircleKm * detourFactor

/** Minutes for kilometres by road, rounded up to a tenth. Never negative. */
export function travelMinutes(kmByRoad: number, vehicleType = ''): number {
  return Math.ceil((kmByRoad / speedKmhOf(vehicleType)) * 600) / 10
}
