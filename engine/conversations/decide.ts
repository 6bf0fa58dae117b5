/**
 * The decisions of a conversation. One command is decided at a time and the next one only after the
 * commit, so the numbers of its entries have no gap. Pure.
 */
import type { ConversationEvent } from '../../protocol/dispatch/conversation-events.ts'
import type { Side } from '../../protocol/conversations/parts.ts'
import { emit, reject, unreachable, type Decision } from '../actors/decision.ts'
import type { ConversationCommand } from './commands.ts'
import { sideOf, type Conversation, type OpenedConversation } from './state.ts'

type Command<Verb> = Extract<ConversationCommand, { verb: Verb }>

const notFound = () => reject('conversation_not_found', 'there is no such conversation')

/** The events of a command, or its refusal. */
export function decide(
  conversation: Conversation,
  command: ConversationCommand,
  nowMs: number,
): Decision<ConversationEvent> {
  if (command.verb === 'open') return open(conversation, command)
  if (conversation.status === 'absent') return notFound()
  const { by } = command
  const side = sideOf(conversation, by)
  // Support oversees every conversation and writes only in its own.
  const oversees = by.role === 'admin'
  if (side === null && !oversees && by.role !== 'system') return notFound()
  switch (command.verb) {
    case 'send':
      return send(conversation, command, side, nowMs)
    case 'take_back':
      return takeBack(conversation, command, side, oversees)
    case 'read':
      return read(conversation, command, side)
    case 'freeze':
      if (!oversees) return reject('forbidden', 'only support freezes a conversation')
      if (conversation.status === 'frozen') return emit()
      if (conversation.status === 'closed')
        return reject('conversation_closed', 'this conversation is closed')
      return emit({
        type: 'conversation_frozen',
        data: { ...numbered(conversation, command), reason: command.data.reason },
      })
    case 'thaw':
      if (!oversees) return reject('forbidden', 'only support lets a conversation go on')
      if (conversation.status === 'open') return emit()
      if (conversation.status === 'closed')
        return reject('conversation_closed', 'this conversation is closed')
      return emit({ type: 'conversation_thawed', data: numbered(conversation, command) })
    case 'look_in':
      if (!oversees) return reject('forbidden', 'only support looks into conversations of others')
      if (side !== null || isKnown(conversation, command)) return emit()
      return emit({
        type: 'support_read',
        data: { ...numbered(conversation, command), reason: command.data.reason },
      })
    case 'end':
      if (by.role !== 'system')
        return reject('forbidden', 'a conversation ends with what it is about')
      if (conversation.status === 'closed' || conversation.closesAtMs !== null) return emit()
      return emit({ type: 'conversation_ending', data: command.data })
    case 'close':
      return close(conversation, command, side, oversees)
    default:
      return unreachable(command)
  }
}

function open(
  conversation: Conversation,
  { by, conversationId, data }: Command<'open'>,
): Decision<ConversationEvent> {
  if (conversation.status !== 'absent')
    return sideOf(conversation, by) === null ? notFound() : emit()
  const own = { customer: data.customer_id, vendor: data.vendor_id, driver: data.driver_id }
  if (by.role !== 'admin' && own[by.role as keyof typeof own] !== by.id)
    return reject('forbidden', 'a conversation is opened by who takes part')
  return emit({
    type: 'conversation_opened',
    data: { conversation_id: conversationId, ...data },
  })
}

function send(
  conversation: OpenedConversation,
  command: Command<'send'>,
  side: Side | null,
  nowMs: number,
): Decision<ConversationEvent> {
  if (side === null) return reject('forbidden', 'support writes only in conversations with support')
  if (isKnown(conversation, command)) return emit()
  const { status, closesAtMs } = conversation
  if (status === 'closed' || (closesAtMs !== null && nowMs >= closesAtMs))
    return reject('conversation_closed', 'this conversation is closed')
  if (status === 'frozen')
    return reject('conversation_frozen', 'support has frozen this conversation')
  return emit({
    type: 'message_sent',
    data: { ...numbered(conversation, command), side, kind: command.data.kind },
  })
}

function takeBack(
  conversation: OpenedConversation,
  command: Command<'take_back'>,
  side: Side | null,
  oversees: boolean,
): Decision<ConversationEvent> {
  const { of, reason } = command.data
  if (isKnown(conversation, command)) return emit()
  if (of.number > conversation.lastNumber)
    return reject('message_not_found', 'there is no such message')
  if (of.side !== side && !oversees)
    return reject(
      'conversation_not_possible',
      'a message is taken back by who wrote it, or by support',
    )
  // Support has frozen it to look at its messages.
  if (conversation.status === 'frozen' && !oversees)
    return reject('conversation_frozen', 'support has frozen this conversation')
  return emit({
    type: 'message_taken_back',
    data: {
      ...numbered(conversation, command),
      side: side ?? 'support',
      // Only support has other reasons.
      reason: of.side === side ? 'by_sender' : reason,
      of,
    },
  })
}

function read(
  conversation: OpenedConversation,
  { data: { through } }: Command<'read'>,
  side: Side | null,
): Decision<ConversationEvent> {
  if (side === null) return reject('forbidden', 'only participants have a read mark')
  if (through > conversation.lastNumber)
    return reject(
      'invalid_request',
      `number must be at most ${conversation.lastNumber}, the last one of this conversation`,
    )
  if (through <= (conversation.read[side] ?? 0)) return emit()
  return emit({ type: 'messages_read', data: { side, through } })
}

function close(
  conversation: OpenedConversation,
  command: Command<'close'>,
  side: Side | null,
  oversees: boolean,
): Decision<ConversationEvent> {
  if (conversation.status === 'closed') return emit()
  const isEngine = command.by.role === 'system'
  if (!isEngine && !oversees && conversation.topic !== 'support')
    return reject('conversation_not_possible', 'this conversation ends with what it is about')
  return emit({
    type: 'conversation_closed',
    data: {
      ...numbered(conversation, command),
      side: isEngine ? null : (side ?? 'support'),
      reason: command.data.reason,
    },
  })
}

const numbered = (
  { lastNumber }: OpenedConversation,
  { data: { entry_id } }: { data: { entry_id: string } },
) => ({ number: lastNumber + 1, entry_id })

/** The same entry under another command id: the first one stands. */
const isKnown = (
  { recent }: OpenedConversation,
  { data: { entry_id } }: { data: { entry_id: string } },
): boolean => recent.some(({ id }) => id === entry_id)
