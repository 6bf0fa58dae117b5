/**
 * `/ws/chat`: a person's conversations. The socket subscribes before it reads the numbers of its
 * greeting, so that no message falls between.
 */
import { sql } from 'kysely'
import { topics } from '../../protocol/dispatch/pushes.ts'
import type { SocketMessage } from '../../protocol/dispatch/messages.ts'
import type { Kernel } from '../kernel/kernel.ts'
import { CommandsInFlight, MessageTable } from '../kernel/messages.ts'
import type { Opened, Session } from '../kernel/session.ts'
import type { Entrance } from '../kernel/socket.ts'
import { chatLimits } from './limits.ts'
import { PresenceOf, type PresenceContext } from './presence.ts'
import { ownRows, unreadOf } from './reads.ts'
import type { Reconnected } from './reconnected.ts'
import { saidOf, type SaidContext } from './said.ts'
import { speakerNow, type Speaker } from './sides.ts'

export type ChatContext = SaidContext & PresenceContext & Pick<Kernel, 'hub'>

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
  const speaker = speakerNow(ctx, identity)
  ctx.hub.admit(session, identity.userId)
  session.expiresAtMs = identity.expiresAtMs
  ctx.hub.subscribe(session, topicOf(speaker))
  ctx.hub.subscribe(session, topics.chat(speaker.side, speaker.id))
  if (identity.role === 'admin') ctx.hub.subscribe(session, topics.admin(identity.userId))
  const presence = new PresenceOf(ctx, speaker)
  const said = saidOf(ctx, session, identity, new CommandsInFlight())
  const table = MessageTable.of('chat')
    .on('send', said.send)
    .on('read', said.read)
    .on('resume', said.resume)
    .on('presence', message => presence.tell(session, message))
  const greeting = async (): Promise<SocketMessage> => ({
    type: 'connection',
    message: 'Connected to conversations',
    conversations: await numbersOf(ctx, speaker),
  })
  const leave = reconnected.add(async () => {
    for (const { conversation_id, last_number } of await numbersOf(ctx, speakerNow(ctx, identity)))
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
      onPush(message) {
        presence.hear(message)
        return message.type.startsWith('conversation_') || message.type === 'notification'
      },
      onClose: leave,
    },
    greeting: [first],
  }
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
