/** The variables of conversations. */
import { integerVariable, type Environment } from '../../protocol/kernel/environment.ts'
import { chatLimits } from './limits.ts'

export interface ConversationsConfig {
  /** Days for which a closed conversation is kept. */
  conversationRetentionDays: number
}

/** Throws ConfigError. */
export const readConversationsConfig = (environment: Environment): ConversationsConfig => ({
  conversationRetentionDays: integerVariable(
    environment,
    'CONVERSATION_RETENTION_DAYS',
    chatLimits.retentionDaysDefault,
    chatLimits.retentionDaysMin,
    chatLimits.retentionDaysMax,
  ),
})
