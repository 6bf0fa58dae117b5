/**
 * Two changes, because appends waited for writes that are less urgent.
 *
 * The progress of a slot moves to a table of its own. Before, it was beside the epoch, in a row
 * that every append locks. So a stored cursor waited for appends and appends waited for it, and
 * both lanes waited for each other.
 *
 * A search index keeps a list of words that it has not sorted in yet. This list was allowed 4 MB.
 * The append that filled it sorted all of it and took 60 to 70 ms longer.
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
