/**
 * The ledger: accounts with four sums, transfers that never change, and the follower's positions.
 *
 * Drivers' totals of before enter as one opening transfer each. The positions begin behind the
 * events that those totals contain: the lock makes running appends end first, and one statement
 * reads both, so an engine that goes on working meanwhile loses and doubles nothing.
 */
import { sql, type Kysely, type Migration } from 'kysely'

const steps = [
  `create table ledger_accounts (
    id uuid primary key,
    code text not null,
    owner_id uuid,
    currency text not null,
    flag text check (flag in ('debits_must_not_exceed_credits', 'credits_must_not_exceed_debits')),
    debits_pending bigint not null default 0 check (debits_pending >= 0),
    debits_posted bigint not null default 0 check (debits_posted >= 0),
    credits_pending bigint not null default 0 check (credits_pending >= 0),
    credits_posted bigint not null default 0 check (credits_posted >= 0),
    opened_at timestamptz not null,
    unique nulls not distinct (code, owner_id, currency),
    check (flag is distinct from 'debits_must_not_exceed_credits' or debits_pending + debits_posted <= credits_posted),
    check (flag is distinct from 'credits_must_not_exceed_debits' or credits_pending + credits_posted <= debits_posted)
  ) with (fillfactor = 70)`,
  `create index ledger_accounts_owner on ledger_accounts (owner_id) where owner_id is not null`,
  `create table ledger_transfers (
    id uuid primary key,
    code text not null,
    phase text not null check (phase in ('direct', 'pending', 'post', 'void', 'expire')),
    debit_account_id uuid not null references ledger_accounts (id),
    credit_account_id uuid not null references ledger_accounts (id),
    currency text not null,
    amount bigint not null check (amount > 0),
    pending_id uuid unique references ledger_transfers (id),
    timeout_ms bigint check (timeout_ms > 0),
    about_id uuid,
    by_id uuid,
    note text,
    at timestamptz not null,
    check (debit_account_id <> credit_account_id),
    check ((pending_id is not null) = (phase in ('post', 'void', 'expire'))),
    check (timeout_ms is null or phase = 'pending')
  )`,
  `create index ledger_transfers_debit on ledger_transfers (debit_account_id, at desc, id desc)`,
  `create index ledger_transfers_credit on ledger_transfers (credit_account_id, at desc, id desc)`,
  `create index ledger_transfers_about on ledger_transfers (about_id) where about_id is not null`,
  `create index ledger_transfers_pending on ledger_transfers (at desc, id desc) where phase = 'pending'`,
  `create function ledger_transfers_stay() returns trigger language plpgsql as $$
    begin raise exception 'a transfer of the ledger never changes; correct it with another transfer'; end $$`,
  `create trigger ledger_transfers_stay before update or delete on ledger_transfers
    for each row execute function ledger_transfers_stay()`,
  `create table ledger_positions (slot smallint primary key, seq bigint not null) with (fillfactor = 20)`,
  // Makes the ids that `edge/ledger/chart.ts` makes.
  `create function ledger_id(words text) returns uuid language sql immutable as $$
    select overlay(overlay(left(hex, 32) placing '8' from 13 for 1)
      placing substr('89ab89ab89ab89ab', strpos('0123456789abcdef', substr(hex, 17, 1)), 1) from 17 for 1)::uuid
    from (select encode(sha256(convert_to(words, 'UTF8')), 'hex') as hex) as hashed $$`,
  `lock table events in share mode`,
  `with earned as (
      select id as driver_id, currency, total_earnings_minor as amount,
        ledger_id('ledger account world - ' || currency) as world_id,
        ledger_id('ledger account driver_payable ' || id || ' ' || currency) as payable_id
      from drivers where total_earnings_minor > 0
    ), heads as (
      insert into ledger_positions (slot, seq)
      select s.slot, head.seq from slots as s
      cross join lateral (select seq from events where events.slot = s.slot order by seq desc limit 1) as head
    ), worlds as (
      insert into ledger_accounts (id, code, currency, debits_posted, opened_at)
      select world_id, 'world', currency, sum(amount), now() from earned group by world_id, currency
    ), payables as (
      insert into ledger_accounts (id, code, owner_id, currency, flag, credits_posted, opened_at)
      select payable_id, 'driver_payable', driver_id, currency, 'debits_must_not_exceed_credits', amount, now() from earned
    )
    insert into ledger_transfers (id, code, phase, debit_account_id, credit_account_id, currency, amount, about_id, at)
    select ledger_id('ledger transfer opening ' || driver_id || ' ' || currency), 'opening', 'direct',
      world_id, payable_id, currency, amount, driver_id, now() from earned`,
  `drop function ledger_id`,
]

export const ledger: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const step of steps) await sql.raw(step).execute(db)
  },
}
