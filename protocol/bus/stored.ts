/**
 * Publishes events and learns when the event stream has stored them, so that the outbox may forget
 * them. A flush alone only says that the server has read them. The stream writes a moment later; a
 * server that dies in between loses events, and no consumer notices.
 *
 * The confirmation is requested once per turn of the event loop, not per event. Messages of a
 * connection are stored in order, so the confirmation of the last one covers all before it. The
 * last message of a turn is known only when the turn ends, so one message is held back until then.
 * Rejected: a confirmation for each event, which costs a second message per event.
 *
 * The stream is optional (stream.ts). When it does not answer, this logs it once, stops asking and
 * looks for it again after a while. Nothing waits for it longer than `answerMs`.
 */
import { headers, type MsgHdrs, type NatsConnection } from '@nats-io/transport-node'
import { guarded } from '../kernel/seldom.ts'
import type { Log } from './checks.ts'

const answerMs = 2_000
const lookAgainMs = 5_000

interface Held {
  subject: string
  body: Uint8Array
  headers: MsgHdrs
}

export class StoredPublications {
  readonly #connection: NatsConnection
  readonly #stream: string
  readonly #log: Log
  readonly #find: () => Promise<boolean>
  readonly #words = new Set<Promise<void>>()
  #held: Held | null = null
  readonly #askSafely = guarded(
    () => this.#ask(),
    cause => this.#gone(wordsOf(cause)),
  )
  #asks: boolean
  #lookAgain: ReturnType<typeof setTimeout> | null = null
  /**
   * Number of connections so far. An answer that is missing because its connection ended says
   * nothing about the stream.
   */
  #connections = 0
  #stopped = false

  /** `stream`: its name. `find` looks for it and creates it if it can. `present` is its last result. */
  constructor(
    connection: NatsConnection,
    stream: string,
    log: Log,
    find: () => Promise<boolean>,
    present: boolean,
  ) {
    this.#connection = connection
    this.#stream = stream
    this.#log = log
    this.#find = find
    this.#asks = present
    if (!present) this.#scheduleLook()
  }

  /** Publishes the message. `body` belongs to this object from now on. */
  publish(subject: string, body: Uint8Array, messageId: string): void {
    this.release()
    const withId = headers()
    withId.set('Nats-Msg-Id', messageId)
    if (!this.#asks) {
      this.#connection.publish(subject, body, { headers: withId })
      return
    }
    this.#held = { subject, body, headers: withId }
    queueMicrotask(this.#askSafely)
  }

  /**
   * Sends the held message before any other message goes out on the connection, to keep the order.
   */
  release(): void {
    const held = this.#held
    if (held === null) return
    this.#held = null
    try {
      this.#connection.publish(held.subject, held.body, { headers: held.headers })
    } catch (cause) {
      // The connection is closed, or the server has just lowered its limit. The caller sends
      // another message and must not fail for this one.
      this.#log(`bus: ${held.subject} could not be sent: ${wordsOf(cause)}`)
    }
  }

  /** Resolves when the stream has answered, or is known not to. */
  async settled(): Promise<void> {
    this.#ask()
    await Promise.all(this.#words)
  }

  disconnected(): void {
    this.#connections++
    this.#held = null
  }

  /** Looks for the stream again: the server may have come back with or without it. */
  reconnected(): void {
    this.#look().catch((cause: unknown) => this.#gone(wordsOf(cause)))
  }

  stop(): void {
    this.#stopped = true
    if (this.#lookAgain !== null) clearTimeout(this.#lookAgain)
    this.release()
  }

  #ask(): void {
    const held = this.#held
    if (held === null) return
    this.#held = null
    const connection = this.#connections
    const word = this.#connection
      .request(held.subject, held.body, { timeout: answerMs, headers: held.headers })
      .then(
        answer => {
          if (!confirms(answer.data, this.#stream)) this.#gone(answer.string().slice(0, 200))
        },
        (cause: unknown) => {
          if (connection === this.#connections) this.#gone(wordsOf(cause))
        },
      )
      .finally(() => {
        this.#words.delete(word)
      })
    this.#words.add(word)
  }

  #gone(why: string): void {
    if (!this.#asks) return
    this.#asks = false
    if (!this.#stopped)
      this.#log(
        `bus: the stream ${this.#stream} does not confirm (${why}); events go to those who listen now`,
      )
    this.#scheduleLook()
  }

  #scheduleLook(): void {
    if (this.#stopped || this.#lookAgain !== null) return
    this.#lookAgain = setTimeout(
      guarded(
        () => {
          this.#lookAgain = null
          return this.#look()
        },
        cause => this.#gone(wordsOf(cause)),
      ),
      lookAgainMs,
    )
    this.#lookAgain.unref()
  }

  async #look(): Promise<void> {
    if (this.#stopped) return
    const present = await this.#find()
    if (present && !this.#asks) this.#log(`bus: the stream ${this.#stream} is there`)
    this.#asks = present
    if (!present) this.#scheduleLook()
  }
}

const wordsOf = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause))

function confirms(answer: Uint8Array, stream: string): boolean {
  try {
    const word = JSON.parse(new TextDecoder().decode(answer)) as {
      stream?: unknown
      error?: unknown
    }
    return word.stream === stream && word.error === undefined
  } catch {
    return false
  }
}
