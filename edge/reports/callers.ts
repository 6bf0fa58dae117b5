/** The callers that the operations of this feature answer. */
import { ofPharmacy, type Caller } from '../kernel/access.ts'

export const access: Readonly<Record<string, readonly Caller[]>> = {
  vendorReport: ofPharmacy,
  driverReport: ofPharmacy,
  exportReport: ofPharmacy,
  exportOrders: ofPharmacy,
}
