/** What a driver can be. Public status follows from the parts: deliveries under way mean `busy`. */
import type { HeldOfferFact } from '../../protocol/events.ts'
import type { DriverStatus } from '../../protocol/rest/driver.ts'

export type Driver = { kind: 'absent' } | RegisteredDriver

export interface RegisteredDriver {
  kind: 'registered'
  driverId: string
  vendorId: string
  fullName: string
  phone: string
  vehicleType: string
  capacity: number
  availability: 'offline' | 'available' | 'on_break'
  /**
   * The one outstanding offer; it takes a place of the capacity until the order lets go of it. It may
   * outlive `available` for a moment: only the order releases a hold, or two orders could think
   * the same place theirs.
   */
  hold: HeldOfferFact | null
  activeOrderIds: string[]
  /** Completed last, oldest first: an assignment repeated after a crash must not begin anew, nor be paid twice. */
  recentOrderIds: string[]
  totalDeliveries: number
  totalEarningsMinor: number
}

/** More than a driver can complete while a crashed sender's cursor lags. */
export const recentOrdersMax = 32

export const absentDriver: Driver = { kind: 'absent' }

export const placesTaken = (driver: RegisteredDriver): number => driver.activeOrderIds.length + (driver.hold === null ? 0 : 1)

/** May matching propose this driver? */
export const canTakeMore = (driver: RegisteredDriver): boolean =>
  driver.availability === 'available' && driver.hold === null && placesTaken(driver) < driver.capacity

export const statusOf = (driver: RegisteredDriver): DriverStatus =>
  driver.activeOrderIds.length > 0 ? 'busy' : driver.availability
