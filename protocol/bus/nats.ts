/**
 * The bus over core NATS. The client library hides an outage: it accepts publications while it
 * reconnects and silently drops them. So every publication is gated on the status of the connection
 * (B7). It is also gated on the bytes that the server has not acknowledged, because a server that
 * hangs without closing would let the socket's buffer grow without bound.
 *
 * Subscriptions use callbacks, because the library's iterators cost a promise per message. Requests
 * share one reply subscription instead of subscribing and unsubscribing for each.
 */
import {
  delay,
  errors,
  headers,
  type Msg,
  type NatsConnection,
  type Status,
} from '@nats-io/transport-node'
import { CaduceusError } from '../kernel/errors.ts'
import { limits } from '../kernel/limits.ts'
import type { Bus, BusHandler, BusMessage } from './bus.ts'
import { StoredPublications } from './stored.ts'
import { ensureEventStreamOn } from './stream.ts'
import type { EventStream } from './subjects.ts'
import { connectNats, messageOf, type NatsConnectionOptions } from './connect.ts'
import { checkBody, checkFilter, checkSubject, Losses, logToStderr, type Log } from './checks.ts'

export interface NatsBusOptions extends NatsConnectionOptions {
  onLog?: Log
  /**
   * Publications with a message id are stored in this stream when JetStream is on. The stream is
   * created if needed, and `flush` also waits for its confirmation.
   */
  eventStream?: EventStream
}

const drainTimeoutMs = 5_000
/** Bytes published and not yet acknowledged; beyond them `publish` returns false. */
const backlogBytesMax = 64 * limits.busMessageBytesMax
/** Bytes after which a round trip asks how much the server has taken. */
const acknowledgeBytes = limits.busMessageBytesMax

/** Connects, with retries for a while. After that it reconnects by itself without a time limit. */
export async function natsBus(url: string, options: NatsBusOptions = {}): Promise<Bus> {
  const log = options.onLog ?? logToStderr
  const connection = await connectNats(url, options)
  const { eventStream } = options
  if (eventStream === undefined) return overConnection(connection, log, null)
  // Log once whether the server has JetStream. Do not repeat every few seconds that it still has
  // none.
  const find = (onLog: Log): Promise<boolean> =>
    ensureEventStreamOn(connection, eventStream, { onLog }).then(state => state !== 'absent')
  return overConnection(
    connection,
    log,
    new StoredPublications(
      connection,
      eventStream.name,
      log,
      () => find(() => {}),
      await find(log),
    ),
  )
}

