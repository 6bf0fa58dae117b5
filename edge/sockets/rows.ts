/**
 * Rows that sockets read: the first state of a client. Everything after it comes as pushes. The
 * rows that every socket of a kind reads are in `first-rows.ts`.
 */
import { sql } from 'kysely'
import type { Database } from '../../migrations/database/open.ts'
import { socketLimits } from '../kernel/limits.ts'

/** The drivers of a pharmacy, newest first. */
export async function fleetRows(database: Database, pharmacyId: string) {
  return (
    database.kysely
      .selectFrom('drivers')
      .select(['id', 'full_name', 'phone', 'vehicle_type', 'status', 'active_order_ids'])
      .where('vendor_id', '=', pharmacyId)
      // Drivers whose membership ended and who still have an order under way are included, because
      // the pharmacy wants to see the order arrive.
      .where(eb => eb.or([eb('is_active', '=', true), sql<boolean>`active_order_ids <> '{}'`]))
      .orderBy('id', 'desc')
      .limit(socketLimits.fleetDriversMax)
      .execute()
  )
}

/**
 * The requests among these that are not open any more, with status and pharmacy. The ids are the
 * requests that the terminals of this edge still show.
 */
export async function requestStates(database: Database, requestIds: readonly string[]) {
  return database.kysely
    .selectFrom('orders')
    .select(['id', 'status', 'vendor_id'])
    .where('id', 'in', [...requestIds])
    .where('status', '!=', 'pending')
    .execute()
}
