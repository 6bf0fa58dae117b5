/** Bounds of quotes. */
export const pricingLimits = {
  quoteTtlMs: 15 * 60_000,
  /**
   * Distance in km between the drop-off of an order and that of its quote: the same pin set twice
   * by hand.
   */
  quoteDriftKm: 0.15,
} as const
