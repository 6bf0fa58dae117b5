/** The bounds of what strangers can make here: pharmacies and drivers that wait, invitations, attempts. */
export const approvalLimits = {
  /** A pharmacy may correct its place by so much, reckoned from the place that was decided upon, km. */
  moveKmMax: 0.5,
  /** Pharmacies of one address (one network, for IPv6) that wait for a decision. A chain that opens twenty at once asks an administrator. */
  pendingPharmaciesPerAddressMax: 20,
  /** Drivers that wait for one pharmacy. Whoever has an invitation does not wait, so strangers cannot shut the door. */
  pendingDriversPerPharmacyMax: 100,
  /** Drivers of one address that wait, over all pharmacies. */
  pendingDriversPerAddressMax: 20,
  /** Invitations of one pharmacy that are still good. */
  invitationsPerPharmacyMax: 50,
  invitationUsesMax: 50,
  invitationHoursDefault: 7 * 24,
  invitationHoursMax: 30 * 24,
  /** Invitations that are over stay to be seen for so long, days. */
  invitationMemoryDays: 90,
  /** Wrong codes of one address in a window. A code has 130 bits: this is against noise in the log more than against luck. */
  invitationTriesMax: 20,
  invitationTriesWindowSeconds: 15 * 60,
  /** A driver who was refused or let go asks again after so long. */
  askAgainMs: 24 * 3_600_000,
  /** How long an edge believes what it read of somebody, if no news comes. */
  standingFreshMs: 5_000,
  standingCacheMax: 50_000,
  /** News is kept for longer than a handshake or a read that was under way can take. */
  standingNewsMs: 10 * 60_000,
  /** Orders of a suspended pharmacy are looked for again after so long: one may have been accepted in the same instant. */
  suspendedSweepMs: 30_000,
  /** Administrators are written to about pharmacies that wait once in so long, and as many of them as this. */
  applicantLetterMs: 3_600_000,
  applicantLettersMax: 20,
  /** Each edge looks whether a letter is due after so long: of a pharmacy that came within the hour, and of one whose edge died. */
  applicantLookMs: 10 * 60_000,
  /** Drivers with a last parcel that are asked for in one statement. */
  carriersPerLook: 1_000,
  /** Orders of suspended pharmacies that are cancelled at a time. */
  suspendedOrdersPerLook: 200,
} as const
