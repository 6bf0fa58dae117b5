/** The conversation as a kind of actor. */
import { conversationCommands } from '../../protocol/conversations/commands.ts'
import type { ConversationEvent } from '../../protocol/dispatch/conversation-events.ts'
import type { Kind } from '../actors/kind.ts'
import { ConversationsOfEngine } from './attendant.ts'
import type { ConversationCommand } from './commands.ts'
import { decide } from './decide.ts'
import { evolve } from './evolve.ts'
import { conversationMachine } from './machine.ts'
import { react } from './react.ts'
import { absentConversation, conversationName, type Conversation } from './state.ts'
import { conversationTables, type ConversationRow } from './tables.ts'
import { words } from './words.ts'

export const conversationKind: Kind<
  Conversation,
  ConversationCommand,
  ConversationEvent,
  ConversationRow
> = {
  name: conversationName,
  byte: 3,
  words,
  tables: conversationTables,
  commands: conversationCommands,
  // The edge checks the order that a conversation is about, and the uploads that messages name.
  closedToServices: Object.fromEntries(
    Object.keys(conversationCommands).map(verb => [
      verb,
      'people write to each other through /api/conversations',
    ]),
  ),
  machine: conversationMachine,
  absent: absentConversation,
  creates: command => command.verb === 'open',
  actorOf: command => command.by,
  decide,
  evolve,
  react: (event, conversation, atMs, _source, command) =>
    react(event, conversation, atMs, command ?? null),
  resume: () => [],
  wakeAtMs: conversation =>
    conversation.status === 'absent' || conversation.status === 'closed'
      ? null
      : conversation.closesAtMs,
  row(conversation, version, _atMs, _isBorn, command) {
    if (conversation.status === 'absent') throw new Error('an absent conversation has no row')
    const { last } = conversation
    const entry = last?.atVersion === version ? last : null
    return { conversation, version, entry, command: command ?? null }
  },
  // A message that met a frozen conversation is taken under its id when the conversation goes on.
  forgetsRefusals: true,
  finished: conversation => conversation.status === 'closed',
  attentive: () => false,
  pharmacyOf: conversation =>
    conversation.status === 'absent' ? null : (conversation.sides.vendor ?? null),
  attend: engine => new ConversationsOfEngine(engine),
}
