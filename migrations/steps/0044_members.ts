/**
 * The people of a pharmacy. The account of a pharmacy becomes its owner, and its tokens stay good.
 *
 * An invitation is a member without an account, so it keeps its id when somebody accepts it. The
 * row of the account that founded the pharmacy has the id of the pharmacy. A trigger makes it,
 * because an edge of the release before may still run beside this one. The trigger comes before the
 * copy: making it waits for inserts under way and holds later ones back, so each pharmacy is in the
 * copy or meets the trigger.
 *
 * An account is a member of one pharmacy at a time. Rows of former members stay: they say who acted
 * for which pharmacy and when.
 */
import { sql, type Kysely, type Migration } from 'kysely'

const steps = [
  `create table members (
    id uuid primary key,
    vendor_id uuid not null,
    user_id uuid,
    role text not null check (role in ('owner', 'pharmacist', 'assistant')),
    name text,
    code_hash text unique,
    expires_at timestamptz,
    invited_by uuid,
    created_at timestamptz not null,
    joined_at timestamptz,
    changed_at timestamptz,
    ended_at timestamptz,
    ended_by uuid,
    check ((user_id is null) = (joined_at is null))
  )`,
  `create unique index members_account on members (user_id) where ended_at is null`,
  `create index members_of_account on members (user_id)`,
  `create index members_vendor on members (vendor_id, id)`,
  `create index members_changed on members (changed_at)`,
  `create index members_expiry on members (expires_at) where joined_at is null`,
  `create function make_owner() returns trigger language plpgsql as $$
    begin
      insert into members (id, vendor_id, user_id, role, created_at, joined_at, changed_at)
        values (new.id, new.id, new.user_id, 'owner', new.created_at, new.created_at, clock_timestamp());
      return new;
    end
  $$`,
  `create trigger vendors_owner after insert on vendors for each row execute function make_owner()`,
  `insert into members (id, vendor_id, user_id, role, created_at, joined_at)
    select id, id, user_id, 'owner', created_at, created_at from vendors`,
]

export const members: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const step of steps) await sql.raw(step).execute(db)
  },
}
