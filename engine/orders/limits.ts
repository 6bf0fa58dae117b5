/** The bounds within which a delivery needs no explanation. */

/**
 * Distance from the door beyond which a delivery needs a reason, m. A fence is 80 m; gates, towers
 * and parking places are farther.
 */
export const doorMetresMax = 300
/**
 * Age beyond which a position no longer shows where the driver is, ms. Phones in a pocket send
 * theirs once a minute.
 */
export const doorPositionMsMax = 5 * 60_000
