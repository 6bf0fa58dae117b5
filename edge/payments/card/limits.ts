/** Bounds of payments by card. */
import { relation } from '../../../protocol/kernel/limits.ts'

export const cardLimits = {
  /** Time from a request to Stripe to its answer. */
  timeoutMs: 20_000,
  /** Oldest message of Stripe that is taken, so that a copied one is of no use. */
  webhookAgeSecondsMax: 300,
  /** Rows of the outbox that an edge takes at once. */
  batchMax: 20,
  /** Time after which another edge sends a request that an edge has taken. */
  takenMs: 90_000,
  backoffMsFirst: 1_000,
  backoffMsMax: 10 * 60_000,
  /** Time that a customer has to pay after a pharmacy has accepted. */
  authorisedWithinMs: 10 * 60_000,
  /** Between two readings of a payment that waits for its customer, in case a message is lost. */
  watchOpenMs: 30_000,
  /** Between two readings of an authorised payment. */
  watchAuthorisedMs: 60 * 60_000,
  /** Authorisations of one order, with those that ran out. */
  authorisationsMax: 5,
  /** Longest time between two looks for requests. */
  pollMs: 500,
  /** Longer than Stripe repeats a message, which must not be new again. */
  endedKeptMs: 30 * 24 * 3_600_000,
  batchPauseMs: 50,
} as const

relation(
  cardLimits.takenMs > 3 * cardLimits.timeoutMs,
  'a row asks at most three times, and a request is answered, or its time is over, before another edge sends it',
)
