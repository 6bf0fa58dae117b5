/** Delivery fees before the order: `/api/pricing`, and its older name. */
import Type from 'typebox'
import { Latitude, Longitude, Point } from '../../protocol/kernel/schema.ts'
import { kmToMetre } from '../../protocol/kernel/kilometres.ts'
import { currencyOf, decimalOfMinor } from '../../protocol/pricing/money.ts'
import { Uuid } from '../../protocol/kernel/principal.ts'
import { feeParts, tariffIn } from '../../protocol/pricing/tariff.ts'
import type { WithConfiguration } from '../configuration/port.ts'
import { roles } from '../kernel/identity.ts'
import type { WithMaps } from '../maps/port.ts'
import type { Kernel } from '../kernel/kernel.ts'
import { placeOf, requiredPlace } from './places.ts'
import { estimateFee, makeQuote, type Estimate } from './quotes.ts'
import { route, type AnyRoute } from '../kernel/route.ts'
import { closedObject, nullable, Text, Timestamp } from '../kernel/shapes.ts'
import { PricingView, pricingOf } from '../kernel/pricing-shapes.ts'

export type PricingContext = Pick<Kernel, 'config' | 'database' | 'nowMs' | 'random'> &
  WithMaps &
  WithConfiguration

const tags = ['pricing']
const QuoteBody = closedObject({
  vendor_id: Type.Optional(Uuid),
  pickup_latitude: Type.Optional(Latitude),
  pickup_longitude: Type.Optional(Longitude),
  pickup_address: Type.Optional(Text),
  delivery_latitude: Type.Optional(Latitude),
  delivery_longitude: Type.Optional(Longitude),
  delivery_address: Type.Optional(Text),
})
const estimateFields = {
  fee: Type.Number(),
  currency: Type.String(),
  distance_km: Type.Number(),
  duration_minutes: Type.Number(),
  distance_source: Type.Enum(['router', 'estimate']),
  breakdown: Type.Object({
    base_fee: Type.Number(),
    minimum_fee: Type.Number(),
    minimum_applied: Type.Boolean(),
    bands: Type.Array(
      Type.Object({
        from_km: Type.Number(),
        to_km: Type.Number(),
        per_km: Type.Number(),
        amount: Type.Number(),
      }),
    ),
  }),
  pickup: Point,
  delivery: Point,
}
const QuoteView = Type.Object({
  quote_id: nullable(Uuid),
  vendor_id: nullable(Uuid),
  expires_at: nullable(Timestamp),
  ...estimateFields,
})

function estimateView({
  tariff,
  route: { distance_km, duration_minutes, source },
  fee_minor,
  pickup,
  delivery,
}: Estimate) {
  const parts = feeParts(tariff, distance_km)
  const currency = currencyOf(tariff)
  const decimal = (minor: number): number => decimalOfMinor(Math.round(minor), currency)
  return {
    fee: decimal(fee_minor),
    currency,
    distance_km: kmToMetre(distance_km),
    duration_minutes,
    distance_source: source,
    breakdown: {
      base_fee: decimal(tariff.base_minor),
      minimum_fee: decimal(tariff.minimum_minor),
      minimum_applied:
        parts.reduce((sum, part) => sum + part.amount_minor, tariff.base_minor) <
        tariff.minimum_minor,
      bands: parts.map(part => ({
        from_km: kmToMetre(part.from_km),
        to_km: kmToMetre(part.to_km),
        per_km: decimal(part.per_km_minor),
        amount: decimal(part.amount_minor),
      })),
    },
    pickup,
    delivery,
  }
}

/** The rows for quotes and for the general tariff. */
export function pricingRoutes(ctx: PricingContext): AnyRoute[] {
  const quoteRoute = (path: string, operationId: string, alias?: string): AnyRoute =>
    route({
      method: 'POST',
      path,
      operationId,
      tags,
      auth: roles,
      scope: 'orders:write',
      body: QuoteBody,
      ...(alias !== undefined && { alias }),
      summary:
        "The price of a delivery; a pharmacy's quote is valid for 15 minutes, for an order that names its quote_id",
      responses: {
        200: {
          description:
            'An estimate by the general tariff and not of a pharmacy: it binds nobody and has no id',
          schema: QuoteView,
        },
        201: { description: "The pharmacy's quote", schema: QuoteView },
      },
      errors: [
        'vendor_not_found',
        'geocoding_unavailable',
        'geocoding_failed',
        'address_not_found',
      ],
      handler: async ({ identity, body }) => {
        const delivery = await requiredPlace(ctx, 'delivery_', {
          latitude: body.delivery_latitude,
          longitude: body.delivery_longitude,
          address: body.delivery_address,
        })
        const given = {
          latitude: body.pickup_latitude,
          longitude: body.pickup_longitude,
          address: body.pickup_address,
        }
        if (body.vendor_id === undefined) {
          const estimate = await estimateFee(
            ctx,
            await requiredPlace(ctx, 'pickup_', given),
            delivery,
          )
          return {
            status: 200,
            body: { quote_id: null, vendor_id: null, expires_at: null, ...estimateView(estimate) },
          }
        }
        // The pharmacy knows its place better than a map, so a pick-up address alone is not looked
        // up. A customer, who pays for the route, cannot choose where it begins.
        const says =
          identity.role === 'admin' ||
          identity.role === 'service' ||
          (identity.role === 'vendor' && identity.pharmacyId === body.vendor_id)
        const pickup = says ? await placeOf(ctx, 'pickup_', { ...given, address: undefined }) : null
        const quote = await makeQuote(ctx, identity.userId, body.vendor_id, pickup, delivery)
        return {
          status: 201,
          body: {
            quote_id: quote.id,
            vendor_id: quote.vendor_id,
            expires_at: new Date(quote.expiresAtMs).toISOString(),
            ...estimateView(quote),
          },
        }
      },
    })

  return [
    quoteRoute('/api/pricing/quote', 'quoteDelivery'),
    quoteRoute('/api/v1/pricing/calculate', 'quoteDeliveryV1', '/api/pricing/quote'),
    route({
      method: 'GET',
      path: '/api/v1/pricing/calculate',
      operationId: 'calculatePrice',
      tags,
      auth: 'none',
      summary: 'The general tariff, and with two places the price of the route; binds nobody',
      query: closedObject({
        pickup_latitude: Type.Optional(Latitude),
        pickup_longitude: Type.Optional(Longitude),
        delivery_latitude: Type.Optional(Latitude),
        delivery_longitude: Type.Optional(Longitude),
      }),
      responses: {
        200: {
          description: 'The tariff',
          schema: Type.Object({
            pricing: PricingView,
            currency: Type.String(),
            estimate: nullable(Type.Object(estimateFields)),
          }),
        },
      },
      handler: async ({ query }) => {
        const pickup = await placeOf(ctx, 'pickup_', {
          latitude: query.pickup_latitude,
          longitude: query.pickup_longitude,
          address: undefined,
        })
        const delivery = await placeOf(ctx, 'delivery_', {
          latitude: query.delivery_latitude,
          longitude: query.delivery_longitude,
          address: undefined,
        })
        return {
          status: 200,
          body: {
            pricing: pricingOf(
              tariffIn(ctx.config.currency, null, ctx.configuration.values.tariff),
            ),
            currency: ctx.config.currency,
            estimate:
              pickup === null || delivery === null
                ? null
                : estimateView(await estimateFee(ctx, pickup, delivery)),
          },
        }
      },
    }),
  ]
}
