/** The cash of a driver: what is in hand by the ledger, and what is to be taken on the way. */
import { sql } from 'kysely'
import type { Kernel } from '../kernel/kernel.ts'
import { accountOf } from '../ledger/chart.ts'
import { paymentLimits } from './limits.ts'
import { dueMinor } from './payment.ts'
import { paymentsOf } from './store.ts'

/**
 * In whole minor units of the currency. `but` is an order that does not count. A delivery counts by
 * what was due until the ledger has what was taken.
 */
export async function cashOf(
  { database: { kysely: db }, nowMs }: Pick<Kernel, 'database' | 'nowMs'>,
  driverId: string,
  currency: string,
  but: string,
): Promise<bigint> {
  const since = new Date(nowMs() - paymentLimits.underWayDaysMax * 86_400_000)
  const { rows: underWay } = await sql<{ id: string }>`
    select o.id from orders o join payments p on p.order_id = o.id
    where o.driver_id = ${driverId} and o.created_at > ${since} and o.id <> ${but}
      and (o.ended_as is null or o.ended_as = 'delivered') and p.status = 'none'`.execute(db)
  const payments = await paymentsOf(
    db,
    underWay.map(({ id }) => id),
  )
  // Read after the payments: what was taken in between counts twice rather than not at all.
  const { id } = accountOf('driver_cash', driverId, currency)
  const {
    rows: [cash],
  } = await sql<{ in_hand: string }>`
    select (debits_posted - credits_posted)::text as in_hand from ledger_accounts where id = ${id}`.execute(
    db,
  )
  return [...payments.values()]
    .filter(({ payment }) => payment.method === 'cash' && payment.currency === currency)
    .filter(({ payment }) => payment.taken === null && !payment.isClosed)
    .reduce((sum, { payment }) => sum + BigInt(dueMinor(payment) ?? 0), BigInt(cash?.in_hand ?? 0))
}
