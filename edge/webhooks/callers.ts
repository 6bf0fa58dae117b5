/** The callers that the operations of this feature answer. */
import { ofPharmacy, type Caller } from '../kernel/access.ts'

export const access: Readonly<Record<string, readonly Caller[]>> = {
  createWebhookSubscription: ['vendor', 'otherPharmacy', 'admin'],
  listWebhookSubscriptions: ['vendor', 'otherPharmacy', 'admin'],
  getWebhookSubscription: ofPharmacy,
  updateWebhookSubscription: ofPharmacy,
  deleteWebhookSubscription: ofPharmacy,
  rotateWebhookSecret: ofPharmacy,
  listWebhookDeliveries: ofPharmacy,
  getWebhookDelivery: ofPharmacy,
  replayWebhookDelivery: ofPharmacy,
}
