/** The bounds within which a delivery needs no explanation. */

/** Farther from the door than this, a delivery wants a reason. A fence is 80 m; gates, towers and parking places are farther. */
export const doorMetresMax = 300
/** A position that was last heard of before this says nothing about where the driver is now. Phones in a pocket tell theirs once a minute. */
export const doorPositionMsMax = 5 * 60_000
