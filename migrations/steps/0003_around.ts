/**
 * The audit trail, and revisions of the records that two people may edit.
 *
 * Rows are only added to the trail, and its oldest rows are deleted. Its key is a UUIDv7, so both
 * happen at the ends of the index. A trigger counts the revision of a record. If each writing
 * statement had to count it and one forgot, two different records would look the same. The
 * journal's own writes to `drivers` raise `version` and leave the profile alone, so they are not
 * counted as an edit of it.
 */
import { sql, type Kysely, type Migration } from 'kysely'

const statements = [
  `create table audit_log (
    id uuid primary key,
    at timestamptz not null,
    actor_role text not null,
    actor_id uuid,
    operation text not null,
    target_kind text,
    target_id uuid,
    address text not null,
    user_agent text,
    status integer not null,
    code text,
    request_id text not null
  )`,
  `create index audit_log_actor on audit_log (actor_id, id desc) where actor_id is not null`,
  `create index audit_log_target on audit_log (target_id, id desc) where target_id is not null`,
  `create index audit_log_at on audit_log (at)`,

  `alter table vendors add column revision integer not null default 1`,
  `alter table drivers add column revision integer not null default 1`,
  `create function count_revision() returns trigger language plpgsql as $$
    begin new.revision := old.revision + 1; return new; end
  $$`,
  `create trigger vendors_revision before update on vendors for each row execute function count_revision()`,
  `create trigger drivers_revision before update on drivers for each row when (old.version = new.version) execute function count_revision()`,
]

export const around: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const statement of statements) await sql.raw(statement).execute(db)
  },
}
