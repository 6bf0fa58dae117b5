/**
 * Two things that made appends wait for what is written behind them.
 *
 * How far a slot has come moves to a table of its own. Beside the epoch, whose row every append
 * locks for
 * itself, a cursor that was stored waited for appends, and they for it: both lanes for one another.
 *
 * The list of words that a search index has not sorted in yet was allowed 4 MB. Whoever filled it
 * sorted all of
 * it, 60 to 70 ms in the middle of an append.
 */
import { sql, type Kysely, type Migration } from 'kysely'

const statements = [
  `create table slot_progress (
    slot smallint primary key,
    cursor_seq bigint not null default 0,
    snapshot_seq bigint not null default 0
  ) with (fillfactor = 20)`,
  `insert into slot_progress (slot, cursor_seq, snapshot_seq) select slot, cursor_seq, snapshot_seq from slots`,
  `alter table slots drop column cursor_seq`,
  `alter table slots drop column snapshot_seq`,
  // In kB.
  `alter index order_words_search set (gin_pending_list_limit = 128)`,
]

export const slotProgress: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const statement of statements) await sql.raw(statement).execute(db)
  },
}
