/**
 * Facts about money on their way to the bus and to webhooks. They are numbered without gaps in the
 * order of their transactions, and kept until both have told them. Facts of before are not told.
 */
import { sql, type Kysely, type Migration } from 'kysely'
import { moneySlot } from '../../protocol/kernel/slots.ts'

const steps = [
  `create table money_facts (
    seq bigint primary key,
    actor text not null,
    actor_id uuid not null,
    type text not null,
    order_seq integer not null,
    vendor_id uuid,
    data json not null,
    at timestamptz not null
  )`,
  // One row for each use, so that who numbers a fact does not wait for who tells them.
  `create table money_fact_numbers (name text primary key, seq bigint not null) with (fillfactor = 20)`,
  `insert into money_fact_numbers (name, seq) values ('given', 0), ('told', 0)`,
  `insert into webhook_positions (slot, seq) values (${moneySlot}, 0)`,
]

export const moneyFacts: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const step of steps) await sql.raw(step).execute(db)
  },
}
