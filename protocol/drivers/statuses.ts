/**
 * The statuses of a driver and the states of a driver's membership in a pharmacy: one row each, one
 * column for each fact. It imports nothing, because the pages may load it as it is.
 */

export interface DriverStatusFacts {
  /** The driver can set it; a status that nobody sets follows from the driver's orders. */
  chosen: boolean
}
export const driverStatusTable = {
  offline: { chosen: true },
  available: { chosen: true },
  busy: { chosen: false },
  on_break: { chosen: true },
} as const satisfies Record<string, DriverStatusFacts>

export type DriverStatus = keyof typeof driverStatusTable
/** What a driver can set: on duty, on a break, or off duty. */
export type Availability = {
  [S in DriverStatus]: (typeof driverStatusTable)[S]['chosen'] extends true ? S : never
}[DriverStatus]
/** The place of a status in this list is stored in rosters in memory and never on disk. */
export const driverStatuses = Object.keys(driverStatusTable) as DriverStatus[]
export const availabilities = driverStatuses.filter(
  (status): status is Availability => driverStatusTable[status].chosen,
)

/** `pending`: asks to join and waits for the pharmacy's word; `ended`: belongs to it no more. */
export const memberships = ['pending', 'active', 'ended'] as const
export type Membership = (typeof memberships)[number]
