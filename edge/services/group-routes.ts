/** The main services under which a pharmacy groups its services, and the closures of the pharmacy. */
import { sql, type Transaction } from 'kysely'
import Type from 'typebox'
import type { Tables } from '../../migrations/database/tables.ts'
import { closureFields } from '../../protocol/appointments/terms.ts'
import { dayMs } from '../../protocol/appointments/zones.ts'
import { CaduceusError } from '../../protocol/kernel/errors.ts'
import { Uuid } from '../../protocol/kernel/principal.ts'
import { once } from '../idempotency/idempotency.ts'
import type { Identity } from '../kernel/identity.ts'
import { route, type AnyRoute, type RouteRequest } from '../kernel/route.ts'
import { closedObject, nullable, PersonName, Text } from '../kernel/shapes.ts'
import { invalid } from '../kernel/validate.ts'
import { describeServices } from './describing.ts'
import { serviceLimits } from './limits.ts'
import { browsedVendor } from './records.ts'
import { managedVendor, type ServiceContext } from './routes.ts'
import { Icon, periodMistakes } from './settings.ts'
import { ClosureView, closureView, MainServiceView, mainServiceView, manages } from './views.ts'

const tags = ['services']
const auth = ['vendor', 'admin'] as const
const Id = Type.Object({ id: Uuid })
const described = {
  description: Type.Optional(nullable(Text)),
  icon: Type.Optional(nullable(Icon)),
}

