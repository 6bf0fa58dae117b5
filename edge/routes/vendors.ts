/**
 * Pharmacies: `/api/vendors`. The edge owns these rows; engines keep a copy for matching and are told
 * of a change after its commit (and find it by themselves if the message is lost).
 */
import { sql, type Selectable } from 'kysely'
import Type from 'typebox'
import type { VendorsTable } from '../../migrations/tables.ts'
import { Latitude, Longitude } from '../../protocol/commands.ts'
import { CaduceusError } from '../../protocol/errors.ts'
import { uuidV7 } from '../../protocol/ids.ts'
import { limits } from '../../protocol/limits.ts'
import { Uuid } from '../../protocol/principal.ts'
import { OrderView } from '../../protocol/rest/order.ts'
import { accountById, createAccount, isUniqueViolation } from '../accounts/accounts.ts'
import { roles, type Identity } from '../accounts/identity.ts'
import { signIn } from '../accounts/sessions.ts'
import type { EdgeContext } from '../context.ts'
import { announceVendor } from '../dispatch/announce-vendor.ts'
import { addressGroup } from '../http/address.ts'
import { changed, etagOf, expectedRevisions, requireRevision } from '../http/preconditions.ts'
import { route, type AnyRoute } from '../http/route.ts'
import { signedInBody } from './auth.ts'
import { listOrders, orderFilters } from './order-reads.ts'
import { shownStatuses } from './requests.ts'
import { closedObject, Email, nextCursor, nullable, page, paged, Password, PersonName, Phone, SignedInView, Text, Timestamp, VerificationToken } from './shapes.ts'
import { settingsBody, settingsColumns, settingsOf, settingsView } from './vendor-settings.ts'

export type VendorContext = Pick<EdgeContext, 'config' | 'database' | 'endedAccess' | 'messenger' | 'bus' | 'nowMs' | 'random'>

const tags = ['vendors']
const VendorId = Type.Object({ id: Uuid })
const DispatchPolicy = Type.Enum(['manual', 'offer'])

export const VendorView = Type.Object({
  id: Uuid, business_name: Type.String(), phone: Type.String(), address: nullable(Type.String()),
  latitude: Latitude, longitude: Longitude, is_active: Type.Boolean(), created_at: Timestamp, updated_at: Timestamp, ...settingsView,
  /** To the pharmacy itself and to admins. */
  user_id: Type.Optional(Uuid), email: Type.Optional(Type.String()), driver_ids: Type.Optional(Type.Array(Uuid)),
  proof_required: Type.Optional(Type.Boolean()), dispatch_policy: Type.Optional(DispatchPolicy),
})

type VendorRow = Selectable<VendorsTable>
const isOwn = (identity: Identity, vendorId: string): boolean =>
  identity.role === 'admin' || (identity.role === 'vendor' && identity.vendorId === vendorId)
const notFound = () => new CaduceusError('vendor_not_found', 'no such pharmacy')

