/** Time of arrival from a great-circle distance; how that stands for a road is in protocol/drivers/travel.ts. */
import { roadKm, travelMinutes } from '../../protocol/drivers/travel.ts'

/** Minutes for a great-circle distance in km, rounded up to a tenth; never negative. */
export const etaMinutes = (distanceKm: number, vehicleType: string): number =>
  travelMinutes(roadKm(distanceKm), vehicleType)
