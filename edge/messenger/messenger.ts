/**
 * Sends mails and SMS after the request that asked for them, because the time of an answer must not
 * tell whether there was a recipient. Deliveries are queued (bounded, repeated a few times). A
 * failure shows in the log and the metrics and not in the answer. Only a server that cannot send at
 * all says so, because that does not depend on the recipient.
 *
 * Rejected: a table of messages to send. A code that is unsent after a restart has expired, and its
 * text would be in the database in plain text.
 */
import type { Logger } from 'pino'
import { CaduceusError } from '../../protocol/kernel/errors.ts'
import { messengerLimits } from './limits.ts'
import type { DeliveryConfig } from './config.ts'
import type { MessengerMetrics } from './metrics.ts'
import { DeliveryError, type Carrier, type Channel, type Message } from './carrier.ts'
import { developmentOutbox, type OutboxMessage } from './outbox.ts'
import { smtpCarrier } from './smtp.ts'
import { twilioCarrier } from './twilio.ts'

export interface Messenger {
  /** Throws `delivery_unconfigured` when no carrier of this server can deliver such a message. */
  requireChannel(channel: Channel): void
  /**
   * Never waits and never throws. A message that cannot be queued or delivered is logged and
   * counted.
   */
  post(message: Message): void
  /**
   * One attempt, for a caller that keeps the message and repeats. Throws DeliveryError, also when no
   * carrier of this server can deliver such a message.
   */
  deliver(message: Message): Promise<void>
  /** The carrier of each channel; `none` in production without a configuration. */
  readonly channels: Readonly<Record<Channel, Carrier['name'] | 'none'>>
  /** Messages of the development outbox, newest first. */
  outbox(): readonly OutboxMessage[]
  /** Resolves when every message is delivered or given up. */
  drain(): Promise<void>
  close(): void
}

/** Parts with the messenger. */
export interface WithMessenger {
  readonly messenger: Messenger
}

export interface MessengerDeps {
  delivery: DeliveryConfig
  log: Pick<Logger, 'warn' | 'error'>
  metrics: MessengerMetrics
  nowMs(): number
  random(): number
  after(ms: number, run: () => void): () => void
}

const variables: Record<Channel, string> = {
  email: 'SMTP_URL',
  sms: 'TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN and TWILIO_FROM',
}

/** Makes the messenger. A channel without a carrier is logged once, in production only. */
export function createMessenger({
  delivery,
  log,
  metrics,
  nowMs,
  random,
  after,
}: MessengerDeps): Messenger {
  const outbox = delivery.production ? null : developmentOutbox({ log, nowMs, random })
  const carriers: Record<Channel, Carrier | null> = {
    email: delivery.smtp === null ? outbox : smtpCarrier(delivery.smtp),
    sms: delivery.twilio === null ? outbox : twilioCarrier(delivery.twilio),
  }
  for (const channel of ['email', 'sms'] as const)
    if (carriers[channel] === null)
      log.warn(
        { channel },
        `no ${channel} can be sent: ${variables[channel]} is not set; what needs it is refused with delivery_unconfigured`,
      )

  const queue: Message[] = []
  let inFlight = 0
  let waitingForRetry = 0
  const onIdle: (() => void)[] = []
  const count = (channel: Channel, outcome: string): void =>
    metrics.messages.inc({ channel, outcome })
  const settled = (): void => {
    if (queue.length + inFlight + waitingForRetry > 0) return
    for (const resolve of onIdle.splice(0)) resolve()
  }

  const deliver = async (message: Message, attempt: number): Promise<void> => {
    inFlight++
    try {
      await carriers[message.channel]!.send(message)
      count(message.channel, 'sent')
    } catch (error) {
      const permanent = error instanceof DeliveryError && error.permanent
      if (permanent || attempt >= messengerLimits.messageAttemptsMax) {
        count(message.channel, 'failed')
        log.error(
          {
            channel: message.channel,
            attempt,
            reason: error instanceof Error ? error.message : String(error),
          },
          'message not delivered',
        )
      } else {
        count(message.channel, 'retried')
        waitingForRetry++
        after(messengerLimits.messageRetryMs * 2 ** (attempt - 1), () => {
          waitingForRetry--
          void deliver(message, attempt + 1)
        })
      }
    } finally {
      inFlight--
      pump()
      settled()
    }
  }
  const pump = (): void => {
    while (inFlight < messengerLimits.messagesInFlightMax && queue.length > 0)
      void deliver(queue.shift()!, 1)
  }

  return {
    channels: { email: carriers.email?.name ?? 'none', sms: carriers.sms?.name ?? 'none' },
    requireChannel(channel) {
      if (carriers[channel] === null)
        throw new CaduceusError(
          'delivery_unconfigured',
          `this server cannot send ${channel}: ${variables[channel]} is not set`,
        )
    },
    post(message) {
      // An account that was made by a phone's code has no e-mail.
      if (message.to === '') return
      if (
        carriers[message.channel] === null ||
        queue.length + waitingForRetry >= messengerLimits.messagesQueuedMax
      ) {
        count(message.channel, 'dropped')
        log.error({ channel: message.channel, queued: queue.length }, 'message dropped')
        return
      }
      queue.push(message)
      // The delivery starts after the caller, which is about to answer.
      after(0, pump)
    },
    async deliver(message) {
      const carrier = carriers[message.channel]
      try {
        if (carrier === null) throw new DeliveryError('no carrier is configured', true)
        await carrier.send(message)
        count(message.channel, 'sent')
      } catch (error) {
        count(message.channel, 'failed')
        throw error
      }
    },
    outbox: () => outbox?.messages() ?? [],
    async drain() {
      if (queue.length + inFlight + waitingForRetry > 0)
        await new Promise<void>(resolve => {
          onIdle.push(resolve)
        })
    },
    close() {
      for (const carrier of Object.values(carriers)) carrier?.close()
    },
  }
}
