/** The commands of a conversation, as `decide` takes them. All come from edges or from a deadline. */
import type {
  ConversationCommandData,
  ConversationVerb,
} from '../../protocol/conversations/commands.ts'
import type { Principal } from '../../protocol/kernel/principal.ts'

export type ConversationCommand = {
  [V in ConversationVerb]: {
    verb: V
    by: Principal
    conversationId: string
    data: ConversationCommandData[V]
  }
}[ConversationVerb]
