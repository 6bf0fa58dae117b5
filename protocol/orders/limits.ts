/** Bounds of the facts about orders that people see, beside the bounds in the views. */
export const orderLimits = {
  /**
   * Time after the end in which a driver may read the facts of the delivery, ms. Questions about a
   * delivery come on the same day.
   */
  driverSightMs: 12 * 3_600_000,
} as const
