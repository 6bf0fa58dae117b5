/** The state machine of conversations, written a second time by events. */
import type { Machine } from '../actors/kind.ts'
import type { Conversation } from './state.ts'

/** In every state somebody may read, take a message back, or be looked at by support. */
const always = (state: string) => ({
  message_taken_back: state,
  messages_read: state,
  support_read: state,
})

export const conversationMachine: Machine<Conversation> = {
  steps: {
    absent: { conversation_opened: 'open' },
    open: {
      ...always('open'),
      message_sent: 'open',
      conversation_ending: 'open',
      conversation_frozen: 'frozen',
      conversation_closed: 'closed',
    },
    frozen: {
      ...always('frozen'),
      conversation_ending: 'frozen',
      conversation_thawed: 'open',
      conversation_closed: 'closed',
    },
    closed: always('closed'),
  },
  nameOf: conversation => conversation.status,
}
