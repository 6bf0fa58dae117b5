/** Bounds of the fleet: of the drivers that one engine knows, and of the news about them. */
export const fleetLimits = {
  driversMax: 1_000_000,
  /** Drivers whose last frame was impossible. */
  suspectsMax: 100_000,
  /** Kinds of vehicle that matching tells apart. */
  vehicleTypesMax: 250,
  /** News of drivers gathers this long before other engines hear of it. */
  rosterNewsMs: 5,
  rosterDigestMs: 15_000,
} as const
