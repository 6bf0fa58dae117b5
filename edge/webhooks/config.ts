/** To which addresses webhooks may go. */
import { flagVariable, type Environment } from '../../protocol/kernel/environment.ts'

export interface WebhooksConfig {
  /** Webhooks may go to private addresses and over http: for tests and for receivers on the same network. */
  webhookAllowPrivate: boolean
}

/** WEBHOOK_ALLOW_PRIVATE. Throws ConfigError. */
export const readWebhooksConfig = (environment: Environment): WebhooksConfig => ({
  webhookAllowPrivate: flagVariable(environment, 'WEBHOOK_ALLOW_PRIVATE'),
})
