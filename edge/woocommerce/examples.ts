/** One request for each operation of this feature, in an order in which they can be called. */
import type { Example } from '../kernel/example.ts'
import { placeholders as of } from '../kernel/placeholders.ts'

const pharmacyId = { id: of.vendor }
const imported = { id: of.vendor, import_id: of.import }
const ping = { contentType: 'application/x-www-form-urlencoded', text: 'webhook_id=1' }

export const examples: Readonly<Record<string, Example>> = {
  connectShop: { as: 'vendor', params: pharmacyId, body: {}, status: 201 },
  listIntegrations: { as: 'vendor', params: pharmacyId, status: 200 },
  takeShopOrder: { raw: ping, status: 200 },
  takeIntegrationOrder: { params: { key: of.deliveryKey }, raw: ping, status: 200 },
  listImports: {
    as: 'vendor',
    params: pharmacyId,
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
