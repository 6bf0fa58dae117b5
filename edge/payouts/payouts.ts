/**
 * Payouts of pharmacies and drivers, with four eyes. A payout is a group of pending transfers of the
 * ledger: one administrator proposes it, which reserves the amounts, and another one, who has sent the
 * money, posts it. Nothing else is stored, so a payout and the ledger cannot differ.
 */
import { sql, type Kysely, type Transaction } from 'kysely'
import type { Tables } from '../../migrations/database/tables.ts'
import { CaduceusError } from '../../protocol/kernel/errors.ts'
import type { Kernel } from '../kernel/kernel.ts'
import { requireIndependent } from '../kernel/sponsors.ts'
import { invalid } from '../kernel/validate.ts'
import type { AccountKey } from '../ledger/account.ts'
import { accountOf, transferId } from '../ledger/chart.ts'
import { record } from '../ledger/store.ts'
import type { Move } from '../ledger/transfer.ts'
import { payoutLimits } from './limits.ts'
import { accountsOfParty, sharesOf, type Party } from './shares.ts'

type Parts = Pick<Kernel, 'database' | 'nowMs'>
export interface Asked {
  party: Party
  party_id: string
  currency: string
  from: string
  to: string
}
export const payoutCodes = sql.raw(`('payout', 'payout_set_off')`)

/** The accounts of a party, and their ids. */
export function accountsOf(
  party: Party,
  partyId: string,
  currency: string,
): readonly [AccountKey, AccountKey] {
  const [first, second] = accountsOfParty[party]
  return [accountOf(first, partyId, currency), accountOf(second, partyId, currency)]
}

/**
 * Reserves what is owed for everything up to the end of the period and not paid out yet. Returns the
 * payout's id; the same period and party have one payout, unless it was refused. Throws
 * `ledger_conflict` when nothing is owed.
 */
export async function proposePayout(
  { database: { kysely: db }, nowMs }: Parts,
  byId: string,
  asked: Asked,
): Promise<string> {
  const { party, party_id: partyId, currency } = asked
  const period = periodOf(asked, nowMs())
  const keys = accountsOf(party, partyId, currency)
  const world = accountOf('world', null, currency)
  return db.transaction().execute(async tx => {
    // In the order of ids, as the ledger locks them. Nothing is booked on them before the end.
    await sql`
      select from ledger_accounts where id = any(${[...keys, world].map(key => key.id)}::uuid[])
      order by id for update`.execute(tx)
    const before = await payoutsOfPeriod(tx, keys, period.note)
    const standing = before.find(one => !one.ended)
    if (standing !== undefined) return standing.id
    const [first, second] = keys
    const balances = [
      await owedOn(tx, first, period.to),
      await owedOn(tx, second, period.to),
    ] as const
    const shares = sharesOf(balances)
    const id = transferId('payout', party, partyId, currency, period.note, String(before.length))
    const [owing, owed] = balances[0] < balances[1] ? [first, second] : [second, first]
    const lines: [string, AccountKey, AccountKey, bigint][] = [
      ['payout_set_off', owed, owing, shares.setOff],
      ['payout', first, world, shares.paid[0]],
      ['payout', second, world, shares.paid[1]],
    ]
    const transfers = lines
      .filter(([, , , amount]) => amount > 0n)
      .map(([code, debit, credit, amount]): Move => ({
        id: transferId(code, id, debit.code),
        code,
        phase: 'pending',
        debitId: debit.id,
        creditId: credit.id,
        currency,
        amount,
        timeoutMs: payoutLimits.decisionHours * 3_600_000,
        aboutId: id,
        byId,
        note: period.note,
      }))
    if (transfers.length === 0)
      throw new CaduceusError('ledger_conflict', 'nothing is owed for that period')
    const [outcome] = await record(tx, [{ opens: [...keys, world], transfers }], nowMs())
    if (!outcome!.ok) throw new CaduceusError('ledger_conflict', outcome!.refusal)
    return id
  })
}

