/**
 * Drivers as a caller may read them: the profile, the live columns of the journal and the last
 * position.
 */
import { decimalOfMinor } from '../../protocol/pricing/money.ts'
import type { Kysely } from 'kysely'
import Type from 'typebox'
import type { Tables } from '../../migrations/database/tables.ts'
import { Latitude, Longitude } from '../../protocol/kernel/schema.ts'
import { Uuid } from '../../protocol/kernel/principal.ts'
import { driverStatuses, memberships } from '../../protocol/drivers/statuses.ts'
import type { Identity } from '../kernel/identity.ts'
import { seesEarnings } from '../kernel/member-rights.ts'
import { nullable, Timestamp } from '../kernel/shapes.ts'
import { RatingFigure } from '../ratings/figures.ts'

/** A driver as the API shows it. */

export const DriverProfile = Type.Object({
  id: Uuid,
  user_id: nullable(Uuid),
  vendor_id: Uuid,
  full_name: Type.String(),
  email: nullable(Type.String()),
  phone: Type.String(),
  vehicle_type: Type.String(),
  vehicle_number: nullable(Type.String()),
  license_number: nullable(Type.String()),
  status: Type.Enum([...driverStatuses]),
  capacity: Type.Integer(),
  active_order_ids: Type.Array(Uuid),
  current_latitude: nullable(Latitude),
  current_longitude: nullable(Longitude),
  last_location_update: nullable(Timestamp),
  total_deliveries: Type.Integer(),
  /** Not for assistants of the pharmacy. */
  total_earnings: Type.Optional(Type.Number()),
  currency: Type.String(),
  membership: Type.Enum([...memberships]),
  is_active: Type.Boolean(),
  created_at: Timestamp,
  updated_at: Timestamp,
  /** Only where drivers are read. */
  rating: Type.Optional(RatingFigure),
})

/** Rows of drivers with their last position, if they have one. */
export const driverRows = (db: Kysely<Tables>) =>
  db
    .selectFrom('drivers')
    .leftJoin('positions', 'positions.driver_id', 'drivers.id')
    .selectAll('drivers')
    .select(['positions.latitude', 'positions.longitude', 'positions.at as position_at'])

export type DriverRow = Awaited<
  ReturnType<ReturnType<typeof driverRows>['executeTakeFirstOrThrow']>
>

/** The row in the shape of `DriverProfile` for the reader, with earnings as a decimal number. */
export const driverViewFor = (
  reader: Identity,
  row: DriverRow,
): Partial<Pick<DriverView, 'total_earnings'>> & Omit<DriverView, 'total_earnings'> => {
  const { total_earnings, ...rest } = driverView(row)
  return seesEarnings(reader) ? { ...rest, total_earnings } : rest
}
type DriverView = ReturnType<typeof driverView>

/** The whole row, for the driver and for those who decide about drivers. */
export const driverView = ({
  latitude,
  longitude,
  position_at,
  total_earnings_minor,
  version: _,
  revision: _revision,
  registered_from: _from,
  standing_at: _at,
  papers_held: _held,
  ...row
}: DriverRow) => ({
  ...row,
  current_latitude: latitude,
  current_longitude: longitude,
  last_location_update: position_at,
  total_earnings: decimalOfMinor(total_earnings_minor, row.currency),
})

/**
 * True for the driver, the driver's pharmacy, an administrator, and a service whose scope admitted
 * it.
 */
export const mayManage = (
  identity: Identity,
  driver: Pick<DriverRow, 'id' | 'vendor_id'>,
): boolean =>
  identity.role === 'admin' ||
  identity.role === 'service' ||
  (identity.role === 'driver' && identity.driverId === driver.id) ||
  (identity.role === 'vendor' && identity.pharmacyId === driver.vendor_id)