export function vendorRoutes(ctx: VendorContext): AnyRoute[] {
  const db = ctx.database.kysely

  const publicView = (row: VendorRow) => {
    const { id, business_name, phone, address, latitude, longitude, is_active, created_at, updated_at } = row
    return { id, business_name, phone, address, latitude, longitude, is_active, created_at, updated_at, ...settingsOf(row, ctx.nowMs()) }
  }
  /** As many of each pharmacy as a page of drivers may have. */
  const driversOf = async (vendorIds: readonly string[]): Promise<Map<string, string[]>> => {
    const found = new Map<string, string[]>(vendorIds.map(id => [id, []]))
    if (vendorIds.length === 0) return found
    const { rows } = await sql<{ vendor_id: string; id: string }>`
      select v.id as vendor_id, d.id from unnest(${vendorIds}::uuid[]) as v(id)
      cross join lateral (select id from drivers where vendor_id = v.id order by id limit ${limits.listLimitMax}) as d order by d.id`.execute(db)
    for (const { vendor_id, id } of rows) found.get(vendor_id)!.push(id)
    return found
  }
  const ownViews = async (rows: readonly VendorRow[]) => {
    const drivers = await driversOf(rows.map(row => row.id))
    return rows.map(row => ({
      ...publicView(row), user_id: row.user_id, email: row.email, proof_required: row.proof_required, dispatch_policy: row.dispatch_policy, driver_ids: drivers.get(row.id)!,
    }))
  }
  const ownView = async (row: VendorRow) => (await ownViews([row]))[0]!

  return [
    route({
      method: 'POST', path: '/api/vendors/register', operationId: 'registerVendor', tags, auth: 'none',
      summary: 'Register a pharmacy and its account; an account with the role vendor and no pharmacy completes itself here',
      body: closedObject({
        email: Email, business_name: PersonName, full_name: Type.Optional(PersonName), phone: Phone, password: Password, verification_token: VerificationToken,
        address: Type.Optional(Text), latitude: Latitude, longitude: Longitude,
        proof_required: Type.Optional(Type.Boolean()), dispatch_policy: Type.Optional(DispatchPolicy), ...settingsBody,
      }),
      responses: { 201: { description: 'The pharmacy, signed in', schema: Type.Object({ vendor: VendorView, ...SignedInView.properties }) } },
      errors: ['email_taken', 'overloaded', 'code_wrong'],
      handler: async request => {
        const { body, headers, address: from } = request
        const { password, verification_token, full_name = body.business_name, address = null, opening_hours: _, pricing: __, ...profile } = body
        const vendor = { address, ...profile, ...await settingsColumns(ctx, body) }
        const account = { email: body.email, full_name, phone: body.phone, role: 'vendor' as const, password, from: addressGroup(from), proof: { token: verification_token, origin: { userAgent: headers['user-agent'], address: from } } }
        const { userId, record } = await createAccount(db, ctx, account, async (tx, user_id) => {
          return tx.insertInto('vendors').values({ id: uuidV7(ctx.nowMs(), ctx.random), user_id, status: 'active', ...vendor }).returningAll().executeTakeFirstOrThrow()
        }, found => found.vendor_id === null)
          .catch((error: unknown) => { throw isUniqueViolation(error, 'vendors_user_id_key') ? new CaduceusError('email_taken') : error })
        announceVendor(ctx, record, request)
        const signedIn = await signIn(ctx, (await accountById(db, userId))!, { userAgent: headers['user-agent'], address: from })
        const { message, ...rest } = signedInBody('Vendor registration successful', signedIn)
        return { status: 201, body: { message, vendor: await ownView(record), ...rest } }
      },
    }),
    route({
      method: 'GET', path: '/api/vendors', operationId: 'listVendors', summary: 'Pharmacies, newest first', tags, auth: roles, scope: 'vendors:read',
      query: closedObject({ ...page, is_active: Type.Optional(Type.Boolean()) }),
      responses: { 200: { description: 'A page', schema: Type.Object({ vendors: Type.Array(VendorView), next_cursor: nextCursor }) } },
      handler: async ({ identity, query: { limit = limits.listLimitDefault, cursor, is_active } }) => {
        let query = db.selectFrom('vendors').selectAll()
        if (cursor !== undefined) query = query.where('id', '<', cursor)
        if (is_active !== undefined) query = query.where('is_active', '=', is_active)
        const { rows, next_cursor } = paged(await query.orderBy('id', 'desc').limit(limit + 1).execute(), limit)
        const own = new Map((await ownViews(rows.filter(row => isOwn(identity, row.id)))).map(view => [view.id, view]))
        return { status: 200, body: { vendors: rows.map(row => own.get(row.id) ?? publicView(row)), next_cursor } }
      },
    }),
    route({
      method: 'GET', path: '/api/vendors/:id', operationId: 'getVendor', summary: 'One pharmacy', tags, auth: roles, scope: 'vendors:read', params: VendorId, versioned: true,
      responses: { 200: { description: 'The pharmacy', schema: VendorView } }, errors: ['vendor_not_found'],
      handler: async ({ identity, params }) => {
        const row = await db.selectFrom('vendors').selectAll().where('id', '=', params.id).executeTakeFirst()
        if (row === undefined) throw notFound()
        return { status: 200, body: isOwn(identity, row.id) ? await ownView(row) : publicView(row), headers: { etag: etagOf(row.revision) } }
      },
    }),
    route({
      method: 'PATCH', path: '/api/vendors/:id', operationId: 'updateVendor', summary: 'Change the pharmacy\'s profile and policy', tags, auth: ['vendor', 'admin'], params: VendorId, versioned: true,
      body: closedObject({
        business_name: Type.Optional(PersonName), phone: Type.Optional(Phone), address: Type.Optional(nullable(Text)),
        latitude: Type.Optional(Latitude), longitude: Type.Optional(Longitude), is_active: Type.Optional(Type.Boolean()),
        proof_required: Type.Optional(Type.Boolean()), dispatch_policy: Type.Optional(DispatchPolicy), ...settingsBody,
      }),
      responses: { 200: { description: 'The pharmacy', schema: VendorView } }, errors: ['vendor_not_found'],
      handler: async request => {
        const { identity, params, body, headers } = request
        if (!isOwn(identity, params.id)) throw notFound()
        const known = await db.selectFrom('vendors').selectAll().where('id', '=', params.id).executeTakeFirst()
        if (known === undefined) throw notFound()
        requireRevision(headers, known.revision)
        let row: VendorRow | undefined = known
        if (Object.keys(body).length > 0) {
          // Asked again by the statement itself: two may have read the same revision.
          const expected = expectedRevisions(headers)
          const { opening_hours: _, pricing: __, is_active, ...profile } = body
          row = await db.updateTable('vendors').set({ ...profile, ...(is_active !== undefined && { paused: !is_active }), ...await settingsColumns(ctx, body) }).where('id', '=', params.id)
            .$if(expected !== null, q => q.where('revision', 'in', expected!)).returningAll().executeTakeFirst()
          if (row === undefined) throw changed()
        }
        announceVendor(ctx, row, request)
        return { status: 200, body: await ownView(row), headers: { etag: etagOf(row.revision) } }
      },
    }),
    route({
      method: 'GET', path: '/api/vendors/:id/orders', operationId: 'listVendorOrders', summary: 'Orders of the pharmacy', tags, auth: ['vendor', 'admin'], params: VendorId,
      query: closedObject({ ...page, ...orderFilters, status: Type.Optional(Type.Enum(shownStatuses)), driver_id: Type.Optional(Uuid) }),
      responses: { 200: { description: 'A page', schema: Type.Object({ orders: Type.Array(OrderView), next_cursor: nextCursor }) } }, errors: ['vendor_not_found'],
      handler: async ({ identity, params, query }) => {
        if (!isOwn(identity, params.id)) throw notFound()
        return { status: 200, body: await listOrders(ctx, identity, identity.role === 'admin' ? { ...query, vendor_id: params.id } : query) }
      },
    }),
  ]
}

/** Whether a driver may join: the pharmacy exists and is active. */
export async function isActiveVendor(ctx: Pick<EdgeContext, 'database'>, vendorId: string): Promise<boolean> {
  const row = await ctx.database.kysely.selectFrom('vendors').select(sql<number>`1`.as('one')).where('id', '=', vendorId).where('is_active', '=', true).executeTakeFirst()
  return row !== undefined
}
