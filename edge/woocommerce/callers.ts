/** The callers that the operations of this feature answer. */
import { everyone, ofPharmacy, type Caller } from '../kernel/access.ts'

export const access: Readonly<Record<string, readonly Caller[]>> = {
  takeShopOrder: everyone,
  takeIntegrationOrder: everyone,
  connectShop: ofPharmacy,
  listIntegrations: ofPharmacy,
  disconnectShop: ofPharmacy,
  listImports: ofPharmacy,
  completeImport: ofPharmacy,
  dismissImport: ofPharmacy,
}
