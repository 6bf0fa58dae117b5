/**
 * Chooses the next driver to ask: of the pharmacy's drivers who can take more and were not asked
 * yet, the one with the shortest time to the pick-up. A fleet is small compared with a city, so it
 * is walked. A fleet above `fleetWalkMax` uses the moving index, once for each kind of vehicle,
 * because within one kind the nearest driver arrives first. Rejected: the sixteen nearest of any
 * kind. Sixteen drivers with old positions hid everybody behind them, and sixteen bikes hid a car
 * that would have arrived first.
 */
import { distanceKm } from '../../protocol/river/geo.ts'
import { limits } from '../../protocol/kernel/limits.ts'
import type { RosterRow } from '../../protocol/drivers/roster.ts'
import type { DriverTable } from '../fleet/driver-table.ts'
import { etaMinutes } from '../fleet/eta.ts'
import type { Roster } from '../fleet/roster.ts'

const fleetWalkMax = 1_000

export interface NextDriver {
  driverId: string
  etaMinutes: number
  distanceKm: number
}

/**
 * Null when no driver nearby could take the order. `staleBeforeMs`: positions before this time do
 * not count.
 */
export function nextDriver(
  roster: Roster,
  table: DriverTable,
  search: {
    pharmacyId: string
    latitude: number
    longitude: number
    triedDriverIds: readonly string[]
    staleBeforeMs: number
  },
): NextDriver | null {
  const { pharmacyId, latitude, longitude, staleBeforeMs } = search
  const tried = new Set(search.triedDriverIds)
  const mayBeAsked = (row: RosterRow, number: number): boolean =>
    row.canTakeMore &&
    row.vendorId === pharmacyId &&
    !tried.has(row.driverId) &&
    table.atMs(number) >= staleBeforeMs
  let best: NextDriver | null = null
  const consider = ({ driverId, vehicleType }: RosterRow, number: number): void => {
    const km = distanceKm(table.latitude(number), table.longitude(number), latitude, longitude)
    if (km > limits.driverSearchRadiusKm) return
    const eta = etaMinutes(km, vehicleType)
    if (
      best === null ||
      eta < best.etaMinutes ||
      (eta === best.etaMinutes && driverId < best.driverId)
    )
      best = { driverId, etaMinutes: eta, distanceKm: km }
  }
  if (roster.fleetSize(pharmacyId) <= fleetWalkMax) {
    for (const row of roster.fleet(pharmacyId, 'can take more')) {
      const number = table.find(row.driverId)
      if (number >= 0 && table.hasPosition(number) && mayBeAsked(row, number)) consider(row, number)
    }
    return best
  }
  for (const vehicleType of roster.vehicleTypes) {
    const found = table.index.nearest(
      latitude,
      longitude,
      1,
      limits.driverSearchRadiusKm,
      number => {
        const row = roster.get(table.idOf(number))
        return row !== undefined && row.vehicleType === vehicleType && mayBeAsked(row, number)
      },
    )
    if (found.count > 0) consider(roster.get(table.idOf(found.numbers[0]!))!, found.numbers[0]!)
  }
  return best
}
