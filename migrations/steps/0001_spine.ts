/**
 * The first schema. It has three owners. The edge writes accounts, pharmacies (`vendors`) and
 * profiles. The journal writes events, snapshots, leases and the read model (`orders`, and the live
 * columns of `drivers`). Tracking writes positions and breadcrumbs.
 *
 * There are no foreign keys. Accounts are deactivated and never deleted, and the journal must
 * neither wait for a row that another process writes nor fail because of it.
 *
 * Events and views are `json`, not `jsonb`. The hot path writes and reads them whole. The database
 * stores json as it comes, and json accepts an escaped U+0000 in a customer's notes, which jsonb
 * refuses.
 */
import { sql, type Kysely, type Migration } from 'kysely'

const accounts = [
  `create table users (
    id uuid primary key,
    email text not null,
    full_name text not null,
    phone text not null,
    role text not null check (role in ('user', 'vendor', 'driver', 'admin')),
    password_hash text not null,
    is_active boolean not null default true,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
  )`,
  // citext would be an extension; an expression index does the same for one column.
  `create unique index users_email on users (lower(email))`,
  `create table sessions (
    id uuid primary key,
    user_id uuid not null,
    family_id uuid not null,
    token_hash text not null unique,
    user_agent text,
    expires_at timestamptz not null,
    used_at timestamptz,
    revoked_at timestamptz,
    created_at timestamptz not null default now()
  )`,
  `create index sessions_family on sessions (family_id)`,
  `create index sessions_user on sessions (user_id)`,
  `create index sessions_expiry on sessions (expires_at)`,
  `create table ws_tickets (
    hash text primary key,
    user_id uuid not null,
    expires_at timestamptz not null,
    used_at timestamptz
  )`,
  `create index ws_tickets_expiry on ws_tickets (expires_at)`,
  `create table idempotency_keys (
    account_id text not null,
    key text not null,
    route text not null,
    request_hash text not null,
    command_id text not null,
    target_id uuid,
    status integer,
    response json,
    created_at timestamptz not null default now(),
    primary key (account_id, key)
  )`,
  `create index idempotency_keys_age on idempotency_keys (created_at)`,
  `create table uploads (
    id uuid primary key,
    owner_id uuid not null,
    kind text not null,
    content_type text not null,
    bytes_count integer not null,
    path text not null,
    created_at timestamptz not null default now()
  )`,
  `create index uploads_owner on uploads (owner_id, id desc)`,
]

const people = [
  `create table vendors (
    id uuid primary key,
    user_id uuid not null unique,
    business_name text not null,
    email text not null,
    phone text not null,
    address text,
    latitude double precision not null check (latitude between -90 and 90),
    longitude double precision not null check (longitude between -180 and 180),
    proof_required boolean not null default true,
    dispatch_policy text not null default 'manual' check (dispatch_policy in ('manual', 'offer')),
    is_active boolean not null default true,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
  )`,
  `create index vendors_updated on vendors (updated_at)`,
  // Engines ask for changes since a time of the database's clock, so only that clock writes the
  // column.
  `create function touch_updated_at() returns trigger language plpgsql as $$
    begin new.updated_at := clock_timestamp(); return new; end
  $$`,
  `create trigger vendors_touch before insert or update on vendors for each row execute function touch_updated_at()`,
  // A driver whom another service registers by command has no account and no profile yet.
  `create table drivers (
    id uuid primary key,
    user_id uuid unique,
    vendor_id uuid not null,
    full_name text not null,
    email text,
    phone text not null,
    vehicle_type text not null,
    vehicle_number text,
    license_number text,
    is_active boolean not null default true,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    status text not null default 'offline',
    capacity integer not null default 1,
    active_order_ids uuid[] not null default '{}',
    total_deliveries integer not null default 0,
    total_earnings_minor bigint not null default 0,
    version integer not null default 0
  ) with (fillfactor = 70)`,
  `create index drivers_vendor on drivers (vendor_id, id desc)`,
]

// Half of each page of orders stays free. An order is updated about ten times, and an update that
// finds room on its page and changes no indexed column touches no index.
const readModel = [
  `create table orders (
    id uuid primary key,
    kind text not null,
    order_number text not null,
    tracking_token text not null,
    status text not null,
    user_id uuid not null,
    vendor_id uuid,
    driver_id uuid,
    candidate_ids uuid[],
    expires_at timestamptz,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    accepted_at timestamptz,
    delivered_at timestamptz,
    delivery_fee_minor bigint,
    actual_distance_km double precision,
    version integer not null,
    view json not null
  ) with (fillfactor = 50)`,
  // A view above 2 KB is stored out of line and uncompressed, because compression costs too much
  // time for the space that it saves.
  `alter table orders alter column view set storage external`,
  `alter table orders alter column candidate_ids set storage external`,
  `create unique index orders_tracking_token on orders (tracking_token)`,
  `create index orders_user on orders (user_id, id desc)`,
  `create index orders_vendor on orders (vendor_id, id desc) where vendor_id is not null`,
  `create index orders_driver on orders (driver_id, id desc) where driver_id is not null`,
  `create index orders_status on orders (status, id)`,
  `create index orders_open_broadcasts on orders (id desc) where kind = 'broadcast' and status = 'pending'`,
]

const journal = [
  `create table events (
    actor_id uuid not null,
    version integer not null,
    slot smallint not null,
    seq bigint not null,
    kind text not null,
    at timestamptz not null,
    type text not null,
    v smallint not null,
    command_id text,
    data json not null,
    primary key (actor_id, version)
  )`,
  `alter table events alter column data set storage external`,
  `create unique index events_slot_seq on events (slot, seq)`,
  `create table snapshots (
    actor_id uuid primary key,
    slot smallint not null,
    kind text not null,
    version integer not null,
    finished boolean not null,
    bytes bytea not null
  ) with (fillfactor = 70)`,
  `alter table snapshots alter column bytes set storage external`,
  `create index snapshots_live on snapshots (slot) where not finished`,
  `create table slots (
    slot smallint primary key,
    owner text,
    epoch bigint not null default 0,
    lease_until timestamptz not null default '-infinity',
    cursor_seq bigint not null default 0,
    snapshot_seq bigint not null default 0
  ) with (fillfactor = 20)`,
  `create table engines (
    id text primary key,
    lease_until timestamptz not null
  ) with (fillfactor = 20)`,
]

const tracking = [
  `create table positions (
    driver_id uuid primary key,
    latitude double precision not null,
    longitude double precision not null,
    heading_deg double precision,
    speed_mps double precision,
    at timestamptz not null
  ) with (fillfactor = 60)`,
  `create table breadcrumbs (
    order_id uuid not null,
    at timestamptz not null,
    driver_id uuid not null,
    latitude double precision not null,
    longitude double precision not null,
    primary key (order_id, at)
  )`,
]

export const spine: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const statement of [...accounts, ...people, ...readModel, ...journal, ...tracking])
      await sql.raw(statement).execute(db)
  },
}
