/**
 * Pharmacies: `/api/vendors`. The edge owns these rows. Engines keep a copy for matching and are
 * told of a change after its commit; when the message is lost they find the change themselves.
 */
import { pharmacyStatuses } from '../../protocol/pharmacies/statuses.ts'
import { orderStatuses } from '../../protocol/orders/statuses.ts'
import { sql, type Selectable } from 'kysely'
import Type from 'typebox'
import type { VendorsTable } from '../../migrations/database/tables.ts'
import { dispatchPolicies } from '../../protocol/drivers/policies.ts'
import { Latitude, Longitude } from '../../protocol/kernel/schema.ts'
import { limits } from '../../protocol/kernel/limits.ts'
import { Uuid } from '../../protocol/kernel/principal.ts'
import { OrderView } from '../../protocol/orders/view.ts'
import { moveOf } from '../approval/moving.ts'
import { Move } from '../approval/routes.ts'
import { roles } from '../kernel/identity.ts'
import type { Kernel } from '../kernel/kernel.ts'
import { etagOf } from '../http/preconditions.ts'
import { route, type AnyRoute } from '../kernel/route.ts'
import { signedInBody } from '../accounts/routes.ts'
import { listOrders, orderFilters } from '../orders/reads.ts'
import {
  closedObject,
  nextCursor,
  nullable,
  page,
  paged,
  SignedInView,
  Timestamp,
} from '../kernel/shapes.ts'
import { figuresOf, RatingFigure } from '../ratings/figures.ts'
import type { PharmacyContext } from './context.ts'
import { ChangeBody, changePharmacy, isOwn, notFound } from './changing.ts'
import { RegistrationBody, registerPharmacy } from './registering.ts'
import { settingsOf, settingsView } from './settings.ts'

const tags = ['vendors']
const PharmacyId = Type.Object({ id: Uuid })
const DispatchPolicy = Type.Enum(dispatchPolicies)

export const PharmacyView = Type.Object({
  id: Uuid,
  business_name: Type.String(),
  phone: Type.String(),
  address: nullable(Type.String()),
  country: nullable(Type.String()),
  latitude: Latitude,
  longitude: Longitude,
  status: Type.Enum([...pharmacyStatuses]),
  is_active: Type.Boolean(),
  created_at: Timestamp,
  updated_at: Timestamp,
  ...settingsView,
  /** Only where pharmacies are read. */
  rating: Type.Optional(RatingFigure),
  /** Fields for the pharmacy itself and for administrators. */
  user_id: Type.Optional(Uuid),
  email: Type.Optional(Type.String()),
  driver_ids: Type.Optional(Type.Array(Uuid)),
  proof_required: Type.Optional(Type.Boolean()),
  verify_prescriptions: Type.Optional(Type.Boolean()),
  dispatch_policy: Type.Optional(DispatchPolicy),
  /** The reason of a rejection or suspension, and the place to which the pharmacy asks to move. */
  status_reason: Type.Optional(nullable(Type.String())),
  moving_to: Type.Optional(Move),
})

type PharmacyRow = Selectable<VendorsTable>

