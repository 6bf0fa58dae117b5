/**
 * Orders: `/api/orders`. Every change is a command to the order's actor, which decides; reads come
 * from the read model.
 */
import Type from 'typebox'
import { commandSchemas, type OrderVerb } from '../../protocol/dispatch/commands.ts'
import { CaduceusError } from '../../protocol/kernel/errors.ts'
import { Uuid } from '../../protocol/kernel/principal.ts'
import {
  acceptanceMoney,
  deliveryMoney,
  type AcceptanceMoney,
} from '../../protocol/orders/said-money.ts'
import { orderStatuses, statusTable, type OrderStatus } from '../../protocol/orders/statuses.ts'
import { OrderView } from '../../protocol/orders/view.ts'
import { type Identity, type Role, roles } from '../kernel/identity.ts'
import { commandOrder } from './command.ts'
import { OrderBody, placeOrder } from './place.ts'
import { once } from '../idempotency/idempotency.ts'
import { shownTo } from '../idempotency/order-shown.ts'
import { respondToRequest } from './respond.ts'
import { etagOf, requireRevision } from '../http/preconditions.ts'
import { route, type AnyRoute, type RouteAnswer, type RouteRequest } from '../kernel/route.ts'
import { invalid } from '../kernel/validate.ts'
import { findOrder, kindOf, listOrders, orderFilters } from './reads.ts'
import { refusalFor } from './refusals.ts'
import { acceptTerms, OrderId, type OrderContext } from './terms.ts'
import { closedObject, nextCursor, page, Text, Url } from '../kernel/shapes.ts'

const tags = ['orders']
const oneOrder = { 200: { description: 'The order as it is now', schema: OrderView } }
const mapErrors = ['geocoding_unavailable', 'geocoding_failed', 'address_not_found'] as const
const quoteErrors = ['quote_not_found', 'quote_expired', 'quote_mismatch'] as const
const conflicts = ['order_not_found', 'order_state_conflict'] as const

/** The status of a PATCH, and the command that leads to it. */
type Verb<S extends OrderStatus> = (typeof statusTable)[S]['verb']
type Settable = { [S in OrderStatus]: Verb<S> extends null ? never : S }[OrderStatus]
const verbOfStatus = (status: Settable): OrderVerb => statusTable[status].verb
const PatchBody = closedObject({
  status: Type.Enum(orderStatuses.filter((one): one is Settable => statusTable[one].verb !== null)),
  proof_photo_url: Type.Optional(Url),
  signature_url: Type.Optional(Url),
  reason: Type.Optional(Text),
  ...acceptanceMoney,
  ...deliveryMoney,
})

/** Throws `invalid_request` for fields that belong to another status than the one that is set. */
function refuseMisplaced(status: OrderStatus, fields: Partial<Record<OrderStatus, object>>): void {
  const misplaced = Object.entries(fields)
    .filter(([one]) => one !== status)
    .flatMap(([one, values]) =>
      Object.entries(values)
        .filter(([, value]) => value !== undefined)
        .map(([field]) => ({ field, rule: `belongs to the status ${one}` })),
    )
  if (misplaced.length > 0) throw invalid(misplaced)
}

type Guarded = RouteRequest<{ id: string }, unknown, unknown, Identity>

