/**
 * Lists of orders, opening hours and tariffs of pharmacies, quotes.
 *
 * Lists are ordered by time of creation and then by id. The id alone is not enough: another service
 * may have made it, and then it says nothing about time. Each kind of reader has an index in that
 * order, so a page costs as much as it shows.
 *
 * The words of an order are in a table of their own, written once with the order. As a column, they
 * would add a GIN entry for every word to each of the ten updates of an order.
 */
import { sql, type Kysely, type Migration } from 'kysely'

const lists = [
  `alter table orders add column offered_driver_id uuid`,
  `update orders set offered_driver_id = (view->'driver_search'->'offer'->>'driver_id')::uuid where status = 'accepted'`,
  `create index orders_offered_driver on orders (offered_driver_id) where offered_driver_id is not null`,
  `drop index orders_user`,
  `drop index orders_vendor`,
  `drop index orders_driver`,
  `drop index orders_status`,
  `drop index orders_open_broadcasts`,
  `create index orders_user on orders (user_id, created_at desc, id desc)`,
  `create index orders_vendor on orders (vendor_id, created_at desc, id desc) where vendor_id is not null`,
  // A pharmacy reads its open orders all day, and has a hundred thousand ended ones.
  `create index orders_vendor_status on orders (vendor_id, status, created_at desc, id desc) where vendor_id is not null`,
  `create index orders_driver on orders (driver_id, created_at desc, id desc) where driver_id is not null`,
  `create index orders_created on orders (created_at desc, id desc)`,
  `create index orders_status on orders (status, created_at desc, id desc)`,
  `create index orders_open_broadcasts on orders (created_at desc, id desc) where kind = 'broadcast' and status = 'pending'`,
  // Touched once in an order's life, when it is delivered.
  `create index orders_driver_delivered on orders (driver_id, delivered_at desc, id desc) where delivered_at is not null`,
  `create table order_words (
    order_id uuid primary key,
    words tsvector not null
  )`,
  `create index order_words_search on order_words using gin (words)`,
  // The planner believes that the beginning of any word is in 2 % of the rows. With a limit it
  // would read the table from its start until it has found enough rows, and for a rare word this is
  // the whole table.
  `create function orders_with_words(query tsquery, rows_max integer) returns setof uuid language sql stable set enable_seqscan = off as $$
    select order_id from order_words where words @@ query limit rows_max
  $$`,
  // The words of older orders, cut as protocol/kernel/search-words.ts cuts them, but with the
  // database's lower().
  `insert into order_words (order_id, words)
    select id, array_to_tsvector(array(select distinct left(word, 64) from regexp_split_to_table(
      lower(order_number || ' ' || coalesce(view->>'customer_name', '') || ' ' ||
        coalesce((select string_agg(item->>'name', ' ') from json_array_elements(view->'items') as item), '')),
      '[\\x01-\\x2f\\x3a-\\x60\\x7b-\\x7f]+') as word where word <> ''))
    from orders`,
]

const pharmacies = [
  `alter table vendors add column time_zone text not null default 'UTC'`,
  // Null means that the pharmacy never closes.
  `alter table vendors add column opening_hours json`,
  // Null means the default of protocol/pricing/tariff.ts.
  `alter table vendors add column tariff json`,
  `alter table vendors add column description text`,
  `alter table vendors add column website text`,
  `alter table vendors add column delivery_promise_minutes integer not null default 60 check (delivery_promise_minutes between 1 and 1440)`,
]

const quotes = [
  `create table quotes (
    id uuid primary key,
    account_id uuid not null,
    vendor_id uuid,
    pickup_latitude double precision not null,
    pickup_longitude double precision not null,
    delivery_latitude double precision not null,
    delivery_longitude double precision not null,
    distance_km double precision not null,
    duration_minutes double precision not null,
    fee_minor bigint not null,
    expires_at timestamptz not null,
    created_at timestamptz not null default now()
  )`,
  `create index quotes_expiry on quotes (expires_at)`,
]

export const ordersPeople: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const statement of [...lists, ...pharmacies, ...quotes])
      await sql.raw(statement).execute(db)
  },
}
