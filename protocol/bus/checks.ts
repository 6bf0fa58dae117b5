/**
 * Checks that every bus adapter shares, so that a mistake shows in the embedded bus and not only
 * with NATS. A malformed subject is a programming mistake and throws TypeError.
 */
import { CaduceusError } from '../kernel/errors.ts'
import { limits } from '../kernel/limits.ts'
import { Seldom } from '../kernel/seldom.ts'
import { messageIdBytesMax, type Body, type BusHandler, type BusMessage } from './bus.ts'

export type Log = (line: string) => void

/** The default log. Silence would hide a broken handler from a caller that passed no log. */
export const logToStderr: Log = line => console.error(line)

/** B10 for `request` and `respond`, where the caller hears the refusal. Throws `body_too_large`. */
export function checkBody(body: Uint8Array, bytesMax: number = limits.busMessageBytesMax): void {
  if (body.byteLength > bytesMax)
    throw new CaduceusError(
      'body_too_large',
      `message of ${body.byteLength} bytes, at most ${bytesMax}`,
    )
}

/** Throws TypeError for a malformed subject, or one with a wildcard. */
export function checkSubject(subject: string): void {
  if (!wellFormed(subject) || /(^|\.)[*>](\.|$)/.test(subject))
    throw new TypeError(`bus: malformed subject ${JSON.stringify(subject)}`)
}

/** Throws TypeError for a malformed filter. */
export function checkFilter(filter: string): void {
  if (!wellFormed(filter) || /(^|\.)>\./.test(filter))
    throw new TypeError(`bus: malformed filter ${JSON.stringify(filter)}`)
}

/** True for a subject without white space and without empty tokens. */
const wellFormed = (subject: string): boolean => /^[^\s.]+(\.[^\s.]+)*$/.test(subject)

/** Counts the messages that one bus gave up, and logs each kind now and then. */
export class Losses {
  readonly counts = { tooLarge: 0, handlersFailed: 0 }
  readonly #seldom: Seldom

  constructor(log: Log, nowMs: () => number = Date.now) {
    this.#seldom = new Seldom(log, nowMs)
  }

  /**
   * The bytes to publish (B12); null when they exceed the limit of the bus (B10). A message id uses
   * a part of that limit.
   */
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

  /** Calls the handler and counts its failure (B6), whether it throws or its promise rejects. */
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

/**
 * The subject without its last tokens, which are ids, so that subjects of one kind share log lines.
 */
const kindOf = (subject: string): string => subject.split('.').slice(0, 4).join('.')