interface PendingRow {
  id: string
  code: string
  by_id: string
}

/** The transfers of a payout. Throws `not_found`. */
async function pendingOf(db: Kysely<Tables>, id: string): Promise<[PendingRow, ...PendingRow[]]> {
  const { rows } = await sql<PendingRow>`
    select id, code, by_id from ledger_transfers
    where about_id = ${id} and phase = 'pending' and code in ${payoutCodes} order by id`.execute(db)
  const [first, ...others] = rows
  if (first === undefined) throw new CaduceusError('not_found', 'no such payout')
  return [first, ...others]
}

/** Who has proposed a payout may take it back, but not pay it. */
async function requireOther(
  db: Kysely<Tables>,
  { by_id: proposedBy }: PendingRow,
  byId: string,
  nowMs: number,
): Promise<void> {
  if (proposedBy === byId)
    throw new CaduceusError('second_person_required', 'another administrator has to pay it')
  await requireIndependent(db, proposedBy, byId, nowMs)
}

/** Locks the accounts of the transfers as the ledger does, so that nothing ends them meanwhile. */
const lockAccounts = (tx: Transaction<Tables>, ids: readonly string[]) =>
  sql`
    select from ledger_accounts where id in (
      select unnest(array[debit_account_id, credit_account_id]) from ledger_transfers
      where id = any(${ids}::uuid[])
    ) order by id for update`.execute(tx)

/**
 * Claims a payout for whoever sends its money, before it is sent. From then on it does not expire, and
 * nobody else gets the claim. Throws `not_found`, `second_person_required`, `ledger_conflict`.
 */
export async function claimPayout(
  { database: { kysely: db }, nowMs }: Parts,
  byId: string,
  id: string,
): Promise<void> {
  const rows = await pendingOf(db, id)
  const now = nowMs()
  await requireOther(db, rows[0], byId, now)
  const ids = rows.map(row => row.id)
  await db.transaction().execute(async tx => {
    await lockAccounts(tx, ids)
    const { rows: claimed } = await sql`
      insert into ledger_holds (pending_id, by_id, at)
      select p.id, ${byId}::uuid, ${new Date(now)}::timestamptz from ledger_transfers p
      where p.id = any(${ids}::uuid[]) and p.at + p.timeout_ms * interval '1 ms' > ${new Date(now)}
        and not exists (select from ledger_transfers ended where ended.pending_id = p.id)
      on conflict do nothing returning pending_id`.execute(tx)
    if (claimed.length !== ids.length)
      throw new CaduceusError(
        'ledger_conflict',
        'it is being sent, was decided before, or its time is over',
      )
  })
}

/**
 * Posts or voids a payout. One that is being sent is ended by whoever claimed it; when they have said
 * nothing for as long as a decision may take, by any other administrator, who has asked the bank.
 * Throws `not_found`, `second_person_required`, `ledger_conflict`.
 */
export async function decidePayout(
  { database: { kysely: db }, nowMs }: Parts,
  byId: string,
  id: string,
  isPaid: boolean,
): Promise<void> {
  const rows = await pendingOf(db, id)
  if (isPaid) await requireOther(db, rows[0], byId, nowMs())
  const transfers = rows.map(
    row =>
      ({
        id: transferId('decided', row.id),
        code: row.code,
        phase: isPaid ? 'post' : 'void',
        pendingId: row.id,
        aboutId: id,
        byId,
      }) as const,
  )
  await db.transaction().execute(async tx => {
    const ids = rows.map(row => row.id)
    await lockAccounts(tx, ids)
    const silentSince = new Date(nowMs() - payoutLimits.decisionHours * 3_600_000)
    const { rows: claims } = await sql`
      select from ledger_holds where pending_id = any(${ids}::uuid[])
        and by_id <> ${byId} and at > ${silentSince}`.execute(tx)
    if (claims.length > 0)
      throw new CaduceusError('ledger_conflict', 'another administrator is sending it')
    const [outcome] = await record(tx, [{ transfers }], nowMs())
    if (!outcome!.ok)
      throw new CaduceusError('ledger_conflict', 'it was decided before, or its time is over')
    // A repeat by the same person is none; two people must not both send the money.
    const { rows: ends } = await sql<{ by_id: string }>`
      select by_id from ledger_transfers where id = ${transfers[0]!.id}`.execute(tx)
    if (ends[0]!.by_id !== byId)
      throw new CaduceusError('ledger_conflict', 'another administrator decided it before')
  })
}

