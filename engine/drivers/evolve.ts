/** Applies an event to a driver. It never refuses, so a replay gives the same state every time. */
import { currencyOf } from '../../protocol/pricing/money.ts'
import type { DriverEvent } from '../../protocol/dispatch/events.ts'
import type { SourceFact } from '../../protocol/dispatch/facts.ts'
import { unreachable } from '../actors/decision.ts'
import type { Driver, RegisteredDriver } from './state.ts'

/** Throws at an event of a driver that was never registered: that is a defect of the journal. */
export function evolve(driver: Driver, event: DriverEvent): Driver {
  if (event.type === 'driver_registered') {
    const d = event.data
    return {
      kind: 'registered',
      driverId: d.driver_id,
      vendorId: d.vendor_id,
      fullName: d.full_name,
      phone: d.phone,
      vehicleType: d.vehicle_type,
      capacity: d.capacity,
      currency: d.currency,
      availability: 'offline',
      hold: null,
      activeOrderIds: [],
      totalDeliveries: 0,
      totalEarningsMinor: 0,
    }
  }
  if (driver.kind === 'absent')
    throw new Error(`journal defect: event ${event.type} on a driver that does not exist`)
  switch (event.type) {
    case 'driver_updated': {
      const { full_name, phone, vehicle_type } = event.data
      return { ...driver, fullName: full_name, phone, vehicleType: vehicle_type }
    }
    case 'status_changed':
      return { ...driver, availability: event.data.availability }
    case 'membership_changed': {
      const { membership } = event.data
      // A driver who comes back goes on duty by themselves.
      return membership === 'active'
        ? { ...driver, membership, barred: false }
        : { ...driver, membership, availability: 'offline' }
    }
    case 'duty_barred':
      return { ...driver, barred: event.data.barred }
    case 'offer_held': {
      const { source, ...hold } = event.data
      return source === null
        ? { ...driver, hold }
        : { ...driver, hold, heldThrough: raised(driver.heldThrough ?? [], source) }
    }
    case 'offer_released':
      return { ...driver, hold: null }
    case 'order_assigned':
      return {
        ...driver,
        hold: driver.hold?.offer_id === event.data.offer_id ? null : driver.hold,
        activeOrderIds: [...driver.activeOrderIds, event.data.order_id],
      }
    case 'order_completed':
      return {
        ...driver,
        activeOrderIds: driver.activeOrderIds.filter(id => id !== event.data.order_id),
        totalDeliveries: driver.totalDeliveries + (event.data.outcome === 'delivered' ? 1 : 0),
        ...earned(driver, event.data),
      }
    default:
      return unreachable(event)
  }
}

/**
 * The total has one currency. The first earning in another currency begins a new total; the journal
 * has the earlier earnings.
 */
function earned(
  driver: RegisteredDriver,
  { earnings_minor, currency }: { earnings_minor: number; currency: string },
): Pick<RegisteredDriver, 'totalEarningsMinor'> & { currency?: string } {
  if (earnings_minor === 0 || currency === currencyOf(driver))
    return { totalEarningsMinor: driver.totalEarningsMinor + earnings_minor }
  return { totalEarningsMinor: earnings_minor, currency }
}

function raised(marks: readonly number[], { slot, seq }: SourceFact): number[] {
  const next = Array.from({ length: Math.max(marks.length, slot + 1) }, (_, i) => marks[i] ?? 0)
  next[slot] = Math.max(next[slot]!, seq)
  return next
}