/** The rows of main services and closures. */
export function groupRoutes(ctx: ServiceContext): AnyRoute[] {
  const db = ctx.database.kysely

  /** Throws `not_found`, also for one of another pharmacy. */
  const managedMain = async (identity: Identity, id: string): Promise<void> => {
    const row = await db
      .selectFrom('main_services')
      .select('vendor_id')
      .where('id', '=', id)
      .executeTakeFirst()
    if (row === undefined || !manages(identity, row.vendor_id))
      throw new CaduceusError('not_found', 'no such main service')
  }
  /**
   * Changes the closures of a pharmacy and, in the same transaction, the revision of its services:
   * a closure that no revision tells would never reach the calendars. Then tells the calendars.
   */
  const changeClosures = async <T>(
    vendorId: string,
    {
      principal,
      log,
    }: Pick<RouteRequest<unknown, unknown, unknown, Identity>, 'principal' | 'log'>,
    change: (tx: Transaction<Tables>) => Promise<T>,
  ): Promise<T> => {
    const { changed, rows } = await db.transaction().execute(async tx => {
      await sql`select from vendors where id = ${vendorId} for no key update`.execute(tx)
      return {
        changed: await change(tx),
        rows: await tx
          .updateTable('services')
          .set({ revision: sql<number>`revision + 1` })
          .where('vendor_id', '=', vendorId)
          .returningAll()
          .execute(),
      }
    })
    await describeServices(ctx, principal, rows, log)
    return changed
  }

  return [
    route({
      method: 'POST',
      path: '/api/vendors/:id/main-services',
      operationId: 'createMainService',
      summary: 'Make a group of services',
      tags,
      auth,
      params: Id,
      idempotent: true,
      body: closedObject({ name: PersonName, ...described }),
      responses: { 201: { description: 'The main service', schema: MainServiceView } },
      errors: ['vendor_not_found', 'service_limit_reached'],
      handler: async request => {
        const { identity, params, body } = request
        await managedVendor(ctx, identity, params.id)
        return once(ctx, request, 'createMainService', async ({ targetId }) => {
          const { count } = await db
            .selectFrom('main_services')
            .select(sql<number>`count(*)::integer`.as('count'))
            .where('vendor_id', '=', params.id)
            .executeTakeFirstOrThrow()
          if (count >= serviceLimits.mainServicesMax)
            throw new CaduceusError(
              'service_limit_reached',
              `a pharmacy has at most ${serviceLimits.mainServicesMax} main services`,
            )
          const now = new Date(ctx.nowMs())
          const row = await db
            .insertInto('main_services')
            .values({
              id: targetId,
              vendor_id: params.id,
              ...body,
              created_at: now,
              updated_at: now,
            })
            .onConflict(conflict => conflict.column('id').doUpdateSet(body))
            .returningAll()
            .executeTakeFirstOrThrow()
          return { status: 201, body: mainServiceView(row) }
        })
      },
    }),
    route({
      method: 'GET',
      path: '/api/vendors/:id/main-services',
      operationId: 'listMainServices',
      summary: 'The groups of services of a pharmacy',
      tags,
      auth: 'optional',
      params: Id,
      responses: {
        200: {
          description: 'All of them',
          schema: Type.Object({ main_services: Type.Array(MainServiceView) }),
        },
      },
      errors: ['vendor_not_found'],
      handler: async ({ identity, params }) => {
        await browsedVendor(db, identity, params.id)
        const rows = await db
          .selectFrom('main_services')
          .selectAll()
          .where('vendor_id', '=', params.id)
          .orderBy('id')
          .execute()
        return { status: 200, body: { main_services: rows.map(mainServiceView) } }
      },
    }),
    route({
      method: 'PATCH',
      path: '/api/main-services/:id',
      operationId: 'updateMainService',
      summary: 'Change a group of services',
      tags,
      auth,
      params: Id,
      body: closedObject({ name: Type.Optional(PersonName), ...described }),
      responses: { 200: { description: 'The main service', schema: MainServiceView } },
      handler: async ({ identity, params, body }) => {
        await managedMain(identity, params.id)
        const row = await db
          .updateTable('main_services')
          .set({ ...body, updated_at: new Date(ctx.nowMs()) })
          .where('id', '=', params.id)
          .returningAll()
          .executeTakeFirstOrThrow()
        return { status: 200, body: mainServiceView(row) }
      },
    }),
    route({
      method: 'DELETE',
      path: '/api/main-services/:id',
      operationId: 'deleteMainService',
      summary: 'End a group; its services stay, without a group',
      tags,
      auth,
      params: Id,
      responses: { 204: { description: 'It is gone' } },
      handler: async ({ identity, params }) => {
        await managedMain(identity, params.id)
        await db.transaction().execute(async tx => {
          await tx
            .updateTable('services')
            .set({ main_service_id: null })
            .where('main_service_id', '=', params.id)
            .execute()
          await tx.deleteFrom('main_services').where('id', '=', params.id).execute()
        })
        return { status: 204 }
      },
    }),
    route({
      method: 'POST',
      path: '/api/vendors/:id/closures',
      operationId: 'closeVendor',
      summary: 'Close the pharmacy for a period: none of its services has slots then',
      tags,
      auth,
      params: Id,
      idempotent: true,
      body: closedObject({ ...closureFields, reason: Type.Optional(Text) }),
      responses: { 201: { description: 'The closure', schema: ClosureView } },
      errors: ['vendor_not_found', 'service_limit_reached'],
      handler: async request => {
        const { identity, params, body } = request
        await managedVendor(ctx, identity, params.id)
        return once(ctx, request, 'closeVendor', async ({ targetId }) => {
          const { from, to, reason = null } = body
          const broken = periodMistakes(from, to)
          if (broken.length > 0) throw invalid(broken)
          const row = await changeClosures(params.id, request, async tx => {
            const { count } = await tx
              .selectFrom('vendor_closures')
              .select(sql<number>`count(*)::integer`.as('count'))
              .where('vendor_id', '=', params.id)
              .where('id', '<>', targetId)
              .where('to_local', '>=', new Date(ctx.nowMs() - 2 * dayMs).toISOString().slice(0, 16))
              .executeTakeFirstOrThrow()
            if (count >= serviceLimits.closuresMax)
              throw new CaduceusError(
                'service_limit_reached',
                `a pharmacy has at most ${serviceLimits.closuresMax} closures ahead`,
              )
            return tx
              .insertInto('vendor_closures')
              .values({
                id: targetId,
                vendor_id: params.id,
                from_local: from,
                to_local: to,
                reason,
                created_at: new Date(ctx.nowMs()),
              })
              .onConflict(conflict => conflict.column('id').doUpdateSet({ reason }))
              .returningAll()
              .executeTakeFirstOrThrow()
          })
          return { status: 201, body: closureView(row) }
        })
      },
    }),
    route({
      method: 'GET',
      path: '/api/vendors/:id/closures',
      operationId: 'listClosures',
      summary: 'The closures of a pharmacy that are not over',
      tags,
      auth,
      params: Id,
      responses: {
        200: {
          description: 'All of them',
          schema: Type.Object({ closures: Type.Array(ClosureView) }),
        },
      },
      errors: ['vendor_not_found'],
      handler: async ({ identity, params }) => {
        await managedVendor(ctx, identity, params.id)
        const rows = await db
          .selectFrom('vendor_closures')
          .selectAll()
          .where('vendor_id', '=', params.id)
          .where('to_local', '>=', new Date(ctx.nowMs() - 2 * dayMs).toISOString().slice(0, 16))
          .orderBy('from_local')
          .execute()
        return { status: 200, body: { closures: rows.map(closureView) } }
      },
    }),
    route({
      method: 'DELETE',
      path: '/api/vendors/:id/closures/:closure_id',
      operationId: 'reopenVendor',
      summary: 'End a closure',
      tags,
      auth,
      params: Type.Object({ id: Uuid, closure_id: Uuid }),
      responses: { 204: { description: 'It is gone' } },
      errors: ['vendor_not_found', 'not_found'],
      handler: async request => {
        const { identity, params } = request
        await managedVendor(ctx, identity, params.id)
        await changeClosures(params.id, request, async tx => {
          const gone = await tx
            .deleteFrom('vendor_closures')
            .where('id', '=', params.closure_id)
            .where('vendor_id', '=', params.id)
            .returning('id')
            .executeTakeFirst()
          if (gone === undefined) throw new CaduceusError('not_found', 'no such closure')
        })
        return { status: 204 }
      },
    }),
  ]
}
