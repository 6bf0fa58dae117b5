/**
 * The looks of the statuses of drivers: one table, so that a new status does not compile without a
 * colour.
 */
import type { DriverStatus } from '../../../protocol/drivers/statuses.ts'

interface Look {
  /** Its name in the style sheet of the page, which has a value for each theme. */
  color: string
}

export const driverLooks: Record<DriverStatus, Look> = {
  available: { color: '--vehicle-available' },
  busy: { color: '--vehicle-busy' },
  on_break: { color: '--vehicle-on-break' },
  offline: { color: '--vehicle-offline' },
}

/** The look of a status; an unknown status of a newer server looks like offline. */
export const lookOf = (status: string): Look =>
  driverLooks[status as DriverStatus] ?? driverLooks.offline
