/** Counts attempts to deliver a webhook. */
import { Counter, type Registry } from 'prom-client'

export const webhooksMetrics = (registry: Registry) => ({
  webhookAttempts: new Counter({
    name: 'caduceus_webhook_attempts_total',
    help: 'Attempts to deliver a webhook, by what became of the delivery',
    labelNames: ['outcome'],
    registers: [registry],
  }),
})
export type WebhooksMetrics = ReturnType<typeof webhooksMetrics>
