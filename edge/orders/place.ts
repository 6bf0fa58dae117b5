/** Places an order with a known pharmacy, for a customer or by an administrator for somebody. */
import Type from 'typebox'
import { commandSchemas } from '../../protocol/dispatch/commands.ts'
import { checkOrderSize } from '../../protocol/dispatch/order-size.ts'
import { placementMoney } from '../../protocol/orders/said-money.ts'
import { Uuid } from '../../protocol/kernel/principal.ts'
import { givenSchemas } from '../../protocol/orders/fields.ts'
import type { OrderView } from '../../protocol/orders/view.ts'
import { contactOf, customerOf } from '../accounts/contacts.ts'
import type { FixedIds } from '../idempotency/idempotency.ts'
import type { Identity } from '../kernel/identity.ts'
import type { RouteRequest } from '../kernel/route.ts'
import { closedObject, PersonName, Phone } from '../kernel/shapes.ts'
import { ownPath } from '../links/own-urls.ts'
import { createCommand } from './new-order.ts'
import type { OrderContext } from './terms.ts'

const create = commandSchemas.order.create.properties

export const OrderBody = closedObject({
  user_id: Type.Optional(Uuid),
  vendor_id: Uuid,
  pickup_address: create.pickup_address,
  pickup_latitude: create.pickup_latitude,
  pickup_longitude: create.pickup_longitude,
  delivery_address: create.delivery_address,
  /** Coordinates; without them the address is looked up. */
  delivery_latitude: Type.Optional(create.delivery_latitude),
  delivery_longitude: Type.Optional(create.delivery_longitude),
  customer_name: Type.Optional(PersonName),
  customer_phone: Type.Optional(Phone),
  items: Type.Optional(create.items),
  ...givenSchemas,
  ...placementMoney,
  /** A quote of `POST /api/pricing/quote`; the order takes its fee. */
  quote_id: Type.Optional(Uuid),
})

/** Throws the errors of `customerOf` and of `createCommand`. */
export async function placeOrder(
  ctx: OrderContext,
  {
    identity,
    principal,
    origin,
  }: Pick<RouteRequest<unknown, unknown, unknown, Identity>, 'identity' | 'principal' | 'origin'>,
  { commandId, targetId }: FixedIds,
  body: Type.Static<typeof OrderBody>,
): Promise<OrderView> {
  const {
    user_id = identity.userId,
    customer_name,
    customer_phone,
    items = [],
    quote_id,
    prescription_url,
    payment_method,
    payment_token,
    amount_max,
    tip,
    ...rest
  } = body
  const customer =
    user_id.toLowerCase() !== identity.userId
      ? await customerOf(ctx, identity, user_id)
      : customer_name === undefined || customer_phone === undefined
        ? await contactOf(ctx.database, identity.userId, ctx.nowMs())
        : { customer_id: identity.userId, customer_name, customer_phone }
  const data = await createCommand(
    ctx,
    identity,
    {
      order_id: targetId,
      ...customer,
      ...rest,
      items,
      ...(prescription_url !== undefined && {
        prescription_url: ownPath(prescription_url, origin),
      }),
      ...(customer_name !== undefined && { customer_name }),
      ...(customer_phone !== undefined && { customer_phone }),
    },
    quote_id,
  )
  checkOrderSize(data)
  await ctx.orderMoney.placing(commandId, targetId, {
    payment_method,
    payment_token,
    amount_max,
    tip,
  })
  const { order } = await ctx.commands.order({
    id: commandId,
    actor_id: targetId,
    verb: 'create',
    by: principal,
    data,
  })
  return order
}
