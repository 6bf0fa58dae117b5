/**
 * Publications that the event stream shall have stored before the outbox forgets them. A flush alone
 * says that the server has read them; the stream writes a moment later, and a server that dies in that
 * moment has lost events which no consumer will ever miss.
 *
 * The stream's word is asked for once a turn of the event loop and not per event: a connection's
 * messages are stored in order, so the word on the last speaks for those before it. The last of a turn
 * is only known when the turn ends, hence one message is held back until then. Rejected: an ack for
 * each, which costs a second message per event.
 *
 * The stream is a convenience (stream.ts): when it does not answer, this says so once, asks no more and
 * looks for it again after a while. Nothing waits for it longer than `answerMs`.
 */
import { headers, type MsgHdrs, type NatsConnection } from '@nats-io/transport-node'
import { guarded } from '../kernel/seldom.ts'
import { eventStream } from './subjects.ts'
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
  /** Counts connections: what one took with it is told by its end, and not by a missing answer. */
  #connections = 0
  #stopped = false

  /** `find`: is there a stream? It makes one if it can. `present`: what it said last. */
  constructor(
    connection: NatsConnection,
    log: Log,
    find: () => Promise<boolean>,
    present: boolean,
  ) {
    this.#connection = connection
    this.#log = log
    this.#find = find
    this.#asks = present
    if (!present) this.#scheduleLook()
  }

  /** `body` belongs to this from now on. */
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

  /** Before anything else goes out on the connection: order is kept. */
  release(): void {
    const held = this.#held
    if (held === null) return
    this.#held = null
    try {
      this.#connection.publish(held.subject, held.body, { headers: held.headers })
    } catch (cause) {
      // Closed, or a server that takes less since a moment ago: the caller sends something else and must not fail for this.
      this.#log(`bus: ${held.subject} could not be sent: ${wordsOf(cause)}`)
    }
  }

  /** Resolves when the stream has spoken, or is known not to. */
  async settled(): Promise<void> {
    this.#ask()
    await Promise.all(this.#words)
  }

  disconnected(): void {
    this.#connections++
    this.#held = null
  }

  /** The server may have come back without its stream, or with one. */
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
          if (!confirms(answer.data)) this.#gone(answer.string().slice(0, 200))
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
        `bus: the stream ${eventStream} does not confirm (${why}); events go to those who listen now`,
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
    if (present && !this.#asks) this.#log(`bus: the stream ${eventStream} is there`)
    this.#asks = present
    if (!present) this.#scheduleLook()
  }
}

const wordsOf = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause))

function confirms(answer: Uint8Array): boolean {
  try {
    const word = JSON.parse(new TextDecoder().decode(answer)) as {
      stream?: unknown
      error?: unknown
    }
    return word.stream === eventStream && word.error === undefined
  } catch {
    return false
  }
}