/** Throws `invalid_request` for a period that is empty, too long or not over. */
function periodOf({ from, to }: Asked, nowMs: number): { to: Date; note: string } {
  const [first, last] = [new Date(from), new Date(to)]
  const days = (last.getTime() - first.getTime()) / 86_400_000
  if (!(days > 0 && days <= payoutLimits.periodDaysMax))
    throw invalid([
      { field: 'to', rule: `must be after from, by at most ${payoutLimits.periodDaysMax} days` },
    ])
  if (last.getTime() + payoutLimits.settledAfterMs > nowMs)
    throw invalid([
      { field: 'to', rule: `must be over for ${payoutLimits.settledAfterMs / 1_000} seconds` },
    ])
  return { to: last, note: `${first.toISOString()}/${last.toISOString()}` }
}

/** The payouts of this period; one that was refused or is over has ended. */
async function payoutsOfPeriod(
  tx: Transaction<Tables>,
  keys: readonly AccountKey[],
  note: string,
): Promise<{ id: string; ended: boolean }[]> {
  const { rows } = await sql<{ id: string; ended: boolean }>`
    select t.about_id as id, bool_or(ended.phase in ('void', 'expire')) is true as ended
    from ledger_transfers t left join ledger_transfers ended on ended.pending_id = t.id
    where t.debit_account_id = any(${keys.map(key => key.id)}::uuid[]) and t.phase = 'pending'
      and t.code in ${payoutCodes} and t.note = ${note}
    group by t.about_id`.execute(tx)
  return rows
}

/**
 * Credits minus debits before that time, less all payouts, and at most what is not reserved: a
 * debt that somebody is paying back is left alone as well.
 */
async function owedOn(db: Kysely<Tables>, { id }: AccountKey, to: Date): Promise<bigint> {
  const { rows } = await sql<{ owed: string; free: string; debt: string }>`
    select (coalesce((select sum(case when t.credit_account_id = a.id then t.amount else -t.amount end)
        from ledger_transfers t
        where (t.debit_account_id = a.id or t.credit_account_id = a.id) and t.phase in ('direct', 'post')
          and t.code not in ${payoutCodes} and t.at < ${to}), 0)
      + coalesce((select sum(case when t.credit_account_id = a.id then t.amount else -t.amount end)
        from ledger_transfers t left join ledger_transfers ended on ended.pending_id = t.id
        where (t.debit_account_id = a.id or t.credit_account_id = a.id) and t.phase = 'pending'
          and t.code in ${payoutCodes} and ended.phase is distinct from 'void'
          and ended.phase is distinct from 'expire'), 0))::text as owed,
      greatest(a.credits_posted - a.debits_posted - a.debits_pending, 0)::text as free,
      least(a.credits_posted + a.credits_pending - a.debits_posted, 0)::text as debt
    from ledger_accounts a where a.id = ${id}`.execute(db)
  const [row] = rows
  if (row === undefined) return 0n
  const [owed, free, debt] = [BigInt(row.owed), BigInt(row.free), BigInt(row.debt)]
  // What it owes today is set off first, also when that came after the period.
  if (debt < 0n) return debt
  return owed > free ? free : owed < 0n ? 0n : owed
}
