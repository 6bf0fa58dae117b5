/** The ledger as the routes show it. Amounts are decimals of their currency. */
import Type from 'typebox'
import { sql, type Kysely, type RawBuilder } from 'kysely'
import type { Tables } from '../../migrations/database/tables.ts'
import { CaduceusError } from '../../protocol/kernel/errors.ts'
import { Uuid } from '../../protocol/kernel/principal.ts'
import { Currency, oneOf } from '../../protocol/kernel/schema.ts'
import { decimalOfMinor } from '../../protocol/pricing/money.ts'
import type { Identity } from '../kernel/identity.ts'
import { nullable, Timestamp } from '../kernel/shapes.ts'
import { aboutAccount, accountCodes, type AccountCode } from './chart.ts'
import { accountColumns, accountOfRow, type AccountRow } from './store.ts'

const Amount = Type.Number()
export const AccountView = Type.Object({
  id: Uuid,
  code: oneOf(accountCodes),
  about: Type.String(),
  owner_id: nullable(Uuid),
  currency: Currency,
  balance: Type.Number({
    description: 'Credits minus debits: above nothing the platform owes it to the owner',
  }),
  debits: Amount,
  credits: Amount,
  debits_pending: Type.Number({ description: 'Reserved, and neither posted nor free yet' }),
  credits_pending: Amount,
})

const phases = ['direct', 'pending', 'post', 'void', 'expire'] as const
export const TransferView = Type.Object({
  id: Uuid,
  code: Type.String({ description: 'The reason, such as delivery_earned' }),
  phase: oneOf(phases),
  debit_account_id: Uuid,
  credit_account_id: Uuid,
  amount: Amount,
  currency: Currency,
  pending_id: nullable(Uuid),
  about_id: nullable(Type.String({ description: 'The order or the driver that it is about' })),
  at: Timestamp,
})

export const correctionStates = ['proposed', 'approved', 'refused', 'expired'] as const
export const CorrectionView = Type.Object({
  id: Uuid,
  debit_account_id: Uuid,
  credit_account_id: Uuid,
  amount: Amount,
  currency: Currency,
  reason: Type.String(),
  status: oneOf(correctionStates),
  proposed_by: nullable(Uuid),
  proposed_at: Timestamp,
  decided_by: nullable(Uuid),
  decided_at: nullable(Timestamp),
})

const decimal = (amount: bigint, currency: string): number =>
  decimalOfMinor(Number(amount), currency)

export function accountView(row: AccountRow): Type.Static<typeof AccountView> {
  const { id, code, ownerId, currency, ...sums } = accountOfRow(row)
  return {
    id,
    code: code as AccountCode,
    about: aboutAccount(code as AccountCode),
    owner_id: ownerId,
    currency,
    balance: decimal(sums.creditsPosted - sums.debitsPosted, currency),
    debits: decimal(sums.debitsPosted, currency),
    credits: decimal(sums.creditsPosted, currency),
    debits_pending: decimal(sums.debitsPending, currency),
    credits_pending: decimal(sums.creditsPending, currency),
  }
}

/** The accounts that the caller may see: an administrator all, others those of their own record. */
const readable = ({ role, pharmacyId, driverId }: Identity): RawBuilder<unknown> =>
  role === 'admin'
    ? sql`true`
    : sql`owner_id = any(${[pharmacyId, driverId].filter(id => id !== null)}::uuid[])`

interface Filter {
  code?: AccountCode
  owner_id?: string
  currency?: string
  cursor?: string
}
/** Accounts by id, after the cursor. */
export async function accountsOf(
  db: Kysely<Tables>,
  identity: Identity,
  { code, owner_id, currency, cursor }: Filter,
  rowsMax: number,
): Promise<AccountRow[]> {
  const { rows } = await sql<AccountRow>`
    select ${accountColumns} from ledger_accounts where ${readable(identity)}
      and ${code === undefined ? sql`true` : sql`code = ${code}`}
      and ${owner_id === undefined ? sql`true` : sql`owner_id = ${owner_id}`}
      and ${currency === undefined ? sql`true` : sql`currency = ${currency}`}
      and ${cursor === undefined ? sql`true` : sql`id > ${cursor}`}
    order by id limit ${rowsMax}`.execute(db)
  return rows
}

