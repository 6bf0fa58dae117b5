/** Bounds of the ledger. */
export const ledgerLimits = {
  /** Events of one slot read at once. */
  batchEventsMax: 200,
  /** Longest time from an event to its transfers while an edge runs. */
  pollMs: 1_000,
  /** Pause between two full batches, so that a catch-up leaves room for others. */
  batchPauseMs: 50,
  /** Time in which a second administrator decides upon a correction. */
  correctionHours: 72,
  /** Largest amount of a correction, in whole units of its currency. */
  correctionMax: 1_000_000,
  noteCharactersMax: 500,
  /** Pending transfers that one run ends. */
  expiredPerRunMax: 1_000,
} as const
