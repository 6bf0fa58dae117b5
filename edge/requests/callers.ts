/** The callers that the operations of this feature answer. */
import { customers, type Caller } from '../kernel/access.ts'

export const access: Readonly<Record<string, readonly Caller[]>> = {
  openRequest: ['customer', 'otherCustomer', 'admin'],
  listRequests: ['customer', 'otherCustomer', 'vendor', 'otherPharmacy', 'admin'],
  getRequest: ['customer', 'vendor', 'admin'],
  cancelRequest: ['customer', 'admin'],
  respondToRequest: ['vendor'],
  sanjevaniRequest: customers,
  sanjevaniRequests: ['customer', 'otherCustomer', 'vendor', 'otherPharmacy', 'admin'],
  sanjevaniResponse: ['vendor'],
}
