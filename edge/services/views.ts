/** The catalogue as readers see it. Leave names people's absences, so only the pharmacy reads it. */
import type { Selectable } from 'kysely'
import Type from 'typebox'
import type {
  MainServicesTable,
  ServicesTable,
  VendorClosuresTable,
} from '../../migrations/database/tables-appointments.ts'
import { termFields } from '../../protocol/appointments/terms.ts'
import { Uuid } from '../../protocol/kernel/principal.ts'
import { decimalOfMinor } from '../../protocol/pricing/money.ts'
import type { Identity } from '../kernel/identity.ts'
import { nullable, Timestamp } from '../kernel/shapes.ts'
import { RatingFigure } from '../ratings/figures.ts'

export type ServiceRow = Selectable<ServicesTable>

const { leave, ...publicFields } = termFields
export const ServiceView = Type.Object({
  id: Uuid,
  vendor_id: Uuid,
  main_service_id: nullable(Uuid),
  name: Type.String(),
  description: nullable(Type.String()),
  icon: nullable(Type.String()),
  price: nullable(Type.Number()),
  currency: Type.String(),
  is_active: Type.Boolean(),
  ...publicFields,
  leave: Type.Optional(leave),
  /** Only where services are read. */
  rating: Type.Optional(RatingFigure),
  revision: Type.Integer(),
  created_at: Timestamp,
  updated_at: Timestamp,
})
export const MainServiceView = Type.Object({
  id: Uuid,
  vendor_id: Uuid,
  name: Type.String(),
  description: nullable(Type.String()),
  icon: nullable(Type.String()),
  created_at: Timestamp,
  updated_at: Timestamp,
})
export const ClosureView = Type.Object({
  id: Uuid,
  vendor_id: Uuid,
  from: Type.String({ description: 'Local time in the zone of each service' }),
  to: Type.String(),
  reason: nullable(Type.String()),
})

/** True for the pharmacy itself and for administrators. */
export const manages = (identity: Identity | null, vendorId: string): boolean =>
  identity !== null &&
  (identity.role === 'admin' || (identity.role === 'vendor' && identity.pharmacyId === vendorId))

/** The service as the caller may see it. */
export function serviceView(identity: Identity | null, row: ServiceRow) {
  const { settings, price_minor, ...rest } = row
  const { leave: absences, ...shown } = settings
  return {
    ...rest,
    price: price_minor === null ? null : decimalOfMinor(price_minor, row.currency),
    ...shown,
    ...(manages(identity, row.vendor_id) && { leave: absences }),
  }
}

export const mainServiceView = (row: Selectable<MainServicesTable>) => row

export const closureView = (row: Selectable<VendorClosuresTable>) => ({
  id: row.id,
  vendor_id: row.vendor_id,
  from: row.from_local,
  to: row.to_local,
  reason: row.reason,
})
