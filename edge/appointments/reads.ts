/** Appointments as each caller may see them: a customer the own ones, a pharmacy those at it. */
import type { Kysely } from 'kysely'
import type { Tables } from '../../migrations/database/tables.ts'
import type { AppointmentView } from '../../protocol/appointments/view.ts'
import { CaduceusError } from '../../protocol/kernel/errors.ts'
import type { Identity } from '../kernel/identity.ts'

/** The appointments that exist for the caller. */
export function readable(db: Kysely<Tables>, { role, userId, pharmacyId }: Identity) {
  const rows = db.selectFrom('appointments').select(['id', 'service_id', 'record', 'version'])
  switch (role) {
    case 'admin':
      return rows
    case 'user':
      return rows.where('user_id', '=', userId)
    case 'vendor':
      return pharmacyId === null
        ? rows.where(eb => eb.lit(false))
        : rows.where('vendor_id', '=', pharmacyId)
    default:
      return rows.where(eb => eb.lit(false))
  }
}

/** Throws `appointment_not_found`, also for an appointment of others. */
export async function findAppointment(db: Kysely<Tables>, identity: Identity, id: string) {
  const row = await readable(db, identity).where('id', '=', id).executeTakeFirst()
  if (row === undefined) throw new CaduceusError('appointment_not_found', 'no such appointment')
  return row
}

/** The code for the check-in is the customer's: whoever shows it is there. */
export const shownTo = ({ role }: Identity, record: AppointmentView): AppointmentView =>
  role === 'user' ? record : { ...record, check_in_code: null }
