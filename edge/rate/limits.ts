/** Bounds of counting requests in the memory of an edge. */
export const rateLimits = {
  /** Accounts or addresses counted at once for each class of route, when Redis does not count. */
  keysMax: 20_000,
} as const
