/**
 * A WebSocket that reconnects. Its pauses grow and are jittered. It notices a connection that died
 * silently. It repeats unanswered requests under the same id, so that a lost answer is sent again
 * and the request counts once.
 *
 * An overloaded edge says when to come again (Retry-After), and the pause is no shorter. Only the
 * package `ws` shows that answer. A browser does not, and its pauses alone must suffice.
 *
 * It does not reconnect when the server said that this cannot work: wrong token (4001), wrong role
 * (4003), no such record (4004). The exception is a token function that gives another token than
 * the refused one, because tokens expire while connections last.
 */
import { CaduceusError, closeCodes, errorCatalogue } from '../kernel/errors.ts'
import { Emitter } from './emitter.ts'
import { clientLimits } from './limits.ts'

/** The part of the browser's WebSocket that the client uses. `ws` for Node has it too. */
export interface WebSocketLike {
  binaryType: string
  readonly readyState: number
  send(data: string | Uint8Array<ArrayBuffer>): void
  close(code?: number, reason?: string): void
  addEventListener(type: 'message', listener: (event: { data: unknown }) => void): void
  addEventListener(type: 'close', listener: (event: { code: number; reason: string }) => void): void
  addEventListener(type: 'error', listener: (event: object) => void): void
  /**
   * Only in the package `ws`: an answer that is not a WebSocket. The listener has to close the
   * connection.
   */
  on?(
    event: 'unexpected-response',
    listener: (
      request: unknown,
      response: { headers: { 'retry-after'?: string | undefined } },
    ) => void,
  ): unknown
}
export type WebSocketConstructor = new (url: string, protocols?: string[]) => WebSocketLike

export interface ConnectOptions {
  /** The URL of the edge: `https://dispatch.example.org` or `ws://127.0.0.1:8000`. */
  url: string
  /**
   * An access token, or a function that gives a fresh one before every attempt. `refused` is true
   * when the server refused the last token. A CaduceusError that says that nobody is signed in ends
   * the connection.
   */
  token?: string | ((refused: boolean) => string | Promise<string>)
  /** Default: globalThis.WebSocket. On Node 20 pass the class of the package `ws`. */
  WebSocket?: WebSocketConstructor
}

export interface ConnectionEvents<Received> {
  /** Connected and greeted: the first time and after each reconnection. */
  open: Received
  /** The connection ended. With `final` it does not come back. */
  closed: { code: number; reason: string; final: boolean }
  message: Received
  binary: Uint8Array
}

type Text = { type: string } & Record<string, unknown>
interface Waiting {
  message: Text
  resolve(answer: never): void
  reject(error: Error): void
  timer: ReturnType<typeof setTimeout>
}
type State =
  | { state: 'waiting'; timer: ReturnType<typeof setTimeout> | null }
  | { state: 'connecting'; socket: WebSocketLike }
  | { state: 'open'; socket: WebSocketLike; sinceMs: number }
  | { state: 'closed' }

const finalCodes: readonly number[] = [
  closeCodes.unauthenticated,
  closeCodes.wrongRole,
  closeCodes.noSuchRecord,
]

export class Connection<Received extends { type: string }> extends Emitter<
  ConnectionEvents<Received>
