/**
 * Pending transfers that somebody is carrying out: the money is on its way, so the reservation is not
 * over at its time.
 */
import { sql, type Kysely, type Migration } from 'kysely'

export const ledgerHolds: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await sql`
      create table ledger_holds (
        pending_id uuid primary key references ledger_transfers (id),
        by_id uuid not null,
        at timestamptz not null
      )`.execute(db)
  },
}
