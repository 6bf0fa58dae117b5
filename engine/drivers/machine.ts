/** The state machine of drivers, written down a second time and by events. */
import type { DriverEvent } from '../../protocol/dispatch/events.ts'
import type { Machine } from '../actors/kind.ts'
import type { Driver } from './state.ts'

/**
 * Drivers, by duty, whether one is asked, and whether one is under way. The order leads: being
 * assigned is a fact in any state with a hold, whatever the duty became meanwhile. Whoever has a delivery
 * under way cannot go off duty, and off duty nobody is asked; only the end of a membership makes somebody both,
 * off duty, at once. What a membership is does not show here: it makes nobody do anything but go off duty.
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
