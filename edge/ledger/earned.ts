/** Tells the others what a driver has earned, in the transaction that books it. */
import type { Transaction } from 'kysely'
import type { Tables } from '../../migrations/database/tables.ts'
import type { DriverEvent } from '../../protocol/dispatch/events.ts'
import type { EarnedEvent } from '../../protocol/dispatch/money-events.ts'
import { tellMoney } from '../facts/store.ts'
import type { JournalRow } from '../orders/journal-positions.ts'

/** Tells of each of these deliveries, whose fees were booked now. */
export async function tellEarned(
  tx: Transaction<Tables>,
  rows: readonly JournalRow[],
): Promise<void> {
  if (rows.length === 0) return
  const drivers = await tx
    .selectFrom('drivers')
    .select(['id', 'vendor_id'])
    .where('id', 'in', [...new Set(rows.map(row => row.actor_id))])
    .execute()
  const pharmacyOf = new Map(drivers.map(({ id, vendor_id }) => [id, vendor_id]))
  await tellMoney(
    tx,
    rows.flatMap(row => {
      const { event, version, at } = row.read()
      const fact = event as DriverEvent
      if (fact.type !== 'order_completed') return []
      const { order_id, earnings_minor: amount_minor, currency } = fact.data
      return [
        {
          actor: 'driver' as const,
          actorId: row.actor_id,
          type: 'earned',
          orderSeq: version,
          pharmacyId: pharmacyOf.get(row.actor_id) ?? null,
          at,
          data: { driver_id: row.actor_id, order_id, amount_minor, currency } satisfies EarnedEvent,
        },
      ]
    }),
  )
}
