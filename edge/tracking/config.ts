/** Configuration of the public tracking link. */
import { integerVariable, type Environment } from '../../protocol/kernel/environment.ts'

export interface TrackingConfig {
  /** Hours after its end for which the public link still shows an order. */
  trackingLinkHours: number
}

/** Reads TRACKING_LINK_HOURS. Throws ConfigError. */
export const readTrackingConfig = (environment: Environment): TrackingConfig => ({
  trackingLinkHours: integerVariable(environment, 'TRACKING_LINK_HOURS', 24, 1, 24 * 365),
})
