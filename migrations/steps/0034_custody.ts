/**
 * The custody log: entries, the tree over them, and its signed checkpoints.
 *
 * An entry has the index of its leaf as key, so two writers can never give one leaf to two entries.
 * The follower begins at the first event of the journal, because an order that is under way at the
 * update needs its whole chain.
 */
import { sql, type Kysely, type Migration } from 'kysely'

const steps = [
  // Erasure empties salt and entry together; the commitment stays.
  `create table custody_entries (
    leaf bigint primary key,
    order_id uuid not null,
    number integer not null,
    slot smallint not null,
    seq bigint not null,
    logged_at timestamptz not null,
    commitment bytea not null,
    salt bytea,
    entry json,
    unique (order_id, number),
    unique (slot, seq),
    check ((salt is null) = (entry is null))
  )`,
  `create table custody_nodes (
    level smallint not null,
    index bigint not null,
    hash bytea not null,
    primary key (level, index)
  )`,
  `create table custody_checkpoints (
    log_key text not null,
    size bigint not null,
    note text not null,
    signed_at timestamptz not null,
    primary key (log_key, size)
  )`,
  `create table custody_witnesses (
    witness text not null,
    log_key text not null,
    size bigint not null,
    told_at timestamptz not null,
    primary key (witness, log_key)
  )`,
  `create table custody_positions (slot smallint primary key, seq bigint not null) with (fillfactor = 20)`,
]

export const custody: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const step of steps) await sql.raw(step).execute(db)
  },
}
