/**
 * One connection, from the handshake to its end. Authentication takes a database round trip, and a
 * client may send at once. So a session begins as `handshaking` and keeps a bounded number of
 * messages in both directions until the greeting, the full current state, was sent.
 *
 * The send buffer has its own bound besides maxBackpressure of uWebSockets. uWebSockets would cut
 * the connection without a close code; a client that sees only 1006 reconnects and falls behind
 * again. Here a slow reader gets 4408 if it ever reads on.
 */
import type { Logger } from 'pino'
import type { WebSocket } from './uws.ts'
import { closeCodes, type ErrorCode } from '../../protocol/kernel/errors.ts'
import type { MessageNamed, SocketMessage } from '../../protocol/dispatch/messages.ts'
import type { Identity } from './identity.ts'
import type { Metrics } from './metrics.ts'
import { TailedMessage } from './tailed.ts'
import { socketLimits } from './limits.ts'

/** The behaviour of one kind of socket once it is open. */
export interface SocketHandler {
  /** A parsed JSON value that is not a ping; it may be of any shape. */
  onText(message: unknown): void
  /** The bytes are valid during the call only. Without this method binary messages are refused. */
  onBinary?(bytes: Uint8Array): void
  /** Sees each push before it is sent; false keeps the push from this socket. */
  onPush?(message: SocketMessage): boolean
  /** Called after the greeting was sent. */
  onOpen?(): void
  /**
   * Called when the client has read its messages and there is room for those that were kept back.
   */
  onCaughtUp?(): void
  /** Called once, also for a connection that ended while it opened, without `onOpen` before it. */
  onClose?(): void
}

/** The behaviour of a socket that opens, and its first messages. */
export interface Opened {
  handler: SocketHandler
  greeting: SocketMessage[]
}

type State =
  | {
      state: 'handshaking'
      sinceMs: number
      inbound: { bytes: Buffer; isBinary: boolean }[]
      outbound: SocketMessage[]
    }
  | { state: 'open'; handler: SocketHandler }
  | { state: 'closing' }

/** The fields of an `error` besides its code and words. */
type ErrorDetails = Omit<MessageNamed<'error'>, 'type' | 'code' | 'message'>

type Queued = string | Uint8Array | TailedMessage | number

export interface SocketData {
  session: Session | null
}
interface Parts {
  log: Logger
  metrics: Pick<Metrics, 'pushesDropped' | 'socketCloses'>
  nowMs(): number
  rateLimited: boolean
  /** Calls `flush` of the session before the event loop goes on. */
  flushSoon(session: Session): void
}

/**
 * Open requests of a terminal may fill this much of the send buffer, so that other messages have
 * room. More of them follow when the client has read these.
 */
const tailedBytesMax = (socketLimits.backpressureBytesMax * 3) / 4
const caughtUpBytes = socketLimits.backpressureBytesMax / 4
const askedFromBytes = socketLimits.backpressureBytesMax / 16

export class Session {
  readonly role: string
  /** Kept by the hub. */
  readonly topics: string[] = []
  readonly watchedOrders = new Set<string>()
  readonly watchedPharmacies = new Set<string>()
  account: string | null = null
  /** The target in the audit trail, where the path has no id. */
  targetId: string | null = null
  /** Null for a public tracking link, and before authentication ends. */
  identity: Identity | null = null
  /**
   * The origin by which the client reached this server, `https://host`, for links in messages; null
   * when it named no host.
   */
  origin: string | null = null
  /** Time when the token ends; the sweep then closes the socket. */
  expiresAtMs = Infinity
  #state: State
  readonly #socket: WebSocket<SocketData>
  readonly #parts: Parts
  /**
   * Pushes of this turn of the event loop in their order; null when there are none. A number
   * follows each tailed message.
   */
  #queued: Queued[] | null = null
  /** Rough size of the queue: characters for texts, bytes for the rest. */
  #queuedBytes = 0
  /** A message was kept back because there was no room. */
  #behind = false
  /** A large answer that waits for room. */
  #waiting: (() => void) | null = null
  /** The question that the client was last asked, and what waits for answers, by question. */
  #asked = 0
  readonly #unanswered = new Map<number, () => void>()
  #malformedInARow = 0
  #refusals = 0
  /** Time when the current block of messages began, and the messages left in it. */
  #blockStartMs = 0
  #messagesLeft = 0

