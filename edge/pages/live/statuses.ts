/**
 * The looks of the statuses of drivers: one table, so that a new status does not compile without a
 * colour.
 */
import type { DriverStatus } from '../../../protocol/drivers/statuses.ts'

interface Look {
  color: string
}

export const driverLooks: Record<DriverStatus, Look> = {
  available: { color: '#4fc3b8' },
  busy: { color: '#ffb454' },
  on_break: { color: '#b69cff' },
  offline: { color: '#5d7078' },
}

/** The look of a status; an unknown status of a newer server looks like offline. */
export const lookOf = (status: string): Look =>
  driverLooks[status as DriverStatus] ?? driverLooks.offline
