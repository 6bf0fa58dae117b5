/**
 * A driver hands cash over to the pharmacy. The driver states it, which reserves the amount, and the
 * pharmacy countersigns: then the pharmacy has been paid that much, and the driver has it no more.
 */
import Type from 'typebox'
import { sql, type Kysely, type RawBuilder } from 'kysely'
import type { Tables } from '../../migrations/database/tables.ts'
import { CaduceusError } from '../../protocol/kernel/errors.ts'
import { Uuid } from '../../protocol/kernel/principal.ts'
import { Currency, oneOf } from '../../protocol/kernel/schema.ts'
import { decimalOfMinor } from '../../protocol/pricing/money.ts'
import type { Identity } from '../kernel/identity.ts'
import type { Kernel } from '../kernel/kernel.ts'
import { nullable, Timestamp } from '../kernel/shapes.ts'
import { accountOf, transferId } from '../ledger/chart.ts'
import { record } from '../ledger/store.ts'
import { paymentLimits } from './limits.ts'
import { minorOf } from './said.ts'

type Parts = Pick<Kernel, 'database' | 'nowMs'>
const statuses = ['stated', 'received', 'refused', 'expired'] as const

export const RemittanceView = Type.Object({
  id: Uuid,
  driver_id: Uuid,
  vendor_id: Uuid,
  amount: Type.Number(),
  currency: Currency,
  status: oneOf(statuses),
  stated_at: Timestamp,
  decided_at: nullable(Timestamp),
})

/**
 * Throws `not_found` without a pharmacy or without any cash so far, and `ledger_conflict` for more
 * than is in hand.
 */
export async function stateRemittance(
  { database: { kysely: db }, nowMs }: Parts,
  { userId, driverId, standing }: Identity,
  id: string,
  { amount, currency }: { amount: number; currency: string },
): Promise<void> {
  const pharmacyId = standing?.pharmacyId
  if (driverId === null || pharmacyId === undefined)
    throw new CaduceusError('not_found', 'this account drives for no pharmacy')
  const cash = accountOf('driver_cash', driverId, currency)
  const { rows } = await sql`select from ledger_accounts where id = ${cash.id}`.execute(db)
  if (rows.length === 0)
    throw new CaduceusError('not_found', `this driver has taken no cash in ${currency}`)
  const payable = accountOf('pharmacy_payable', pharmacyId, currency)
  const [outcome] = await db.transaction().execute(tx =>
    record(
      tx,
      [
        {
          opens: [payable],
          transfers: [
            {
              id,
              code: 'remittance',
              phase: 'pending',
              debitId: payable.id,
              creditId: cash.id,
              currency,
              amount: BigInt(minorOf('amount', amount, currency)),
              timeoutMs: paymentLimits.remittanceHours * 3_600_000,
              aboutId: driverId,
              byId: userId,
            },
          ],
        },
      ],
      nowMs(),
    ),
  )
  if (!outcome!.ok)
    throw new CaduceusError('ledger_conflict', 'the driver has less cash than that in hand')
}

/** Throws `not_found` for a remittance to another pharmacy, and `ledger_conflict` for an old one. */
export async function decideRemittance(
  { database: { kysely: db }, nowMs }: Parts,
  identity: Identity,
  id: string,
  isReceived: boolean,
): Promise<void> {
  await findRemittance(db, identity, id, nowMs())
  const [outcome] = await db.transaction().execute(tx =>
    record(
      tx,
      [
        {
          transfers: [
            {
              id: transferId('decided', id),
              code: 'remittance',
              phase: isReceived ? 'post' : 'void',
              pendingId: id,
              byId: identity.userId,
            },
          ],
        },
      ],
      nowMs(),
    ),
  )
  if (!outcome!.ok)
    throw new CaduceusError('ledger_conflict', 'it was decided before, or its time is over')
}

interface Row {
  id: string
  driver_id: string
  vendor_id: string
  amount: string
  currency: string
  status: (typeof statuses)[number]
  at: Date
  decided_at: Date | null
}
const readable = ({ role, pharmacyId, driverId }: Identity): RawBuilder<unknown> =>
  role === 'admin'
    ? sql`true`
    : role === 'vendor'
      ? sql`payable.owner_id = ${pharmacyId}`
      : sql`cash.owner_id = ${driverId}`

/** Remittances that the caller may see, newest first, after the cursor. */
export async function remittancesOf(
  db: Kysely<Tables>,
  identity: Identity,
  { only, cursor }: { only?: string; cursor?: string },
  nowMs: number,
  rowsMax: number,
): Promise<Type.Static<typeof RemittanceView>[]> {
  const { rows } = await sql<Row>`
    select t.id, cash.owner_id as driver_id, payable.owner_id as vendor_id, t.amount::text, t.currency, t.at,
      case ended.phase when 'post' then 'received' when 'void' then 'refused' when 'expire' then 'expired'
        else case when t.at + t.timeout_ms * interval '1 ms' <= ${new Date(nowMs)} then 'expired' else 'stated' end
      end as status, ended.at as decided_at
    from ledger_transfers as t
    join ledger_accounts as payable on payable.id = t.debit_account_id
    join ledger_accounts as cash on cash.id = t.credit_account_id
    left join ledger_transfers as ended on ended.pending_id = t.id
    where t.phase = 'pending' and t.code = 'remittance' and ${readable(identity)}
      and ${only === undefined ? sql`true` : sql`t.id = ${only}`}
      and ${
        cursor === undefined
          ? sql`true`
          : sql`(t.at, t.id) <
              (select last.at, last.id from ledger_transfers as last where last.id = ${cursor})`
      }
    order by t.at desc, t.id desc limit ${rowsMax}`.execute(db)
  return rows.map(({ amount, currency, at, decided_at, ...row }) => ({
    ...row,
    amount: decimalOfMinor(Number(amount), currency),
    currency,
    stated_at: at.toISOString(),
    decided_at: decided_at?.toISOString() ?? null,
  }))
}

/** Throws `not_found` when there is none, or none for this caller. */
export async function findRemittance(
  db: Kysely<Tables>,
  identity: Identity,
  id: string,
  nowMs: number,
): Promise<Type.Static<typeof RemittanceView>> {
  const [found] = await remittancesOf(db, identity, { only: id }, nowMs, 1)
  if (found === undefined) throw new CaduceusError('not_found', 'no such remittance')
  return found
}
