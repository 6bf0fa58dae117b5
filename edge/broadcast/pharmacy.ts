/**
 * Pharmacies under the names of the older broadcast API: `/register-pharmacy/` and `/pharmacy/`.
 * They are the pharmacies of `/api/vendors` in another shape, with the same owners.
 */
import type { Selectable } from 'kysely'
import Type from 'typebox'
import type { VendorsTable } from '../../migrations/database/tables.ts'
import { CaduceusError } from '../../protocol/kernel/errors.ts'
import { Latitude, Longitude } from '../../protocol/kernel/schema.ts'
import { limits } from '../../protocol/kernel/limits.ts'
import { Uuid } from '../../protocol/kernel/principal.ts'
import { pharmacyStatuses } from '../../protocol/pharmacies/statuses.ts'
import { accountById } from '../accounts/accounts.ts'
import { SanjevaniTokens, SanjevaniUser, sanjevaniUser } from '../accounts/broadcast-shapes.ts'
import { etagOf } from '../http/preconditions.ts'
import { roles, type Identity } from '../kernel/identity.ts'
import { route, type AnyRoute, type RouteRequest } from '../kernel/route.ts'
import {
  closedObject,
  Email,
  nextCursor,
  nullable,
  page,
  paged,
  Password,
  PersonName,
  Phone,
  sanjevaniError,
  Text,
  Timestamp,
  VerificationToken,
} from '../kernel/shapes.ts'
import { invalid } from '../kernel/validate.ts'
import { changePharmacy, isOwn, notFound } from '../pharmacies/changing.ts'
import type { PharmacyContext } from '../pharmacies/context.ts'
import { completePharmacy, registerPharmacy } from '../pharmacies/registering.ts'

const tags = ['broadcast (older API)']
const PharmacyId = Type.Object({ id: Uuid })
const place = { lat: Latitude, lng: Longitude }
const Pharmacy = Type.Object({
  id: Uuid,
  user: nullable(Uuid),
  name: Type.String(),
  address: nullable(Type.String()),
  phone_number: Type.String(),
  ...place,
  status: Type.Enum([...pharmacyStatuses]),
  is_active: Type.Boolean(),
  /** The place that waits for an administrator, for the pharmacy itself and administrators. */
  moving_to: nullable(Type.Object(place)),
  created_at: Timestamp,
  updated_at: Timestamp,
})
const NewAccount = closedObject({
  email: Email,
  password: Password,
  name: Type.Optional(PersonName),
  phone_number: Type.Optional(Phone),
  verification_token: VerificationToken,
})
const Registration = closedObject({
  user: Type.Optional(Type.Union([Uuid, NewAccount])),
  name: Type.Optional(PersonName),
  address: Type.Optional(nullable(Text)),
  phone_number: Type.Optional(Phone),
  ...place,
})
const Whole = closedObject({
  name: PersonName,
  address: Type.Optional(nullable(Text)),
  phone_number: Phone,
  ...place,
  is_active: Type.Optional(Type.Boolean()),
})
const Change = Type.Object(Type.Partial(Whole).properties, {
  additionalProperties: false,
  minProperties: 1,
})
type Change = Type.Static<typeof Change>

/** A pharmacy as the caller may read it. */
const view = (identity: Identity | null, row: Selectable<VendorsTable>) => {
  const own = identity !== null && isOwn(identity, row.id)
  return {
    id: row.id,
    user: own ? row.user_id : null,
    name: row.business_name,
    address: row.address,
    phone_number: row.phone,
    lat: row.latitude,
    lng: row.longitude,
    status: row.status,
    is_active: row.is_active,
    moving_to:
      own && row.move_asked_at !== null
        ? { lat: row.moving_to_latitude!, lng: row.moving_to_longitude! }
        : null,
    created_at: row.created_at,
    updated_at: row.updated_at,
  }
}

/** A pharmacy as the caller who just made it reads it. */
const made = (row: Selectable<VendorsTable>) => ({ ...view(null, row), user: row.user_id })

const fieldsOf = ({ name, address, phone_number, lat, lng, is_active }: Change) => ({
  ...(name !== undefined && { business_name: name }),
  ...(address !== undefined && { address }),
  ...(phone_number !== undefined && { phone: phone_number }),
  ...(lat !== undefined && { latitude: lat }),
  ...(lng !== undefined && { longitude: lng }),
  ...(is_active !== undefined && { is_active }),
})

/** The account whose pharmacy the caller may make. */
function ownerOf(identity: Identity | null, user: string | undefined): string {
  if (identity === null)
    throw new CaduceusError(
      'unauthenticated',
      'send "user" with an e-mail and a password, or the access token of an account with the role vendor',
    )
  const owner = user ?? identity.userId
  if (identity.role !== 'admin' && (identity.role !== 'vendor' || owner !== identity.userId))
    throw new CaduceusError(
      'forbidden',
      'an account with the role vendor makes its own pharmacy; an administrator makes that of any',
    )
  return owner
}

