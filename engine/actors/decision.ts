/** The results of pure deciders: events, or a rejection from the catalogue. */
import type { ErrorCode, FieldError } from '../../protocol/kernel/errors.ts'

export interface Rejection {
  ok: false
  code: ErrorCode
  detail: string
  /** The fields of the command that are missing or wrong, where the code is about fields. */
  fields?: FieldError[]
}
export type Decision<E> = { ok: true; events: E[] } | Rejection

/**
 * Accepts the command. No events means that the state is already as asked; the caller gets the same
 * answer again.
 */
export const emit = <E>(...events: E[]): Decision<E> => ({ ok: true, events })
/** Refuses the command. `detail` is a sentence for the caller. */
export const reject = (code: ErrorCode, detail: string): Rejection => ({ ok: false, code, detail })

/** The end of an exhaustive switch. A new variant does not compile until the switch handles it. */
export function unreachable(value: never): never {
  throw new Error(`unreachable: ${JSON.stringify(value)}`)
}
