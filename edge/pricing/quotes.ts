/**
 * Delivery fees before the order: quoted, kept for a quarter of an hour, honoured. A quote belongs
 * to one pharmacy, because each has its own tariff. It is valid for the account and the route that
 * it was made for; otherwise a customer could price the shortest route and order the longest.
 *
 * The quote is checked here and its fee travels with the command, so the order's actor needs no
 * quotes, and the journal keeps its decision.
 */
import { CaduceusError } from '../../protocol/kernel/errors.ts'
import type { FeeTerms } from '../../protocol/dispatch/order-commands.ts'
import type { GeoPoint } from '../../protocol/river/geo.ts'
import { uuidV7 } from '../../protocol/kernel/ids.ts'
import { feeMinor, tariffIn, type Tariff } from '../../protocol/pricing/tariff.ts'
import type { WithConfiguration } from '../configuration/port.ts'
import { pricingLimits } from './limits.ts'
import type { Kernel } from '../kernel/kernel.ts'
import type { Route, WithMaps } from '../maps/port.ts'
import { pharmacyPlace, sameArea, samePlace } from './places.ts'

export type QuoteContext = Pick<Kernel, 'config' | 'database' | 'nowMs' | 'random'> &
  WithMaps &
  WithConfiguration

export interface Estimate {
  tariff: Tariff
  route: Route
  fee_minor: number
  pickup: GeoPoint
  delivery: GeoPoint
}
export interface Quote extends Estimate {
  id: string
  vendor_id: string
  expiresAtMs: number
}

/**
 * The fee of a route by a pharmacy's own tariff, or by that of pharmacies that have set none. It
 * binds no pharmacy; a quote does.
 */
export async function estimateFee(
  ctx: Pick<Kernel, 'config'> & WithMaps & WithConfiguration,
  pickup: GeoPoint,
  delivery: GeoPoint,
  own: Tariff | null = null,
): Promise<Estimate> {
  const tariff = tariffIn(ctx.config.currency, own, ctx.configuration.values.tariff)
  const route = await ctx.maps.route(pickup, delivery)
  return { tariff, route, fee_minor: feeMinor(tariff, route.distance_km), pickup, delivery }
}

/** `pickup` null: at the pharmacy. Throws `vendor_not_found`. */
export async function makeQuote(
  ctx: QuoteContext,
  accountId: string,
  pharmacyId: string,
  pickup: GeoPoint | null,
  delivery: GeoPoint,
): Promise<Quote> {
  const pharmacy = await pharmacyPlace(ctx, pharmacyId)
  const estimate = await estimateFee(
    ctx,
    pickup ?? { latitude: pharmacy.latitude, longitude: pharmacy.longitude },
    delivery,
    pharmacy.tariff,
  )
  const id = uuidV7(ctx.nowMs(), ctx.random)
  const expiresAtMs = ctx.nowMs() + pricingLimits.quoteTtlMs
  await ctx.database.kysely
    .insertInto('quotes')
    .values({
      id,
      account_id: accountId,
      vendor_id: pharmacy.id,
      pickup_latitude: estimate.pickup.latitude,
      pickup_longitude: estimate.pickup.longitude,
      delivery_latitude: delivery.latitude,
      delivery_longitude: delivery.longitude,
      distance_km: estimate.route.distance_km,
      duration_minutes: estimate.route.duration_minutes,
      fee_minor: estimate.fee_minor,
      currency: ctx.config.currency,
      expires_at: new Date(expiresAtMs),
    })
    .execute()
  return { ...estimate, id, vendor_id: pharmacy.id, expiresAtMs }
}

/**
 * The fee in the form of a command. `pharmacyId` null: for a request, which the quote's pharmacy
 * may accept or not. `pickup` null: at the pharmacy. `deliveryIsArea`: the pharmacy knows only the
 * area of the customer's address, so its quote is compared with the area. A comparison with the
 * address would let a pharmacy find the address by quotes. Throws `quote_not_found`, also for
 * another account's quote, `quote_expired`, `quote_mismatch`, and `vendor_not_found` when the
 * pharmacy is not active any more.
 */
export async function feeTerms(
  ctx: Pick<Kernel, 'config' | 'database' | 'nowMs'>,
  accountId: string,
  quoteId: string,
  order: {
    pharmacyId: string | null
    pickup: GeoPoint | null
    delivery: GeoPoint
    deliveryIsArea?: boolean
  },
): Promise<FeeTerms> {
  const row = await ctx.database.kysely
    .selectFrom('quotes')
    .selectAll()
    .where('id', '=', quoteId)
    .where('account_id', '=', accountId)
    .executeTakeFirst()
  if (row === undefined || row.vendor_id === null)
    throw new CaduceusError('quote_not_found', 'no such quote')
  // A quote in another currency than the deployment's present one was made before a change of
  // currency.
  if (row.expires_at.getTime() <= ctx.nowMs() || row.currency !== ctx.config.currency)
    throw new CaduceusError('quote_expired', 'the quote has expired; ask for another')
  if (order.pharmacyId !== null && order.pharmacyId !== row.vendor_id)
    throw new CaduceusError('quote_mismatch', 'the quote is of another pharmacy')
  const pickup = order.pickup ?? (await pharmacyPlace(ctx, row.vendor_id))
  if (!samePlace(pickup, { latitude: row.pickup_latitude, longitude: row.pickup_longitude }))
    throw new CaduceusError('quote_mismatch', 'the quote is for another pick-up place')
  const delivery = { latitude: row.delivery_latitude, longitude: row.delivery_longitude }
  if (
    !(order.deliveryIsArea === true
      ? sameArea(order.delivery, delivery)
      : samePlace(order.delivery, delivery))
  )
    throw new CaduceusError('quote_mismatch', 'the quote is for another delivery place')
  return {
    quote_id: row.id,
    vendor_id: row.vendor_id,
    fee_minor: row.fee_minor,
    distance_km: row.distance_km,
  }
}
