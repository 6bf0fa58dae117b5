/**
 * The bus: how edges, engines and other services talk. The port is small on purpose. It does not
 * rely on further features of NATS (replay, KV), because the truth is in the journal.
 *
 * Rules, tested by `contract.ts` against every adapter:
 * B1: A published message reaches every matching subscription, at most once each.
 * B2: Messages of one publisher on one connection reach a subscription in order, across subjects.
 * B3: `*` matches one token; a final `>` matches one or more.
 * B4: In a queue group one member gets each message.
 * B5: `request` resolves with the first reply. It rejects `unavailable` at once when nobody
 * listens, and when no reply arrives within timeoutMs or no time is left.
 * B6: A handler that throws disturbs neither the bus nor other handlers. It is counted in `losses`.
 * B7: While the connection is down, `publish` returns false and queues nothing silently. `request`
 * rejects `unavailable` within its timeout.
 * B8: After a reconnection subscriptions work again without action of the caller, and `onStatus`
 * has told it.
 * B9: `close` delivers all messages published before, then stops. After that `publish` returns
 * false.
 * B10: A body above `messageBytesMax` is not sent. `publish` counts it in `losses`, logs it at a
 * bounded rate and returns false, because timers and microtasks call it and nobody would catch an
 * error. `request` rejects and `respond` throws `body_too_large`. Lists are split before
 * (lists.ts).
 * B11: A handler owns the bytes that it is given. The publisher may reuse its buffer after publish
 * returns.
 * B12: A body given as a function is made within publish, at most once, and only when somebody can
 * hear it.
 */
export interface Bus {
  /**
   * False when the message was not handed over (disconnected, closed, too large, or too much is
   * waiting). Throws TypeError for a malformed subject, and any error of making the body. With
   * `messageId` a JetStream stream can drop a repeat; a bus without streams ignores it.
   */
  publish(subject: string, body: Body, messageId?: string): boolean
  /** Rejects with CaduceusError `unavailable` (no responder, no connection, no reply in time). */
  request(subject: string, body: Uint8Array, timeoutMs: number): Promise<Uint8Array>
  subscribe(filter: string, handler: BusHandler, options?: { queue?: string }): Subscription
  readonly connected: boolean
  /** Calls `listener` at each change of `connected`; returns a function that stops it. */
  onStatus(listener: (connected: boolean) => void): () => void
  /**
   * The largest body that can be sent, in bytes: limits.busMessageBytesMax, or less when the server
   * accepts less.
   */
  readonly messageBytesMax: number
  readonly losses: BusLosses
  /**
   * True when a message that a flush has confirmed cannot be lost: there is no server that could
   * crash.
   */
  readonly lossless: boolean
  /** Resolves when all messages published so far have reached the server. */
  flush(): Promise<void>
  close(): Promise<void>
}

/**
 * Messages that this bus has given up since it began: too large to publish, or failed in a handler.
 */
export interface BusLosses {
  readonly tooLarge: number
  readonly handlersFailed: number
}

/**
 * Bytes reserved for a message id. It travels in a header, which counts towards the server's limit.
 */
export const messageIdBytesMax = 256

/**
 * Pass a function when making the body may be wasted work, as for events in a single process that
 * nobody hears.
 */
export type Body = Uint8Array | (() => Uint8Array)

/** `respond` exists when the message is a request. Only its first call counts. */
export type BusHandler = (message: BusMessage) => void
export interface BusMessage {
  readonly subject: string
  readonly body: Uint8Array
  readonly respond?: (body: Uint8Array) => void
}
export interface Subscription {
  unsubscribe(): void
}
