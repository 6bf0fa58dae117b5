/**
 * Payments of orders: their facts, the parties for lists, and the words about money that wait for
 * the fact of their command. The follower begins behind the events of before, none of which named a
 * way to pay.
 */
import { sql, type Kysely, type Migration } from 'kysely'

const steps = [
  `create table payments (
    order_id uuid primary key,
    customer_id uuid not null,
    vendor_id uuid,
    driver_id uuid,
    status text not null,
    version integer not null,
    opened_at timestamptz not null
  ) with (fillfactor = 70)`,
  `create index payments_customer on payments (customer_id, order_id desc)`,
  `create index payments_vendor on payments (vendor_id, order_id desc) where vendor_id is not null`,
  `create index payments_driver on payments (driver_id, order_id desc) where driver_id is not null`,
  `create table payment_facts (
    order_id uuid not null references payments (order_id),
    version integer not null,
    type text not null,
    data json not null,
    at timestamptz not null,
    primary key (order_id, version)
  )`,
  `create table payment_words (
    command_id text not null,
    order_id uuid not null,
    data json not null,
    at timestamptz not null,
    primary key (command_id, order_id)
  )`,
  `create index payment_words_order on payment_words (order_id)`,
  `create index payment_words_age on payment_words (at)`,
  `create table payment_positions (slot smallint primary key, seq bigint not null) with (fillfactor = 20)`,
  `insert into payment_positions (slot, seq)
    select s.slot, head.seq from slots as s
    cross join lateral (select seq from events where events.slot = s.slot order by seq desc limit 1) as head`,
]

export const payments: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const step of steps) await sql.raw(step).execute(db)
  },
}
