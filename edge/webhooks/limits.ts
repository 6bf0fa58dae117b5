/** Bounds of webhooks: their number, their attempts, and their times. */
import { relation } from '../../protocol/kernel/limits.ts'

export const webhookLimits = {
  webhookSubscriptionsPerOwnerMax: 20,
  /** Time from the connection to the last byte of the answer that is read. */
  webhookTimeoutMs: 10_000,
  webhookResponseBytesMax: 2_048,
  webhookInFlightMax: 64,
  webhookInFlightPerSubscriptionMax: 4,
  webhookAttemptsMax: 16,
  webhookAgeMsMax: 72 * 3_600_000,
  webhookBackoffMsFirst: 5_000,
  webhookBackoffMsMax: 3_600_000,
  /**
   * Failures in a row, of any orders, after which a subscriber gets one delivery at a time, with
   * pauses.
   */
  webhookPauseFailuresMin: 3,
  /**
   * Longest pause. With a longer one, an event that a receiver cannot process would hold up all its
   * other events.
   */
  webhookPauseMsMax: 60_000,
  /** A subscription is disabled when both bounds are reached. */
  webhookDisableAfterMs: 24 * 3_600_000,
  webhookDisableFailuresMin: 10,
  /** Events of one slot read at once. */
  webhookBatchEventsMax: 200,
  /** Shortest time between two looks for events and due deliveries, however busy the bus is. */
  webhookPumpMsMin: 50,
  /** Longest time between two looks, because a nudge can be lost. */
  webhookPollMs: 5_000,
  webhookLeaseMs: 30_000,
  webhookLeaseRenewMs: 5_000,
  /** Time for which ended deliveries and their attempts are kept for the log and for replays. */
  webhookLogMs: 30 * 24 * 3_600_000,
} as const

relation(
  webhookLimits.webhookLeaseMs >
    webhookLimits.webhookTimeoutMs + 2 * webhookLimits.webhookLeaseRenewMs,
  'a webhook attempt ends before its lease, even after a missed renewal',
)
relation(
  webhookLimits.webhookPauseMsMax <= webhookLimits.webhookBackoffMsMax,
  'a subscriber is asked at least as often as one of its deliveries',
)
