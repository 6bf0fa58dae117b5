/** The parts that handlers of orders need, and the fee at which a pharmacy accepts an order. */
import Type from 'typebox'
import type { FeeTerms } from '../../protocol/dispatch/order-commands.ts'
import { standingOf } from '../../protocol/orders/visibility.ts'
import { Uuid } from '../../protocol/kernel/principal.ts'
import { principalOf, type Identity } from '../kernel/identity.ts'
import type { WithRaces } from './races.ts'
import { feeTerms } from '../pricing/quotes.ts'
import type { KernelConfig } from '../kernel/config.ts'
import type { Kernel, WithConfig } from '../kernel/kernel.ts'
import type { WithOrderMoney } from '../kernel/order-money.ts'
import type { WithConfiguration } from '../configuration/port.ts'
import type { WithMaps } from '../maps/port.ts'
import { findOrder } from './reads.ts'
import type { TrackingConfig } from '../tracking/config.ts'

export type OrderContext = Pick<
  Kernel,
  'database' | 'commands' | 'claims' | 'log' | 'nowMs' | 'random'
> &
  WithRaces &
  WithMaps &
  WithOrderMoney &
  WithConfiguration &
  WithConfig<KernelConfig & TrackingConfig>

export const OrderId = Type.Object({ id: Uuid })

/**
 * The terms of a pharmacy's own quote for an order that it may accept. Throws the errors of
 * `findOrder` and `feeTerms`.
 */
export async function acceptTerms(
  ctx: OrderContext,
  identity: Identity,
  orderId: string,
  quoteId: string,
): Promise<FeeTerms> {
  const order = await findOrder(ctx, identity, orderId)
  const { pickup_latitude, pickup_longitude, delivery_latitude, delivery_longitude } = order
  const standing = standingOf(principalOf(identity), order, ctx.nowMs())
  return feeTerms(ctx, identity.userId, quoteId, {
    pharmacyId: order.vendor_id ?? identity.pharmacyId,
    pickup:
      pickup_latitude === null || pickup_longitude === null
        ? null
        : { latitude: pickup_latitude, longitude: pickup_longitude },
    delivery: { latitude: delivery_latitude, longitude: delivery_longitude },
    deliveryIsArea: standing === 'asked',
  })
}
