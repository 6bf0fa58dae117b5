/** The results of pure deciders: events, or a rejection from the catalogue. */
import type { ErrorCode } from '../../protocol/kernel/errors.ts'

export type Decision<E> = { ok: true; events: E[] } | { ok: false; code: ErrorCode; detail: string }

/**
 * Accepts the command. No events means that the state is already as asked; the caller gets the same
 * answer again.
 */
export const emit = <E>(...events: E[]): Decision<E> => ({ ok: true, events })
/** Refuses the command. `detail` is a sentence for the caller. */
export const reject = (
  code: ErrorCode,
  detail: string,
): { ok: false; code: ErrorCode; detail: string } => ({ ok: false, code, detail })

/** The end of an exhaustive switch. A new variant does not compile until the switch handles it. */
export function unreachable(value: never): never {
  throw new Error(`unreachable: ${JSON.stringify(value)}`)
}
