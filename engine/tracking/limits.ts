/** The bounds within which the data of a device is believed. */

/**
 * Time over which a position after a jump must be confirmed, by the device's clock and by the
 * engine's, ms. A receiver that lost its fix finds it within seconds. Someone who sends invented
 * frames in one burst, or with invented times, would have to continue for this long while the
 * driver's true positions must not come.
 */
export const reanchorConfirmMs = 10_000

/**
 * Time for which steps that are too fast, and small enough to be noise, are measured from where
 * they began, by the device's clock, ms. A receiver between houses is off by tens of metres within
 * seconds, and comes back.
 */
export const noiseWindowMs = 10_000

export const trackingLimits = {
  /** Faster than this between two accepted points is not a delivery vehicle; 70 m/s is 252 km/h. */
  impossibleSpeedMps: 70,
  /** Impossible points in a row that agree with each other and then move the pin. */
  reanchorFramesMin: 3,
  /** Distance, in metres, at which a driver has arrived. Uber Direct uses the same. */
  arrivalRadiusM: 80,
  positionSaveIntervalMs: 5_000,
  /**
   * Breadcrumbs that wait for the next save; beyond it they are dropped, the distance is still
   * counted.
   */
  breadcrumbsUnsavedMax: 100_000,
  /**
   * A driver without a frame for this long leaves the table; the number is given to another driver.
   */
  driverForgetMs: 24 * 3_600_000,
  /** Rows looked at after each save. */
  driversSweptMax: 50_000,
} as const

/** Size of one or two ids, a place and the names of the fields when packed, bytes. */
export const locationBytes = 200
