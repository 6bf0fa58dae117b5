/** Finds payments by their status: the list of an administrator reads a page, not all payments. */
import { sql, type Kysely, type Migration } from 'kysely'

export const paymentsByStatus: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await sql`create index payments_status on payments (status, order_id desc)`.execute(db)
  },
}
