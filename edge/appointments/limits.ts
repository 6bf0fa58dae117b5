/** Bounds of appointments at the edge. */
export const visitLimits = {
  /** Links to calendars of one account. */
  feedsMax: 20,
  /** Services that one member of a staff attends. */
  memberServicesMax: 50,
  /** A calendar shows appointments that ended this long ago or less. */
  feedPastDays: 90,
  /** Appointments of one calendar feed. */
  feedEventsMax: 2_000,
  /** How often a client should read a feed again. */
  feedRefreshMinutes: 15,
} as const
