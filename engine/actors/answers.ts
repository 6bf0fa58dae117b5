/** The answers that the runtime gives itself, without asking an actor. */
import { isErrorCode } from '../../protocol/kernel/errors.ts'
import type { TellReply } from './letter.ts'

export const moved: TellReply = {
  ok: false,
  code: 'moved',
  detail: 'another engine owns this actor',
}
/**
 * The refusal for an actor or a kind that does not exist. The catalogue of errors has a code for
 * each kind of the product; any other kind gets `not_found`.
 */
export function noSuch(kindName: string): TellReply {
  const code = `${kindName}_not_found`
  return { ok: false, code: isErrorCode(code) ? code : 'not_found', detail: `no such ${kindName}` }
}
export const overloaded: TellReply = {
  ok: false,
  code: 'overloaded',
  detail: 'the engine has more commands than it can take; try again shortly',
}
export const inDoubt: TellReply = {
  ok: false,
  code: 'moved',
  detail: 'this engine could not renew its lease in time; another may own this actor',
}
export const unavailable: TellReply = {
  ok: false,
  code: 'unavailable',
  detail: 'the journal cannot be reached; try again',
}
