/** Bounds of payouts. */
export const payoutLimits = {
  /** Time in which a second administrator decides upon a payout. */
  decisionHours: 72,
  /** Pause from the end of a period to its first payout, so that all its transfers are booked. */
  settledAfterMs: 5_000,
  periodDaysMax: 366,
  /** Lines of a statement that are read at once. */
  batchLinesMax: 500,
} as const
