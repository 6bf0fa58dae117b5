/**
 * The bus: how edges, engines and other services talk. The port is small on purpose; what NATS can
 * do beyond it (queue replay, KV) is not relied on, because the truth is in the journal.
 *
 * Rules, tested by `contract.ts` against every adapter:
 *  B1  A published message reaches every matching subscription; at most once each.
 *  B2  Messages of one publisher on one connection reach a subscription in order, across subjects.
 *  B3  `*` matches one token, a final `>` matches one or more.
 *  B4  In a queue group one member gets each message.
 *  B5  `request` resolves with the first reply; with nobody there it rejects `unavailable` at once;
 *      with no reply within timeoutMs, or with no time left, it rejects `unavailable`.
 *  B6  A handler that throws disturbs neither the bus nor other handlers. It is counted in `losses`.
 *  B7  While the connection is down, `publish` returns false and nothing is queued silently;
 *      `request` rejects `unavailable` within its timeout.
 *  B8  After reconnection subscriptions work again without the caller's doing, and `onStatus` said so.
 *  B9  `close` delivers what was published before, then stops; afterwards `publish` returns false.
 *  B10 A body above `messageBytesMax` does not leave. `publish` counts it in `losses`, says so at a bounded rate and
 *      returns false: it is called from timers and microtasks, where nobody would catch. `request` rejects and
 *      `respond` throws `body_too_large`. Lists are split before (lists.ts).
 *  B11 The bytes given to a handler belong to it; the publisher's buffer may be reused after publish returns.
 *  B12 A body given as a function is made within publish, at most once, and not where nobody can hear it.
 */
export interface Bus {
  /**
   * False when the message was not handed over (disconnected, closed, too large, or too much waits already).
   * Throws TypeError for a malformed subject and nothing else, unless making the body does.
   * `messageId` lets a JetStream stream drop a repeat; a bus without streams ignores it.
   */
  publish(subject: string, body: Body, messageId?: string): boolean
  /** Rejects with CaduceusError `unavailable` (no responder, no connection, no reply in time). */
  request(subject: string, body: Uint8Array, timeoutMs: number): Promise<Uint8Array>
  subscribe(filter: string, handler: BusHandler, options?: { queue?: string }): Subscription
  readonly connected: boolean
  /** Called at each change of `connected`; returns the way to stop listening. */
  onStatus(listener: (connected: boolean) => void): () => void
  /** The largest body that gets through: limits.busMessageBytesMax, or less where the server takes less. */
  readonly messageBytesMax: number
  readonly losses: BusLosses
  /** What a flush has answered for cannot be forgotten: there is no server that could crash. */
  readonly lossless: boolean
  /** Resolves when everything published so far has reached the server. */
  flush(): Promise<void>
  close(): Promise<void>
}

/** What this bus gave up since it began: messages too large to publish, and messages at which a handler failed. */
export interface BusLosses {
  readonly tooLarge: number
  readonly handlersFailed: number
}

/** A message id travels in a header, which counts towards what the server takes. */
export const messageIdBytesMax = 256

/** A function where making the body is work that may be for nobody, as events are in a single process. */
export type Body = Uint8Array | (() => Uint8Array)

/** `respond` is there when the message is a request; the first call counts. */
export type BusHandler = (message: BusMessage) => void
export interface BusMessage {
  readonly subject: string
  readonly body: Uint8Array
  readonly respond?: (body: Uint8Array) => void
}
export interface Subscription {
  unsubscribe(): void
}
