/** Bounds of the operators' socket. */
export const liveLimits = {
  /** Pharmacies that one socket hears, the newest first. */
  pharmaciesMax: 5_000,
  /** Time between two looks for pharmacies that were approved meanwhile. */
  lookMs: 15_000,
} as const
