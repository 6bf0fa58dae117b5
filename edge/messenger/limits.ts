/** Bounds of sending mails and SMS. */
export const messengerLimits = {
  messagesQueuedMax: 1_000,
  messagesInFlightMax: 8,
  messageAttemptsMax: 3,
  messageRetryMs: 2_000,
  messageTimeoutMs: 10_000,
  smtpConnectionsMax: 2,
  /** Messages that the development outbox keeps. */
  outboxMessagesMax: 200,
} as const
