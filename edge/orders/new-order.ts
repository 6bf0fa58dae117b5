/** What an order to a known pharmacy becomes as a command: places looked up, the way measured, a quote's fee taken over. */
import type { OrderCommandData } from '../../protocol/dispatch/commands.ts'
import type { Identity } from '../kernel/identity.ts'
import type { WithMaps } from '../maps/port.ts'
import type { Kernel } from '../kernel/kernel.ts'
import { pharmacyPlace, requiredPlace } from '../pricing/places.ts'
import { feeTerms } from '../pricing/quotes.ts'

type Create = OrderCommandData['create']
/** The caller's order: coordinates may be missing where there is an address. */
export type OrderDraft = Omit<
  Create,
  'delivery_latitude' | 'delivery_longitude' | 'distance_km' | 'fee'
> &
  Partial<Pick<Create, 'delivery_latitude' | 'delivery_longitude'>>

/** Throws what `Maps.locate` and `feeTerms` throw. */
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
  // A customer pays for the way. Where it begins is for the pharmacy to say, and theirs is not passed on.
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
        vendorId: draft.vendor_id,
        pickup: given,
        delivery,
      }),
    }
  // Without a router the engine estimates by itself what we would.
  if (!ctx.maps.hasRouter) return data
  const { distance_km } = await ctx.maps.route(
    given ?? (await pharmacyPlace(ctx, draft.vendor_id)),
    delivery,
  )
  return { ...data, distance_km }
}
