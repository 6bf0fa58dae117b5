/**
 * Erases a customer from appointments that have ended: their rows, and the events of the calendars.
 * The calendar of a service remembers its last 32 ended appointments in its snapshot, until newer
 * ones push them out.
 */
import { sql, type Kysely } from 'kysely'
import type { Tables } from '../../migrations/database/tables.ts'
import { blanked } from './blank.ts'
import { eraseEvents } from './erase-orders.ts'

/** Returns how many appointments have not ended. */
export async function eraseAppointments(db: Kysely<Tables>, accountId: string): Promise<number> {
  const rows = await db
    .selectFrom('appointments')
    .select(['id', 'service_id', 'record', 'ended_at'])
    .where('user_id', '=', accountId)
    .execute()
  const ended = rows.filter(row => row.ended_at !== null)
  for (const { id, record } of ended)
    await sql`
      update appointments set record = ${JSON.stringify(blanked(record))}::json
      where id = ${id}::uuid`.execute(db)
  for (const serviceId of new Set(ended.map(row => row.service_id))) {
    const texts = ended
      .filter(row => row.service_id === serviceId)
      .map(row => `%"appointment_id":"${row.id}"%`)
    await eraseEvents(
      db,
      sql`select actor_id, version, data from events
        where actor_id = ${serviceId}::uuid and data::text like any(${texts}::text[])`,
    )
  }
  return rows.length - ended.length
}
