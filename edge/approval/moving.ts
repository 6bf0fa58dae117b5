/**
 * A pharmacy that moves. It may correct its place within half a kilometre of the decided place. For
 * a longer move it stays where it is until an administrator approves. The distance counts from the
 * decided place and not from the last one; otherwise many small steps would lead from city to city.
 */
import type { Selectable, Updateable } from 'kysely'
import type { VendorsTable } from '../../migrations/database/tables.ts'
import { distanceKm } from '../../protocol/river/geo.ts'
import { approvalLimits } from './limits.ts'

type PharmacyRow = Selectable<VendorsTable>
export interface PlaceChange {
  latitude?: number
  longitude?: number
  address?: string | null
}

const noMove = {
  moving_to_latitude: null,
  moving_to_longitude: null,
  moving_to_address: null,
  move_asked_at: null,
}

/** The columns of a row that is written with this place and decided upon with it. */
export const decidedAt = (latitude: number, longitude: number) => ({
  latitude,
  longitude,
  decided_latitude: latitude,
  decided_longitude: longitude,
  ...noMove,
})

/**
 * The columns that a change of place changes. `atOnce`: the caller decides, or nobody does. A
 * pharmacy that waits for its first decision may move freely, because the decision is about its
 * place at that time.
 */
export function placeColumns(
  row: PharmacyRow,
  { latitude, longitude, address }: PlaceChange,
  atOnce: boolean,
  now: Date,
): Updateable<VendorsTable> {
  const addressOnly = address === undefined ? {} : { address }
  if (latitude === undefined && longitude === undefined) return addressOnly
  const to = { latitude: latitude ?? row.latitude, longitude: longitude ?? row.longitude }
  if (
    atOnce ||
    row.status === 'pending' ||
    row.decided_latitude === null ||
    row.decided_longitude === null
  )
    return { ...addressOnly, ...decidedAt(to.latitude, to.longitude) }
  if (
    distanceKm(row.decided_latitude, row.decided_longitude, to.latitude, to.longitude) <=
    approvalLimits.moveKmMax
  )
    return { ...addressOnly, ...to, ...noMove }
  return {
    moving_to_latitude: to.latitude,
    moving_to_longitude: to.longitude,
    moving_to_address: address === undefined ? row.moving_to_address : address,
    // A repeated wish keeps its time; another place is a new wish.
    move_asked_at:
      row.moving_to_latitude === to.latitude && row.moving_to_longitude === to.longitude
        ? row.move_asked_at
        : now,
  }
}

/** The pending move, for its pharmacy and administrators; null when there is none. */
export const moveOf = (row: PharmacyRow) =>
  row.move_asked_at === null
    ? null
    : {
        latitude: row.moving_to_latitude!,
        longitude: row.moving_to_longitude!,
        address: row.moving_to_address,
        asked_at: row.move_asked_at,
      }

/** The columns of an approved move. */
export const movedColumns = (row: PharmacyRow) => ({
  ...decidedAt(row.moving_to_latitude!, row.moving_to_longitude!),
  ...(row.moving_to_address !== null && { address: row.moving_to_address }),
})
export const refusedMoveColumns = noMove
