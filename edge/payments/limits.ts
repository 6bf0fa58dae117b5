/** Bounds of payments. */
export const paymentLimits = {
  reasonCharactersMax: 500,
  /** Refunds of one payment, also refused ones. */
  refundsMax: 20,
  /** Days for which words wait for the fact of their command. */
  wordsKeptDays: 7,
  /** Time in which a pharmacy countersigns what a driver hands over. */
  remittanceHours: 168,
  /** Age up to which an order counts as under way for the limit of cash. */
  underWayDaysMax: 30,
  /** Events of one slot read at once. */
  batchEventsMax: 200,
  /** Longest time from an event to its payment while an edge runs. */
  pollMs: 1_000,
  /** Pause between two full batches, so that a catch-up leaves room for others. */
  batchPauseMs: 50,
} as const
