/** The ledger's own background work: reservations that are over, and the check of all sums. */
import { sql } from 'kysely'
import type { JobFigures, JobRun } from '../kernel/job.ts'
import type { Kernel, WithMetrics } from '../kernel/kernel.ts'
import { ledgerLimits } from './limits.ts'
import type { LedgerMetrics } from './metrics.ts'
import { expireDue } from './store.ts'

/** Frees what nobody has posted in time. Rejects while the database is away. */
export async function expirePending(
  { database: { kysely: db }, nowMs }: Pick<Kernel, 'database' | 'nowMs'>,
  { fence }: Pick<JobRun, 'fence'>,
): Promise<JobFigures> {
  return db.transaction().execute(async tx => {
    await fence(tx)
    return { expired: await expireDue(tx, nowMs(), ledgerLimits.expiredPerRunMax) }
  })
}

/**
 * Adds up all transfers again and compares: the sums of each account must be those of its transfers,
 * and the balances of a currency must sum to nothing. One snapshot reads both.
 */
export async function checkSums({
  database: { kysely: db },
  log,
  metrics,
}: Pick<Kernel, 'database' | 'log'> & WithMetrics<LedgerMetrics>): Promise<JobFigures> {
  const { rows } = await sql<{ what: string; id: string }>`
    with sides as (
      select t.debit_account_id as account_id, t.phase, t.amount, p.amount as reserved, true as is_debit
        from ledger_transfers t left join ledger_transfers p on p.id = t.pending_id
      union all
      select t.credit_account_id, t.phase, t.amount, p.amount, false
        from ledger_transfers t left join ledger_transfers p on p.id = t.pending_id
    ), sums as (
      select account_id, is_debit,
        sum(case when phase in ('direct', 'post') then amount else 0 end) as posted,
        sum(case when phase = 'pending' then amount
          when phase in ('post', 'void', 'expire') then -reserved else 0 end) as pending
      from sides group by account_id, is_debit
    )
    select 'account' as what, a.id::text from ledger_accounts a
      left join sums d on d.account_id = a.id and d.is_debit
      left join sums c on c.account_id = a.id and not c.is_debit
      where a.debits_posted <> coalesce(d.posted, 0) or a.debits_pending <> coalesce(d.pending, 0)
        or a.credits_posted <> coalesce(c.posted, 0) or a.credits_pending <> coalesce(c.pending, 0)
    union all
    select 'currency', currency from ledger_accounts
      group by currency having sum(debits_posted) <> sum(credits_posted) or sum(debits_pending) <> sum(credits_pending)
    union all
    select 'transfer', t.id::text from ledger_transfers t
      join ledger_accounts d on d.id = t.debit_account_id join ledger_accounts c on c.id = t.credit_account_id
      where d.currency <> t.currency or c.currency <> t.currency`.execute(db)
  metrics.ledgerFaults.set(rows.length)
  if (rows.length > 0) log.error({ faults: rows.slice(0, 20) }, 'ledger: sums are wrong')
  return { faults: rows.length }
}
