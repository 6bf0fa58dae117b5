/**
 * The callers of an operation, as data. The access test calls every operation as each of these
 * callers and expects a refusal for each caller that the row does not name. There are two callers
 * of each kind, because the record of one must stay closed to the other.
 */
export type Caller =
  | 'stranger'
  | 'customer'
  | 'otherCustomer'
  | 'vendor'
  | 'otherPharmacy'
  | 'driver'
  | 'otherDriver'
  | 'admin'

/** Every caller with an account. */
export const signedIn: readonly Caller[] = [
  'customer',
  'otherCustomer',
  'vendor',
  'otherPharmacy',
  'driver',
  'otherDriver',
  'admin',
]
/** Every caller, also one without an account. */
export const everyone: readonly Caller[] = ['stranger', ...signedIn]
export const customers: readonly Caller[] = ['customer', 'otherCustomer']
export const pharmacies: readonly Caller[] = ['vendor', 'otherPharmacy']
export const admins: readonly Caller[] = ['admin']
/** The customer, the pharmacy and the driver of an order, and an administrator. */
export const parties: readonly Caller[] = ['customer', 'vendor', 'driver', 'admin']
/** The pharmacy that owns the record, and an administrator. */
export const ofPharmacy: readonly Caller[] = ['vendor', 'admin']
/** The driver, the pharmacy of the driver, and an administrator. */
export const ofDriver: readonly Caller[] = ['driver', 'vendor', 'admin']
export const nobody: readonly Caller[] = []
