/** Finds payouts for lists: they are pending transfers of the ledger. */
import { sql, type Kysely, type Migration } from 'kysely'

export const payouts: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await sql`
      create index ledger_transfers_payouts on ledger_transfers (at desc, about_id desc)
      where phase = 'pending' and code in ('payout', 'payout_set_off')`.execute(db)
  },
}
