/** How long a public link shows a delivery. */
import { integerVariable, type Environment } from '../../protocol/kernel/environment.ts'

export interface TrackingConfig {
  /** How long after its delivery an order can be followed by its public link, hours. */
  trackingLinkHours: number
}

/** TRACKING_LINK_HOURS. Throws ConfigError. */
export const readTrackingConfig = (environment: Environment): TrackingConfig => ({
  trackingLinkHours: integerVariable(environment, 'TRACKING_LINK_HOURS', 24, 1, 24 * 365),
})
