/**
 * Bounds of records that strangers can make: waiting pharmacies and drivers, invitations, attempts.
 */
export const approvalLimits = {
  /** Distance in km from the decided place within which a pharmacy may correct its place. */
  moveKmMax: 0.5,
  /**
   * Pharmacies of one address (one network, for IPv6) that wait for a decision. A chain that opens
   * twenty at once asks an administrator.
   */
  pendingPharmaciesPerAddressMax: 20,
  /**
   * Drivers who wait for one pharmacy. A driver with an invitation does not wait, so strangers
   * cannot lock drivers out.
   */
  pendingDriversPerPharmacyMax: 100,
  /** Drivers of one address who wait, over all pharmacies. */
  pendingDriversPerAddressMax: 20,
  /** Valid invitations of one pharmacy. */
  invitationsPerPharmacyMax: 50,
  invitationUsesMax: 50,
  invitationHoursDefault: 7 * 24,
  invitationHoursMax: 30 * 24,
  /** Days for which ended invitations stay visible. */
  invitationMemoryDays: 90,
  /**
   * Wrong codes of one address in a window. A code has about 127 random bits, so nobody guesses
   * one; the bound protects the database from useless work.
   */
  invitationTriesMax: 20,
  invitationTriesWindowSeconds: 15 * 60,
  /** Time after which a driver who was refused, or whose membership ended, may ask again. */
  askAgainMs: 24 * 3_600_000,
  /** Time for which an edge trusts a standing that it read, without news. */
  standingFreshMs: 5_000,
  standingCacheMax: 50_000,
  /** Time for which news is kept: longer than any handshake or read under way. */
  standingNewsMs: 10 * 60_000,
  /**
   * Time between two searches for orders of suspended pharmacies. An order may be accepted at the
   * moment of the suspension.
   */
  suspendedSweepMs: 30_000,
  /**
   * Time between two letters to administrators about waiting pharmacies, and the number of
   * administrators who get one.
   */
  applicantLetterMs: 3_600_000,
  applicantLettersMax: 20,
  /** Drivers with a last delivery in one statement. */
  carriersPerLook: 1_000,
  /** Orders of suspended pharmacies in one statement. */
  suspendedOrdersPerLook: 200,
} as const
