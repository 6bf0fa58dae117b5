/**
 * The development outbox: it takes messages when no carrier is configured. Every line says so. It
 * keeps the last few messages for an administrator, and is never used in production, where a code
 * in a log is a leaked code.
 */
import type { Logger } from 'pino'
import { messengerLimits } from './limits.ts'
import { uuidV7 } from '../../protocol/kernel/ids.ts'
import type { Carrier, Message } from './carrier.ts'

export interface OutboxMessage extends Message {
  id: string
  at: Date
}

export interface Outbox extends Carrier {
  /** Newest first; at most messengerLimits.outboxMessagesMax, of this process only. */
  messages(): readonly OutboxMessage[]
}

/** An outbox of this process. */
export function developmentOutbox({
  log,
  nowMs,
  random,
}: {
  log: Pick<Logger, 'warn'>
  nowMs(): number
  random(): number
}): Outbox {
  const kept: OutboxMessage[] = []
  return {
    name: 'outbox',
    async send(message) {
      const at = nowMs()
      kept.unshift({ ...message, id: uuidV7(at, random), at: new Date(at) })
      kept.length = Math.min(kept.length, messengerLimits.outboxMessagesMax)
      const how =
        message.channel === 'email'
          ? 'SMTP_URL'
          : 'TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN and TWILIO_FROM'
      log.warn(
        { outbox: true, channel: message.channel, to: message.to, text: message.text },
        `*** DEVELOPMENT OUTBOX *** nothing was sent to ${message.to}: ${message.text} *** set ${how} to send for real ***`,
      )
    },
    close() {},
    messages: () => kept,
  }
}
