/**
 * The effect of an event of a conversation: one push to the sockets of all its sides. The words of
 * a message are in its command. After a crash the command is gone, and the sockets hear only that
 * there is more to read.
 */
import type { ConversationEvent } from '../../protocol/dispatch/conversation-events.ts'
import type { Entry, EntryKind, Side } from '../../protocol/conversations/parts.ts'
import type { SocketMessage } from '../../protocol/dispatch/messages.ts'
import { topics } from '../../protocol/dispatch/pushes.ts'
import { isoTime } from '../../protocol/kernel/iso-time.ts'
import { uploadUrl } from '../../protocol/uploads/url.ts'
import type { Effect } from '../actors/effects.ts'
import type { ConversationCommand } from './commands.ts'
import { sidesOf, type Conversation } from './state.ts'

const topicOf: Readonly<Record<Side, (id: string) => string>> = {
  customer: topics.customer,
  vendor: topics.pharmacy,
  driver: topics.driver,
  support: () => topics.support,
}

/** `command`: the command of the event; null when it is not at hand any more. */
export function react(
  event: ConversationEvent,
  conversation: Conversation,
  atMs: number,
  command: ConversationCommand | null,
): Effect[] {
  if (conversation.status === 'absent') return []
  const message = messageOf(event, conversation.conversationId, atMs, command)
  if (message === null) return []
  // A driver hears that it was closed, and nothing after that.
  const isOver = conversation.status === 'closed' && event.type !== 'conversation_closed'
  const to = sidesOf(conversation)
    .filter(([side]) => side !== 'driver' || !isOver)
    .map(([side, id]) => topicOf[side](id))
  return [{ do: 'push', push: { kind: 'topics', topics: to, message } }]
}

/** The kind of entry that an event makes, where the type of the event fixes it. */
const kindOf: Readonly<Record<string, EntryKind>> = {
  message_taken_back: 'taken_back',
  conversation_frozen: 'frozen',
  conversation_thawed: 'thawed',
  support_read: 'support_read',
  conversation_closed: 'closed',
}

function messageOf(
  event: ConversationEvent,
  conversation_id: string,
  atMs: number,
  command: ConversationCommand | null,
): SocketMessage | null {
  if (event.type === 'conversation_opened' || event.type === 'conversation_ending') return null
  if (event.type === 'messages_read')
    return { type: 'conversation_read', conversation_id, ...event.data }
  const { data } = event
  const { number } = data
  const words = command?.verb === 'send' ? command.data : null
  if (event.type === 'message_sent' && words === null)
    return { type: 'conversation_changed', conversation_id, last_number: number }
  const entry: Entry = {
    number,
    id: data.entry_id,
    kind: event.type === 'message_sent' ? event.data.kind : kindOf[event.type]!,
    side: 'side' in data ? data.side : 'support',
    text: words?.text ?? null,
    upload_id: words?.upload_id ?? null,
    url: words?.upload_id == null ? null : uploadUrl(words.upload_id),
    taken_back: false,
    of: 'of' in data ? data.of.id : null,
    reason: 'reason' in data ? data.reason : null,
    at: isoTime(atMs),
  }
  return { type: 'conversation_entry', conversation_id, entry }
}
