/** One request for each operation of this feature, in an order in which they can be called. */
import type { Example } from '../kernel/example.ts'
import { placeholders as of } from '../kernel/placeholders.ts'

const subscription = { id: of.subscription }
const delivery = { id: of.subscription, delivery_id: of.delivery }

export const examples: Readonly<Record<string, Example>> = {
  createWebhookSubscription: {
    as: 'vendor',
    body: {
      url: 'https://hooks.example.com/caduceus',
      events: ['order.delivered', 'order.cancelled'],
      description: 'the warehouse',
    },
    status: 201,
  },
  listWebhookSubscriptions: { as: 'vendor', query: { limit: 1 }, status: 200 },
  getWebhookSubscription: { as: 'vendor', params: subscription, status: 200 },
  updateWebhookSubscription: {
    as: 'vendor',
    params: subscription,
    body: { description: 'the new warehouse', active: true },
    status: 200,
  },
  rotateWebhookSecret: { as: 'vendor', params: subscription, body: {}, status: 200 },
  listWebhookDeliveries: { as: 'vendor', params: subscription, query: { limit: 1 }, status: 200 },
  getWebhookDelivery: { as: 'vendor', params: delivery, status: 200 },
  replayWebhookDelivery: { as: 'vendor', params: delivery, body: {}, status: 202 },
  deleteWebhookSubscription: { as: 'vendor', params: subscription, status: 204 },
}
