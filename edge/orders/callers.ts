/** The callers that the operations of this feature answer. */
import { ofDriver, ofPharmacy, parties, signedIn, type Caller } from '../kernel/access.ts'

export const access: Readonly<Record<string, readonly Caller[]>> = {
  createOrder: ['customer', 'otherCustomer', 'admin'],
  listOrders: signedIn,
  getOrder: parties,
  updateOrder: ofDriver,
  listOrderEvents: parties,
  listBreadcrumbs: parties,
  reissueTrackingToken: ['customer', 'vendor', 'admin'],
  cancelOrder: ['customer', 'vendor', 'admin'],
  acceptOrder: ofPharmacy,
  rejectOrder: ofPharmacy,
  assignDriver: ofPharmacy,
  findDriver: ofPharmacy,
  acceptOffer: ['driver', 'admin'],
  declineOffer: ['driver', 'admin'],
}
