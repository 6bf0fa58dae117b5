/** Examples of webhooks in both directions. */
import type { Example } from './example.ts'
import { placeholders as of } from './placeholders.ts'

const subscription = { id: of.subscription }
const delivery = { id: of.subscription, delivery_id: of.delivery }
const vendor = { id: of.vendor }
const imported = { id: of.vendor, import_id: of.import }
const ping = { contentType: 'application/x-www-form-urlencoded', text: 'webhook_id=1' }

export const integrationExamples: Record<string, Example> = {
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

  connectShop: { as: 'vendor', params: vendor, body: {}, status: 201 },
  listIntegrations: { as: 'vendor', params: vendor, status: 200 },
  takeShopOrder: { raw: ping, status: 200 },
  takeIntegrationOrder: { params: { key: of.deliveryKey }, raw: ping, status: 200 },
  listImports: {
    as: 'vendor',
    params: vendor,
    query: { status: 'pending', limit: 1 },
    status: 200,
  },
  completeImport: {
    as: 'vendor',
    params: imported,
    body: { latitude: 27.72, longitude: 85.33 },
    status: 201,
  },
  dismissImport: { as: 'vendor', params: imported, status: 200 },
  disconnectShop: {
    as: 'vendor',
    params: { id: of.vendor, integration_id: of.integration },
    status: 204,
  },
}
