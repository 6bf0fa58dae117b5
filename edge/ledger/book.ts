/**
 * The transfers that follow from the facts of the journal. Pure. The id of each transfer follows
 * from the record that the fact is about, so a fact that is read twice moves its money once.
 */
import type { DriverEvent } from '../../protocol/dispatch/events.ts'
import { accountOf, transferId } from './chart.ts'
import type { Group } from './store.ts'

/** Types of events that move money, for the follower's query. */
export const bookedTypes: readonly DriverEvent['type'][] = ['order_completed']

/**
 * The groups of an event; empty when it moves nothing. A delivery is paid outside of this ledger,
 * so its money comes from the world.
 */
export function groupsOf(driverId: string, event: DriverEvent): Group[] {
  if (event.type !== 'order_completed' || event.data.outcome !== 'delivered') return []
  const { order_id: orderId, earnings_minor: earned, currency } = event.data
  if (earned === 0) return []
  const [world, payable] = [
    accountOf('world', null, currency),
    accountOf('driver_payable', driverId, currency),
  ]
  return [
    {
      opens: [world, payable],
      transfers: [
        {
          id: transferId('earned', orderId),
          code: 'delivery_earned',
          phase: 'direct',
          debitId: world.id,
          creditId: payable.id,
          currency,
          amount: BigInt(earned),
          aboutId: orderId,
        },
      ],
    },
  ]
}
