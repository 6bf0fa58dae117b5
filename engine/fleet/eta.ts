/**
 * Time of arrival from a great-circle distance. protocol/drivers/travel.ts converts the distance to
 * one by road.
 */
import { roadKm, travelMinutes } from '../../protocol/drivers/travel.ts'

/** Minutes for a great-circle distance in km, rounded up to a tenth; never negative. */
export const etaMinutes = (distanceKm: number, vehicleType: string): number =>
  travelMinutes(roadKm(distanceKm), vehicleType)
