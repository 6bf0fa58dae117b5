/** Configuration of the addresses to which webhooks may go. */
import { flagVariable, type Environment } from '../../protocol/kernel/environment.ts'

export interface WebhooksConfig {
  /** True allows private addresses and http, for tests and for receivers in the same network. */
  webhookAllowPrivate: boolean
}

/** Reads WEBHOOK_ALLOW_PRIVATE. Throws ConfigError. */
export const readWebhooksConfig = (environment: Environment): WebhooksConfig => ({
  webhookAllowPrivate: flagVariable(environment, 'WEBHOOK_ALLOW_PRIVATE'),
})
