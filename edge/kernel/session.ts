/**
 * One connection, from the handshake to its end. Authentication takes a database round trip while a
 * client may talk at once, so a session begins as `handshaking` and keeps what arrives in either
 * direction (bounded) until its first message, the full current state, has been sent.
 *
 * Why an own bound on the send buffer besides uWebSockets' maxBackpressure: uWebSockets would cut the
 * connection without a word, and a client that only sees 1006 reconnects and falls behind again. Here
 * the reader that is too slow hears 4408, if it ever reads on.
 */
import type { Logger } from 'pino'
import type { WebSocket } from './uws.ts'
import { closeCodes, type ErrorCode } from '../../protocol/kernel/errors.ts'
import type { MessageNamed, SocketMessage } from '../../protocol/dispatch/messages.ts'
import type { Identity } from './identity.ts'
import type { Metrics } from './metrics.ts'
import { TailedMessage } from './tailed.ts'
import { socketLimits } from './limits.ts'

/** What a kind of socket does with its messages, once it is open. */
export interface SocketHandler {
  /** A parsed JSON value that is not a ping; it may be of any shape. */
  onText(message: unknown): void
  /** The bytes are valid during the call only. Without it binary messages are refused. */
  onBinary?(bytes: Uint8Array): void
  /** Sees each push before it is sent; false keeps it from this socket. */
  onPush?(message: SocketMessage): boolean
  /** After the greeting was sent. */
  onOpen?(): void
  /** The client has read what it was sent, and there is room for what was kept from it. */
  onCaughtUp?(): void
  /** Not called for a connection that ended before it was open. */
  onClose?(): void
}

/** What a socket does from now on, and the messages it is sent first. */
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

/** What an `error` says beside its code and words. */
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
  /** Has `flush` called before the event loop goes on. */
  flushSoon(session: Session): void
}

/** The open requests that a terminal is told of leave room for everything else: more of them come when it has read these. */
const tailedBytesMax = (socketLimits.backpressureBytesMax * 3) / 4
const caughtUpBytes = socketLimits.backpressureBytesMax / 4
const askedFromBytes = socketLimits.backpressureBytesMax / 16

export class Session {
  readonly role: string
  /** Kept by the hub. */
  readonly topics: string[] = []
  readonly watchedOrders = new Set<string>()
  watchedVendor: string | null = null
  account: string | null = null
  /** The record that the audit trail says it is about, where the path has no id. */
  targetId: string | null = null
  /** Who it is; null for a public tracking link and until it is known. */
  identity: Identity | null = null
  /** Where the client reached this server, `https://host`, for links that it is given; null when it named no host. */
  origin: string | null = null
  /** When the token ends; the sweep closes the socket then. */
  expiresAtMs = Infinity
  #state: State
  readonly #socket: WebSocket<SocketData>
  readonly #parts: Parts
  /** Pushes of this turn of the event loop, in their order; null while there are none. A tailed message is followed by its number. */
  #queued: Queued[] | null = null
  /** Roughly, of what is queued: characters where it is text. */
  #queuedBytes = 0
  /** A message was kept from it because there was no room. */
  #behind = false
  #malformedInARow = 0
  #refusals = 0
  /** When the messages that may still come were granted, and how many are left of them. */
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

  /** Sends the first messages, then what was pushed meanwhile; then the client's waiting messages are handled. */
  open(handler: SocketHandler, greeting: readonly SocketMessage[]): void {
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
   * A message of this edge or of an engine. `text` is its JSON, when somebody has made it already. True
   * when it is on its way: what one turn of the event loop pushes leaves in one write at its end.
   */
  push(message: SocketMessage, text?: string | Uint8Array): boolean {
    const now = this.#state
    switch (now.state) {
      case 'handshaking':
        if (now.outbound.length >= socketLimits.handshakeMessagesMax) {
          // Better a client that starts again with the full state than one that silently lacks a message.
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

  /** As `push`, for a socket that is open and whose handler does not look at pushes: nobody needs the message as an object. */
  pushText(text: string | Uint8Array): boolean {
    if (this.#state.state !== 'open') return false
    this.#enqueue(text)
    return true
  }

  /**
   * As `pushText`, for a message whose end is this socket's own, of which many may come at once. False when
   * there is no room for it now: then `onCaughtUp` is called when there is, and it must be pushed anew.
   */
  pushTailed(message: TailedMessage, hundredths: number): boolean {
    if (this.#state.state !== 'open') return false
    const queuedBytes = this.#queuedBytes + message.bytes
    // What the socket itself holds is asked for only where much is queued: a request to a thousand terminals is one message for each.
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

  #enqueue(text: string | Uint8Array): void {
    this.#queuedBytes += text.length
    if (this.#queued === null) this.#queueNew([text])
    else this.#queued.push(text)
  }

  #queueNew(queued: Queued[]): void {
    this.#queued = queued
    this.#parts.flushSoon(this)
  }

  /** Writes what was pushed; several messages in one system call, which is most of what a message costs. */
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

  /** A message that leaves at once, behind what was pushed before. */
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
    // A character takes three bytes at the most; they are counted where it could matter.
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

  /** Tells the client what was wrong; ten malformed messages in a row end the connection. */
  refuse(code: ErrorCode, message: string, extra: ErrorDetails = {}): void {
    this.#refusals++
    this.send({ type: 'error', code, message, ...extra })
    if (++this.#malformedInARow >= socketLimits.malformedInARowMax)
      this.close(closeCodes.malformed, 'malformed messages')
  }

  /** Something is wrong, but not with the message. */
  report(code: ErrorCode, message: string, extra: ErrorDetails = {}): void {
    this.send({ type: 'error', code, message, ...extra })
  }

  /** A message from the client; the bytes may be gone after the call. */
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
   * Each block of socketLimits.messagesPerSecondMax messages must last a second. The clock is read once
   * a block: read for every message it costs as much as decoding a location frame.
   */
  #withinRate(): boolean {
    if (!this.#parts.rateLimited || --this.#messagesLeft >= 0) return true
    const nowMs = this.#parts.nowMs()
    if (nowMs - this.#blockStartMs < 1000 && nowMs >= this.#blockStartMs) return false
    this.#blockStartMs = nowMs
    this.#messagesLeft = socketLimits.messagesPerSecondMax - 1
    return true
  }

  /** Closes with a code of the catalogue; repeated calls change nothing. */
  close(code: number, reason: string): void {
    if (this.#state.state === 'closing') return
    this.flush()
    // A flush that finds the reader too slow closes by itself.
    if (this.isClosing) return
    this.#parts.metrics.socketCloses.inc({ code })
    this.#end()
    this.#socket.end(code, reason)
  }

  /** The connection is gone, whoever closed it. The socket must not be touched any more. */
  closed(): void {
    this.#end()
  }

  #end(): void {
    const before = this.#state
    if (before.state === 'closing') return
    this.#state = { state: 'closing' }
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
