/**
 * `/ws/chat`: a person's conversations. The socket subscribes before it reads the numbers of its
 * greeting, so that no message falls between. A client that was away says `resume` with its last
 * number for each conversation and gets the whole gap, or is told to load anew.
 */
import { sql } from 'kysely'
import { topics } from '../../protocol/dispatch/pushes.ts'
import type { MessageNamed, SocketMessage } from '../../protocol/dispatch/messages.ts'
import { CaduceusError } from '../../protocol/kernel/errors.ts'
import type { Kernel } from '../kernel/kernel.ts'
import { CommandsInFlight, MessageTable } from '../kernel/messages.ts'
import type { Opened, Session } from '../kernel/session.ts'
import type { Entrance } from '../kernel/socket.ts'
import { chatLimits } from './limits.ts'
import { PresenceOf, type PresenceContext } from './presence.ts'
import { findOwn, gapAfter, ownRows, unreadOf } from './reads.ts'
import type { Reconnected } from './reconnected.ts'
import { speakerOf, type Speaker } from './sides.ts'
import { read, send, type TalkContext } from './talk.ts'

export type ChatContext = TalkContext & PresenceContext & Pick<Kernel, 'hub'>

const topicOf = ({ side, id }: Speaker): string =>
  side === 'customer'
    ? topics.customer(id)
    : side === 'vendor'
      ? topics.pharmacy(id)
      : side === 'driver'
        ? topics.driver(id)
        : topics.support

/**
 * Opens the socket of a person's conversations. Throws a Refusal for too many sockets of the
 * account, and for an account without its pharmacy or driver record.
 */
export async function openChat(
  ctx: ChatContext,
  reconnected: Reconnected,
  session: Session,
  entrance: Entrance,
): Promise<Opened> {
  const identity = await entrance.identify('carrying')
  const speaker = speakerOf(identity)
  ctx.hub.admit(session, identity.userId)
  session.expiresAtMs = identity.expiresAtMs
  ctx.hub.subscribe(session, topicOf(speaker))
  ctx.hub.subscribe(session, topics.chat(speaker.side, speaker.id))
  const presence = new PresenceOf(ctx, speaker)
  const inFlight = new CommandsInFlight()
  const table = MessageTable.of('chat')
    .on('send', message =>
      inFlight.start(
        session,
        () => sendOf(ctx, speaker, message),
        problem => ({
          type: 'send_result',
          conversation_id: message.conversation_id,
          id: message.id,
          outcome: 'error',
          code: problem.code,
          message: problem.message,
        }),
      ),
    )
    .on('read', message =>
      inFlight.start(session, () => readOf(ctx, speaker, message), failed(message)),
    )
    .on('resume', message =>
      inFlight.start(session, () => resumeOf(ctx, speaker, message), failed(message)),
    )
    .on('presence', message => presence.tell(session, message))
  const greeting = async (): Promise<SocketMessage> => ({
    type: 'connection',
    message: 'Connected to conversations',
    conversations: await numbersOf(ctx, speaker),
  })
  const leave = reconnected.add(async () => {
    for (const { conversation_id, last_number } of await numbersOf(ctx, speaker))
      session.push({ type: 'conversation_changed', conversation_id, last_number })
  })
  const first = await greeting().catch((error: unknown) => {
    leave()
    throw error
  })
  return {
    handler: {
      onText: message => table.dispatch(session, message),
      // The topic of a role has the messages of orders too; those have their own socket.
      onPush: message => message.type.startsWith('conversation_'),
      onClose: leave,
    },
    greeting: [first],
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
  ctx: ChatContext,
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
  ctx: ChatContext,
  speaker: Speaker,
  { conversation_id, number }: MessageNamed<'chat_read'>,
): Promise<SocketMessage> {
  const through = await read(ctx, speaker, conversation_id, number)
  return { type: 'conversation_read', conversation_id, side: speaker.side, through }
}

async function resumeOf(
  ctx: ChatContext,
  speaker: Speaker,
  { conversation_id, after, id }: MessageNamed<'chat_resume'>,
): Promise<SocketMessage> {
  const db = ctx.database.kysely
  const row = await findOwn(db, speaker, conversation_id)
  const { last_number } = row
  const echo = id === undefined ? {} : { id }
  const messages = await gapAfter(db, row, after)
  return messages === null
    ? { type: 'reload', conversation_id, last_number, ...echo }
    : { type: 'messages', conversation_id, after, last_number, messages, ...echo }
}

/** The newest conversations with their last numbers and what is unread. */
async function numbersOf(
  { database }: Pick<Kernel, 'database'>,
  speaker: Speaker,
): Promise<{ conversation_id: string; last_number: number; unread: number }[]> {
  const { rows } = await sql<{ conversation_id: string; last_number: number; unread: number }>`
    select c.id as conversation_id, c.last_number, ${unreadOf(speaker.side)} as unread
    from conversations as c where ${ownRows(speaker)}
    order by c.last_at desc, c.id desc limit ${chatLimits.greetedConversationsMax}`.execute(
    database.kysely,
  )
  return rows
}
