/**
 * Webhook subscriptions: `/api/webhooks/subscriptions`. The secret is shown once, when it is made.
 * So there is no `Idempotency-Key` here: to repeat the first answer, the table of answers would
 * have to store the secret in plain text. An extra subscription can be deleted.
 */
import { sql } from 'kysely'
import Type from 'typebox'
import { CaduceusError } from '../../protocol/kernel/errors.ts'
import { uuidV7 } from '../../protocol/kernel/ids.ts'
import { limits } from '../../protocol/kernel/limits.ts'
import { webhookLimits } from './limits.ts'
import { Uuid } from '../../protocol/kernel/principal.ts'
import { subjects } from '../../protocol/bus/subjects.ts'
import { principalOf, type Identity } from '../kernel/identity.ts'
import { route, type AnyRoute } from '../kernel/route.ts'
import { invalid } from '../kernel/validate.ts'
import { seal } from '../kernel/sealing.ts'
import { checkUrl } from './addresses.ts'
import { resume } from './queue.ts'
import { newSecret } from './signature.ts'
import { closedObject, nextCursor, nullable, page, paged, Text, Url } from '../kernel/shapes.ts'
import {
  EventName,
  findSubscription,
  ownerOf,
  subscriptionView,
  SubscriptionView,
  SubscriptionWithSecret,
  type WebhookContext,
} from './views.ts'

const tags = ['webhooks']
const auth = ['vendor', 'admin'] as const
const SubscriptionId = Type.Object({ id: Uuid })
const Events = Type.Array(EventName, {
  maxItems: EventName.enum.length,
  uniqueItems: true,
  description: 'Names of the events; all events when the list is empty or absent',
})

