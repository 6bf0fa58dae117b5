/**
 * What a person says about conversations on a socket, on `/ws/chat` and on the socket of each role:
 * a message, a read mark, and `resume` with the last number that the client has. The answer to
 * `resume` is the whole gap, or the word to load anew.
 */
import type { MessageNamed, SocketMessage } from '../../protocol/dispatch/messages.ts'
import type { CaduceusError } from '../../protocol/kernel/errors.ts'
import type { Identity } from '../kernel/identity.ts'
import type { CommandsInFlight } from '../kernel/messages.ts'
import type { Session } from '../kernel/session.ts'
import type { WithStandings } from '../kernel/standing.ts'
import { chatLimits } from './limits.ts'
import { findOwn, gapAfter } from './reads.ts'
import { Resumes } from './resumes.ts'
import { speakerNow, type Speaker } from './sides.ts'
import { read, send, type TalkContext } from './talk.ts'

export type SaidContext = TalkContext & WithStandings

/** The actions of a socket by the `type` of the message. */
export interface Said {
  send(message: MessageNamed<'chat_send'>): void
  read(message: MessageNamed<'chat_read'>): void
  resume(message: MessageNamed<'chat_resume'>): void
}

/** The actions of one socket. `identity` has its pharmacy or driver record. */
export function saidOf(
  ctx: SaidContext,
  session: Session,
  identity: Identity,
  inFlight: CommandsInFlight,
): Said {
  const resumes = new Resumes(session)
  const speaker = (): Speaker => speakerNow(ctx, identity)
  return {
    send: message =>
      inFlight.start(
        session,
        () => sendOf(ctx, speaker(), message),
        problem => ({
          type: 'send_result',
          conversation_id: message.conversation_id,
          id: message.id,
          outcome: 'error',
          code: problem.code,
          message: problem.message,
        }),
      ),
    read: message =>
      inFlight.start(session, () => readOf(ctx, speaker(), message), failed(message)),
    resume: message => resumes.start(() => resumeOf(ctx, speaker(), message), failed(message)),
  }
}

const failed =
  ({ id }: { id?: string }) =>
  (problem: CaduceusError): SocketMessage => ({
    type: 'error',
    code: problem.code,
    message: problem.message,
    ...(id !== undefined && { id }),
    ...(problem.fields !== undefined && { fields: problem.fields }),
  })

async function sendOf(
  ctx: SaidContext,
  speaker: Speaker,
  { conversation_id, id, kind, text, upload_id }: MessageNamed<'chat_send'>,
): Promise<SocketMessage> {
  const stored = await send(
    ctx,
    speaker,
    conversation_id,
    {
      ...(kind !== undefined && { kind }),
      ...(text !== undefined && { text }),
      ...(upload_id !== undefined && { upload_id }),
    },
    `id ${id}`,
  )
  return { type: 'send_result', conversation_id, id, outcome: 'sent', ...stored }
}

/** The answer is the mark as everybody hears it. */
async function readOf(
  ctx: SaidContext,
  speaker: Speaker,
  { conversation_id, number }: MessageNamed<'chat_read'>,
): Promise<SocketMessage> {
  const through = await read(ctx, speaker, conversation_id, number)
  return { type: 'conversation_read', conversation_id, side: speaker.side, through }
}

async function resumeOf(
  ctx: SaidContext,
  speaker: Speaker,
  { conversation_id, after, id }: MessageNamed<'chat_resume'>,
): Promise<SocketMessage> {
  const db = ctx.database.kysely
  const row = await findOwn(db, speaker, conversation_id)
  const { last_number } = row
  const echo = id === undefined ? {} : { id }
  const messages = await gapAfter(
    { kysely: db, vault: ctx.vault },
    row,
    after,
    chatLimits.gapBytesMax,
  )
  return messages === null
    ? { type: 'reload', conversation_id, last_number, ...echo }
    : { type: 'messages', conversation_id, after, last_number, messages, ...echo }
}
