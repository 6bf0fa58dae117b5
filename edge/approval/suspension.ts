/**
 * The orders of a suspended pharmacy, also of one that was rejected after its suspension, and of
 * one whose papers are missing or over. Before
 * the pick-up they are cancelled, and the customer gets the reason, because no medicine should
 * leave a suspended pharmacy. A picked-up order is delivered, because stopping it would help
 * nobody. Open requests need no action: the other pharmacies can accept them.
 *
 * Every edge repeats the search, because an accept may win at the same moment and an edge may die
 * in the middle. The command id contains only the order's id, so every repeat is the same command.
 */
import { barredStatuses } from '../../protocol/pharmacies/statuses.ts'
import { cancellableStatuses } from '../../protocol/orders/statuses.ts'
import type { Kernel } from '../kernel/kernel.ts'
import { CaduceusError } from '../../protocol/kernel/errors.ts'
import { approvalLimits } from './limits.ts'

type SuspensionContext = Pick<Kernel, 'commands' | 'database' | 'log'>

const atOnceMax = 8
const reasons = {
  suspended: 'the pharmacy was suspended',
  held: 'papers of the pharmacy are missing, or not good any more',
}

/**
 * Cancels the orders that can be cancelled, of one suspended or rejected pharmacy or of all of
 * them. Resolves to their number; rejects while the database is away.
 */
export async function cancelSuspendedOrders(
  { commands, database, log }: SuspensionContext,
  pharmacyId?: string,
): Promise<number> {
  let query = database.kysely
    .selectFrom('orders')
    .innerJoin('vendors', 'vendors.id', 'orders.vendor_id')
    .select(['orders.id as id', 'vendors.status as vendor_status'])
    .where(eb =>
      eb.or([eb('vendors.status', 'in', barredStatuses), eb('vendors.papers_held', '=', true)]),
    )
    .where('orders.ended_as', 'is', null)
    .where('orders.status', 'in', cancellableStatuses)
  if (pharmacyId !== undefined) query = query.where('vendors.id', '=', pharmacyId)
  let cancelled = 0
  for (let after = ''; ;) {
    const rows = await (after === '' ? query : query.where('orders.id', '>', after))
      .orderBy('orders.id')
      .limit(approvalLimits.suspendedOrdersPerLook)
      .execute()
    for (let at = 0; at < rows.length; at += atOnceMax)
      await Promise.all(
        rows.slice(at, at + atOnceMax).map(async ({ id, vendor_status }) => {
          try {
            const reason = vendor_status === 'active' ? reasons.held : reasons.suspended
            await commands.order({
              id: `suspended:${id}`,
              actor_id: id,
              verb: 'cancel',
              by: { role: 'system', id: 'edge' },
              data: { reason },
            })
            cancelled++
          } catch (error) {
            // An order that was picked up meanwhile stays; any other failure is tried again.
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

/**
 * Repeats `cancelSuspendedOrders` about every suspendedSweepMs. Returns the function that stops it.
 */
export function startSuspensions(
  ctx: SuspensionContext & Pick<Kernel, 'random'>,
  after: (ms: number, run: () => void) => () => void,
): () => void {
  let cancel = () => {}
  let stopped = false
  const next = (): void => {
    if (stopped) return
    // The time is random, so that edges that started together do not ask together.
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