/** Throws `not_found` when there is no such account, or not for this caller. */
export async function findAccount(
  db: Kysely<Tables>,
  identity: Identity,
  id: string,
): Promise<AccountRow> {
  const {
    rows: [row],
  } = await sql<AccountRow>`
    select ${accountColumns} from ledger_accounts where id = ${id} and ${readable(identity)}`.execute(
    db,
  )
  if (row === undefined) throw new CaduceusError('not_found', 'no such account')
  return row
}

interface TransferRow {
  id: string
  code: string
  phase: (typeof phases)[number]
  debit_account_id: string
  credit_account_id: string
  currency: string
  amount: string
  pending_id: string | null
  about_id: string | null
  at: Date
}
const isAfter = (cursor: string | undefined): RawBuilder<unknown> =>
  cursor === undefined
    ? sql`true`
    : sql`(at, id) < (select last.at, last.id from ledger_transfers as last where last.id = ${cursor})`

/** The transfers of an account, newest first, after the cursor. */
export async function transfersOf(
  db: Kysely<Tables>,
  accountId: string,
  cursor: string | undefined,
  rowsMax: number,
): Promise<Type.Static<typeof TransferView>[]> {
  const { rows } = await sql<TransferRow>`
    select id, code, phase, debit_account_id, credit_account_id, currency, amount::text, pending_id, about_id, at
    from ledger_transfers
    where (debit_account_id = ${accountId} or credit_account_id = ${accountId}) and ${isAfter(cursor)}
    order by at desc, id desc limit ${rowsMax}`.execute(db)
  return rows.map(({ amount, currency, at, ...row }) => ({
    ...row,
    amount: decimal(BigInt(amount), currency),
    currency,
    at: at.toISOString(),
  }))
}

interface CorrectionRow extends Omit<TransferRow, 'code' | 'phase' | 'pending_id' | 'about_id'> {
  note: string | null
  by_id: string | null
  status: (typeof correctionStates)[number]
  decided_by: string | null
  decided_at: Date | null
}
/** Corrections, newest first; `only` is one of them. */
export async function correctionsOf(
  db: Kysely<Tables>,
  { only, cursor }: { only?: string; cursor?: string },
  nowMs: number,
  rowsMax: number,
): Promise<Type.Static<typeof CorrectionView>[]> {
  const { rows } = await sql<CorrectionRow>`
    select t.id, t.debit_account_id, t.credit_account_id, t.currency, t.amount::text, t.note, t.by_id, t.at,
      case ended.phase when 'post' then 'approved' when 'void' then 'refused' when 'expire' then 'expired'
        else case when t.at + t.timeout_ms * interval '1 ms' <= ${new Date(nowMs)} then 'expired' else 'proposed' end
      end as status, ended.by_id as decided_by, ended.at as decided_at
    from (select * from ledger_transfers where phase = 'pending' and code = 'correction'
        and ${only === undefined ? sql`true` : sql`id = ${only}`} and ${isAfter(cursor)}
      order by at desc, id desc limit ${rowsMax}) as t
    left join ledger_transfers as ended on ended.pending_id = t.id
    order by t.at desc, t.id desc`.execute(db)
  return rows.map(row => ({
    id: row.id,
    debit_account_id: row.debit_account_id,
    credit_account_id: row.credit_account_id,
    amount: decimal(BigInt(row.amount), row.currency),
    currency: row.currency,
    reason: row.note ?? '',
    status: row.status,
    proposed_by: row.by_id,
    proposed_at: row.at.toISOString(),
    decided_by: row.decided_by,
    decided_at: row.decided_at?.toISOString() ?? null,
  }))
}
