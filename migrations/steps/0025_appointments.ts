/**
 * Services of pharmacies, their appointments, and links to calendars.
 *
 * The edge writes services; the journal writes appointments, one row for each. The record of an
 * appointment is one value, because it is read and written as a whole; the columns beside it are
 * those by which lists ask. The settings of a service are one value too: the calendar of the service
 * gets them as they are.
 */
import { sql, type Kysely, type Migration } from 'kysely'

const steps = [
  `create table main_services (
    id uuid primary key,
    vendor_id uuid not null references vendors (id),
    name text not null,
    description text,
    icon text,
    created_at timestamptz not null,
    updated_at timestamptz not null
  )`,
  `create index main_services_vendor on main_services (vendor_id, id)`,
  `create table services (
    id uuid primary key,
    vendor_id uuid not null references vendors (id),
    main_service_id uuid references main_services (id),
    name text not null,
    description text,
    icon text,
    price_minor bigint,
    currency text not null,
    settings jsonb not null,
    is_active boolean not null,
    revision integer not null,
    created_at timestamptz not null,
    updated_at timestamptz not null
  )`,
  `create index services_vendor on services (vendor_id, id)`,
  `create index services_main on services (main_service_id)`,
  `create table vendor_closures (
    id uuid primary key,
    vendor_id uuid not null references vendors (id),
    from_local text not null,
    to_local text not null,
    reason text,
    created_at timestamptz not null
  )`,
  `create index vendor_closures_vendor on vendor_closures (vendor_id, from_local)`,
  // No foreign keys: the journal writes in groups, and a row must never refuse its event.
  `create table appointments (
    id uuid primary key,
    service_id uuid not null,
    vendor_id uuid not null,
    user_id uuid not null,
    created_at timestamptz not null,
    status text not null,
    start_at timestamptz,
    end_at timestamptz,
    updated_at timestamptz not null,
    ended_at timestamptz,
    record json not null,
    version integer not null
  )`,
  `create index appointments_user on appointments (user_id, id desc)`,
  `create index appointments_vendor on appointments (vendor_id, id desc)`,
  `create index appointments_service on appointments (service_id, start_at)`,
  `create index appointments_seats on appointments (service_id, end_at)
    where status in ('proposed', 'pending', 'booked', 'arrived', 'checked_in')`,
  `create table calendar_feeds (
    id uuid primary key,
    account_id uuid not null references users (id),
    kind text not null check (kind in ('user', 'vendor', 'service')),
    subject_id uuid not null,
    name text not null,
    secret_hash text not null unique,
    created_at timestamptz not null,
    ended_at timestamptz,
    read_at timestamptz
  )`,
  `create index calendar_feeds_account on calendar_feeds (account_id, id desc)`,
]

export const appointments: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const step of steps) await sql.raw(step).execute(db)
  },
}
