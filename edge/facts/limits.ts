/** Bounds of facts about money. */
export const factLimits = {
  /** Facts told in one batch. */
  batchFactsMax: 200,
  /** Longest time from a fact to the bus while an edge runs. */
  pollMs: 1_000,
  /** Pause between two full batches. */
  batchPauseMs: 20,
  /** Time for which told facts are kept. */
  keptDays: 7,
} as const
