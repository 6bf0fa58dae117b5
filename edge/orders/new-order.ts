/**
 * Turns an order to a known pharmacy into a command: looks up its places, measures the route, takes
 * over the fee of a quote.
 */
import type { OrderCommandData } from '../../protocol/dispatch/commands.ts'
import type { Identity } from '../kernel/identity.ts'
import type { WithMaps } from '../maps/port.ts'
import type { Kernel } from '../kernel/kernel.ts'
import { pharmacyPlace, requiredPlace } from '../pricing/places.ts'
import { feeTerms } from '../pricing/quotes.ts'

type Create = OrderCommandData['create']
/** The caller's order. Coordinates may be missing when there is an address. */
export type OrderDraft = Omit<
  Create,
  'delivery_latitude' | 'delivery_longitude' | 'distance_km' | 'fee'
> &
  Partial<Pick<Create, 'delivery_latitude' | 'delivery_longitude'>>

/** Throws the errors of `requiredPlace`, `feeTerms` and `pharmacyPlace`. */
export async function createCommand(
  ctx: Pick<Kernel, 'config' | 'database' | 'nowMs'> & WithMaps,
  identity: Pick<Identity, 'userId' | 'role'>,
  draft: OrderDraft,
  quoteId: string | undefined,
): Promise<Create> {
  const {
    delivery_latitude,
    delivery_longitude,
    pickup_latitude,
    pickup_longitude,
    pickup_address,
    ...order
  } = draft
  // A customer pays for the route, so the pharmacy decides where it begins; a pick-up place of the
  // customer is ignored.
  const pickup =
    identity.role === 'user'
      ? {}
      : {
          ...(pickup_latitude !== undefined && { pickup_latitude }),
          ...(pickup_longitude !== undefined && { pickup_longitude }),
          ...(pickup_address !== undefined && { pickup_address }),
        }
  const rest = { ...order, ...pickup }
  const delivery = await requiredPlace(ctx, 'delivery_', {
    latitude: delivery_latitude,
    longitude: delivery_longitude,
    address: draft.delivery_address,
  })
  const data: Create = {
    ...rest,
    delivery_latitude: delivery.latitude,
    delivery_longitude: delivery.longitude,
  }
  const given =
    pickup.pickup_latitude !== undefined && pickup.pickup_longitude !== undefined
      ? { latitude: pickup.pickup_latitude, longitude: pickup.pickup_longitude }
      : null
  if (quoteId !== undefined)
    return {
      ...data,
      fee: await feeTerms(ctx, identity.userId, quoteId, {
        pharmacyId: draft.vendor_id,
        pickup: given,
        delivery,
      }),
    }
  // Without a router the engine makes the same estimate itself.
  if (!ctx.maps.hasRouter) return data
  const { distance_km } = await ctx.maps.route(
    given ?? (await pharmacyPlace(ctx, draft.vendor_id)),
    delivery,
  )
  return { ...data, distance_km }
}
