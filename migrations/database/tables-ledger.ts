/**
 * The tables of the ledger as Kysely sees them. Amounts are bigint in the database and are read as
 * text, because a number of JavaScript is exact only up to 2^53. The room writes with its own
 * statements.
 */
import type { ReadOnly, Time } from './columns.ts'

interface LedgerAccountsTable {
  id: ReadOnly<string>
  code: ReadOnly<string>
  owner_id: ReadOnly<string | null>
  currency: ReadOnly<string>
  flag: ReadOnly<string | null>
  opened_at: ReadOnly<Date>
}

interface LedgerTransfersTable {
  id: ReadOnly<string>
  code: ReadOnly<string>
  phase: ReadOnly<string>
  debit_account_id: ReadOnly<string>
  credit_account_id: ReadOnly<string>
  currency: ReadOnly<string>
  pending_id: ReadOnly<string | null>
  timeout_ms: ReadOnly<number | null>
  about_id: ReadOnly<string | null>
  by_id: ReadOnly<string | null>
  note: ReadOnly<string | null>
  at: ReadOnly<Date>
}

/** The last event of each slot that the ledger took. */
interface LedgerPositionsTable {
  slot: number
  seq: number
}

/** Pending transfers that somebody is carrying out; they are not over at their time. */
interface LedgerHoldsTable {
  pending_id: string
  /** The account of the person. */
  by_id: string
  at: Time
}

export interface LedgerTables {
  ledger_accounts: LedgerAccountsTable
  ledger_transfers: LedgerTransfersTable
  ledger_positions: LedgerPositionsTable
  ledger_holds: LedgerHoldsTable
}
