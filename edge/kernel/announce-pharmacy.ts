/**
 * Tells engines of a pharmacy that was registered or changed. The edge owns the row; engines keep a
 * copy for matching.
 */
import type { Logger } from 'pino'
import type { Selectable } from 'kysely'
import type { VendorsTable } from '../../migrations/database/tables.ts'
import { encodeBody } from '../../protocol/bus/codec.ts'
import type { DirectoryPharmacy } from '../../protocol/dispatch/directory.ts'
import { subjects } from '../../protocol/bus/subjects.ts'
import type { Kernel } from './kernel.ts'

/** The row as a message of the bus. */
export const directoryPharmacy = (row: Selectable<VendorsTable>): DirectoryPharmacy => ({
  vendor_id: row.id,
  name: row.business_name,
  phone: row.phone,
  address: row.address,
  latitude: row.latitude,
  longitude: row.longitude,
  status: row.status,
  is_active: row.is_active,
  revision: row.revision,
  proof_required: row.proof_required,
  dispatch_policy: row.dispatch_policy,
  time_zone: row.time_zone,
  opening_hours: row.opening_hours,
  tariff: row.tariff,
  custody_additions: row.custody_additions,
})

/**
 * Call it after the commit. When the message is lost, engines find the change when they read the
 * table again.
 */
export function announcePharmacy(
  { bus }: Pick<Kernel, 'bus'>,
  row: Selectable<VendorsTable>,
  { log }: { readonly log: Logger },
): void {
  if (!bus.publish(subjects.directory, encodeBody(directoryPharmacy(row))))
    log.warn(
      { vendor_id: row.id },
      'a change of a pharmacy was not published; engines will find it in the table',
    )
}
