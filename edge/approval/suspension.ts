/**
 * What becomes of the orders of a suspended pharmacy. Before the pick-up they are cancelled, and the customer is told
 * why: medicine of a pharmacy that is suspended does not leave it. What a driver has picked up is brought to its end,
 * because a parcel in the street helps nobody. Open requests need nothing: the others who were asked can take them.
 *
 * Every edge looks again and again, since an accept may win in the same instant, and an edge may die in the middle of
 * this. A command id of the order alone makes every repeat the same command.
 */
import { barredStatuses } from '../../protocol/pharmacies/statuses.ts'
import { cancellableStatuses } from '../../protocol/orders/statuses.ts'
import type { Kernel } from '../kernel/kernel.ts'
import { CaduceusError } from '../../protocol/kernel/errors.ts'
import { approvalLimits } from './limits.ts'

type SuspensionContext = Pick<Kernel, 'commands' | 'database' | 'log'>

const atOnceMax = 8
const suspensionReason = 'the pharmacy was suspended'

/** Cancels what can be cancelled, of one suspended pharmacy or of all. Resolves to how many; rejects while the database is away. */
export async function cancelSuspendedOrders(
  { commands, database, log }: SuspensionContext,
  vendorId?: string,
): Promise<number> {
  let query = database.kysely
    .selectFrom('orders')
    .innerJoin('vendors', 'vendors.id', 'orders.vendor_id')
    .select(['orders.id as id'])
    .where('vendors.status', 'in', barredStatuses)
    .where('orders.ended_as', 'is', null)
    .where('orders.status', 'in', cancellableStatuses)
  if (vendorId !== undefined) query = query.where('vendors.id', '=', vendorId)
  let cancelled = 0
  for (let after = ''; ;) {
    const rows = await (after === '' ? query : query.where('orders.id', '>', after))
      .orderBy('orders.id')
      .limit(approvalLimits.suspendedOrdersPerLook)
      .execute()
    for (let at = 0; at < rows.length; at += atOnceMax)
      await Promise.all(
        rows.slice(at, at + atOnceMax).map(async ({ id }) => {
          try {
            await commands.order({
              id: `suspended:${id}`,
              actor_id: id,
              verb: 'cancel',
              by: { role: 'system', id: 'edge' },
              data: { reason: suspensionReason },
            })
            cancelled++
          } catch (error) {
            // Picked up in between is as it should be; what failed is looked at again.
            if (!(error instanceof CaduceusError) || error.code !== 'order_not_cancellable')
              log.warn(
                { err: error, order_id: id },
                'an order of a suspended pharmacy could not be cancelled yet',
              )
          }
        }),
      )
    if (rows.length < approvalLimits.suspendedOrdersPerLook) return cancelled
    after = rows.at(-1)!.id
  }
}

/** Returns the way to stop. */
export function startSuspensions(
  ctx: SuspensionContext & Pick<Kernel, 'random'>,
  after: (ms: number, run: () => void) => () => void,
): () => void {
  let cancel = () => {}
  let stopped = false
  const next = (): void => {
    if (stopped) return
    // Spread, so that edges that started together do not ask together.
    cancel = after(approvalLimits.suspendedSweepMs * (0.5 + ctx.random()), () => {
      cancelSuspendedOrders(ctx)
        .catch((error: unknown) =>
          ctx.log.warn({ err: error }, 'orders of suspended pharmacies could not be looked for'),
        )
        .finally(next)
    })
  }
  next()
  return () => {
    stopped = true
    cancel()
  }
}