/** The rows of `/api/webhooks/subscriptions`. */
export function webhookSubscriptionRoutes(ctx: WebhookContext): AnyRoute[] {
  const db = ctx.database.kysely
  /** Tells the edge that delivers to look; it looks soon by itself when the hint is lost. */
  const nudge = (): void => {
    ctx.bus.publish(subjects.webhookNudge, new Uint8Array())
  }

  /**
   * A pharmacy subscribes to its own orders; an administrator or a service to those of one pharmacy
   * or of all.
   */
  async function pharmacyOf(
    identity: Identity,
    wanted: string | undefined,
  ): Promise<string | null> {
    if (identity.role === 'vendor') {
      const { id } = principalOf(identity)
      if (wanted !== undefined && wanted !== id)
        throw invalid([{ field: 'vendor_id', rule: 'is not the pharmacy that subscribes' }])
      return id
    }
    if (wanted === undefined) return null
    const found = await db
      .selectFrom('vendors')
      .select('id')
      .where('id', '=', wanted)
      .executeTakeFirst()
    if (found === undefined) throw new CaduceusError('vendor_not_found', 'no such pharmacy')
    return wanted
  }

  return [
    route({
      method: 'POST',
      path: '/api/webhooks/subscriptions',
      operationId: 'createWebhookSubscription',
      tags,
      auth,
      scope: 'webhooks:write',
      summary: 'Subscribe a URL to order events; the answer shows the signing secret only once',
      body: closedObject({
        url: Url,
        events: Type.Optional(Events),
        description: Type.Optional(Text),
        vendor_id: Type.Optional(Uuid),
      }),
      responses: {
        201: { description: 'The subscription and its secret', schema: SubscriptionWithSecret },
      },
      errors: ['webhook_url_refused', 'subscription_limit_reached', 'vendor_not_found'],
      handler: async ({ identity, body }) => {
        const { events = [], description = null } = body
        const url = checkUrl(body.url, ctx.config.webhookAllowPrivate).href
        const pharmacyId = await pharmacyOf(identity, body.vendor_id)
        const id = uuidV7(ctx.nowMs(), ctx.random)
        const secret = newSecret()
        const owner = ownerOf(identity) ?? { column: 'owner_id' as const, id: identity.userId }
        const row = await db.transaction().execute(async tx => {
          // Subscriptions of one owner are made one at a time; otherwise two at once could both be
          // the last allowed one.
          await sql`select pg_advisory_xact_lock(hashtextextended(${owner.id}, 0))`.execute(tx)
          const { count } = await tx
            .selectFrom('webhook_subscriptions')
            .select(eb => eb.fn.countAll<number>().as('count'))
            .where(owner.column, '=', owner.id)
            .executeTakeFirstOrThrow()
          if (count >= webhookLimits.webhookSubscriptionsPerOwnerMax)
            throw new CaduceusError(
              'subscription_limit_reached',
              `there may be ${webhookLimits.webhookSubscriptionsPerOwnerMax} subscriptions; delete one first`,
            )
          const at = new Date(ctx.nowMs())
          return tx
            .insertInto('webhook_subscriptions')
            .values({
              id,
              owner_id: identity.userId,
              vendor_id: pharmacyId,
              url,
              events,
              description,
              secret_sealed: seal(ctx.config.jwtSecret, id, secret),
              hears_from: at,
              created_at: at,
              updated_at: at,
            })
            .returningAll()
            .executeTakeFirstOrThrow()
        })
        nudge()
        return {
          status: 201,
          body: { subscription: subscriptionView(row), secret },
          headers: { location: `/api/webhooks/subscriptions/${id}`, 'cache-control': 'no-store' },
        }
      },
    }),
    route({
      method: 'GET',
      path: '/api/webhooks/subscriptions',
      operationId: 'listWebhookSubscriptions',
      summary: 'Subscriptions, newest first',
      tags,
      auth,
      scope: 'webhooks:read',
      query: closedObject({ ...page }),
      responses: {
        200: {
          description: 'A page',
          schema: Type.Object({
            subscriptions: Type.Array(SubscriptionView),
            next_cursor: nextCursor,
          }),
        },
      },
      handler: async ({ identity, query: { limit = limits.listLimitDefault, cursor } }) => {
        const owner = ownerOf(identity)
        let query = db.selectFrom('webhook_subscriptions').selectAll()
        if (owner !== null) query = query.where(owner.column, '=', owner.id)
        if (cursor !== undefined) query = query.where('id', '<', cursor)
        const { rows, next_cursor } = paged(
          await query
            .orderBy('id', 'desc')
            .limit(limit + 1)
            .execute(),
          limit,
        )
        return { status: 200, body: { subscriptions: rows.map(subscriptionView), next_cursor } }
      },
    }),
    route({
      method: 'GET',
      path: '/api/webhooks/subscriptions/:id',
      operationId: 'getWebhookSubscription',
      summary: 'One subscription, and whether it was disabled',
      tags,
      auth,
      scope: 'webhooks:read',
      params: SubscriptionId,
      responses: { 200: { description: 'The subscription', schema: SubscriptionView } },
      handler: async ({ identity, params }) => ({
        status: 200,
        body: subscriptionView(await findSubscription(ctx, identity, params.id)),
      }),
    }),
    route({
      method: 'PATCH',
      path: '/api/webhooks/subscriptions/:id',
      operationId: 'updateWebhookSubscription',
      tags,
      auth,
      scope: 'webhooks:write',
      summary:
        'Change the subscription; `active` true resumes a disabled one and sends its waiting deliveries at once',
      params: SubscriptionId,
      body: closedObject({
        url: Type.Optional(Url),
        events: Type.Optional(Events),
        description: Type.Optional(nullable(Text)),
        active: Type.Optional(Type.Boolean()),
      }),
      responses: { 200: { description: 'The subscription', schema: SubscriptionView } },
      errors: ['webhook_url_refused'],
      handler: async ({ identity, params, body }) => {
        const { active, url, ...rest } = body
        const href =
          url === undefined ? undefined : checkUrl(url, ctx.config.webhookAllowPrivate).href
        await findSubscription(ctx, identity, params.id)
        const row = await db.transaction().execute(async tx => {
          const updated = await tx
            .updateTable('webhook_subscriptions')
            .where('id', '=', params.id)
            .set({
              ...rest,
              updated_at: new Date(ctx.nowMs()),
              ...(href !== undefined && { url: href }),
              ...(active === false && { is_active: false }),
            })
            .returningAll()
            .executeTakeFirst()
          if (updated === undefined || active !== true) return updated
          await resume(tx, params.id, ctx.nowMs())
          return tx
            .selectFrom('webhook_subscriptions')
            .selectAll()
            .where('id', '=', params.id)
            .executeTakeFirst()
        })
        if (row === undefined) throw new CaduceusError('not_found', 'no such subscription')
        nudge()
        return { status: 200, body: subscriptionView(row) }
      },
    }),
    route({
      method: 'DELETE',
      path: '/api/webhooks/subscriptions/:id',
      operationId: 'deleteWebhookSubscription',
      summary: 'Delete a subscription with its queue and its log',
      tags,
      auth,
      scope: 'webhooks:write',
      params: SubscriptionId,
      responses: { 204: { description: 'Deleted' } },
      handler: async ({ identity, params }) => {
        const { id } = await findSubscription(ctx, identity, params.id)
        await db.transaction().execute(async tx => {
          await tx.deleteFrom('webhook_subscriptions').where('id', '=', id).execute()
          await tx
            .deleteFrom('webhook_attempts')
            .where('delivery_id', 'in', q =>
              q.selectFrom('webhook_deliveries').select('id').where('subscription_id', '=', id),
            )
            .execute()
          await tx.deleteFrom('webhook_deliveries').where('subscription_id', '=', id).execute()
        })
        return { status: 204 }
      },
    }),
    route({
      method: 'POST',
      path: '/api/webhooks/subscriptions/:id/rotate-secret',
      operationId: 'rotateWebhookSecret',
      tags,
      auth,
      scope: 'webhooks:write',
      summary: 'Replace the signing secret from the next attempt on; the answer shows it only once',
      params: SubscriptionId,
      body: closedObject({}),
      responses: {
        200: { description: 'The subscription and its new secret', schema: SubscriptionWithSecret },
      },
      handler: async ({ identity, params }) => {
        const { id } = await findSubscription(ctx, identity, params.id)
        const secret = newSecret()
        const row = await db
          .updateTable('webhook_subscriptions')
          .where('id', '=', id)
          .set({
            secret_sealed: seal(ctx.config.jwtSecret, id, secret),
            updated_at: new Date(ctx.nowMs()),
          })
          .returningAll()
          .executeTakeFirst()
        if (row === undefined) throw new CaduceusError('not_found', 'no such subscription')
        return {
          status: 200,
          body: { subscription: subscriptionView(row), secret },
          headers: { 'cache-control': 'no-store' },
        }
      },
    }),
  ]
}
