/** Bounds of the fleet: of the drivers that one engine knows, and of the news about them. */
export const fleetLimits = {
  driversMax: 1_000_000,
  /** Drivers whose last frame was impossible. */
  suspectsMax: 100_000,
  /** Kinds of vehicle that matching tells apart. */
  vehicleTypesMax: 250,
  /** Time in which news of drivers is gathered before other engines get it. */
  rosterNewsMs: 5,
  /** Pause between two messages with all drivers of an engine. */
  rosterDigestMs: 15_000,
} as const
