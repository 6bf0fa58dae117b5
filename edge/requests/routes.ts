/** Requests: `/api/requests`. A request is an order in its first state and keeps its id. */
import Type from 'typebox'
import { commandSchemas, type OrderCommandData } from '../../protocol/dispatch/commands.ts'
import { Latitude, Longitude } from '../../protocol/kernel/schema.ts'
import { limits } from '../../protocol/kernel/limits.ts'
import { checkOrderSize } from '../../protocol/dispatch/order-size.ts'
import { Uuid } from '../../protocol/kernel/principal.ts'
import { radiusProblem } from '../../protocol/configuration/configuration.ts'
import { givenSchemas } from '../../protocol/orders/fields.ts'
import { OrderView } from '../../protocol/orders/view.ts'
import { orderStatuses } from '../../protocol/orders/statuses.ts'
import { customerOf } from '../accounts/contacts.ts'
import type { Identity } from '../kernel/identity.ts'
import type { Kernel } from '../kernel/kernel.ts'
import { feeTerms } from '../pricing/quotes.ts'
import { once, withBody, type FixedIds } from '../idempotency/idempotency.ts'
import { shownTo } from '../idempotency/order-shown.ts'
import { respondToRequest, type PharmacyAnswer, type PharmacyOutcome } from '../orders/respond.ts'
import { acceptanceMoney, placementMoney } from '../../protocol/orders/said-money.ts'
import { route, type AnyRoute, type RouteRequest } from '../kernel/route.ts'
import { acceptTerms, OrderId, type OrderContext } from '../orders/terms.ts'
import { findOrder, listOrders, orderFilters } from '../orders/reads.ts'
import { closedObject, nextCursor, nullable, page, Text, Timestamp, Url } from '../kernel/shapes.ts'
import { invalid } from '../kernel/validate.ts'
import { ownPath } from '../links/own-urls.ts'

const tags = ['requests']
const broadcast = commandSchemas.order.broadcast.properties

export const RequestBody = closedObject({
  user_id: Type.Optional(
    Type.Unsafe<string>({ ...Uuid, description: 'The customer, when an administrator asks' }),
  ),
  latitude: Latitude,
  longitude: Longitude,
  radius_km: broadcast.radius_km,
  delivery_address: broadcast.delivery_address,
  quantity: broadcast.quantity,
  items: Type.Optional(broadcast.items),
  ...givenSchemas,
  ...placementMoney,
  expires_in_seconds: Type.Optional(broadcast.expires_in_seconds),
  quote_id: Type.Optional(Uuid),
})
export const ResponseType = Type.Enum(['ACCEPTED', 'REJECTED'])

const RequestView = Type.Object({
  request_id: Uuid,
  pharmacies_notified: Type.Integer(),
  expires_at: nullable(Timestamp),
  data: OrderView,
})
const ResponseResult = Type.Object({
  request_id: Uuid,
  pharmacy_id: Uuid,
  response_type: ResponseType,
  outcome: Type.Enum(['won', 'recorded']),
  text_message: nullable(Type.String()),
  audio_url: nullable(Type.String()),
  responded_at: Timestamp,
  message: Type.String(),
  order: OrderView,
})

/**
 * Opens a request: a customer's own, or by an administrator for a customer. Throws `forbidden` for a
 * customer who names somebody else, and `invalid_request` when an administrator names no customer.
 */
export async function openRequest(
  ctx: OrderContext,
  {
    identity,
    principal,
    origin,
  }: Pick<RouteRequest<unknown, unknown, unknown, Identity>, 'identity' | 'principal' | 'origin'>,
  { commandId, targetId }: FixedIds,
  body: Type.Static<typeof RequestBody>,
): Promise<OrderView> {
  const {
    user_id,
    items = [],
    expires_in_seconds = limits.requestTtlSecondsDefault,
    quote_id,
    prescription_url,
    payment_method,
    payment_token,
    amount_max,
    tip,
    ...rest
  } = body
  const fee =
    quote_id === undefined
      ? null
      : await feeTerms(ctx, identity.userId, quote_id, {
          pharmacyId: null,
          pickup: null,
          delivery: { latitude: rest.latitude, longitude: rest.longitude },
        })
  const data: OrderCommandData['broadcast'] = {
    order_id: targetId,
    ...(await customerOf(ctx, identity, user_id)),
    ...rest,
    items,
    expires_in_seconds,
    ...(prescription_url !== undefined && { prescription_url: ownPath(prescription_url, origin) }),
    ...(fee !== null && { fee }),
  }
  checkOrderSize(data)
  const rule = radiusProblem(ctx.configuration.values, data.radius_km)
  if (rule !== null) throw invalid([{ field: 'radius_km', rule }])
  await ctx.orderMoney.placing(commandId, targetId, {
    payment_method,
    payment_token,
    amount_max,
    tip,
  })
  const { order } = await ctx.commands.order({
    id: commandId,
    actor_id: targetId,
    verb: 'broadcast',
    by: principal,
    data,
  })
  return order
}

