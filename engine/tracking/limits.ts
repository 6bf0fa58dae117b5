/** The bounds of what is believed of a device. */

/**
 * A position after a jump is believed when it has been confirmed over this time, by the device's clock and by the
 * engine's. A receiver that lost its fix finds it within seconds; somebody who sends made-up frames in one
 * breath, or with made-up times, has to keep the story up while the driver's true positions must not come.
 */
export const reanchorConfirmMs = 10_000

/**
 * Steps that are too fast and too small to be more than noise count from where they began for so long, by the
 * device's clock. A receiver between houses is off by tens of metres within seconds, and comes back.
 */
export const noiseWindowMs = 10_000

export const trackingLimits = {
  /** Faster than this between two accepted points is not a delivery vehicle; 70 m/s is 252 km/h. */
  impossibleSpeedMps: 70,
  /** Consistent points in a row that move the anchor after a run of impossible ones. */
  reanchorFramesMin: 3,
  /** Distance, in metres, at which a driver has arrived. Uber Direct uses the same. */
  arrivalRadiusM: 80,
  positionSaveIntervalMs: 5_000,
  /** Breadcrumbs that wait for the next save; beyond it they are dropped, the distance is still counted. */
  breadcrumbsUnsavedMax: 100_000,
  /** Silent for this long, a driver's row and number go to whoever comes next. */
  driverForgetMs: 24 * 3_600_000,
  /** Rows looked at after each save. */
  driversSweptMax: 50_000,
} as const
