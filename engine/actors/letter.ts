/** A command in an actor's mailbox, and its answer. */
import type { ErrorCode, FieldError } from '../../protocol/kernel/errors.ts'

export type TellReply =
  | { ok: true; state: unknown; version: number; updatedAtMs: number }
  | { ok: false; code: ErrorCode; detail: string; fields?: FieldError[] }

export interface Letter {
  commandId: string
  command: unknown
  reply: (reply: TellReply) => void
}