/** The rows of `/api/orders`. */
export function orderRoutes(ctx: OrderContext): AnyRoute[] {
  const db = ctx.database.kysely

  /** Sends the caller's command to the order and answers with the order's new state. */
  const tell = async (
    request: Pick<Guarded, 'identity' | 'principal'>,
    orderId: string,
    commandId: string,
    verb: OrderVerb,
    data: object,
  ): Promise<RouteAnswer> => {
    const { order, offer_id } = await commandOrder(ctx, request, orderId, commandId, verb, data)
    return {
      status: 200,
      body: { ...order, ...(offer_id !== undefined && { offer_id }) },
      headers: { etag: etagOf(order.version) },
    }
  }

  /**
   * Accepts or rejects an order. When the order is a request, this is the pharmacy's answer to the
   * request, because to a pharmacy a request and a direct order are both orders that it may take.
   */
  const answerOrder = async (
    request: Pick<Guarded, 'identity' | 'principal' | 'log'>,
    orderId: string,
    commandId: string,
    accepts: boolean,
    words: { text_message?: string; reason?: string },
    money: AcceptanceMoney,
    quoteId?: string,
  ) => {
    const { identity, principal } = request
    const fee =
      quoteId === undefined ? {} : { fee: await acceptTerms(ctx, identity, orderId, quoteId) }
    if (identity.role === 'vendor' && (await kindOf(db, orderId)) === 'broadcast') {
      const text = words.text_message ?? words.reason
      const { order } = await respondToRequest(
        ctx,
        {
          pharmacyId: principal.id,
          person: identity.userId,
          requestId: orderId,
          commandId,
          response_type: accepts ? 'ACCEPTED' : 'REJECTED',
          ...(text !== undefined && { text_message: text }),
          money,
          ...fee,
        },
        request,
      ).catch(async (error: unknown) => {
        throw await refusalFor(db, identity, { orderId }, error)
      })
      return {
        status: 200,
        body: shownTo(ctx, identity, order),
        headers: { etag: etagOf(order.version) },
      }
    }
    if (accepts) await ctx.orderMoney.accepting(commandId, orderId, identity, money)
    return tell(request, orderId, commandId, accepts ? 'accept' : 'reject', { ...words, ...fee })
  }

  /** A POST route for one command on one order; its body is the data of the command. */
  /** Throws `papers_missing` for a driver who may only finish the deliveries under way. */
  const refuseHeld = async (body: object): Promise<void> => {
    const { driver_id } = body as { driver_id: string }
    const driver = await ctx.database.kysely
      .selectFrom('drivers')
      .select('papers_held')
      .where('id', '=', driver_id)
      .executeTakeFirst()
    if (driver?.papers_held === true)
      throw new CaduceusError('papers_missing', 'papers of the driver are missing or over')
  }
  const commandRoute = <B extends Type.TSchema>(row: {
    path: string
    operationId: string
    summary: string
    roles: readonly Role[]
    verb: OrderVerb
    body: B
    errors?: AnyRoute['errors']
    /** Throws the refusal of what the actor cannot know. */
    before?(body: object, orderId: string, identity: Identity): Promise<void>
  }): AnyRoute =>
    route({
      method: 'POST',
      path: row.path,
      operationId: row.operationId,
      summary: row.summary,
      tags,
      auth: row.roles,
      scope: 'orders:write',
      params: OrderId,
      body: row.body,
      idempotent: true,
      responses: oneOrder,
      errors: [...conflicts, ...(row.errors ?? [])],
      handler: request =>
        once(ctx, request, row.operationId, async ({ commandId }) => {
          await row.before?.(request.body as object, request.params.id, request.identity)
          return tell(request, request.params.id, commandId, row.verb, request.body as object)
        }),
    })

  /** A route for a driver's answer to an offer. */
  const offerRoute = (row: {
    path: string
    operationId: string
    summary: string
    verb: 'accept_offer' | 'decline_offer'
  }): AnyRoute =>
    route({
      method: 'POST',
      path: row.path,
      operationId: row.operationId,
      summary: row.summary,
      tags,
      auth: ['driver', 'admin'],
      params: Type.Object({ id: Uuid, offer_id: Uuid }),
      body:
        row.verb === 'decline_offer'
          ? closedObject({ reason: Type.Optional(Text) })
          : closedObject({}),
      idempotent: true,
      responses: oneOrder,
      errors: [
        ...conflicts,
        'offer_not_found',
        'offer_not_yours',
        'offer_expired',
        'cash_limit_reached',
      ],
      handler: request =>
        once(ctx, request, row.operationId, async ({ commandId }) => {
          const { identity, params } = request
          if (row.verb === 'accept_offer') await ctx.orderMoney.taking(params.id, identity.driverId)
          return tell(request, params.id, commandId, row.verb, {
            ...(request.body as object),
            offer_id: params.offer_id,
          })
        }),
    })

  return [
    route({
      method: 'POST',
      path: '/api/orders',
      operationId: 'createOrder',
      summary: 'Order from a known pharmacy',
      tags,
      auth: ['user', 'admin'],
      body: OrderBody,
      idempotent: true,
      responses: { 201: { description: 'The order', schema: OrderView } },
      errors: [
        'vendor_not_found',
        'forbidden',
        'payment_method_not_offered',
        'orders_paused',
        ...quoteErrors,
        ...mapErrors,
      ],
      handler: request =>
        once(ctx, request, 'createOrder', async ids => {
          const order = await placeOrder(ctx, request, ids, request.body)
          return { status: 201, body: order, headers: { location: `/api/orders/${order.id}` } }
        }),
    }),
    route({
      method: 'GET',
      path: '/api/orders',
      operationId: 'listOrders',
      summary: 'Orders that the caller may see, newest first',
      tags,
      standing: 'carrying',
      auth: roles,
      scope: 'orders:read',
      query: closedObject({
        ...page,
        ...orderFilters,
        status: Type.Optional(Type.Enum(orderStatuses)),
        kind: Type.Optional(Type.Enum(['broadcast', 'direct'])),
        vendor_id: Type.Optional(Uuid),
        driver_id: Type.Optional(Uuid),
      }),
      responses: {
        200: {
          description: 'A page',
          schema: Type.Object({ orders: Type.Array(OrderView), next_cursor: nextCursor }),
        },
      },
      handler: async ({ identity, query }) => ({
        status: 200,
        body: await listOrders(ctx, identity, query),
      }),
    }),
    route({
      method: 'GET',
      path: '/api/orders/:id',
      operationId: 'getOrder',
      summary: 'One order',
      tags,
      standing: 'carrying',
      auth: roles,
      scope: 'orders:read',
      params: OrderId,
      versioned: true,
      responses: oneOrder,
      errors: ['order_not_found'],
      handler: async ({ identity, params }) => {
        const order = await findOrder(ctx, identity, params.id)
        return { status: 200, body: order, headers: { etag: etagOf(order.version) } }
      },
    }),
    route({
      method: 'PATCH',
      path: '/api/orders/:id',
      operationId: 'updateOrder',
      summary: 'Bring the order to its next status',
      tags,
      standing: 'carrying',
      auth: roles,
      scope: 'orders:write',
      params: OrderId,
      body: PatchBody,
      idempotent: true,
      versioned: true,
      responses: oneOrder,
      errors: [
        ...conflicts,
        'order_not_cancellable',
        'proof_required',
        'proof_invalid',
        'price_required',
        'cash_statement_required',
        'custody_evidence_missing',
        'custody_evidence_refused',
        'custody_unresolved',
        'request_already_assigned',
        'request_not_offered',
        'request_expired',
        'request_cancelled',
      ],
      handler: request =>
        once(ctx, request, 'updateOrder', async ({ commandId }) => {
          const { status, reason, goods_amount, tax_amount, cash_taken, cash_reason, ...proofs } =
            request.body
          // If-Match only helps a caller with an old page. The actor decides anyway, and refuses a
          // command that the state does not allow.
          if (request.headers['if-match'] !== undefined)
            requireRevision(
              request.headers,
              (await findOrder(ctx, request.identity, request.params.id)).version,
            )
          const given = reason === undefined ? {} : { reason }
          refuseMisplaced(status, {
            delivered: { ...proofs, cash_taken, cash_reason },
            accepted: { goods_amount, tax_amount },
          })
          switch (status) {
            case 'accepted':
            case 'rejected':
              return answerOrder(
                request,
                request.params.id,
                commandId,
                status === 'accepted',
                given,
                { goods_amount, tax_amount },
              )
            case 'delivered':
              await ctx.orderMoney.delivering(commandId, request.params.id, request.identity, {
                cash_taken,
                cash_reason,
              })
              return tell(request, request.params.id, commandId, 'deliver', { ...proofs, ...given })
            case 'failed':
              if (reason === undefined || reason === '')
                throw invalid([{ field: 'reason', rule: 'is required for the status failed' }])
              return tell(request, request.params.id, commandId, 'fail', given)
            case 'cancelled':
              return tell(request, request.params.id, commandId, 'cancel', given)
            default:
              return tell(request, request.params.id, commandId, verbOfStatus(status), {})
          }
        }),
    }),
    route({
      method: 'DELETE',
      path: '/api/orders/:id',
      operationId: 'cancelOrder',
      summary: 'Cancel the order',
      tags,
      auth: ['user', 'vendor', 'admin'],
      scope: 'orders:write',
      params: OrderId,
      query: closedObject({ reason: Type.Optional(Text) }),
      idempotent: true,
      responses: oneOrder,
      errors: ['order_not_found', 'order_not_cancellable', 'request_expired'],
      handler: request =>
        once(ctx, request, 'cancelOrder', ({ commandId }) =>
          tell(request, request.params.id, commandId, 'cancel', request.query),
        ),
    }),
    route({
      method: 'POST',
      path: '/api/orders/:id/accept',
      operationId: 'acceptOrder',
      summary: 'The pharmacy takes the order',
      tags,
      auth: ['vendor', 'admin'],
      params: OrderId,
      body: closedObject({
        text_message: Type.Optional(Text),
        quote_id: Type.Optional(Uuid),
        ...acceptanceMoney,
      }),
      idempotent: true,
      responses: oneOrder,
      errors: [
        ...conflicts,
        ...quoteErrors,
        'price_required',
        'request_already_assigned',
        'request_not_offered',
        'request_expired',
        'request_cancelled',
      ],
      handler: request =>
        once(ctx, request, 'acceptOrder', ({ commandId }) => {
          const { quote_id, goods_amount, tax_amount, ...words } = request.body
          const money = { goods_amount, tax_amount }
          return answerOrder(request, request.params.id, commandId, true, words, money, quote_id)
        }),
    }),
    route({
      method: 'POST',
      path: '/api/orders/:id/reject',
      operationId: 'rejectOrder',
      summary: 'The pharmacy refuses the order',
      tags,
      auth: ['vendor', 'admin'],
      params: OrderId,
      body: closedObject({ reason: Type.Optional(Text) }),
      idempotent: true,
      responses: oneOrder,
      errors: [
        ...conflicts,
        'request_already_assigned',
        'request_not_offered',
        'request_expired',
        'request_cancelled',
      ],
      handler: request =>
        once(ctx, request, 'rejectOrder', ({ commandId }) =>
          answerOrder(request, request.params.id, commandId, false, request.body, {}),
        ),
    }),
    commandRoute({
      path: '/api/orders/:id/assign-driver',
      operationId: 'assignDriver',
      summary: 'The pharmacy picks one of its drivers',
      roles: ['vendor', 'admin'],
      verb: 'assign_driver',
      body: commandSchemas.order.assign_driver,
      async before(body, orderId, identity) {
        await refuseHeld(body)
        await ctx.orderMoney.seeking(orderId, identity)
        const { driver_id } = body as { driver_id: string }
        await ctx.orderMoney.assigning(orderId, identity, driver_id)
      },
      errors: [
        'papers_missing',
        'payment_not_authorised',
        'cash_limit_reached',
        'driver_not_found',
        'driver_unavailable',
        'driver_at_capacity',
        'driver_holds_offer',
        'driver_not_of_vendor',
      ],
    }),
    commandRoute({
      path: '/api/orders/:id/find-driver',
      operationId: 'findDriver',
      summary: 'Offer the order to drivers, the nearest by time first',
      roles: ['vendor', 'admin'],
      verb: 'find_driver',
      body: commandSchemas.order.find_driver,
      before: (_body, orderId, identity) => ctx.orderMoney.seeking(orderId, identity),
      errors: ['payment_not_authorised'],
    }),
    offerRoute({
      path: '/api/orders/:id/offers/:offer_id/accept',
      operationId: 'acceptOffer',
      summary: 'The driver takes the delivery',
      verb: 'accept_offer',
    }),
    offerRoute({
      path: '/api/orders/:id/offers/:offer_id/decline',
      operationId: 'declineOffer',
      summary: 'The driver declines; the next one is asked',
      verb: 'decline_offer',
    }),
  ]
}
