/** Bounds of notifications. */
export const notificationLimits = {
  /** Notifications that an account keeps; the oldest go. */
  perAccountMax: 500,
  keptDays: 90,
  /** Members of one pharmacy who hear of its news. */
  membersToldMax: 50,
  /** Events of one slot read at once. */
  batchEventsMax: 100,
  /** Longest time from an event to its notification while an edge runs. */
  pollMs: 1_000,
  /**
   * Time that a socket gets to show a news before a device is woken for it; it covers the way over
   * the bus and to a phone and back.
   */
  seenGraceMs: 2_000,
  /** A mail is worth something so long, at least until the mail of the next morning. */
  mailLivesHours: 48,
  /** Pause between two full batches, so that a catch-up leaves room for others. */
  batchPauseMs: 50,
  /** Notifications that one request marks by their ids. */
  markedIdsMax: 100,
} as const
