/** Sends a caller's command to an order, with the refusal and the view that this caller may have. */
import type { OrderVerb } from '../../protocol/dispatch/commands.ts'
import type { OrderView } from '../../protocol/orders/view.ts'
import { shownTo } from '../idempotency/order-shown.ts'
import type { Identity } from '../kernel/identity.ts'
import type { RouteRequest } from '../kernel/route.ts'
import { refusalFor } from './refusals.ts'
import type { OrderContext } from './terms.ts'

/** Resolves to the new state of the order, and to the offer that the command made. */
export async function commandOrder(
  ctx: OrderContext,
  {
    identity,
    principal,
  }: Pick<RouteRequest<unknown, unknown, unknown, Identity>, 'identity' | 'principal'>,
  orderId: string,
  commandId: string,
  verb: OrderVerb,
  data: object,
): Promise<{ order: OrderView; offer_id?: string | undefined }> {
  const { offer_id: offerId } = data as { offer_id?: string }
  const { order, outcome } = await ctx.commands
    .order({ id: commandId, actor_id: orderId, verb, by: principal, data })
    .catch(async (error: unknown) => {
      throw await refusalFor(
        ctx.database.kysely,
        identity,
        { orderId, ...(offerId !== undefined && { offerId }) },
        error,
      )
    })
  return { order: shownTo(ctx, identity, order), offer_id: outcome.offer_id }
}
