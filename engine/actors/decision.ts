/** The words in which pure deciders answer: events, or a rejection from the catalogue. */
import type { ErrorCode } from '../../protocol/kernel/errors.ts'

export type Decision<E> = { ok: true; events: E[] } | { ok: false; code: ErrorCode; detail: string }

/** Accept the command. No events means: it is already so, and the caller hears the same answer again. */
export const emit = <E>(...events: E[]): Decision<E> => ({ ok: true, events })
export const reject = (
  code: ErrorCode,
  detail: string,
): { ok: false; code: ErrorCode; detail: string } => ({ ok: false, code, detail })

/** The end of an exhaustive switch; a new variant does not compile until it is handled. */
export function unreachable(value: never): never {
  throw new Error(`unreachable: ${JSON.stringify(value)}`)
}