  constructor(role: string, socket: WebSocket<SocketData>, parts: Parts) {
    this.role = role
    this.#socket = socket
    this.#parts = parts
    this.#state = { state: 'handshaking', sinceMs: parts.nowMs(), inbound: [], outbound: [] }
  }

  get isClosing(): boolean {
    return this.#state.state === 'closing'
  }

  /**
   * Sends the greeting, then the pushes that arrived meanwhile; then handles the messages that the
   * client sent meanwhile. A connection that ended meanwhile only ends the handler, which may have
   * timers and listeners already.
   */
  open(handler: SocketHandler, greeting: readonly SocketMessage[]): void {
    if (this.isClosing) handler.onClose?.()
    if (this.#state.state !== 'handshaking') return
    const { inbound, outbound } = this.#state
    this.#state = { state: 'open', handler }
    this.#socket.cork(() => {
      for (const message of greeting) this.send(message)
      for (const message of outbound) this.push(message)
    })
    handler.onOpen?.()
    for (const { bytes, isBinary } of inbound) this.receive(bytes, isBinary)
  }

  /**
   * Sends a message of this edge or of an engine. `text` is its JSON, when it exists already. True
   * when the message will leave. All pushes of one turn of the event loop leave in one write.
   */
  push(message: SocketMessage, text?: string | Uint8Array): boolean {
    const now = this.#state
    switch (now.state) {
      case 'handshaking':
        if (now.outbound.length >= socketLimits.handshakeMessagesMax) {
          // A client that starts again with the full state is better than one that silently lacks a
          // message.
          this.#parts.metrics.pushesDropped.inc({ reason: 'handshake' })
          this.close(closeCodes.goingAway, 'the handshake took too long')
          return false
        }
        now.outbound.push(message)
        return true
      case 'open':
        if (now.handler.onPush !== undefined && !now.handler.onPush(message)) return false
        this.#enqueue(text ?? JSON.stringify(message))
        return true
      case 'closing':
        return false
    }
  }

  /**
   * Like `push`, for an open socket whose handler does not look at pushes, so that nobody needs the
   * message as an object.
   */
  pushText(text: string | Uint8Array): boolean {
    if (this.#state.state !== 'open') return false
    this.#enqueue(text)
    return true
  }

  /**
   * Like `pushText`, for a message whose end differs for each socket and of which many may come at
   * once. False when there is no room now; `onCaughtUp` is then called when there is room, and the
   * message must be pushed anew.
   */
  pushTailed(message: TailedMessage, hundredths: number): boolean {
    if (this.#state.state !== 'open') return false
    const queuedBytes = this.#queuedBytes + message.bytes
    // The buffered amount of the socket is asked for only when much is queued: a request to a
    // thousand terminals is one message for each.
    if (
      queuedBytes > askedFromBytes &&
      this.#socket.getBufferedAmount() + queuedBytes > tailedBytesMax
    ) {
      this.#parts.metrics.pushesDropped.inc({ reason: 'no_room' })
      this.#behind = true
      return false
    }
    this.#queuedBytes = queuedBytes
    if (this.#queued === null) this.#queueNew([message, hundredths])
    else this.#queued.push(message, hundredths)
    return true
  }

  /**
   * Calls `run` when the client has read so much that a large answer has room: at once, or when the
   * client has read on. It is not called when the connection ends before. One call may wait; the
   * next one replaces it.
   */
  whenRoom(run: () => void): void {
    if (this.#state.state !== 'open') return
    if (this.#hasRoom()) run()
    else this.#waiting = run
  }

  #hasRoom(): boolean {
    return this.#queuedBytes + this.#socket.getBufferedAmount() <= caughtUpBytes
  }

  #enqueue(text: string | Uint8Array): void {
    this.#queuedBytes += text.length
    if (this.#queued === null) this.#queueNew([text])
    else this.#queued.push(text)
  }

  #queueNew(queued: Queued[]): void {
    this.#queued = queued
    this.#parts.flushSoon(this)
  }

  /**
   * Writes the pushes of this turn with one system call, because the system call is most of the
   * cost of a message. Then tells the handler when a reader that was behind has caught up.
   */
  flush(): void {
    const queued = this.#queued
    if (queued !== null) {
      this.#queued = null
      this.#queuedBytes = 0
      if (this.#state.state !== 'open') return
      if (queued.length === 1 || (queued.length === 2 && typeof queued[1] === 'number'))
        this.#sendAll(queued)
      else this.#socket.cork(() => this.#sendAll(queued))
    }
    const waiting = this.#waiting
    if (waiting !== null && this.#state.state === 'open' && this.#hasRoom()) {
      this.#waiting = null
      waiting()
    }
    if (
      !this.#behind ||
      this.#state.state !== 'open' ||
      this.#socket.getBufferedAmount() > caughtUpBytes
    )
      return
    this.#behind = false
    this.#state.handler.onCaughtUp?.()
  }

  #sendAll(queued: readonly Queued[]): void {
    for (let i = 0; i < queued.length; i++) {
      const one = queued[i]!
      if (one instanceof TailedMessage) this.#send(one.with(queued[++i] as number), false)
      else this.#send(one as string | Uint8Array, false)
    }
  }

  /**
   * Sends a message at once, after the messages that were pushed before. False when it was not
   * sent.
   */
  send(message: SocketMessage): boolean {
    return this.sendText(JSON.stringify(message))
  }
  /** JSON as text or as its UTF-8 bytes. */
  sendText(text: string | Uint8Array): boolean {
    this.flush()
    return this.#send(text, false)
  }
  sendBinary(bytes: Uint8Array): boolean {
    this.flush()
    return this.#send(bytes, true)
  }

  #send(data: string | Uint8Array, isBinary: boolean): boolean {
    if (this.#state.state !== 'open') return false
    const waiting = this.#socket.getBufferedAmount()
    // A character takes at most three bytes. They are counted only where the count can matter.
    if (
      waiting + data.length * (typeof data === 'string' ? 3 : 1) >
        socketLimits.backpressureBytesMax &&
      waiting + (typeof data === 'string' ? Buffer.byteLength(data) : data.length) >
        socketLimits.backpressureBytesMax
    ) {
      this.#parts.metrics.pushesDropped.inc({ reason: 'slow_reader' })
      this.close(closeCodes.slowReader, 'too slow to read')
      return false
    }
    return this.#socket.send(data, isBinary, false) !== 2
  }

  /**
   * Calls `run` once the client has got the messages that were pushed before: a ping follows them,
   * and its pong comes back. It is not called for a phone that has lost its network, although its
   * socket seems open for a minute.
   */
  whenArrived(run: () => void): void {
    this.flush()
    if (this.#state.state !== 'open' || this.#unanswered.size >= socketLimits.unansweredPingsMax)
      return
    this.#asked = (this.#asked + 1) >>> 0
    this.#unanswered.set(this.#asked, run)
    const bytes = Buffer.alloc(4)
    bytes.writeUInt32BE(this.#asked)
    this.#socket.ping(bytes)
  }

  /** Takes a pong. Pongs to the pings of the library itself have no content. */
  answered(pong: ArrayBuffer): void {
    if (pong.byteLength !== 4) return
    const question = new DataView(pong).getUint32(0)
    const run = this.#unanswered.get(question)
    this.#unanswered.delete(question)
    run?.()
  }

  /** Tells the client its mistake. Ten malformed messages in a row end the connection. */
  refuse(code: ErrorCode, message: string, extra: ErrorDetails = {}): void {
    this.#refusals++
    this.send({ type: 'error', code, message, ...extra })
    if (++this.#malformedInARow >= socketLimits.malformedInARowMax)
      this.close(closeCodes.malformed, 'malformed messages')
  }

  /** Tells the client of an error that is not a mistake of its message. */
  report(code: ErrorCode, message: string, extra: ErrorDetails = {}): void {
    this.send({ type: 'error', code, message, ...extra })
  }

  /** Handles a message from the client. The bytes may be invalid after the call. */
  receive(bytes: Uint8Array, isBinary: boolean): void {
    const now = this.#state
    switch (now.state) {
      case 'handshaking':
        if (now.inbound.length >= socketLimits.handshakeMessagesMax)
          this.close(closeCodes.tooManyMessages, 'too many messages')
        else now.inbound.push({ bytes: Buffer.from(bytes), isBinary })
        return
      case 'open':
        if (!this.#withinRate()) {
          this.close(closeCodes.tooManyMessages, 'too many messages')
          return
        }
        this.#handle(now.handler, bytes, isBinary)
        return
      case 'closing':
        return
    }
  }

  #handle(handler: SocketHandler, bytes: Uint8Array, isBinary: boolean): void {
    const refusals = this.#refusals
    try {
      if (bytes.length > socketLimits.messageBytesMax)
        this.refuse('body_too_large', `a message is at most ${socketLimits.messageBytesMax} bytes`)
      else if (!isBinary) this.#handleText(handler, bytes)
      else if (handler.onBinary !== undefined) handler.onBinary(bytes)
      else this.refuse('message_malformed', 'this socket takes text messages only')
    } catch (error) {
      this.#parts.log.error({ err: error, role: this.role }, 'socket message failed')
      this.report('internal', 'the message could not be handled')
    }
    if (this.#refusals === refusals) this.#malformedInARow = 0
  }

  #handleText(handler: SocketHandler, bytes: Uint8Array): void {
    let message: unknown
    try {
      message = JSON.parse(
        Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8'),
      )
    } catch {
      this.refuse('invalid_json', 'the message is not valid JSON')
      return
    }
    if (isPing(message)) this.send({ type: 'pong' })
    else handler.onText(message)
  }

  /**
   * True within the rate: each block of socketLimits.messagesPerSecondMax messages must last a
   * second. The clock is read once for each block; reading it for every message costs as much as
   * decoding a location frame.
   */
  #withinRate(): boolean {
    if (!this.#parts.rateLimited || --this.#messagesLeft >= 0) return true
    const nowMs = this.#parts.nowMs()
    if (nowMs - this.#blockStartMs < 1000 && nowMs >= this.#blockStartMs) return false
    this.#blockStartMs = nowMs
    this.#messagesLeft = socketLimits.messagesPerSecondMax - 1
    return true
  }

  /** Closes with a code of the catalogue; repeated calls have no effect. */
  close(code: number, reason: string): void {
    if (this.#state.state === 'closing') return
    this.flush()
    // A flush that finds the reader too slow closes the session itself.
    if (this.isClosing) return
    this.#parts.metrics.socketCloses.inc({ code })
    this.#end()
    this.#socket.end(code, reason)
  }

  /**
   * Call it when the connection is gone, closed by either side. The socket must not be used
   * afterwards.
   */
  closed(): void {
    this.#end()
  }

  #end(): void {
    const before = this.#state
    if (before.state === 'closing') return
    this.#state = { state: 'closing' }
    this.#waiting = null
    this.#unanswered.clear()
    if (before.state === 'open') before.handler.onClose?.()
  }

  /** Called about once a second: an overdue handshake and an expired token end the connection. */
  sweep(nowMs: number): void {
    if (nowMs >= this.expiresAtMs) this.close(closeCodes.unauthenticated, 'token expired')
    else if (
      this.#state.state === 'handshaking' &&
      nowMs - this.#state.sinceMs >= socketLimits.handshakeMs
    )
      this.close(closeCodes.goingAway, 'the handshake took too long')
  }
}

function isPing(message: unknown): boolean {
  return (
    typeof message === 'object' &&
    message !== null &&
    (message as { type?: unknown }).type === 'ping'
  )
}
