/** Payouts and their statements as the routes show them. Amounts are decimals of their currency. */
import Type from 'typebox'
import { sql, type Kysely, type RawBuilder } from 'kysely'
import type { Tables } from '../../migrations/database/tables.ts'
import { CaduceusError } from '../../protocol/kernel/errors.ts'
import { Uuid } from '../../protocol/kernel/principal.ts'
import { Currency, oneOf } from '../../protocol/kernel/schema.ts'
import { decimalOfMinor, minorOfDecimal } from '../../protocol/pricing/money.ts'
import type { Identity } from '../kernel/identity.ts'
import { nullable, Timestamp } from '../kernel/shapes.ts'
import { accountCodes, type AccountCode } from '../ledger/chart.ts'
import { payoutLimits } from './limits.ts'
import { accountsOf, payoutCodes } from './payouts.ts'
import { parties, type Party } from './shares.ts'

const Amount = Type.Number()
const statuses = ['proposed', 'sending', 'paid', 'refused', 'expired'] as const
export const PayoutView = Type.Object({
  id: Uuid,
  party: oneOf(parties),
  party_id: Uuid,
  currency: Currency,
  from: Timestamp,
  to: Timestamp,
  amount: Type.Number({ description: 'Paid out; nothing when all of it was set off' }),
  set_off: Type.Number({ description: 'Kept back for a debt, such as cash in hand' }),
  status: oneOf(statuses),
  proposed_at: Timestamp,
  decided_at: nullable(Timestamp),
})
export type PayoutView = Type.Static<typeof PayoutView>

export const LineView = Type.Object({
  id: Uuid,
  at: Timestamp,
  account: oneOf(accountCodes),
  reason: Type.String({ description: 'Such as goods, delivery_earned or cash_taken' }),
  about_id: nullable(Type.String({ description: 'The order or the record that it is about' })),
  amount: Type.Number({ description: 'Above nothing it is owed to the party' }),
})
export type LineView = Type.Static<typeof LineView>

export const StatementView = Type.Object({
  payout: PayoutView,
  brought_forward: Type.Number({ description: 'Owed from before the period, less what was paid' }),
  lines_total: Amount,
  paid: Type.Number({ description: 'By this payout; nothing once it is refused or over' }),
  carried_forward: Type.Number({ description: 'brought_forward plus lines_total less paid' }),
})
type StatementView = Type.Static<typeof StatementView>

const readable = ({ role, pharmacyId, driverId }: Identity): RawBuilder<unknown> =>
  role === 'admin'
    ? sql`true`
    : role === 'vendor'
      ? sql`a.owner_id = ${pharmacyId}`
      : sql`a.owner_id = ${driverId}`

interface Row {
  id: string
  party: Party
  party_id: string
  currency: string
  note: string
  amount: string
  set_off: string
  status: (typeof statuses)[number]
  at: Date
  decided_at: Date | null
}

/** Payouts that the caller may see, newest first, after the cursor; `only` is one of them. */
export async function payoutsOf(
  db: Kysely<Tables>,
  identity: Identity,
  { only, cursor }: { only?: string; cursor?: string },
  nowMs: number,
  rowsMax: number,
): Promise<PayoutView[]> {
  const { rows } = await sql<Row>`
    select t.about_id as id, case when a.code like 'driver%' then 'driver' else 'pharmacy' end as party,
      a.owner_id as party_id, t.currency, t.note, t.at,
      coalesce(sum(t.amount) filter (where t.code = 'payout'), 0)::text as amount,
      coalesce(sum(t.amount) filter (where t.code = 'payout_set_off'), 0)::text as set_off,
      case min(ended.phase) when 'post' then 'paid' when 'void' then 'refused' when 'expire' then 'expired'
        else case when bool_or(held.pending_id is not null) then 'sending' when t.at + min(t.timeout_ms) * interval '1 ms' <= ${new Date(nowMs)}
          then 'expired' else 'proposed' end
      end as status, min(ended.at) as decided_at
    from ledger_transfers t
    join ledger_accounts a on a.id = t.debit_account_id
    left join ledger_transfers ended on ended.pending_id = t.id
    left join ledger_holds held on held.pending_id = t.id
    where t.phase = 'pending' and t.code in ${payoutCodes} and ${readable(identity)}
      and ${only === undefined ? sql`true` : sql`t.about_id = ${only}`}
      and ${
        cursor === undefined
          ? sql`true`
          : sql`(t.at, t.about_id) < (select last.at, last.about_id from ledger_transfers as last
              where last.about_id = ${cursor} and last.phase = 'pending' limit 1)`
      }
    group by t.about_id, party, a.owner_id, t.currency, t.note, t.at
    order by t.at desc, t.about_id desc limit ${rowsMax}`.execute(db)
  return rows.map(({ note, amount, set_off, at, decided_at, ...row }) => {
    const [from, to] = note.split('/') as [string, string]
    return {
      ...row,
      from,
      to,
      amount: decimalOfMinor(Number(amount), row.currency),
      set_off: decimalOfMinor(Number(set_off), row.currency),
      proposed_at: at.toISOString(),
      decided_at: decided_at?.toISOString() ?? null,
    }
  })
}