/** What the rows of one pharmacy differ in: the own one and one by its id have both. */
interface OwnRow {
  path: string
  operationId: string
  summary: string
  auth: readonly (typeof roles)[number][]
}
/** The pharmacy that a request names, or that is the caller's. */
type IdOf = (request: RouteRequest<{ id: string }, unknown, unknown, Identity>) => string

/** The rows of `/register-pharmacy` and `/pharmacy`. */
export function pharmacyRoutes(ctx: PharmacyContext): AnyRoute[] {
  const db = ctx.database.kysely
  const answered = (identity: Identity, row: Selectable<VendorsTable>) => ({
    status: 200,
    body: view(identity, row),
    headers: { etag: etagOf(row.revision) },
  })
  const ownId = (identity: Identity): string => {
    if (identity.pharmacyId === null)
      throw new CaduceusError(
        'vendor_not_found',
        'this account has no pharmacy record yet; POST /register-pharmacy/ makes it',
      )
    return identity.pharmacyId
  }
  const read = async (identity: Identity, id: string) => {
    const row = await db.selectFrom('vendors').selectAll().where('id', '=', id).executeTakeFirst()
    if (row === undefined || (row.status !== 'active' && !isOwn(identity, id))) throw notFound()
    return answered(identity, row)
  }
  const registered = async (
    request: RouteRequest<unknown, unknown, Type.Static<typeof Registration>>,
  ) => {
    const { user, address, lat, lng, ...given } = request.body
    const account = typeof user === 'object' ? user : null
    const owner = account === null ? ownerOf(request.identity, user as string | undefined) : null
    const known = owner === null ? null : await accountById(db, owner)
    if (owner !== null && known === null) throw new CaduceusError('not_found', 'no such account')
    const name = given.name ?? account?.name ?? known?.full_name
    const phone = given.phone_number ?? account?.phone_number ?? known?.phone
    if (name === undefined || phone === undefined)
      throw invalid(
        [
          ...(name === undefined ? ['name'] : []),
          ...(phone === undefined ? ['phone_number'] : []),
        ].map(field => ({ field, rule: 'is required' })),
      )
    const profile = {
      business_name: name,
      phone,
      ...(address != null && { address }),
      latitude: lat,
      longitude: lng,
    }
    const message =
      ctx.config.registration === 'open'
        ? 'Pharmacy registered successfully'
        : 'Pharmacy registration received; an administrator decides upon it'
    if (account === null) {
      const row = await completePharmacy(ctx, request, owner!, profile)
      return { message, user: sanjevaniUser(known!), pharmacy: made(row) }
    }
    const { email, password, verification_token, name: full_name = name } = account
    const { record, signedIn } = await registerPharmacy(ctx, request, {
      email,
      password,
      full_name,
      ...(verification_token !== undefined && { verification_token }),
      ...profile,
    })
    return {
      message,
      user: sanjevaniUser(signedIn.account),
      pharmacy: made(record),
      access: signedIn.access_token,
      refresh: signedIn.refresh_token,
    }
  }
  const registerRow = (path: string, operationId: string): AnyRoute =>
    route({
      method: 'POST',
      path,
      operationId,
      summary:
        'Register a pharmacy: with a new account in "user", or for the account of the token; an administrator names any account with the role vendor',
      tags,
      auth: 'optional',
      expiredToken: 'ignored',
      standing: 'any',
      rate: 'auth',
      alias: '/api/vendors/register',
      shapeError: sanjevaniError,
      audit: {
        kind: 'pharmacy',
        id: body => (body as { pharmacy?: { id?: unknown } }).pharmacy?.id,
      },
      body: Registration,
      responses: {
        201: {
          description: 'The pharmacy; with tokens where an account was made',
          schema: Type.Object({
            message: Type.String(),
            user: SanjevaniUser,
            pharmacy: Pharmacy,
            access: Type.Optional(SanjevaniTokens.access),
            refresh: Type.Optional(SanjevaniTokens.refresh),
          }),
        },
      },
      errors: [
        'email_taken',
        'overloaded',
        'code_wrong',
        'too_many_requests',
        'unauthenticated',
        'token_invalid',
        'forbidden',
        'not_found',
        'account_role_conflict',
        'vendor_already_exists',
      ],
      handler: async request => ({ status: 201, body: await registered(request) }),
    })
  const responses = { 200: { description: 'The pharmacy', schema: Pharmacy } }
  const getRow = (row: OwnRow, idOf: IdOf, params?: typeof PharmacyId): AnyRoute =>
    route({
      ...row,
      method: 'GET',
      tags,
      standing: 'any',
      alias: '/api/vendors/{id}',
      shapeError: sanjevaniError,
      versioned: true,
      ...(params !== undefined && { params }),
      responses,
      errors: ['vendor_not_found'],
      handler: request => read(request.identity, idOf(request as never)),
    })
  const changeRow = (
    row: OwnRow & { method: 'PUT' | 'PATCH' },
    idOf: IdOf,
    params?: typeof PharmacyId,
  ): AnyRoute =>
    route({
      ...row,
      tags,
      standing: 'any',
      alias: '/api/vendors/{id}',
      shapeError: sanjevaniError,
      versioned: true,
      ...(params !== undefined && { params }),
      body: (row.method === 'PUT' ? Whole : Change) as typeof Change,
      responses,
      errors: ['vendor_not_found', 'vendor_status_conflict'],
      handler: async request =>
        answered(
          request.identity,
          await changePharmacy(ctx, request, idOf(request as never), fieldsOf(request.body)),
        ),
    })
  const named = (request: { params: { id: string } }): string => request.params.id
  const own = (request: { identity: Identity }): string => ownId(request.identity)
  return [
    registerRow('/register-pharmacy', 'sanjevaniRegisterPharmacy'),
    registerRow('/pharmacy', 'sanjevaniCreatePharmacy'),
    route({
      method: 'GET',
      path: '/pharmacy',
      operationId: 'sanjevaniPharmacies',
      summary: 'The pharmacies that take requests, newest first',
      tags,
      auth: roles,
      standing: 'any',
      alias: '/api/vendors',
      shapeError: sanjevaniError,
      query: closedObject(page),
      responses: {
        200: {
          description: 'A page',
          schema: Type.Object({
            count: Type.Integer({ description: 'Of all pages' }),
            pharmacies: Type.Array(Pharmacy),
            next_cursor: nextCursor,
          }),
        },
      },
      handler: async ({ identity, query: { limit = limits.listLimitDefault, cursor } }) => {
        const working = db.selectFrom('vendors').where('is_active', '=', true)
        const { count } = await working
          .select(eb => eb.fn.countAll<number>().as('count'))
          .executeTakeFirstOrThrow()
        const { rows, next_cursor } = paged(
          await working
            .$if(cursor !== undefined, query => query.where('id', '<', cursor!))
            .selectAll()
            .orderBy('id', 'desc')
            .limit(limit + 1)
            .execute(),
          limit,
        )
        return {
          status: 200,
          body: {
            count: Number(count),
            pharmacies: rows.map(row => view(identity, row)),
            next_cursor,
          },
        }
      },
    }),
    getRow(
      {
        path: '/pharmacy/profile',
        operationId: 'pharmacyProfile',
        summary: "The caller's own pharmacy",
        auth: ['vendor'],
      },
      own,
    ),
    changeRow(
      {
        method: 'PUT',
        path: '/pharmacy/profile',
        operationId: 'replacePharmacyProfile',
        summary: "Replace the fields of the caller's own pharmacy",
        auth: ['vendor'],
      },
      own,
    ),
    changeRow(
      {
        method: 'PATCH',
        path: '/pharmacy/profile',
        operationId: 'updatePharmacyProfile',
        summary: "Change fields of the caller's own pharmacy",
        auth: ['vendor'],
      },
      own,
    ),
    getRow(
      {
        path: '/pharmacy/:id',
        operationId: 'sanjevaniPharmacy',
        summary: 'One pharmacy',
        auth: roles,
      },
      named,
      PharmacyId,
    ),
    changeRow(
      {
        method: 'PUT',
        path: '/pharmacy/:id',
        operationId: 'replaceSanjevaniPharmacy',
        summary: 'Replace the fields of a pharmacy',
        auth: ['vendor', 'admin'],
      },
      named,
      PharmacyId,
    ),
    changeRow(
      {
        method: 'PATCH',
        path: '/pharmacy/:id',
        operationId: 'updateSanjevaniPharmacy',
        summary: 'Change fields of a pharmacy',
        auth: ['vendor', 'admin'],
      },
      named,
      PharmacyId,
    ),
    route({
      method: 'DELETE',
      path: '/pharmacy/:id',
      operationId: 'closeSanjevaniPharmacy',
      summary:
        'Close a pharmacy: it takes no more requests and leaves the list; its record stays, because orders name it',
      tags,
      auth: ['vendor', 'admin'],
      standing: 'any',
      alias: '/api/vendors/{id}',
      shapeError: sanjevaniError,
      versioned: true,
      params: PharmacyId,
      responses: { 204: { description: 'Closed' } },
      errors: ['vendor_not_found'],
      handler: async request => {
        await changePharmacy(ctx, request, request.params.id, { is_active: false })
        return { status: 204 }
      },
    }),
  ]
}
