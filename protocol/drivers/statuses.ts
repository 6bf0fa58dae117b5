/**
 * The statuses of a driver and the states of a driver's membership in a pharmacy: one row each, one
 * column for each fact. This file imports nothing, because the pages load it as it is.
 */

export interface DriverStatusFacts {
  /** True when the driver can set it. Other statuses follow from the driver's orders. */
  chosen: boolean
}
export const driverStatusTable = {
  offline: { chosen: true },
  available: { chosen: true },
  busy: { chosen: false },
  on_break: { chosen: true },
} as const satisfies Record<string, DriverStatusFacts>

export type DriverStatus = keyof typeof driverStatusTable
/** The statuses that a driver can set: on duty, on a break, or off duty. */
export type Availability = {
  [S in DriverStatus]: (typeof driverStatusTable)[S]['chosen'] extends true ? S : never
}[DriverStatus]
/** The position of a status in this list is used in rosters in memory, never on disk. */
export const driverStatuses = Object.keys(driverStatusTable) as DriverStatus[]
/** The statuses that a driver can set. */
export const availabilities = driverStatuses.filter(
  (status): status is Availability => driverStatusTable[status].chosen,
)

/**
 * `pending`: the driver asks to join and waits for the pharmacy's decision. `ended`: the driver no
 * longer belongs to it.
 */
export const memberships = ['pending', 'active', 'ended'] as const
export type Membership = (typeof memberships)[number]
