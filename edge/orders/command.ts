/** Sends a caller's command to an order, with the refusal and the view that this caller may have. */
import type { OrderVerb } from '../../protocol/dispatch/commands.ts'
import { orderView } from '../../protocol/orders/view-parts.ts'
import type { OrderView } from '../../protocol/orders/view.ts'
import { shownTo } from '../idempotency/order-shown.ts'
import type { Identity } from '../kernel/identity.ts'
import type { RouteRequest } from '../kernel/route.ts'
import { requireOrderPapers } from '../kernel/paper-facts.ts'
import { refusalFor } from './refusals.ts'
import type { OrderContext } from './terms.ts'

/**
 * Resolves to the new state of the order, and to the offer that the command made. Throws
 * `papers_missing` for a pick-up before the prescription was verified.
 */
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
  if (verb === 'pick_up') await requirePapers(ctx, identity, orderId)
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

/** A stranger must not learn here that the order exists; the actor refuses strangers. */
async function requirePapers(
  { database: { kysely: db }, nowMs }: OrderContext,
  { role, pharmacyId, driverId }: Identity,
  orderId: string,
): Promise<void> {
  const row = await db
    .selectFrom('orders')
    .select(['vendor_id', 'driver_id', 'placed', 'progress'])
    .where('id', '=', orderId)
    .executeTakeFirst()
  const isParty =
    role === 'admin' ||
    role === 'service' ||
    (role === 'vendor' && pharmacyId !== null && row?.vendor_id === pharmacyId) ||
    (role === 'driver' && driverId !== null && row?.driver_id === driverId)
  if (row !== undefined && isParty) await requireOrderPapers(db, orderView(row), nowMs())
}
