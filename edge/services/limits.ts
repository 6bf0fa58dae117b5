/** Bounds of the catalogue. */
export const serviceLimits = {
  servicesMax: 200,
  mainServicesMax: 50,
  /** Closures of a pharmacy that are not over. */
  closuresMax: 200,
  /** A service with all its dates is larger than other bodies. */
  bodyBytesMax: 64 * 1024,
  iconCharactersMax: 100,
  /** A price in the smallest unit of the currency. */
  priceMinorMax: 100_000_000,
} as const
