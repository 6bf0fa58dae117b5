/**
 * Erases a customer from appointments that have ended: their rows, the events of the calendars, and
 * copies of the events that were sent to others.
 * The calendar of a service remembers its last 32 ended appointments in its snapshot, until newer
 * ones push them out.
 */
import { sql, type Kysely } from 'kysely'
import type { Tables } from '../../migrations/database/tables.ts'
import { promote } from '../webhooks/queue.ts'
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
    await eraseSent(db, serviceId, texts)
  }
  return rows.length - ended.length
}

/** Deletes the copies for subscribers. Those of other people of the same service go on. */
const eraseSent = (
  db: Kysely<Tables>,
  serviceId: string,
  texts: readonly string[],
): Promise<void> =>
  db.transaction().execute(async tx => {
    const { rows } = await sql<{ id: string; subscription_id: string }>`
      select id, subscription_id from webhook_deliveries
      where order_id = ${serviceId}::uuid and body like any(${texts}::text[])`.execute(tx)
    if (rows.length === 0) return
    const subscriptionIds = [...new Set(rows.map(row => row.subscription_id))]
    // As the end of an attempt and a new delivery do, so that no queue is left without its first.
    await tx
      .selectFrom('webhook_subscriptions')
      .select('id')
      .where('id', 'in', subscriptionIds)
      .orderBy('id')
      .forNoKeyUpdate()
      .execute()
    const ids = rows.map(({ id }) => id)
    await sql`delete from webhook_attempts where delivery_id = any(${ids}::uuid[])`.execute(tx)
    await sql`delete from webhook_deliveries where id = any(${ids}::uuid[])`.execute(tx)
    await promote(
      tx,
      subscriptionIds.map(subscriptionId => ({ subscriptionId, orderId: serviceId })),
    )
  })
