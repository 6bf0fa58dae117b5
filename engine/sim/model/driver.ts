/**
 * A second fold of drivers from journaled events, and the rows that the table of drivers must have.
 * Earnings are the sum of the driver's own events. At the end the checker compares them with the
 * agreed fees of the delivered orders (`Checker.sums`).
 */
import type { DriverEvent } from '../../../protocol/dispatch/events.ts'

type Registered = Extract<DriverEvent, { type: 'driver_registered' }>['data']
type Held = Extract<DriverEvent, { type: 'offer_held' }>['data']

/** A driver after some events. */
export interface DriverModel {
  id: string
  version: number
  profile: Registered
  /** The availability that the driver or the pharmacy set. */
  duty: 'offline' | 'available' | 'on_break'
  membership: 'pending' | 'active' | 'ended'
  hold: Held | null
  /** Orders under way, in the order in which they came. */
  orderIds: string[]
  deliveries: number
  earnedMinor: number
}

/** The name of the state in `driverMachine`. */
export const stateOfDriver = (driver: DriverModel): string =>
  [
    driver.duty,
    ...(driver.hold === null ? [] : ['asked']),
    ...(driver.orderIds.length === 0 ? [] : ['busy']),
  ].join(' ')

/** Places of the capacity that are taken: orders under way, and an open offer. */
export const placesTaken = (driver: DriverModel): number =>
  driver.orderIds.length + Number(driver.hold !== null)

/**
 * The driver after an event; null where the event needs a driver and there is none. `before` stays.
 */
export function foldedDriver(
  before: DriverModel | null,
  id: string,
  event: DriverEvent,
  version: number,
): DriverModel | null {
  if (event.type === 'driver_registered')
    return before === null
      ? {
          id,
          version,
          profile: event.data,
          duty: 'offline',
          membership: 'active',
          hold: null,
          orderIds: [],
          deliveries: 0,
          earnedMinor: 0,
        }
      : { ...before, version, profile: event.data }
  if (before === null) return null
  const after: DriverModel = { ...before, version }
  switch (event.type) {
    case 'driver_updated':
      after.profile = { ...before.profile, ...event.data }
      break
    case 'status_changed':
      after.duty = event.data.availability
      break
    case 'membership_changed':
      after.membership = event.data.membership
      if (after.membership !== 'active') after.duty = 'offline'
      break
    case 'offer_held':
      after.hold = event.data
      break
    case 'offer_released':
      after.hold = null
      break
    case 'order_assigned':
      if (before.hold?.offer_id === event.data.offer_id) after.hold = null
      after.orderIds = [...before.orderIds, event.data.order_id]
      break
    case 'order_completed':
      after.orderIds = before.orderIds.filter(orderId => orderId !== event.data.order_id)
      if (event.data.outcome === 'delivered') after.deliveries = before.deliveries + 1
      after.earnedMinor = before.earnedMinor + event.data.earnings_minor
      break
    default:
      break
  }
  return after
}

/** The columns of a driver's row, as text. */
export function columnsOfDriver(driver: DriverModel): Record<string, string | null> {
  const { profile } = driver
  return {
    id: driver.id,
    vendor_id: profile.vendor_id,
    full_name: profile.full_name,
    phone: profile.phone,
    vehicle_type: profile.vehicle_type,
    status: driver.orderIds.length > 0 ? 'busy' : driver.duty,
    membership: driver.membership,
    capacity: String(profile.capacity),
    active_order_ids: `{${driver.orderIds.join(',')}}`,
    total_deliveries: String(driver.deliveries),
    total_earnings_minor: String(driver.earnedMinor),
    currency: 'USD',
    version: String(driver.version),
  }
}
