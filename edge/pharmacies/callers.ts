/** The callers that the operations of this feature answer. */
import { everyone, ofPharmacy, signedIn, type Caller } from '../kernel/access.ts'

export const access: Readonly<Record<string, readonly Caller[]>> = {
  registerVendor: everyone,
  listVendors: signedIn,
  getVendor: signedIn,
  updateVendor: ofPharmacy,
  listVendorOrders: ofPharmacy,
}
