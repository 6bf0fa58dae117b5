/** Bounds of the facts about orders that people see, beside the bounds in the views. */
export const orderLimits = {
  /**
   * How long after the end a driver may read what the delivery needed, ms: questions about it come
   * the same day.
   */
  driverSightMs: 12 * 3_600_000,
} as const
