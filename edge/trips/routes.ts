/**
 * Trips: `/api/v1/trips` of the rides backend. A trip to a named pharmacy is an order, any other is
 * a request to the pharmacies nearby. The rooms of orders and requests do the work.
 */
import Type from 'typebox'
import { radiusWithin } from '../../protocol/configuration/configuration.ts'
import { commandSchemas } from '../../protocol/dispatch/commands.ts'
import type { OrderView } from '../../protocol/orders/view.ts'
import { TripView, tripView } from '../../protocol/trips/view.ts'
import { customerOf } from '../accounts/contacts.ts'
import { nobodyAsked } from './example.ts'
import { once, withBody, type FixedIds } from '../idempotency/idempotency.ts'
import { roles, type Identity } from '../kernel/identity.ts'
import { route, type AnyRoute, type RouteRequest } from '../kernel/route.ts'
import { closedObject, nextCursor, page, Text } from '../kernel/shapes.ts'
import { invalid } from '../kernel/validate.ts'
import { commandOrder } from '../orders/command.ts'
import { OrderBody, placeOrder } from '../orders/place.ts'
import { findOrder, listOrders } from '../orders/reads.ts'
import { OrderId, type OrderContext } from '../orders/terms.ts'
import { requiredPlace } from '../pricing/places.ts'
import { openRequest, RequestBody } from '../requests/routes.ts'
import { tripLimits } from './limits.ts'

const tags = ['rides (older API)']
const create = commandSchemas.order.create.properties
const order = OrderBody.properties
const request = RequestBody.properties

const TripBody = closedObject({
  user_id: request.user_id,
  /** The pharmacy; without it the pharmacies nearby are asked. */
  vendor_id: Type.Optional(order.vendor_id),
  pickup_address: order.pickup_address,
  pickup_latitude: order.pickup_latitude,
  pickup_longitude: order.pickup_longitude,
  dropoff_address: Type.Optional(create.delivery_address),
  dropoff_latitude: order.delivery_latitude,
  dropoff_longitude: order.delivery_longitude,
  items: request.items,
  notes: request.notes,
  prescription_url: request.prescription_url,
  quote_id: request.quote_id,
  /** Of a trip without a pharmacy. */
  radius_km: Type.Optional(request.radius_km),
  quantity: request.quantity,
  expires_in_seconds: request.expires_in_seconds,
})
type Guarded = RouteRequest<unknown, unknown, Type.Static<typeof TripBody>, Identity>
const oneTrip = { 200: { description: 'The trip', schema: TripView } }

