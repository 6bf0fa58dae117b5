/**
 * The public tracking link and its end. The token belongs to the order and is looked up in the read
 * model, so a replaced token opens nothing from the moment of the commit. The link ends
 * TRACKING_LINK_HOURS after the order has ended: then nobody needs it any more, but it is still in
 * old messages.
 */
import type { Database } from '../../migrations/database/open.ts'
import { CaduceusError } from '../../protocol/kernel/errors.ts'
import type { OrderView } from '../../protocol/orders/view.ts'
import { orderView } from '../../protocol/orders/view-parts.ts'
import type { Kernel, WithConfig } from '../kernel/kernel.ts'
import type { TrackingConfig } from './config.ts'

/** Time of the end; null while the order has not ended. */
export const linkEndsAtMs = (
  config: TrackingConfig,
  order: Pick<OrderView, 'ended_at'>,
): number | null =>
  order.ended_at === null ? null : Date.parse(order.ended_at) + config.trackingLinkHours * 3_600_000

/** The order whose link has this token now; null when no order has it. */
export async function orderByToken(database: Database, token: string): Promise<OrderView | null> {
  const row = await database.kysely
    .selectFrom('orders')
    .select(['placed', 'progress'])
    .where('tracking_token', '=', token)
    .executeTakeFirst()
  return row === undefined ? null : orderView(row)
}

/**
 * Throws `order_not_found` for an unknown token and `tracking_expired` for a link that has ended.
 */
export async function orderOfLink(
  ctx: Pick<Kernel, 'database' | 'nowMs'> & WithConfig<TrackingConfig>,
  token: string,
): Promise<OrderView> {
  const order = await orderByToken(ctx.database, token)
  if (order === null) throw new CaduceusError('order_not_found', 'no delivery has this link')
  const endsAtMs = linkEndsAtMs(ctx.config, order)
  if (endsAtMs !== null && ctx.nowMs() >= endsAtMs)
    throw new CaduceusError('tracking_expired', 'this delivery is over, and so is its link')
  return order
}
