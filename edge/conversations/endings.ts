/**
 * Ends conversations at once when somebody loses the order that they are about: a driver who was
 * replaced, a pharmacy that did not get the request. One edge hears each fact. A lost fact does no
 * harm, because the housekeeping looks too, and nobody may read or write after the loss.
 */
import { subjects } from '../../protocol/bus/subjects.ts'
import type { OrderEvent } from '../../protocol/dispatch/events.ts'
import { endedStatuses, statusTable } from '../../protocol/orders/statuses.ts'
import type { Kernel } from '../kernel/kernel.ts'
import { endWithSubject, type TalkContext } from './talk.ts'

/** Events of an order after which somebody may have no claim to it any more. */
const changes: readonly OrderEvent['type'][] = [
  'order_accepted',
  'driver_assigned',
  'driver_unassigned',
]
const endings = [...changes, ...endedStatuses.flatMap(status => statusTable[status].events)]
/** Queue group in which edges take these facts. */
const queue = 'caduceus-conversations'

/** Returns the function that ends the hearing. */
export function hearEndings(ctx: TalkContext & Pick<Kernel, 'bus' | 'log'>): () => void {
  const subscriptions = endings.map(type =>
    ctx.bus.subscribe(
      subjects.event('order', type, '*'),
      ({ subject }) => {
        const orderId = subject.slice(subject.lastIndexOf('.') + 1)
        endAbout(ctx, orderId).catch((error: unknown) =>
          ctx.log.warn(
            { err: error, order_id: orderId },
            'the conversations of an order could not be ended now; the housekeeping looks again',
          ),
        )
      },
      { queue },
    ),
  )
  return () => {
    for (const one of subscriptions) one.unsubscribe()
  }
}

async function endAbout(ctx: TalkContext, orderId: string): Promise<void> {
  const rows = await ctx.database.kysely
    .selectFrom('conversations')
    .selectAll()
    .where('about_id', '=', orderId)
    .where('about_kind', '=', 'order')
    .where('status', '<>', 'closed')
    .where('closes_at', 'is', null)
    .execute()
  for (const row of rows) await endWithSubject(ctx, row)
}