/** The rows of `/api/v1/trips`. */
export function tripRoutes(ctx: OrderContext): AnyRoute[] {
  const place = async (given: Guarded, ids: FixedIds): Promise<OrderView> => {
    const {
      vendor_id,
      pickup_address,
      pickup_latitude,
      pickup_longitude,
      dropoff_address,
      dropoff_latitude,
      dropoff_longitude,
      ...rest
    } = given.body
    if (given.identity.role === 'admin') await customerOf(ctx, given.identity, rest.user_id)
    const { latitude, longitude } = await requiredPlace(ctx, 'dropoff_', {
      latitude: dropoff_latitude,
      longitude: dropoff_longitude,
      address: dropoff_address,
    })
    if (vendor_id === undefined)
      return openRequest(ctx, given, ids, {
        latitude,
        longitude,
        radius_km: radiusWithin(ctx.configuration.values, tripLimits.radiusKmDefault),
        ...(dropoff_address !== undefined && { delivery_address: dropoff_address }),
        ...rest,
      })
    const { radius_km, quantity, expires_in_seconds, ...ordered } = rest
    refuseGiven({ radius_km, quantity, expires_in_seconds })
    if (dropoff_address === undefined)
      throw invalid([{ field: 'dropoff_address', rule: 'is required with vendor_id' }])
    return placeOrder(ctx, given, ids, {
      vendor_id,
      ...(pickup_address !== undefined && { pickup_address }),
      ...(pickup_latitude !== undefined && { pickup_latitude }),
      ...(pickup_longitude !== undefined && { pickup_longitude }),
      delivery_latitude: latitude,
      delivery_longitude: longitude,
      delivery_address: dropoff_address,
      ...ordered,
    })
  }
  return [
    route({
      method: 'POST',
      path: '/api/v1/trips/request',
      operationId: 'requestTrip',
      summary:
        'Ask for a delivery: of the pharmacy that is named, or of those nearby. An administrator asks for a customer',
      tags,
      auth: ['user', 'admin'],
      idempotent: true,
      body: TripBody,
      responses: { 201: { description: 'The trip', schema: TripView } },
      errors: [
        'vendor_not_found',
        'forbidden',
        'quote_not_found',
        'quote_expired',
        'quote_mismatch',
        'geocoding_unavailable',
        'geocoding_failed',
        'address_not_found',
        'too_many_open_requests',
        'orders_paused',
      ],
      handler: async given =>
        withBody(
          await once(ctx, given, 'requestTrip', async ids => {
            const placed = await place(given, ids)
            return {
              status: 201,
              body: placed,
              headers: { location: `/api/v1/trips/${placed.id}` },
            }
          }),
          tripView,
        ),
    }),
    route({
      method: 'GET',
      path: '/api/v1/trips/request',
      operationId: 'describeTrip',
      summary: 'How to ask for a trip',
      tags,
      auth: 'none',
      responses: {
        200: {
          description: 'The method, and a body to send',
          schema: Type.Object({
            message: Type.String(),
            method: Type.Literal('POST'),
            example: Type.Object({}, { additionalProperties: true }),
          }),
        },
      },
      handler: () => ({
        status: 200,
        body: {
          message: "POST a JSON body here, with a customer's access token; /docs tries it",
          method: 'POST' as const,
          example: nobodyAsked,
        },
      }),
    }),
    route({
      method: 'GET',
      path: '/api/v1/trips',
      operationId: 'listTrips',
      summary: 'Trips that the caller may see, newest first',
      tags,
      alias: '/api/orders',
      standing: 'carrying',
      auth: roles,
      query: closedObject(page),
      responses: {
        200: {
          description: 'A page',
          schema: Type.Object({ trips: Type.Array(TripView), next_cursor: nextCursor }),
        },
      },
      handler: async ({ identity, query }) => {
        const { orders, next_cursor } = await listOrders(ctx, identity, query)
        return { status: 200, body: { trips: orders.map(tripView), next_cursor } }
      },
    }),
    route({
      method: 'GET',
      path: '/api/v1/trips/:id',
      operationId: 'getTrip',
      summary: 'One trip',
      tags,
      alias: '/api/orders/{id}',
      standing: 'carrying',
      auth: roles,
      params: OrderId,
      responses: oneTrip,
      errors: ['order_not_found'],
      handler: async ({ identity, params }) => ({
        status: 200,
        body: tripView(await findOrder(ctx, identity, params.id)),
      }),
    }),
    route({
      method: 'POST',
      path: '/api/v1/trips/:id/cancel',
      operationId: 'cancelTrip',
      summary: 'Cancel the trip',
      tags,
      alias: '/api/orders/{id}',
      auth: ['user', 'vendor', 'admin'],
      params: OrderId,
      body: closedObject({ reason: Type.Optional(Text) }),
      idempotent: true,
      responses: oneTrip,
      errors: ['order_not_found', 'order_not_cancellable', 'request_expired'],
      handler: async given =>
        withBody(
          await once(ctx, given, 'cancelTrip', async ({ commandId }) => ({
            status: 200,
            body: (await commandOrder(ctx, given, given.params.id, commandId, 'cancel', given.body))
              .order,
          })),
          tripView,
        ),
    }),
  ]
}

/** Throws `invalid_request` for each field that is given, because it has no meaning beside a pharmacy. */
function refuseGiven(fields: Readonly<Record<string, unknown>>): void {
  const given = Object.keys(fields).filter(field => fields[field] !== undefined)
  if (given.length > 0)
    throw invalid(given.map(field => ({ field, rule: 'belongs to a trip without vendor_id' })))
}
