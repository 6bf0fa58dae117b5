/** Bounds of the people of a pharmacy. */
export const memberLimits = {
  /** Members and open invitations of one pharmacy. */
  perPharmacyMax: 200,
  invitationHoursDefault: 7 * 24,
  invitationHoursMax: 30 * 24,
  /** Days for which an invitation stays visible after its end. */
  invitationMemoryDays: 90,
} as const
