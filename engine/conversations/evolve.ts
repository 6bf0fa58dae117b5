/** The state of a conversation after an event. Pure. */
import type { ConversationEvent } from '../../protocol/dispatch/conversation-events.ts'
import { conversationLimits } from '../../protocol/conversations/limits.ts'
import { supportId, type Conversation, type OpenedConversation, type StateEntry } from './state.ts'

/** `atMs`: time of the event. */
export function evolve(
  conversation: Conversation,
  event: ConversationEvent,
  atMs: number,
): Conversation {
  if (event.type === 'conversation_opened') {
    const { conversation_id, topic, about, customer_id, vendor_id, driver_id } = event.data
    return {
      status: 'open',
      conversationId: conversation_id,
      version: 1,
      createdAtMs: atMs,
      topic,
      about,
      sides: {
        ...(customer_id !== null && { customer: customer_id }),
        ...(vendor_id !== null && { vendor: vendor_id }),
        ...(driver_id !== null && { driver: driver_id }),
        ...(topic === 'support' && { support: supportId }),
      },
      lastNumber: 0,
      last: null,
      read: {},
      closesAtMs: null,
      recent: [],
    }
  }
  if (conversation.status === 'absent') return conversation
  const next = { ...conversation, version: conversation.version + 1 }
  switch (event.type) {
    case 'message_sent': {
      const { data } = event
      return withEntry(next, { ...entry(data, atMs), kind: data.kind, side: data.side })
    }
    case 'message_taken_back': {
      const { data } = event
      const { side, reason, of } = data
      return withEntry(next, { ...entry(data, atMs), kind: 'taken_back', side, reason, of })
    }
    case 'messages_read': {
      const { side, through } = event.data
      return { ...next, read: { ...next.read, [side]: through } }
    }
    case 'conversation_frozen': {
      const { data } = event
      const { reason } = data
      return {
        ...withEntry(next, { ...entry(data, atMs), kind: 'frozen', side: 'support', reason }),
        status: 'frozen',
      }
    }
    case 'conversation_thawed':
      return {
        ...withEntry(next, { ...entry(event.data, atMs), kind: 'thawed', side: 'support' }),
        status: 'open',
      }
    case 'support_read': {
      const { data } = event
      const { reason } = data
      return withEntry(next, {
        ...entry(data, atMs),
        kind: 'support_read',
        side: 'support',
        reason,
      })
    }
    case 'conversation_ending':
      return { ...next, closesAtMs: event.data.closes_at_ms }
    case 'conversation_closed': {
      const { data } = event
      const { side, reason } = data
      return {
        ...withEntry(next, { ...entry(data, atMs), kind: 'closed', side, reason }),
        status: 'closed',
      }
    }
  }
}

const entry = (
  { number, entry_id: id }: { number: number; entry_id: string },
  atMs: number,
): Pick<StateEntry, 'id' | 'number' | 'atMs' | 'of' | 'reason'> => ({
  id,
  number,
  atMs,
  of: null,
  reason: null,
})

function withEntry(
  conversation: OpenedConversation,
  last: Omit<StateEntry, 'atVersion'>,
): OpenedConversation {
  const { id, number, atMs } = last
  const fresh = conversation.recent.filter(known => known.atMs > atMs - conversationLimits.recentMs)
  return {
    ...conversation,
    lastNumber: number,
    last: { ...last, atVersion: conversation.version },
    recent: [...fresh, { id, number, atMs }].slice(-conversationLimits.recentMessagesMax),
  }
}
