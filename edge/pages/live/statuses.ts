/**
 * The looks of the statuses of drivers: one table, so that a new status does not compile without a
 * colour.
 */
import type { DriverStatus } from '../../../protocol/drivers/statuses.ts'

interface Look {
  words: string
  color: string
}

export const driverLooks: Record<DriverStatus, Look> = {
  available: { words: 'Available', color: '#4fc3b8' },
  busy: { words: 'Delivering', color: '#ffb454' },
  on_break: { words: 'On a break', color: '#b69cff' },
  offline: { words: 'Offline', color: '#5d7078' },
}

/** The look of a status; an unknown status of a newer server looks like offline. */
export const lookOf = (status: string): Look =>
  driverLooks[status as DriverStatus] ?? driverLooks.offline
