/**
 * The delivery log of a subscription, and its replays:
 * `/api/webhooks/subscriptions/{id}/deliveries`.
 */
import Type from 'typebox'
import { CaduceusError } from '../../protocol/kernel/errors.ts'
import { limits } from '../../protocol/kernel/limits.ts'
import { Uuid } from '../../protocol/kernel/principal.ts'
import { subjects } from '../../protocol/bus/subjects.ts'
import { once } from '../idempotency/idempotency.ts'
import { route, type AnyRoute } from '../kernel/route.ts'
import { replay } from './queue.ts'
import { closedObject, nextCursor, page, paged } from '../kernel/shapes.ts'
import {
  attemptView,
  DeliveryDetail,
  deliveryView,
  DeliveryView,
  findSubscription,
  type WebhookContext,
} from './views.ts'

const tags = ['webhooks']
const auth = ['vendor', 'admin'] as const
const path = '/api/webhooks/subscriptions/:id/deliveries'
const DeliveryId = Type.Object({ id: Uuid, delivery_id: Uuid })
const shown = [
  'id',
  'event_id',
  'event_type',
  'order_id',
  'order_seq',
  'state',
  'attempts',
  'next_attempt_at',
  'replay_of',
  'created_at',
  'ended_at',
] as const
const notFound = () => new CaduceusError('not_found', 'no such delivery')

/** The rows of the delivery log. */
export function webhookDeliveryRoutes(ctx: WebhookContext): AnyRoute[] {
  const db = ctx.database.kysely
  const find = async (subscriptionId: string, id: string) =>
    await db
      .selectFrom('webhook_deliveries')
      .selectAll()
      .where('id', '=', id)
      .where('subscription_id', '=', subscriptionId)
      .executeTakeFirst()

  return [
    route({
      method: 'GET',
      path,
      operationId: 'listWebhookDeliveries',
      summary: 'The deliveries of a subscription, newest first',
      tags,
      auth,
      scope: 'webhooks:read',
      params: Type.Object({ id: Uuid }),
      query: closedObject({
        ...page,
        state: Type.Optional(DeliveryView.properties.state),
        order_id: Type.Optional(Uuid),
      }),
      responses: {
        200: {
          description: 'A page',
          schema: Type.Object({ deliveries: Type.Array(DeliveryView), next_cursor: nextCursor }),
        },
      },
      handler: async ({
        identity,
        params,
        query: { limit = limits.listLimitDefault, cursor, state, order_id },
      }) => {
        await findSubscription(ctx, identity, params.id)
        let query = db
          .selectFrom('webhook_deliveries')
          .select(shown)
          .where('subscription_id', '=', params.id)
        if (cursor !== undefined) query = query.where('id', '<', cursor)
        if (state !== undefined) query = query.where('state', '=', state)
        if (order_id !== undefined) query = query.where('order_id', '=', order_id)
        const { rows, next_cursor } = paged(
          await query
            .orderBy('id', 'desc')
            .limit(limit + 1)
            .execute(),
          limit,
        )
        return { status: 200, body: { deliveries: rows.map(deliveryView), next_cursor } }
      },
    }),
    route({
      method: 'GET',
      path: `${path}/:delivery_id`,
      operationId: 'getWebhookDelivery',
      summary: 'One delivery: its body, and every attempt',
      tags,
      auth,
      scope: 'webhooks:read',
      params: DeliveryId,
      responses: { 200: { description: 'The delivery', schema: DeliveryDetail } },
      handler: async ({ identity, params }) => {
        await findSubscription(ctx, identity, params.id)
        const row = await find(params.id, params.delivery_id)
        if (row === undefined) throw notFound()
        const attempts = await db
          .selectFrom('webhook_attempts')
          .selectAll()
          .where('delivery_id', '=', row.id)
          .orderBy('attempt')
          .execute()
        return {
          status: 200,
          body: { ...deliveryView(row), body: row.body, attempt_log: attempts.map(attemptView) },
        }
      },
    }),
    route({
      method: 'POST',
      path: `${path}/:delivery_id/replay`,
      operationId: 'replayWebhookDelivery',
      tags,
      auth,
      scope: 'webhooks:write',
      idempotent: true,
      params: DeliveryId,
      summary:
        'Send an ended delivery once more, under the same event id and after the delivery of its order that waits now',
      body: closedObject({}),
      responses: { 202: { description: 'The new delivery', schema: DeliveryView } },
      errors: ['delivery_in_progress'],
      handler: request =>
        once(ctx, request, 'replayWebhookDelivery', async () => {
          const { identity, params } = request
          await findSubscription(ctx, identity, params.id)
          if ((await find(params.id, params.delivery_id)) === undefined) throw notFound()
          const id = await replay(db, params.id, params.delivery_id, ctx.nowMs(), ctx.random)
          if (id === null)
            throw new CaduceusError(
              'delivery_in_progress',
              'this delivery has not ended; it is sent by itself',
            )
          ctx.bus.publish(subjects.webhookNudge, new Uint8Array())
          return { status: 202, body: deliveryView((await find(params.id, id))!) }
        }),
    }),
  ]
}
