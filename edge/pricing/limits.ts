/** Bounds of quotes. */
export const pricingLimits = {
  quoteTtlMs: 15 * 60_000,
  /** How far an order's drop-off may lie from the quote's: a pin set twice by hand. */
  quoteDriftKm: 0.15,
} as const
