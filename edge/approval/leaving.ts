/**
 * A driver whose membership ended may work for another pharmacy with the same account. The old
 * record, with its deliveries and earnings, stays with the old pharmacy and loses its account; the
 * account gets a new record. Rejected: one record that changes its pharmacy, because the new
 * pharmacy would see the deliveries of the old one.
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

/**
 * True when the account's membership at another pharmacy has ended and no order is left to deliver.
 */
export const hasLeft = async (db: Kysely<Tables>, userId: string, to: string): Promise<boolean> =>
  (await left(db, userId, to).executeTakeFirst()) !== undefined

/**
 * Separates the account from such a record, in the transaction that makes the new one. No other
 * record changes.
 */
export async function partFromOld(tx: Kysely<Tables>, userId: string, to: string): Promise<void> {
  await tx
    .updateTable('drivers')
    .set({ user_id: null })
    .where('id', 'in', left(tx, userId, to).forUpdate())
    .execute()
}
