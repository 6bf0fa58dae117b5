/**
 * Whom to ask next: of the pharmacy's drivers who can take more and were not asked yet, the one with
 * the least time to the pick-up. A fleet is small beside a city, so it is walked; only a fleet above
 * `fleetWalkMax` goes through the moving index, whose nearest lie within one vehicle's reach anyway.
 */
import { distanceKm } from '../../protocol/geo.ts'
import { limits } from '../../protocol/limits.ts'
import type { RosterRow } from '../../protocol/pushes.ts'
import type { DriverTable } from '../tracking/driver-table.ts'
import { etaMinutes } from './eta.ts'
import type { Roster } from './roster.ts'

const fleetWalkMax = 1_000
const indexNearestMax = 16

export interface NextDriver { driverId: string; etaMinutes: number; distanceKm: number }

/** Null when nobody is near who could take it. `staleBeforeMs`: positions older than that do not count. */
export function nextDriver(
  roster: Roster, table: DriverTable,
  search: { vendorId: string; latitude: number; longitude: number; triedDriverIds: readonly string[]; staleBeforeMs: number },
): NextDriver | null {
  const tried = new Set(search.triedDriverIds)
  let best: NextDriver | null = null
  const mayBeAsked = (row: RosterRow): boolean => row.canTakeMore && row.vendorId === search.vendorId && !tried.has(row.driverId)
  const consider = (row: RosterRow): void => {
    if (!mayBeAsked(row)) return
    const { driverId } = row
    const number = table.find(driverId)
    if (number < 0 || table.atMs(number) < search.staleBeforeMs) return
    const km = distanceKm(table.latitude(number), table.longitude(number), search.latitude, search.longitude)
    if (km > limits.driverSearchRadiusKm) return
    const eta = etaMinutes(km, row.vehicleType)
    if (best === null || eta < best.etaMinutes || (eta === best.etaMinutes && driverId < best.driverId))
      best = { driverId, etaMinutes: eta, distanceKm: km }
  }
  if (roster.fleetSize(search.vendorId) <= fleetWalkMax) for (const row of roster.fleet(search.vendorId, 'can take more')) consider(row)
  else {
    const found = table.index.nearest(search.latitude, search.longitude, indexNearestMax, limits.driverSearchRadiusKm, number => {
      const row = roster.get(table.idOf(number))
      return row !== undefined && mayBeAsked(row)
    })
    for (let i = 0; i < found.count; i++) consider(roster.get(table.idOf(found.numbers[i]!))!)
  }
  return best
}
