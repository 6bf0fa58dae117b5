/** The route that a delivery took: `/api/orders/{id}/breadcrumbs`. */
import { sql, type SqlBool } from 'kysely'
import Type from 'typebox'
import { Latitude, Longitude } from '../../protocol/kernel/schema.ts'
import { CaduceusError } from '../../protocol/kernel/errors.ts'
import { limits } from '../../protocol/kernel/limits.ts'
import type { Standing } from '../../protocol/orders/standings.ts'
import { standingOf } from '../../protocol/orders/visibility.ts'
import { principalOf, roles } from '../kernel/identity.ts'
import { route, type AnyRoute } from '../kernel/route.ts'
import { findOrder } from './reads.ts'
import { OrderId, type OrderContext } from './terms.ts'
import { closedObject, cursorRule, nullable, Timestamp } from '../kernel/shapes.ts'

/**
 * Standings that see the route. The route ends at the customer's address, so it is shown only to
 * callers who may know that address, and only as long as they may.
 */
const seers: ReadonlySet<Standing> = new Set(['overseer', 'customer', 'winner', 'carrier'])
const Cursor = Type.String({
  pattern: '^[0-9]{1,13}$',
  description: 'next_cursor of the page before',
  'x-rule': cursorRule,
})

/** The row for the route of a delivery. */
export function breadcrumbRoutes(ctx: OrderContext): AnyRoute[] {
  return [
    route({
      method: 'GET',
      path: '/api/orders/:id/breadcrumbs',
      operationId: 'listBreadcrumbs',
      summary: 'The route from the pick-up on, oldest position first',
      tags: ['orders'],
      auth: roles,
      scope: 'orders:read',
      params: OrderId,
      query: closedObject({
        limit: Type.Optional(Type.Integer({ minimum: 1, maximum: limits.listLimitMax })),
        cursor: Type.Optional(Cursor),
      }),
      responses: {
        200: {
          description: 'A page; positions are stored a few seconds after they arrive',
          schema: Type.Object({
            order_id: Type.String(),
            breadcrumbs: Type.Array(
              Type.Object({
                latitude: Latitude,
                longitude: Longitude,
                driver_id: Type.String(),
                at: Timestamp,
              }),
            ),
            next_cursor: nullable(Type.String()),
          }),
        },
      },
      errors: ['order_not_found'],
      handler: async ({ identity, params, query }) => {
        const order = await findOrder(ctx, identity, params.id)
        if (!seers.has(standingOf(principalOf(identity), order, ctx.nowMs())))
          throw new CaduceusError('order_not_found', 'no such order')
        const limit = query.limit ?? limits.listLimitDefault
        const rows = await ctx.database.kysely
          .selectFrom('breadcrumbs')
          .select(['latitude', 'longitude', 'driver_id', 'at'])
          .where('order_id', '=', params.id)
          .where(
            sql<SqlBool>`at > to_timestamp(${Number(query.cursor ?? 0)}::double precision / 1000)`,
          )
          .orderBy('at')
          .limit(limit + 1)
          .execute()
        const shown = rows.slice(0, limit)
        return {
          status: 200,
          body: {
            order_id: order.id,
            breadcrumbs: shown,
            next_cursor: rows.length > limit ? String(shown.at(-1)!.at.getTime()) : null,
          },
        }
      },
    }),
  ]
}
