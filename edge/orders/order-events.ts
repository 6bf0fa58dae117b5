/**
 * The events of an order, from the journal: `/api/orders/{id}/events`. Also the replacement of its
 * public link.
 */
import Type from 'typebox'
import { limits } from '../../protocol/kernel/limits.ts'
import type { OrderEvent } from '../../protocol/dispatch/events.ts'
import { standingOf } from '../../protocol/orders/visibility.ts'
import { Principal } from '../../protocol/kernel/principal.ts'
import { principalOf, roles } from '../kernel/identity.ts'
import { once } from '../idempotency/idempotency.ts'
import { shownTo } from '../idempotency/order-shown.ts'
import { eventsAfter } from './recorded-events.ts'
import { timelineEntry, type TimelineEntry } from './timeline.ts'
import { linkEndsAtMs } from '../tracking/link.ts'
import { route, type AnyRoute } from '../kernel/route.ts'
import { findOrder } from './reads.ts'
import { OrderId, type OrderContext } from './terms.ts'
import { closedObject, cursorRule, nullable, Timestamp } from '../kernel/shapes.ts'

const Entry = Type.Object({
  version: Type.Integer({
    description:
      'Version of the order after the event; a gap is an event that the caller may not see',
  }),
  type: Type.String(),
  at: Timestamp,
  by: Type.Union(
    [
      Type.Object({
        role: Principal.properties.role,
        id: nullable(Type.String()),
        person: Type.Optional(
          Type.String({ description: 'Account of the member who acted for the own pharmacy' }),
        ),
        person_name: Type.Optional(Type.String()),
      }),
      Type.Null(),
    ],
    {
      description:
        'The actor: its role, and the id of its record or service where the caller may know it; `system` for timers and geofences; null when an older release did not record it',
    },
  ),
  data: Type.Record(Type.String(), Type.Unknown()),
})
/** The cursor is a version: it orders the events and does not reveal them to a stranger. */
const Version = Type.String({
  pattern: '^[0-9]{1,9}$',
  description: 'next_cursor of the page before',
  'x-rule': cursorRule,
})

/** The rows for the history of an order and for a new tracking link. */
export function orderEventRoutes(ctx: OrderContext): AnyRoute[] {
  const db = ctx.database.kysely
  /** The entries with the names of the persons that they show. */
  const withNames = async (entries: readonly TimelineEntry[]) => {
    const ids = [...new Set(entries.flatMap(({ by }) => by?.person ?? []))]
    if (ids.length === 0) return entries
    const people = await db
      .selectFrom('users')
      .select(['id', 'full_name'])
      .where('id', 'in', ids)
      .execute()
    const names = new Map(people.map(({ id, full_name }) => [id, full_name]))
    return entries.map(entry =>
      entry.by?.person === undefined
        ? entry
        : { ...entry, by: { ...entry.by, person_name: names.get(entry.by.person) } },
    )
  }
  return [
    route({
      method: 'GET',
      path: '/api/orders/:id/events',
      operationId: 'listOrderEvents',
      summary: 'The events of the order, oldest first',
      tags: ['orders'],
      auth: roles,
      scope: 'orders:read',
      params: OrderId,
      query: closedObject({
        limit: Type.Optional(Type.Integer({ minimum: 1, maximum: limits.listLimitMax })),
        cursor: Type.Optional(Version),
      }),
      responses: {
        200: {
          description: 'A page',
          schema: Type.Object({ events: Type.Array(Entry), next_cursor: nullable(Type.String()) }),
        },
      },
      errors: ['order_not_found'],
      handler: async ({ identity, params, query }) => {
        const limit = query.limit ?? limits.listLimitDefault
        const order = await findOrder(ctx, identity, params.id)
        const standing = standingOf(principalOf(identity), order, ctx.nowMs())
        const rows = await eventsAfter<OrderEvent>(
          db,
          params.id,
          Number(query.cursor ?? 0),
          limit + 1,
        )
        const shown = rows.slice(0, limit)
        const events = shown
          .map(row => timelineEntry(identity, order.currency, row, standing))
          .filter(entry => entry !== null)
        return {
          status: 200,
          body: {
            events: await withNames(events),
            next_cursor: rows.length > limit ? String(shown.at(-1)!.version) : null,
          },
        }
      },
    }),
    route({
      method: 'POST',
      path: '/api/orders/:id/tracking-token',
      operationId: 'reissueTrackingToken',
      tags: ['tracking'],
      auth: ['user', 'vendor', 'admin'],
      params: OrderId,
      summary:
        'Replace the public tracking link; the old link opens nothing any more, and its open sockets are closed',
      idempotent: true,
      body: closedObject({}),
      responses: {
        201: {
          description: 'The new link',
          schema: Type.Object({
            order_id: Type.String(),
            tracking_token: Type.String(),
            expires_at: nullable(Timestamp),
          }),
        },
      },
      errors: ['order_not_found'],
      handler: request =>
        once(ctx, request, 'reissueTrackingToken', async ({ commandId }) => {
          const { order } = await ctx.commands.order({
            id: commandId,
            actor_id: request.params.id,
            verb: 'reissue_tracking',
            by: request.principal,
            data: {},
          })
          const endsAtMs = linkEndsAtMs(ctx.config, order)
          return {
            status: 201,
            // A pharmacy that has not accepted the order may end the old link; only the customer
            // sees the new one.
            body: {
              order_id: order.id,
              tracking_token: shownTo(ctx, request.identity, order).tracking_token,
              expires_at: endsAtMs === null ? null : new Date(endsAtMs).toISOString(),
            },
          }
        }),
    }),
  ]
}
