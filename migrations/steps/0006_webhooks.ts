/**
 * Webhooks in both directions: WooCommerce shops send orders in, and subscribers are told of
 * orders.
 *
 * The queue of a subscriber is rows and not memory, so a restart loses none. `waiting` is the one
 * delivery of an order that may be sent now, and `queued` are the deliveries behind it. A unique
 * index ensures that at most one is waiting, so a later event cannot overtake. Rejected: searching
 * for the first undelivered event of each order at every look. While a receiver is away for a day,
 * each look would read the whole backlog.
 */
import { sql, type Kysely, type Migration } from 'kysely'

const incoming = [
  `create table integrations (
    id uuid primary key,
    vendor_id uuid not null,
    kind text not null check (kind in ('woocommerce')),
    delivery_key text not null unique,
    secret_sealed text not null,
    created_at timestamptz not null default now()
  )`,
  `create index integrations_vendor on integrations (vendor_id, id desc)`,
  // scope_id is the integration, or the pharmacy for the deployment's own shop. An order of a shop
  // is one row.
  `create table imports (
    id uuid primary key,
    vendor_id uuid not null,
    scope_id uuid not null,
    external_id text not null,
    external_modified text not null,
    order_id uuid not null,
    status text not null check (status in ('pending', 'imported', 'dismissed')),
    reason text,
    draft json,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    unique (scope_id, external_id)
  )`,
  `create index imports_vendor on imports (vendor_id, id desc)`,
]

const outgoing = [
  `create table webhook_subscriptions (
    id uuid primary key,
    owner_id uuid not null,
    vendor_id uuid,
    url text not null,
    events text[] not null default '{}',
    description text,
    secret_sealed text not null,
    is_active boolean not null default true,
    disabled_at timestamptz,
    disabled_reason text,
    failures_in_a_row integer not null default 0,
    failing_since timestamptz,
    paused_until timestamptz,
    hears_from timestamptz not null,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
  )`,
  `create index webhook_subscriptions_vendor on webhook_subscriptions (vendor_id, id desc)`,
  `create table webhook_deliveries (
    id uuid primary key,
    subscription_id uuid not null,
    event_id text not null,
    event_type text not null,
    order_id uuid not null,
    order_seq integer not null,
    body text not null,
    state text not null check (state in ('queued', 'waiting', 'delivered', 'given_up')),
    attempts integer not null default 0,
    next_attempt_at timestamptz not null,
    replay_of uuid,
    created_at timestamptz not null,
    ended_at timestamptz
  ) with (fillfactor = 80)`,
  `create unique index webhook_deliveries_head on webhook_deliveries (subscription_id, order_id) where state = 'waiting'`,
  `create unique index webhook_deliveries_once on webhook_deliveries (subscription_id, event_id) where replay_of is null`,
  `create index webhook_deliveries_due on webhook_deliveries (subscription_id, next_attempt_at) where state = 'waiting'`,
  `create index webhook_deliveries_queue on webhook_deliveries (subscription_id, order_id, order_seq, id) where state = 'queued'`,
  `create index webhook_deliveries_log on webhook_deliveries (subscription_id, id desc)`,
  `create index webhook_deliveries_ended on webhook_deliveries (ended_at) where ended_at is not null`,
  `create table webhook_attempts (
    delivery_id uuid not null,
    attempt integer not null,
    at timestamptz not null,
    took_ms integer not null,
    http_status integer,
    error text,
    response text,
    primary key (delivery_id, attempt)
  )`,
  `create table webhook_positions (slot smallint primary key, seq bigint not null) with (fillfactor = 20)`,
  // Events from before webhooks existed are not delivered.
  `insert into webhook_positions (slot, seq) select slot, max(seq) from events group by slot`,
  `create table webhook_lease (
    name text primary key,
    owner text not null,
    epoch bigint not null,
    lease_until timestamptz not null
  )`,
]

export const webhooks: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const statement of [...incoming, ...outgoing]) await sql.raw(statement).execute(db)
  },
}
