/** Reads of the catalogue, and the terms by which the calendar of a service decides. */
import type { Kysely } from 'kysely'
import type { Tables } from '../../migrations/database/tables.ts'
import type { Taken } from '../../protocol/appointments/availability.ts'
import {
  appointmentStatuses,
  appointmentStatusTable,
} from '../../protocol/appointments/statuses.ts'
import type { Terms } from '../../protocol/appointments/terms.ts'
import { dayMs } from '../../protocol/appointments/zones.ts'
import { CaduceusError } from '../../protocol/kernel/errors.ts'
import type { Identity } from '../kernel/identity.ts'
import { manages, type ServiceRow } from './views.ts'

const withSeat = appointmentStatuses.filter(status => appointmentStatusTable[status].seat)

/**
 * The service, for a caller who may see it: an inactive one, and one of a pharmacy that may not
 * work, only for those who manage it. Throws `service_not_found`.
 */
export async function findService(
  db: Kysely<Tables>,
  identity: Identity | null,
  id: string,
): Promise<ServiceRow & { works: boolean; open: boolean }> {
  const row = await db
    .selectFrom('services')
    .innerJoin('vendors', 'vendors.id', 'services.vendor_id')
    .selectAll('services')
    .select(['vendors.status as vendor_status', 'vendors.is_active as vendor_is_active'])
    .where('services.id', '=', id)
    .executeTakeFirst()
  const works = row?.vendor_status === 'active'
  if (row === undefined || ((!works || !row.is_active) && !manages(identity, row.vendor_id)))
    throw new CaduceusError('service_not_found', 'no such service')
  const { vendor_status: _, vendor_is_active: open, ...service } = row
  return { ...service, works, open: works && open }
}

/**
 * Does the caller manage the pharmacy? Throws `vendor_not_found`: nobody else sees what a pharmacy
 * offers that may not work.
 */
export async function browsedVendor(
  db: Kysely<Tables>,
  identity: Identity | null,
  id: string,
): Promise<{ isManaged: boolean }> {
  const isManaged = manages(identity, id)
  const vendor = await db
    .selectFrom('vendors')
    .select('status')
    .where('id', '=', id)
    .executeTakeFirst()
  if (vendor === undefined || (vendor.status !== 'active' && !isManaged))
    throw new CaduceusError('vendor_not_found', 'no such pharmacy')
  return { isManaged }
}

/** The service of a pharmacy, for those who manage it. Throws `service_not_found`. */
export async function managedService(
  db: Kysely<Tables>,
  identity: Identity,
  id: string,
): Promise<ServiceRow> {
  const row = await db.selectFrom('services').selectAll().where('id', '=', id).executeTakeFirst()
  if (row === undefined || !manages(identity, row.vendor_id))
    throw new CaduceusError('service_not_found', 'no such service')
  return row
}

/** The terms of a service, with the closures of its pharmacy that are not over. */
export async function termsOf(db: Kysely<Tables>, row: ServiceRow, nowMs: number): Promise<Terms> {
  const closures = await db
    .selectFrom('vendor_closures')
    .select(['from_local as from', 'to_local as to'])
    .where('vendor_id', '=', row.vendor_id)
    .where('to_local', '>=', new Date(nowMs - 2 * dayMs).toISOString().slice(0, 16))
    .orderBy('from_local')
    .execute()
  return {
    ...row.settings,
    revision: row.revision,
    active: row.is_active,
    name: row.name,
    price_minor: row.price_minor,
    currency: row.currency,
    closures,
  }
}

/** The appointments that take seats and end after `fromMs`. */
export async function takenOf(
  db: Kysely<Tables>,
  serviceId: string,
  fromMs: number,
): Promise<Taken[]> {
  const rows = await db
    .selectFrom('appointments')
    .select(['start_at', 'end_at'])
    .where('service_id', '=', serviceId)
    .where('status', 'in', withSeat)
    // Buffers may reach into the time that is asked for.
    .where('end_at', '>', new Date(fromMs - dayMs))
    .execute()
  return rows.map(({ start_at, end_at }) => ({
    startMs: start_at!.getTime(),
    endMs: end_at!.getTime(),
  }))
}
