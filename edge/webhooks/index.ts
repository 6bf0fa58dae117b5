/** Webhooks: subscriptions to events, and the worker that delivers them. */
import type { WithMessenger } from '../messenger/messenger.ts'
import { startWebhooks } from './start.ts'
import { feature } from '../kernel/feature.ts'
import type { Kernel } from '../kernel/kernel.ts'
import { webhookDeliveryRoutes } from './delivery-routes.ts'
import { webhookSubscriptionRoutes } from './routes.ts'
import { DeliveryView, SubscriptionView } from './views.ts'
import { access } from './callers.ts'
import { readWebhooksConfig } from './config.ts'
import { examples } from './examples.ts'
import { webhooksMetrics } from './metrics.ts'

export const webhooks = feature<Kernel & WithMessenger>()({
  name: 'webhooks',
  config: readWebhooksConfig,
  metrics: webhooksMetrics,
  routes: parts => [...webhookSubscriptionRoutes(parts), ...webhookDeliveryRoutes(parts)],
  start(parts) {
    const worker = startWebhooks(parts, parts.after)
    return () => worker.stop()
  },
  named: { WebhookSubscription: SubscriptionView, WebhookDelivery: DeliveryView },
  tags: { webhooks: 'Order events for other systems' },
  access,
  examples,
  answers: 'edge/webhooks/answers.json',
})
