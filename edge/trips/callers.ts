/** The callers that the operations of this feature answer. */
import { everyone, parties, signedIn, type Caller } from '../kernel/access.ts'

export const access: Readonly<Record<string, readonly Caller[]>> = {
  requestTrip: ['customer', 'otherCustomer', 'admin'],
  describeTrip: everyone,
  listTrips: signedIn,
  getTrip: parties,
  cancelTrip: ['customer', 'vendor', 'admin'],
}
