/** The state machine of drivers, written a second time by events. */
import type { DriverEvent } from '../../protocol/dispatch/events.ts'
import type { Machine } from '../actors/kind.ts'
import type { Driver } from './state.ts'

/**
 * The states of a driver: by duty, by an open offer, and by deliveries under way. The order
 * decides: an assignment is a fact in any state with a hold, even when the driver went off duty
 * meanwhile. A driver with a delivery under way cannot go off duty, and a driver who is off duty is
 * not asked. So only two things leave a driver off duty with a delivery under way: such an
 * assignment, and the end of a membership. The membership itself is not part of a state, because
 * its only effect is to go off duty.
 */
const steps: Record<string, Record<string, string>> = { absent: { driver_registered: 'offline' } }
for (const duty of ['offline', 'available', 'on_break'])
  for (const asked of ['', ' asked'])
    for (const busy of ['', ' busy']) {
      if (duty === 'on_break' && asked !== '' && busy !== '') continue
      const next: Partial<Record<DriverEvent['type'], string>> =
        duty === 'available' && busy !== '' ? {} : { status_changed: '' }
      next.membership_changed = ''
      next.duty_barred = `${duty}${asked}${busy}`
      if (asked === '' && duty === 'available') next.offer_held = `${duty} asked${busy}`
      if (asked !== '') {
        next.offer_released = `${duty}${busy}`
        next.order_assigned = `${duty} busy`
      }
      if (busy !== '') next.order_completed = ''
      next.driver_updated = `${duty}${asked}${busy}`
      steps[`${duty}${asked}${busy}`] = next
    }

/** The name of a driver's state in `driverMachine`. */
const nameOf = (driver: Driver): string =>
  driver.kind === 'absent'
    ? 'absent'
    : [
        driver.availability,
        ...(driver.hold === null ? [] : ['asked']),
        ...(driver.activeOrderIds.length === 0 ? [] : ['busy']),
      ].join(' ')

export const driverMachine: Machine<Driver> = { steps, nameOf }
