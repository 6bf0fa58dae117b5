/**
 * What every bus adapter checks in the same way, so that a mistake shows in the embedded bus and not
 * only once NATS is there. Malformed subjects are mistakes of a programmer and throw TypeError.
 */
import { CaduceusError } from '../kernel/errors.ts'
import { limits } from '../kernel/limits.ts'
import { Seldom } from '../kernel/seldom.ts'
import { messageIdBytesMax, type Body, type BusHandler, type BusMessage } from './bus.ts'

export type Log = (line: string) => void

/** Silence would hide a broken handler from whoever forgot to pass a log. */
export const logToStderr: Log = line => console.error(line)

/** B10, where somebody waits for the answer and hears the refusal. */
export function checkBody(body: Uint8Array, bytesMax: number = limits.busMessageBytesMax): void {
  if (body.byteLength > bytesMax)
    throw new CaduceusError(
      'body_too_large',
      `message of ${body.byteLength} bytes, at most ${bytesMax}`,
    )
}

export function checkSubject(subject: string): void {
  if (!wellFormed(subject) || /(^|\.)[*>](\.|$)/.test(subject))
    throw new TypeError(`bus: malformed subject ${JSON.stringify(subject)}`)
}

export function checkFilter(filter: string): void {
  if (!wellFormed(filter) || /(^|\.)>\./.test(filter))
    throw new TypeError(`bus: malformed filter ${JSON.stringify(filter)}`)
}

/** No white space, no empty token. */
const wellFormed = (subject: string): boolean => /^[^\s.]+(\.[^\s.]+)*$/.test(subject)

/** Messages that one bus gave up, counted; the log hears of each kind now and then. */
export class Losses {
  readonly counts = { tooLarge: 0, handlersFailed: 0 }
  readonly #seldom: Seldom

  constructor(log: Log, nowMs: () => number = Date.now) {
    this.#seldom = new Seldom(log, nowMs)
  }

  /** The bytes to publish (B12); null when they are more than the bus takes (B10), of which a message id takes some. */
  bytesOf(
    subject: string,
    body: Body,
    messageBytesMax: number,
    messageId?: string,
  ): Uint8Array | null {
    const bytes = typeof body === 'function' ? body() : body
    const bytesMax = messageId === undefined ? messageBytesMax : messageBytesMax - messageIdBytesMax
    if (bytes.byteLength <= bytesMax) return bytes
    this.tooLarge(subject, `${bytes.byteLength} bytes, at most ${bytesMax}`)
    return null
  }

  tooLarge(subject: string, why: string): void {
    this.counts.tooLarge++
    const kind = kindOf(subject)
    this.#seldom.say(
      `too large: ${kind}`,
      `bus: a message on ${kind} is dropped, because it is too large: ${why}`,
    )
  }

  /** B6, for handlers that throw and for those that are async and reject. */
  handle(handler: BusHandler, message: BusMessage): void {
    try {
      const result: unknown = handler(message)
      if (result instanceof Promise) result.catch((cause: unknown) => this.#failed(message, cause))
    } catch (cause) {
      this.#failed(message, cause)
    }
  }

  #failed(message: BusMessage, cause: unknown): void {
    this.counts.handlersFailed++
    const kind = kindOf(message.subject)
    this.#seldom.say(
      `failed: ${kind}`,
      `bus: handler of ${message.subject} failed: ${cause instanceof Error ? cause.stack : String(cause)}`,
    )
  }
}

/** A subject without its last tokens, which are ids: subjects of one kind share the lines of the log. */
const kindOf = (subject: string): string => subject.split('.').slice(0, 4).join('.')