/** The rows of `/api/requests`. */
export function requestRoutes(ctx: OrderContext): AnyRoute[] {
  return [
    route({
      method: 'POST',
      path: '/api/requests',
      operationId: 'openRequest',
      tags,
      auth: ['user', 'admin'],
      idempotent: true,
      summary:
        'Ask the pharmacies nearby; the first to accept takes the request. An administrator asks for a customer',
      body: RequestBody,
      responses: {
        201: {
          description: 'The request, and how many pharmacies were asked',
          schema: RequestView,
        },
      },
      errors: [
        'quote_not_found',
        'quote_expired',
        'quote_mismatch',
        'vendor_not_found',
        'too_many_open_requests',
        'payment_method_not_offered',
        'orders_paused',
      ],
      handler: request =>
        once(ctx, request, 'openRequest', async ids => {
          const order = await openRequest(ctx, request, ids, request.body)
          return {
            status: 201,
            headers: { location: `/api/requests/${order.id}` },
            body: {
              request_id: order.id,
              pharmacies_notified: order.pharmacies_notified ?? 0,
              expires_at: order.expires_at,
              data: order,
            },
          }
        }),
    }),
    route({
      method: 'GET',
      path: '/api/requests',
      operationId: 'listRequests',
      summary:
        "The caller's requests, newest first; for a pharmacy also the open requests that it was asked",
      tags,
      auth: ['user', 'vendor', 'admin'],
      query: closedObject({
        ...page,
        ...orderFilters,
        status: Type.Optional(Type.Enum(orderStatuses)),
      }),
      responses: {
        200: {
          description: 'A page',
          schema: Type.Object({ requests: Type.Array(OrderView), next_cursor: nextCursor }),
        },
      },
      handler: async ({ identity, query }) => {
        const { orders, next_cursor } = await listOrders(ctx, identity, {
          ...query,
          kind: 'broadcast',
        })
        return { status: 200, body: { requests: orders, next_cursor } }
      },
    }),
    route({
      method: 'GET',
      path: '/api/requests/:id',
      operationId: 'getRequest',
      summary: 'One request',
      tags,
      auth: ['user', 'vendor', 'admin'],
      params: OrderId,
      responses: { 200: { description: 'The request', schema: OrderView } },
      errors: ['order_not_found'],
      handler: async ({ identity, params }) => ({
        status: 200,
        body: await findOrder(ctx, identity, params.id),
      }),
    }),
    route({
      method: 'DELETE',
      path: '/api/requests/:id',
      operationId: 'cancelRequest',
      summary: 'Cancel a request',
      tags,
      auth: ['user', 'admin'],
      params: OrderId,
      query: closedObject({ reason: Type.Optional(Text) }),
      idempotent: true,
      responses: { 200: { description: 'The cancelled request', schema: OrderView } },
      errors: ['order_not_found', 'request_expired', 'order_not_cancellable'],
      handler: request =>
        once(ctx, request, 'cancelRequest', async ({ commandId }) => {
          const { identity, params, query, principal } = request
          const { order } = await ctx.commands.order({
            id: commandId,
            actor_id: params.id,
            verb: 'cancel',
            by: principal,
            data: query,
          })
          return { status: 200, body: shownTo(ctx, identity, order) }
        }),
    }),
    route({
      method: 'POST',
      path: '/api/requests/:id/responses',
      operationId: 'respondToRequest',
      tags,
      auth: ['vendor'],
      params: OrderId,
      idempotent: true,
      summary: 'A pharmacy accepts or rejects; the first to accept wins',
      body: closedObject({
        response_type: ResponseType,
        text_message: Type.Optional(Text),
        audio_url: Type.Optional(Url),
        quote_id: Type.Optional(Uuid),
        ...acceptanceMoney,
      }),
      responses: {
        201: {
          description: 'Recorded; `won` for the pharmacy that has the request now',
          schema: ResponseResult,
        },
      },
      errors: [
        'request_already_assigned',
        'request_not_offered',
        'request_expired',
        'request_cancelled',
        'order_not_found',
        'vendor_not_found',
        'quote_not_found',
        'quote_expired',
        'quote_mismatch',
        'price_required',
      ],
      handler: async request =>
        withBody(
          await once(ctx, request, 'respondToRequest', async ({ commandId }) => {
            const {
              identity,
              params,
              body: { quote_id, audio_url, goods_amount, tax_amount, ...body },
              principal,
              origin,
            } = request
            const fee =
              quote_id === undefined ? null : await acceptTerms(ctx, identity, params.id, quote_id)
            const answer: PharmacyAnswer = {
              pharmacyId: principal.id,
              person: identity.userId,
              requestId: params.id,
              commandId,
              money: { goods_amount, tax_amount },
              ...body,
              ...(audio_url !== undefined && { audio_url: ownPath(audio_url, origin) }),
              ...(fee !== null && { fee }),
            }
            return {
              status: 201,
              body: responseBody(
                ctx,
                identity,
                answer,
                await respondToRequest(ctx, answer, request),
              ),
            }
          }),
          (body: object) => {
            const { text_message = null, audio_url } = request.body
            return {
              ...body,
              text_message,
              audio_url: audio_url === undefined ? null : ownPath(audio_url, request.origin),
            }
          },
        ),
    }),
  ]
}

function responseBody(
  ctx: OrderContext,
  identity: Identity,
  answer: PharmacyAnswer,
  { outcome, order }: PharmacyOutcome,
) {
  return {
    request_id: order.id,
    pharmacy_id: answer.pharmacyId,
    response_type: answer.response_type,
    outcome,
    responded_at: respondedAt(ctx, answer, order),
    message: 'Response recorded. Customer will be notified.',
    order: shownTo(ctx, identity, order),
  }
}

/** Time at which the answer took effect; for a repeat the time of the first answer. */
export const respondedAt = (
  ctx: Pick<Kernel, 'nowMs'>,
  answer: PharmacyAnswer,
  order: OrderView,
): string =>
  order.responses.find(r => r.vendor_id === answer.pharmacyId)?.responded_at ??
  new Date(ctx.nowMs()).toISOString()
