/** Bounds of what people are told of orders, beside the views that keep to them. */
export const orderLimits = {
  /** A driver reads what a delivery needed for so long after its end: a question about it comes the same day. */
  driverSightMs: 12 * 3_600_000,
} as const