/** The rows of `/api/vendors`. */
export function pharmacyRoutes(ctx: PharmacyContext): AnyRoute[] {
  const db = ctx.database.kysely

  const publicView = (row: PharmacyRow) => {
    const {
      id,
      business_name,
      phone,
      address,
      country,
      latitude,
      longitude,
      status,
      is_active,
      created_at,
      updated_at,
    } = row
    return {
      id,
      business_name,
      phone,
      address,
      country,
      latitude,
      longitude,
      status,
      is_active,
      created_at,
      updated_at,
      ...settingsOf(row, {
        currency: ctx.config.currency,
        fallback: ctx.configuration.values.tariff,
        nowMs: ctx.nowMs(),
      }),
    }
  }
  /** Ids of the drivers of each pharmacy, at most a page of drivers for each. */
  const driversOf = async (pharmacyIds: readonly string[]): Promise<Map<string, string[]>> => {
    const found = new Map<string, string[]>(pharmacyIds.map(id => [id, []]))
    if (pharmacyIds.length === 0) return found
    const { rows } = await sql<{ vendor_id: string; id: string }>`
      select v.id as vendor_id, d.id from unnest(${pharmacyIds}::uuid[]) as v(id)
      cross join lateral (select id from drivers where vendor_id = v.id order by id limit ${limits.listLimitMax}) as d order by d.id`.execute(
      db,
    )
    for (const { vendor_id, id } of rows) found.get(vendor_id)!.push(id)
    return found
  }
  const ownViews = async (rows: readonly PharmacyRow[]) => {
    const drivers = await driversOf(rows.map(row => row.id))
    return rows.map(row => ({
      ...publicView(row),
      status_reason: row.decision_reason,
      moving_to: moveOf(row),
      user_id: row.user_id,
      email: row.email,
      proof_required: row.proof_required,
      verify_prescriptions: row.verify_prescriptions,
      dispatch_policy: row.dispatch_policy,
      driver_ids: drivers.get(row.id)!,
    }))
  }
  const ownView = async (row: PharmacyRow) => (await ownViews([row]))[0]!

  return [
    route({
      method: 'POST',
      path: '/api/vendors/register',
      operationId: 'registerVendor',
      tags,
      auth: 'none',
      summary:
        'Register a pharmacy and its account; an account with the role vendor and no pharmacy is completed here',
      body: RegistrationBody,
      responses: {
        201: {
          description: 'The pharmacy, signed in',
          schema: Type.Object({ vendor: PharmacyView, ...SignedInView.properties }),
        },
      },
      errors: ['email_taken', 'overloaded', 'code_wrong', 'too_many_requests'],
      handler: async request => {
        const { record, signedIn, message } = await registerPharmacy(ctx, request, request.body)
        const { message: _, ...rest } = signedInBody(message, signedIn)
        return { status: 201, body: { message, vendor: await ownView(record), ...rest } }
      },
    }),
    route({
      method: 'GET',
      path: '/api/vendors',
      operationId: 'listVendors',
      summary: 'Pharmacies, newest first; only administrators see those that may not work',
      tags,
      auth: roles,
      scope: 'vendors:read',
      standing: 'any',
      query: closedObject({
        ...page,
        is_active: Type.Optional(Type.Boolean()),
        status: Type.Optional(Type.Enum([...pharmacyStatuses])),
      }),
      responses: {
        200: {
          description: 'A page',
          schema: Type.Object({ vendors: Type.Array(PharmacyView), next_cursor: nextCursor }),
        },
      },
      handler: async ({
        identity,
        query: { limit = limits.listLimitDefault, cursor, is_active, status },
      }) => {
        let query = db.selectFrom('vendors').selectAll()
        if (cursor !== undefined) query = query.where('id', '<', cursor)
        if (identity.role !== 'admin') query = query.where('status', '=', 'active')
        if (status !== undefined) query = query.where('status', '=', status)
        if (is_active !== undefined) query = query.where('is_active', '=', is_active)
        const { rows, next_cursor } = paged(
          await query
            .orderBy('id', 'desc')
            .limit(limit + 1)
            .execute(),
          limit,
        )
        const own = new Map(
          (await ownViews(rows.filter(row => isOwn(identity, row.id)))).map(view => [
            view.id,
            view,
          ]),
        )
        const figures = await figuresOf(
          db,
          'vendor',
          rows.map(row => row.id),
        )
        const vendors = rows.map(row => ({
          ...(own.get(row.id) ?? publicView(row)),
          rating: figures.get(row.id) ?? null,
        }))
        return { status: 200, body: { vendors, next_cursor } }
      },
    }),
    route({
      method: 'GET',
      path: '/api/vendors/:id',
      operationId: 'getVendor',
      summary: 'One pharmacy',
      tags,
      auth: roles,
      scope: 'vendors:read',
      standing: 'any',
      params: PharmacyId,
      versioned: true,
      responses: { 200: { description: 'The pharmacy', schema: PharmacyView } },
      errors: ['vendor_not_found'],
      handler: async ({ identity, params }) => {
        const row = await db
          .selectFrom('vendors')
          .selectAll()
          .where('id', '=', params.id)
          .executeTakeFirst()
        if (row === undefined || (row.status !== 'active' && !isOwn(identity, row.id)))
          throw notFound()
        const view = isOwn(identity, row.id) ? await ownView(row) : publicView(row)
        const figures = await figuresOf(db, 'vendor', [row.id])
        return {
          status: 200,
          body: { ...view, rating: figures.get(row.id) ?? null },
          headers: { etag: etagOf(row.revision) },
        }
      },
    }),
    route({
      method: 'PATCH',
      path: '/api/vendors/:id',
      operationId: 'updateVendor',
      summary:
        "Change the pharmacy's profile and policy; a move of more than 500 m waits for an administrator",
      tags,
      auth: ['vendor', 'admin'],
      standing: 'any',
      params: PharmacyId,
      versioned: true,
      body: ChangeBody,
      responses: { 200: { description: 'The pharmacy', schema: PharmacyView } },
      errors: ['vendor_not_found', 'vendor_status_conflict'],
      handler: async request => {
        const row = await changePharmacy(ctx, request, request.params.id, request.body)
        return { status: 200, body: await ownView(row), headers: { etag: etagOf(row.revision) } }
      },
    }),
    route({
      method: 'GET',
      path: '/api/vendors/:id/orders',
      operationId: 'listVendorOrders',
      summary: 'Orders of the pharmacy',
      tags,
      auth: ['vendor', 'admin'],
      params: PharmacyId,
      query: closedObject({
        ...page,
        ...orderFilters,
        status: Type.Optional(Type.Enum(orderStatuses)),
        driver_id: Type.Optional(Uuid),
      }),
      responses: {
        200: {
          description: 'A page',
          schema: Type.Object({ orders: Type.Array(OrderView), next_cursor: nextCursor }),
        },
      },
      errors: ['vendor_not_found'],
      handler: async ({ identity, params, query }) => {
        if (!isOwn(identity, params.id)) throw notFound()
        return {
          status: 200,
          body: await listOrders(
            ctx,
            identity,
            identity.role === 'admin' ? { ...query, vendor_id: params.id } : query,
          ),
        }
      },
    }),
  ]
}

/** True when the pharmacy exists and is active, so that a driver may join. */
export async function isActivePharmacy(
  ctx: Pick<Kernel, 'database'>,
  pharmacyId: string,
): Promise<boolean> {
  const row = await ctx.database.kysely
    .selectFrom('vendors')
    .select(sql<number>`1`.as('one'))
    .where('id', '=', pharmacyId)
    .where('is_active', '=', true)
    .executeTakeFirst()
  return row !== undefined
}
