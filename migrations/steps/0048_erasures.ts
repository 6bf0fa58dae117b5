/**
 * Erasures that people asked for, one row each: when it begins, and how far it is. The row stays as
 * the proof. It has no reference to the account, because a restored backup may lack either.
 */
import { sql, type Kysely, type Migration } from 'kysely'

const steps = [
  `create table erasures (
    account_id uuid primary key,
    asked_at timestamptz not null,
    due_at timestamptz not null,
    next_at timestamptz not null,
    erased_at timestamptz,
    waiting integer not null default 0,
    kept_until timestamptz,
    settled_at timestamptz
  )`,
  `create index erasures_next on erasures (next_at) where settled_at is null`,
]

export const erasures: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const step of steps) await sql.raw(step).execute(db)
  },
}
