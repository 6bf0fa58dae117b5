/** A conversation as its actor answers. */
import type { ConversationState } from '../../protocol/conversations/view.ts'
import type { OpenedConversation } from './state.ts'

/** `entryId`: the entry whose number the caller waits for; null for none. */
export function view(
  { conversationId, topic, status, lastNumber, read, closesAtMs, recent }: OpenedConversation,
  entryId: string | null,
): ConversationState {
  return {
    id: conversationId,
    topic,
    status,
    last_number: lastNumber,
    read,
    closes_at_ms: closesAtMs,
    number: recent.find(({ id }) => id === entryId)?.number ?? null,
  }
}
