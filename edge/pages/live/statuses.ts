/** How the statuses of drivers are shown: one table, so that a new status does not compile until it has its colour. */
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

/** A status that this page does not know, of a newer server, looks like a driver that is offline. */
export const lookOf = (status: string): Look =>
  driverLooks[status as DriverStatus] ?? driverLooks.offline
