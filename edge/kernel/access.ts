/**
 * Who is answered by an operation, as data: the access test asks every operation as each of these
 * callers, and whoever a row does not name must be refused. Two of each kind, because a record of one
 * must stay closed to the other.
 */
export type Caller =
  | 'stranger'
  | 'customer'
  | 'otherCustomer'
  | 'vendor'
  | 'otherVendor'
  | 'driver'
  | 'otherDriver'
  | 'admin'

export const signedIn: readonly Caller[] = [
  'customer',
  'otherCustomer',
  'vendor',
  'otherVendor',
  'driver',
  'otherDriver',
  'admin',
]
export const everyone: readonly Caller[] = ['stranger', ...signedIn]
export const customers: readonly Caller[] = ['customer', 'otherCustomer']
export const pharmacies: readonly Caller[] = ['vendor', 'otherVendor']
export const admins: readonly Caller[] = ['admin']
/** The customer, the pharmacy, the driver under way, an administrator. */
export const parties: readonly Caller[] = ['customer', 'vendor', 'driver', 'admin']
export const ofPharmacy: readonly Caller[] = ['vendor', 'admin']
export const ofDriver: readonly Caller[] = ['driver', 'vendor', 'admin']
export const nobody: readonly Caller[] = []
