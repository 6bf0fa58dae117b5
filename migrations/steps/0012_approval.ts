/**
 * Decisions about who may work: an administrator decides about pharmacies, and a pharmacy about its
 * drivers. Accounts that are active before this migration stay active. A pharmacy that had closed
 * itself stays closed.
 *
 * The database computes `is_active` from the decisions, and nobody can write this column. A
 * statement that forgot a condition would let somebody in. Rejected: a condition in each query,
 * because one of them will forget it.
 *
 * Triggers set `standing_at` from the database's clock, because edges ask for changes since a time.
 * The same triggers forget the address of a registration: it only bounds how many accounts wait,
 * and a decision ends the wait.
 */
import { sql, type Kysely, type Migration } from 'kysely'

const vendors = [
  `alter table vendors
    add column status text not null default 'active' check (status in ('pending', 'active', 'suspended', 'rejected')),
    add column paused boolean not null default false,
    add column decision_reason text,
    add column decided_by uuid,
    add column decided_at timestamptz,
    add column registered_from text,
    add column decided_latitude double precision,
    add column decided_longitude double precision,
    add column moving_to_latitude double precision,
    add column moving_to_longitude double precision,
    add column moving_to_address text,
    add column move_asked_at timestamptz,
    add column standing_at timestamptz not null default '-infinity'`,
  // Engines need not hear of this update, because it changes nothing that they keep.
  `alter table vendors disable trigger vendors_touch`,
  `alter table vendors disable trigger vendors_revision`,
  `update vendors set paused = not is_active, decided_latitude = latitude, decided_longitude = longitude`,
  `alter table vendors enable trigger vendors_touch`,
  `alter table vendors enable trigger vendors_revision`,
  // An edge of the release before may still run beside this one; with this default it lets no new
  // pharmacy in.
  `alter table vendors alter column status set default 'pending'`,
  `alter table vendors drop column is_active`,
  `alter table vendors add column is_active boolean not null generated always as (status = 'active' and not paused) stored`,
  `create index vendors_waiting on vendors (id) where status = 'pending' or move_asked_at is not null`,
  `create index vendors_status on vendors (status, id) where status <> 'active'`,
  `create index vendors_registered_from on vendors (registered_from) where status = 'pending'`,
  `create index vendors_standing on vendors (standing_at) where standing_at > '-infinity'`,
]

const drivers = [
  `alter table drivers
    add column membership text not null default 'active' check (membership in ('pending', 'active', 'ended')),
    add column registered_from text,
    add column standing_at timestamptz not null default '-infinity'`,
  `alter table drivers drop column is_active`,
  `alter table drivers add column is_active boolean not null generated always as (membership = 'active') stored`,
  `create index drivers_pending on drivers (vendor_id) where membership = 'pending'`,
  `create index drivers_registered_from on drivers (registered_from) where membership = 'pending'`,
  `create index drivers_standing on drivers (standing_at) where standing_at > '-infinity'`,
  `create table driver_invitations (
    id uuid primary key,
    vendor_id uuid not null,
    code_hash text not null unique,
    note text,
    uses_max integer not null,
    uses integer not null default 0,
    created_by uuid not null,
    created_at timestamptz not null,
    expires_at timestamptz not null,
    revoked_at timestamptz
  )`,
  `create index driver_invitations_vendor on driver_invitations (vendor_id, id desc)`,
  `create index driver_invitations_expiry on driver_invitations (expires_at)`,
]

/**
 * One row with the time of the last letter to administrators about waiting pharmacies. All edges
 * share it, so only one of them writes the letter.
 */
const letters = [
  `create table applicant_letters (one boolean primary key default true check (one), written_at timestamptz not null)`,
  `insert into applicant_letters (written_at) values ('-infinity')`,
]

const standing = [
  `create function note_standing() returns trigger language plpgsql as $$
    begin
      new.standing_at := clock_timestamp();
      new.registered_from := null;
      return new;
    end
  $$`,
  `create trigger vendors_standing before update on vendors for each row
    when (old.status is distinct from new.status or old.decided_at is distinct from new.decided_at) execute function note_standing()`,
  `create trigger drivers_standing before update on drivers for each row
    when (old.membership is distinct from new.membership) execute function note_standing()`,
]

export const approval: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const statement of [...vendors, ...drivers, ...letters, ...standing])
      await sql.raw(statement).execute(db)
  },
}
