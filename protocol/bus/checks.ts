/**
 * What every bus adapter checks in the same way, so that a mistake shows in the embedded bus and not
 * only once NATS is there. Malformed subjects are mistakes of a programmer and throw TypeError.
 */
import { CaduceusError } from '../errors.ts'
import { limits } from '../limits.ts'
import type { Body, BusHandler, BusMessage } from './bus.ts'

export type Log = (line: string) => void

/** Silence would hide a broken handler from whoever forgot to pass a log. */
export const logToStderr: Log = line => console.error(line)

/** B10. */
export function checkBody(body: Uint8Array): void {
  if (body.byteLength > limits.busMessageBytesMax)
    throw new CaduceusError('body_too_large', `message of ${body.byteLength} bytes, at most ${limits.busMessageBytesMax}`)
}

/** The bytes to publish (B12), of a size that the bus takes. */
export function bytesOf(body: Body): Uint8Array {
  const bytes = typeof body === 'function' ? body() : body
  checkBody(bytes)
  return bytes
}

export function checkSubject(subject: string): void {
  if (!wellFormed(subject) || /(^|\.)[*>](\.|$)/.test(subject)) throw new TypeError(`bus: malformed subject ${JSON.stringify(subject)}`)
}

export function checkFilter(filter: string): void {
  if (!wellFormed(filter) || /(^|\.)>\./.test(filter)) throw new TypeError(`bus: malformed filter ${JSON.stringify(filter)}`)
}

/** No white space, no empty token. */
const wellFormed = (subject: string): boolean => /^[^\s.]+(\.[^\s.]+)*$/.test(subject)

/** B6, for handlers that throw and for those that are async and reject. */
export function handle(handler: BusHandler, message: BusMessage, log: Log): void {
  const complain = (cause: unknown): void => log(`bus: handler of ${message.subject} failed: ${cause instanceof Error ? cause.stack : String(cause)}`)
  try {
    const result: unknown = handler(message)
    if (result instanceof Promise) result.catch(complain)
  } catch (cause) {
    complain(cause)
  }
}