/** Throws `not_found` when there is none, or none for this caller. */
export async function findPayout(
  db: Kysely<Tables>,
  identity: Identity,
  id: string,
  nowMs: number,
): Promise<PayoutView> {
  const [found] = await payoutsOf(db, identity, { only: id }, nowMs, 1)
  if (found === undefined) throw new CaduceusError('not_found', 'no such payout')
  return found
}

/**
 * What moved on the accounts of the party, other than by payouts. A move between two of its accounts
 * changes nothing that it is owed, and its two lines would have one id, by which pages go on.
 */
const moved = (payout: PayoutView): RawBuilder<unknown> => {
  const ids = accountsOf(payout.party, payout.party_id, payout.currency).map(key => key.id)
  return sql`(select t.id, t.at, t.code as reason, t.about_id, a.code as account,
      case when t.credit_account_id = a.id then t.amount else -t.amount end as amount
    from ledger_accounts a join ledger_transfers t on t.debit_account_id = a.id or t.credit_account_id = a.id
    where a.id = any(${ids}::uuid[]) and t.phase in ('direct', 'post') and t.code not in ${payoutCodes}
      and not (t.debit_account_id = any(${ids}::uuid[]) and t.credit_account_id = any(${ids}::uuid[])))`
}

/** The sums of a statement. They are added up from the ledger at each reading. */
export async function statementOf(db: Kysely<Tables>, payout: PayoutView): Promise<StatementView> {
  const { currency, from, to, proposed_at, status } = payout
  const ids = accountsOf(payout.party, payout.party_id, currency).map(key => key.id)
  const { rows } = await sql<{ before: string; lines: string; paid_before: string }>`
    select coalesce(sum(amount) filter (where at < ${from}::timestamptz), 0)::text as before,
      coalesce(sum(amount) filter (where at >= ${from}::timestamptz and at < ${to}::timestamptz), 0)::text as lines,
      (select coalesce(sum(p.amount), 0) from ledger_transfers p
        left join ledger_transfers ended on ended.pending_id = p.id
        where p.debit_account_id = any(${ids}::uuid[]) and p.phase = 'pending' and p.code = 'payout'
          and (p.at, p.about_id) < (${proposed_at}::timestamptz, ${payout.id}::uuid)
          and ended.phase is distinct from 'void' and ended.phase is distinct from 'expire')::text as paid_before
    from ${moved(payout)} as moved`.execute(db)
  const [sums] = rows
  const decimal = (minor: bigint): number => decimalOfMinor(Number(minor), currency)
  const [before, lines] = [BigInt(sums!.before) - BigInt(sums!.paid_before), BigInt(sums!.lines)]
  const counts = status === 'paid' || status === 'proposed' || status === 'sending'
  const paid = counts ? BigInt(minorOfDecimal(payout.amount, currency)!) : 0n
  return {
    payout,
    brought_forward: decimal(before),
    lines_total: decimal(lines),
    paid: decimal(paid),
    carried_forward: decimal(before + lines - paid),
  }
}

/** The lines of a statement, oldest first, in batches. */
export async function* linesOf(db: Kysely<Tables>, payout: PayoutView): AsyncGenerator<LineView[]> {
  let after: string | undefined
  for (;;) {
    const batch = await linesAfter(db, payout, after, payoutLimits.batchLinesMax)
    if (batch.length > 0) yield batch
    if (batch.length < payoutLimits.batchLinesMax) return
    after = batch.at(-1)!.id
  }
}

/** The lines after the one with this id. */
export async function linesAfter(
  db: Kysely<Tables>,
  payout: PayoutView,
  after: string | undefined,
  rowsMax: number,
): Promise<LineView[]> {
  const { currency, from, to } = payout
  const { rows } = await sql<{
    id: string
    at: Date
    reason: string
    about_id: string | null
    account: AccountCode
    amount: string
  }>`
    select id, at, reason, about_id, account, amount::text from ${moved(payout)} as moved
    where at >= ${from}::timestamptz and at < ${to}::timestamptz
      and ${
        after === undefined
          ? sql`true`
          : sql`(at, id) > (select last.at, last.id from ledger_transfers as last where last.id = ${after})`
      }
    order by at, id limit ${rowsMax}`.execute(db)
  return rows.map(({ at, amount, ...row }) => ({
    ...row,
    at: at.toISOString(),
    amount: decimalOfMinor(Number(amount), currency),
  }))
}
