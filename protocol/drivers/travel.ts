/**
 * How far and how long by road, without a road network: the great circle times a detour factor, over a
 * town speed by vehicle. 1.3 is the usual circuity of street networks (Boeing 2019 finds 1.2 to 1.4 for
 * most cities). Here and not in the engine, because a fee that an edge quotes and the fee that an order
 * is given must come from the same kilometres.
 */
import { speedKmhOf } from './vehicles.ts'

export const detourFactor = 1.3

/** Kilometres by road that a great-circle distance in km stands for. */
export const roadKm = (greatCircleKm: number): number => greatCircleKm * detourFactor

/** Minutes for kilometres by road, rounded up to a tenth; never negative. */
export function travelMinutes(kmByRoad: number, vehicleType = ''): number {
  return Math.ceil((kmByRoad / speedKmhOf(vehicleType)) * 600) / 10
}
