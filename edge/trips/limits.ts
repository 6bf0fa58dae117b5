/** Bounds of trips and of their socket. */
import { socketLimits } from '../kernel/limits.ts'

export const tripLimits = {
  /** How far a trip without a pharmacy looks for one, km, when its customer does not say. */
  radiusKmDefault: 10,
  /** Trips that one socket follows; the hub does not watch more of them. */
  followedMax: socketLimits.watchedOrdersMax,
  /** Messages of one socket that wait for the read model. */
  waitingMax: 256,
  /** Trips of which a socket remembers what it has told. */
  toldMax: 256,
} as const