> {
  readonly #options: ConnectOptions
  readonly #address: string
  readonly #construct: WebSocketConstructor
  readonly #waiting = new Map<string, Waiting>()
  #state: State = { state: 'waiting', timer: null }
  #attempts = 0
  /** Pause that the edge asked for at the last attempt, ms; 0 when it asked for none. */
  #toldPauseMs = 0
  #token: string | null = null
  #refusedToken: string | null = null
  #heardAtMs = 0
  #watchdog: ReturnType<typeof setInterval> | null = null
  #nextId = 1
  /** Distinguishes the requests of two connections of one account. */
  readonly #idPrefix = Math.random().toString(36).slice(2, 10)

  constructor(path: string, options: ConnectOptions) {
    super()
    this.#options = options
    this.#address = options.url.replace(/^http/, 'ws').replace(/\/$/, '') + path
    const construct =
      options.WebSocket ??
      ((globalThis as { WebSocket?: unknown }).WebSocket as WebSocketConstructor | undefined)
    if (construct === undefined)
      throw new Error('there is no WebSocket here; pass one, for instance that of the package ws')
    this.#construct = construct
    void this.#connect()
  }

  get isOpen(): boolean {
    return this.#state.state === 'open'
  }

  async #connect(): Promise<void> {
    const { token } = this.#options
    try {
      this.#token =
        typeof token === 'function' ? await token(this.#refusedToken !== null) : (token ?? null)
    } catch (error) {
      if (error instanceof CaduceusError && errorCatalogue[error.code].http === 401)
        this.#finish(closeCodes.unauthenticated, error.message)
      else this.#retry()
      return
    }
    if (this.#state.state !== 'waiting') return
    if (this.#token !== null && this.#token === this.#refusedToken) {
      this.#finish(closeCodes.unauthenticated, 'token refused')
      return
    }
    // The token is in the protocol and not in the URL, because URLs are written to logs.
    const socket = new this.#construct(
      this.#address,
      this.#token === null ? [] : ['bearer', this.#token],
    )
    socket.binaryType = 'arraybuffer'
    this.#state = { state: 'connecting', socket }
    socket.addEventListener('message', event => this.#receive(socket, event.data))
    socket.addEventListener('close', event => this.#ended(socket, event.code, event.reason))
    // An error is always followed by a close. Some implementations throw when nobody listens to it.
    socket.addEventListener('error', () => undefined)
    socket.on?.('unexpected-response', (_request, { headers }) => {
      this.#toldPauseMs = 1_000 * Number(headers['retry-after'] ?? 0) || 0
      socket.close()
    })
    this.#heardAtMs = Date.now()
    this.#watchdog ??= setInterval(() => this.#watch(), clientLimits.pongTimeoutMs / 4)
  }

  #receive(socket: WebSocketLike, data: unknown): void {
    const now = this.#state
    if (!('socket' in now) || now.socket !== socket) return
    this.#heardAtMs = Date.now()
    if (typeof data !== 'string') {
      this.emit('binary', new Uint8Array(data as ArrayBuffer))
      return
    }
    const message = JSON.parse(data) as Received & { id?: string }
    if (message.type === 'pong') return
    // The first message is the greeting: the account is authenticated and the state is current.
    if (now.state === 'connecting') {
      this.#state = { state: 'open', socket, sinceMs: Date.now() }
      this.#refusedToken = null
      this.emit('open', message)
      for (const waiting of this.#waiting.values()) this.send(waiting.message)
    }
    const waiting = message.id === undefined ? undefined : this.#waiting.get(message.id)
    if (waiting !== undefined) {
      this.#settled(message.id!, waiting)
      waiting.resolve(message as never)
    }
    this.emit('message', message)
  }

  /** Handles the end of the connection, whichever side ended it. */
  #ended(socket: WebSocketLike, code: number, reason: string): void {
    const before = this.#state
    if (!('socket' in before) || before.socket !== socket) return
    if (before.state === 'open' && Date.now() - before.sinceMs >= clientLimits.stableMs)
      this.#attempts = 0
    this.#state = { state: 'waiting', timer: null }
    if (code === closeCodes.unauthenticated && typeof this.#options.token === 'function')
      this.#refusedToken = this.#token
    else if (finalCodes.includes(code)) {
      this.#finish(code, reason)
      return
    }
    this.emit('closed', { code, reason, final: false })
    this.#retry()
  }

  #retry(): void {
    if (this.#state.state !== 'waiting') return
    const pauseMs = Math.min(
      clientLimits.reconnectMsMax,
      clientLimits.reconnectMsMin * 2 ** this.#attempts,
    )
    this.#attempts++
    // Between half and all of the pause, so that clients that lost their connections together do
    // not come back together.
    const jitteredMs = pauseMs * (0.5 + 0.5 * Math.random())
    // A proxy may ask for an unreasonably long pause.
    const toldMs = Math.min(this.#toldPauseMs, clientLimits.reconnectMsMax)
    this.#toldPauseMs = 0
    this.#state = {
      state: 'waiting',
      timer: setTimeout(() => void this.#connect(), Math.max(jitteredMs, toldMs)),
    }
  }

  /**
   * After a silence, sends a ping. After a further silence, takes the connection as dead, whatever
   * the socket reports.
   */
  #watch(): void {
    const now = this.#state
    if (!('socket' in now)) return
    const silentMs = Date.now() - this.#heardAtMs
    if (silentMs >= clientLimits.pingIntervalMs + clientLimits.pongTimeoutMs)
      this.restart('no answer')
    else if (now.state === 'open' && silentMs >= clientLimits.pingIntervalMs)
      this.send({ type: 'ping' })
  }

  /** Gives up this connection and makes another one. */
  restart(reason: string): void {
    const now = this.#state
    if (!('socket' in now)) return
    now.socket.close(1000, reason)
    // A dead connection may take minutes to report its end.
    this.#ended(now.socket, 1006, reason)
  }

  /** Sends a message. False when there is no open connection; the message is then dropped. */
  send(message: object): boolean {
    return this.sendRaw(JSON.stringify(message))
  }
  sendRaw(data: string | Uint8Array<ArrayBuffer>): boolean {
    if (this.#state.state !== 'open' || this.#state.socket.readyState !== 1) return false
    this.#state.socket.send(data)
    return true
  }

  /**
   * Sends the message now or after a reconnection, until it is answered. The answer carries the
   * same id.
   */
  request<Answer>(message: Text): Promise<Answer> {
    const id = `${this.#idPrefix}-${this.#nextId++}`
    const withId = { ...message, id }
    return new Promise<Answer>((resolve, reject) => {
      if (this.#state.state === 'closed') {
        reject(new Error('the connection is closed'))
        return
      }
      const timer = setTimeout(() => {
        this.#waiting.delete(id)
        reject(new Error(`no answer to ${message.type} in ${clientLimits.requestTimeoutMs} ms`))
      }, clientLimits.requestTimeoutMs)
      this.#waiting.set(id, { message: withId, resolve, reject, timer })
      this.send(withId)
    })
  }

  #settled(id: string, waiting: Waiting): void {
    clearTimeout(waiting.timer)
    this.#waiting.delete(id)
  }

  /** Ends the connection for good. */
  close(): void {
    const now = this.#state
    if ('socket' in now) now.socket.close(1000, 'closed by the client')
    this.#finish(1000, 'closed by the client')
  }

  #finish(code: number, reason: string): void {
    const before = this.#state
    if (before.state === 'closed') return
    if (before.state === 'waiting' && before.timer !== null) clearTimeout(before.timer)
    this.#state = { state: 'closed' }
    if (this.#watchdog !== null) clearInterval(this.#watchdog)
    for (const [id, waiting] of this.#waiting) {
      this.#settled(id, waiting)
      waiting.reject(new Error('the connection is closed'))
    }
    this.emit('closed', { code, reason, final: true })
  }
}