function overConnection(
  connection: NatsConnection,
  log: Log,
  stored: StoredPublications | null,
): Bus {
  const statusListeners = new Set<(connected: boolean) => void>()
  const losses = new Losses(log)
  /** The server may accept less than we do, and another value after a reconnection. */
  const messageBytesMax = (): number =>
    Math.min(limits.busMessageBytesMax, connection.info?.max_payload ?? limits.busMessageBytesMax)
  let connected = true
  let open = true
  let unacknowledgedBytes = 0
  let asking = false

  function setConnected(now: boolean): void {
    if (connected === now) return
    connected = now
    if (now) stored?.reconnected()
    else stored?.disconnected()
    if (open) log(`bus: ${now ? 'connected' : 'disconnected'}`)
    for (const listener of statusListeners) {
      try {
        listener(now)
      } catch (cause) {
        log(`bus: status listener failed: ${messageOf(cause)}`)
      }
    }
  }

  async function watch(statuses: AsyncIterable<Status>): Promise<void> {
    for await (const status of statuses) {
      switch (status.type) {
        case 'disconnect':
        case 'close':
          setConnected(false)
          break
        case 'reconnect':
          unacknowledgedBytes = 0
          setConnected(true)
          break
        case 'error':
          log(`bus: ${status.error.message}`)
          break
        default: // Bookkeeping of the library.
      }
    }
  }
  watch(connection.status()).catch((cause: unknown) =>
    log(`bus: the connection's state is not told any more: ${messageOf(cause)}`),
  )

  /** Counts the bytes sent, and sometimes asks the server how far it has read. */
  function account(bytes: number): void {
    unacknowledgedBytes += bytes
    if (asking || unacknowledgedBytes < acknowledgeBytes) return
    asking = true
    const covered = unacknowledgedBytes
    connection
      .flush()
      .then(() => {
        unacknowledgedBytes = Math.max(0, unacknowledgedBytes - covered)
      })
      // After a disconnection the count starts anew.
      .catch(() => {})
      .finally(() => {
        asking = false
      })
  }

  const ready = (): boolean => connected && unacknowledgedBytes < backlogBytesMax

  /**
   * Sends a copy: the library refers to the bytes until its next microtask, and B11 lets the caller
   * reuse them.
   */
  function send(subject: string, body: Uint8Array, messageId?: string): boolean {
    try {
      if (messageId === undefined) {
        stored?.release()
        connection.publish(subject, Buffer.from(body))
      } else if (stored !== null) {
        stored.publish(subject, Buffer.from(body), messageId)
      } else {
        const withId = headers()
        withId.set('Nats-Msg-Id', messageId)
        connection.publish(subject, Buffer.from(body), { headers: withId })
      }
    } catch (cause) {
      // Headers count towards the server's limit, and the server may just have lowered it.
      if (cause instanceof errors.InvalidArgumentError) losses.tooLarge(subject, cause.message)
      else log(`bus: ${subject} could not be sent: ${messageOf(cause)}`)
      return false
    }
    account(body.byteLength)
    return true
  }

  function toMessage(message: Msg): BusMessage {
    const { subject, data, reply } = message
    if (!reply) return { subject, body: data }
    let answered = false
    return {
      subject,
      body: data,
      respond(answer) {
        checkBody(answer, messageBytesMax())
        if (answered || !ready() || connection.isClosed()) return
        answered = true
        send(reply, answer)
      },
    }
  }

  return {
    publish(subject, body, messageId) {
      checkSubject(subject)
      if (!open || !ready()) return false
      const bytes = losses.bytesOf(subject, body, messageBytesMax(), messageId)
      return bytes !== null && send(subject, bytes, messageId)
    },

    async request(subject, body, timeoutMs) {
      checkSubject(subject)
      checkBody(body, messageBytesMax())
      if (!open || !ready())
        throw new CaduceusError('unavailable', open ? 'no connection to the bus' : 'bus closed')
      // The library reports this as an invalid argument, the same as for a body that is too large.
      if (timeoutMs <= 0)
        throw new CaduceusError('unavailable', `no time is left to ask ${subject}`)
      account(body.byteLength)
      try {
        stored?.release()
        const answer = await connection.request(subject, Buffer.from(body), { timeout: timeoutMs })
        return answer.data
      } catch (cause) {
        if (cause instanceof errors.InvalidArgumentError)
          throw new CaduceusError('body_too_large', cause.message)
        throw new CaduceusError(
          'unavailable',
          `no answer to ${subject}: ${reasonOf(cause, timeoutMs)}`,
        )
      }
    },

    subscribe(filter, handler: BusHandler, { queue } = {}) {
      checkFilter(filter)
      if (!open) return { unsubscribe() {} }
      const subscription = connection.subscribe(filter, {
        ...(queue !== undefined && { queue }),
        callback(error, message) {
          if (error) log(`bus: subscription ${filter} ended: ${error.message}`)
          else losses.handle(handler, toMessage(message))
        },
      })
      return { unsubscribe: () => subscription.unsubscribe() }
    },

    lossless: false,
    get messageBytesMax() {
      return messageBytesMax()
    },
    losses: losses.counts,
    get connected() {
      return connected
    },

    onStatus(listener) {
      statusListeners.add(listener)
      return () => {
        statusListeners.delete(listener)
      }
    },

    async flush() {
      if (!connected) throw new CaduceusError('unavailable', 'no connection to the bus')
      try {
        const stores = stored?.settled()
        await connection.flush()
        await stores
      } catch (cause) {
        throw new CaduceusError('unavailable', `bus flush: ${messageOf(cause)}`)
      }
    },

    async close() {
      if (!open) return connection.closed().then(() => {})
      open = false
      stored?.stop()
      if (connected) {
        // A server that hangs must not keep the process from ending.
        const patience = delay(drainTimeoutMs)
        await Promise.race([
          connection.drain().catch(cause => log(`bus: drain: ${messageOf(cause)}`)),
          patience,
        ])
        patience.cancel()
      }
      await connection.close()
      setConnected(false)
    },
  }
}

function reasonOf(cause: unknown, timeoutMs: number): string {
  if (cause instanceof errors.NoRespondersError) return 'nobody is there'
  if (cause instanceof errors.RequestError && cause.isNoResponders()) return 'nobody is there'
  if (cause instanceof errors.TimeoutError) return `none in ${timeoutMs} ms`
  return messageOf(cause)
}
