/** Pharmacies and drivers as insights need them, for callers who may read them. */
import type { Kysely } from 'kysely'
import type { Tables } from '../../migrations/database/tables.ts'
import { CaduceusError } from '../../protocol/kernel/errors.ts'
import { driverRows, mayManage } from '../approval/driver-reads.ts'
import type { Identity } from '../kernel/identity.ts'
import type { InsightPharmacy } from './observations.ts'

export type NamedPharmacy = InsightPharmacy & { name: string }

async function findPharmacy(db: Kysely<Tables>, id: string): Promise<NamedPharmacy | null> {
  const row = await db
    .selectFrom('vendors')
    .select(['id', 'business_name', 'time_zone', 'delivery_promise_minutes'])
    .where('id', '=', id)
    .executeTakeFirst()
  return row === undefined
    ? null
    : {
        id: row.id,
        name: row.business_name,
        timeZone: row.time_zone,
        promiseMinutes: row.delivery_promise_minutes,
      }
}

/** The caller's pharmacy, or any for an administrator. Throws `vendor_not_found`. */
export async function readablePharmacy(
  db: Kysely<Tables>,
  identity: Identity,
  id: string,
): Promise<NamedPharmacy> {
  const mayRead = identity.role === 'admin' || identity.pharmacyId === id
  const pharmacy = mayRead ? await findPharmacy(db, id) : null
  if (pharmacy === null) throw new CaduceusError('vendor_not_found', 'no such pharmacy')
  return pharmacy
}

/**
 * The driver with the present pharmacy, for the driver, the pharmacy and administrators. Throws
 * `driver_not_found`.
 */
export async function readableDriver(
  db: Kysely<Tables>,
  identity: Identity,
  id: string,
): Promise<{ name: string; pharmacy: NamedPharmacy }> {
  const driver = await driverRows(db).where('drivers.id', '=', id).executeTakeFirst()
  const pharmacy =
    driver === undefined || !mayManage(identity, driver)
      ? null
      : await findPharmacy(db, driver.vendor_id)
  if (pharmacy === null) throw new CaduceusError('driver_not_found', 'no such driver')
  return { name: driver!.full_name, pharmacy }
}
