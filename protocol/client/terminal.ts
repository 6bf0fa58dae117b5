/**
 * A pharmacy's terminal: it always knows which requests are open.
 *
 * ```ts
 * const terminal = connectTerminal({ url, token }) terminal.on('new_request', request =>
 * show(request)) terminal.on('request_closed', ({ request_id }) => hide(request_id)) const {
 * outcome } = await terminal.respond(requestId, 'ACCEPTED', { text_message: 'In stock' })
 * ```
 */
import { Connection, type ConnectOptions } from './connection.ts'
import { Emitter } from './emitter.ts'
import type { HeardOn } from '../dispatch/messages.ts'
import type {
  ConnectionNews,
  ErrorMessage,
  MessageEvents,
  NewRequest,
  ResponseResult,
  TerminalGreeting,
} from './messages.ts'
import { clientLimits } from './limits.ts'
import { Talk } from './talk.ts'

type Received = HeardOn<'terminal'>

/**
 * Every message of the channel by its type. `new_request` and `request_closed` come once for each
 * request.
 */
export interface TerminalEvents
  extends
    ConnectionNews,
    MessageEvents<
      'terminal',
      'request_taken' | 'request_expired' | 'request_cancelled' | 'response_result'
    > {
  open: TerminalGreeting
  /**
   * The request can no longer be taken. `ended` means that it ended while the connection was lost.
   */
  request_closed: {
    request_id: string
    reason: 'won' | 'taken' | 'expired' | 'cancelled' | 'ended'
  }
}

/** Connects a terminal of the signed-in pharmacy, now and again after each loss, until `close`. */
export function connectTerminal(options: ConnectOptions): Terminal {
  return new Terminal(options)
}

export class Terminal extends Emitter<TerminalEvents> {
  readonly talk: Talk
  readonly #connection: Connection<Received>
  readonly #open = new Map<string, NewRequest>()
  /** Requests known from before a reconnection that the server has not repeated since. */
  #unconfirmed = new Set<string>()
  #grace: ReturnType<typeof setTimeout> | null = null

  constructor(options: ConnectOptions) {
    super()
    this.#connection = new Connection('/ws/pharmacy/', options)
    this.talk = new Talk(this.#connection)
    this.#connection.on('open', greeting => {
      this.#awaitRepetition()
      this.emit('open', greeting as TerminalGreeting)
    })
    this.#connection.on('closed', closed => {
      this.#stopWaiting()
      this.emit('closed', closed)
    })
    this.#connection.on('message', message => this.#received(message))
  }

  get isOpen(): boolean {
    return this.#connection.isOpen
  }
  /** Requests that can still be taken, oldest first. */
  get openRequests(): ReadonlyMap<string, NewRequest> {
    return this.#open
  }

  /**
   * Resolves to the result of the answer, even over a lost connection. Rejects only when no reply
   * arrived.
   */
  async respond(
    requestId: string,
    responseType: 'ACCEPTED' | 'REJECTED',
    more: {
      text_message?: string
      audio_url?: string
      goods_amount?: number
      tax_amount?: number
    } = {},
  ): Promise<ResponseResult> {
    const result = await this.#connection.request<ResponseResult | ErrorMessage>({
      type: 'respond',
      request_id: requestId,
      response_type: responseType,
      ...more,
    })
    if (result.type === 'error')
      return {
        type: 'response_result',
        request_id: requestId,
        outcome: 'error',
        code: result.code,
        message: result.message,
      }
    if (result.outcome === 'won') this.#close(requestId, 'won')
    if (result.outcome === 'expired' || result.outcome === 'cancelled')
      this.#close(requestId, result.outcome)
    if (result.outcome === 'lost') this.#close(requestId, 'taken')
    return result
  }

  close(): void {
    this.#connection.close()
  }

  /**
   * After each connection the server repeats the open requests. A request that it does not repeat
   * is over.
   */
  #awaitRepetition(): void {
    this.#stopWaiting()
    this.#unconfirmed = new Set(this.#open.keys())
    if (this.#unconfirmed.size === 0) return
    this.#grace = setTimeout(() => {
      for (const requestId of this.#unconfirmed) this.#close(requestId, 'ended')
    }, clientLimits.resyncGraceMs)
  }

  #stopWaiting(): void {
    if (this.#grace !== null) clearTimeout(this.#grace)
    this.#grace = null
  }

  #close(requestId: string, reason: TerminalEvents['request_closed']['reason']): void {
    this.#unconfirmed.delete(requestId)
    if (this.#open.delete(requestId)) this.emit('request_closed', { request_id: requestId, reason })
  }

  #received(message: Received): void {
    switch (message.type) {
      case 'new_request':
        this.#unconfirmed.delete(message.request_id)
        if (this.#open.has(message.request_id)) return
        this.#open.set(message.request_id, message)
        this.emit('new_request', message)
        break
      case 'request_taken':
        this.#close(message.request_id, 'taken')
        break
      case 'request_expired':
        this.#close(message.request_id, 'expired')
        break
      case 'request_cancelled':
        this.#close(message.request_id, 'cancelled')
        break
      case 'connection':
      case 'pong':
      case 'response_result':
        break
      default:
        this.pass(message)
    }
  }
}
