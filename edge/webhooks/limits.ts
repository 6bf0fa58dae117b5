/** Bounds of webhooks: how many, how often they are tried, and for how long. */
import { relation } from '../../protocol/kernel/limits.ts'

export const webhookLimits = {
  webhookSubscriptionsPerOwnerMax: 20,
  /** From the connection to the last byte of the answer that we read. */
  webhookTimeoutMs: 10_000,
  webhookResponseBytesMax: 2_048,
  webhookInFlightMax: 64,
  webhookInFlightPerSubscriptionMax: 4,
  webhookAttemptsMax: 16,
  webhookAgeMsMax: 72 * 3_600_000,
  webhookBackoffMsFirst: 5_000,
  webhookBackoffMsMax: 3_600_000,
  /** Failures in a row, of whatever orders, after which a subscriber is asked one at a time and with pauses. */
  webhookPauseFailuresMin: 3,
  /** No longer, or one event that a receiver cannot digest would hold up all others of its. */
  webhookPauseMsMax: 60_000,
  /** Both must hold for a subscription to be disabled. */
  webhookDisableAfterMs: 24 * 3_600_000,
  webhookDisableFailuresMin: 10,
  /** Events of one slot read at once. */
  webhookBatchEventsMax: 200,
  /** Looks for events and due deliveries are at least this far apart, however busy the bus is. */
  webhookPumpMsMin: 50,
  /** And at most this far: a nudge can be lost. */
  webhookPollMs: 5_000,
  webhookLeaseMs: 30_000,
  webhookLeaseRenewMs: 5_000,
  /** Ended deliveries and their attempts are kept for the log and for replay. */
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
