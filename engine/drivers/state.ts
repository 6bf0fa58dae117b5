/** What a driver can be. Public status follows from the parts: deliveries under way mean `busy`. */
import type { Availability, DriverStatus, Membership } from '../../protocol/drivers/statuses.ts'
import type { HeldOfferFact, SourceFact } from '../../protocol/dispatch/facts.ts'

export type Driver = { kind: 'absent' } | RegisteredDriver

export interface RegisteredDriver {
  kind: 'registered'
  driverId: string
  vendorId: string
  fullName: string
  phone: string
  vehicleType: string
  capacity: number
  /** Nothing: `active`, as everybody was before pharmacies decided. */
  membership?: Membership
  /** The pharmacy took the driver off duty: until it says otherwise, the driver cannot go on duty. */
  barred?: boolean
  availability: Availability
  /**
   * The one outstanding offer; it takes a place of the capacity until the order lets go of it. It may
   * outlive `available` for a moment: only the order releases a hold, or two orders could think
   * the same place theirs.
   */
  hold: HeldOfferFact | null
  activeOrderIds: string[]
  /**
   * By slot, the number of the last event that an offer was held for: an offer is held once, however often
   * and however late it is repeated. Nothing before the first. Bounded by the number of slots.
   */
  heldThrough?: readonly number[]
  totalDeliveries: number
  totalEarningsMinor: number
  /** Of the earnings; absent in a snapshot of an older release. */
  currency?: string
}

export const absentDriver: Driver = { kind: 'absent' }

export const placesTaken = (driver: RegisteredDriver): number =>
  driver.activeOrderIds.length + (driver.hold === null ? 0 : 1)

export const membershipOf = (driver: RegisteredDriver): Membership => driver.membership ?? 'active'
export const isMember = (driver: RegisteredDriver): boolean => membershipOf(driver) === 'active'

/** May matching propose this driver? */
export const canTakeMore = (driver: RegisteredDriver): boolean =>
  isMember(driver) &&
  driver.availability === 'available' &&
  driver.hold === null &&
  placesTaken(driver) < driver.capacity

/** Was this asked before, and answered with a hold? */
export const wasHeld = ({ heldThrough }: RegisteredDriver, { slot, seq }: SourceFact): boolean =>
  seq <= (heldThrough?.[slot] ?? 0)

export const statusOf = (driver: RegisteredDriver): DriverStatus =>
  driver.activeOrderIds.length > 0 ? 'busy' : driver.availability
