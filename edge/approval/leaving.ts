/**
 * A driver who was let go may drive for another pharmacy with the same account. The record of the time before, with its
 * deliveries and what was earned, stays with the old pharmacy and without an account; the account gets a new record.
 * Rejected: one record that changes its pharmacy, because the new one would see the deliveries of the old.
 */
import { sql, type Kysely } from 'kysely'
import type { Tables } from '../../migrations/database/tables.ts'

const left = (db: Kysely<Tables>, userId: string, to: string) =>
  db
    .selectFrom('drivers')
    .select('id')
    .where('user_id', '=', userId)
    .where('vendor_id', '!=', to)
    .where('membership', '=', 'ended')
    .where(sql<boolean>`active_order_ids = '{}'`)

/** Whether the account's membership has ended, elsewhere than at the pharmacy it asks now, with nothing left to carry. */
export const hasLeft = async (db: Kysely<Tables>, userId: string, to: string): Promise<boolean> =>
  (await left(db, userId, to).executeTakeFirst()) !== undefined

/** Parts the account from such a record, in the transaction that makes the new one. Nothing happens to any other record. */
export async function partFromOld(tx: Kysely<Tables>, userId: string, to: string): Promise<void> {
  await tx
    .updateTable('drivers')
    .set({ user_id: null })
    .where('id', 'in', left(tx, userId, to).forUpdate())
    .execute()
}
