/**
 * The states of a driver. The public status follows from the parts: deliveries under way mean
 * `busy`.
 */
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
  /** Absent means `active`, because every driver was active before pharmacies decided. */
  membership?: Membership
  /**
   * The pharmacy took the driver off duty. The driver cannot go on duty until the pharmacy allows
   * it.
   */
  barred?: boolean
  availability: Availability
  /**
   * The one open offer. It takes a place of the capacity until the order releases it, and may
   * outlast `available` for a moment. Only the order releases a hold; otherwise two orders could
   * count on the same place.
   */
  hold: HeldOfferFact | null
  activeOrderIds: string[]
  /**
   * For each slot, the number of the last event for which an offer was held. So an offer is held
   * once, however often and late it is repeated. Absent before the first hold. The number of slots
   * bounds it.
   */
  heldThrough?: readonly number[]
  totalDeliveries: number
  totalEarningsMinor: number
  /** Currency of the earnings; absent in a snapshot of an older release. */
  currency?: string
}

export const absentDriver: Driver = { kind: 'absent' }

/** Places of the capacity that are taken: deliveries under way, and an offer that is held. */
export const placesTaken = (driver: RegisteredDriver): number =>
  driver.activeOrderIds.length + (driver.hold === null ? 0 : 1)

/** The driver's membership of the pharmacy. */
export const membershipOf = (driver: RegisteredDriver): Membership => driver.membership ?? 'active'
/** Only a member goes on duty and holds offers. */
export const isMember = (driver: RegisteredDriver): boolean => membershipOf(driver) === 'active'

/** May matching propose this driver? */
export const canTakeMore = (driver: RegisteredDriver): boolean =>
  isMember(driver) &&
  driver.availability === 'available' &&
  driver.hold === null &&
  placesTaken(driver) < driver.capacity

/** Was an offer held for this event, or for a later event of its slot? */
export const wasHeld = ({ heldThrough }: RegisteredDriver, { slot, seq }: SourceFact): boolean =>
  seq <= (heldThrough?.[slot] ?? 0)

/** The public status. */
export const statusOf = (driver: RegisteredDriver): DriverStatus =>
  driver.activeOrderIds.length > 0 ? 'busy' : driver.availability
