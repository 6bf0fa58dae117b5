/**
 * Finds the transfers that wait for their time or for somebody. An authorisation of a card is
 * reserved without a time and stays a pending row for ever, so an index over all pending transfers
 * grew with every payment.
 */
import { sql, type Kysely, type Migration } from 'kysely'

const steps = [
  `create index ledger_transfers_timed on ledger_transfers (at) where phase = 'pending' and timeout_ms is not null`,
  `create index ledger_transfers_stated on ledger_transfers (code, at desc, id desc)
    where phase = 'pending' and code in ('remittance', 'correction')`,
  `drop index ledger_transfers_pending`,
]

export const ledgerWaiting: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const step of steps) await sql.raw(step).execute(db)
  },
}
