/**
 * A customer under the names of the older broadcast API: `/customer/profile/` and
 * `/customer/requests/`. They are the account and the requests of our API in another shape.
 */
import Type from 'typebox'
import { phoneNoticeOf } from '../../protocol/accounts/phones.ts'
import { CaduceusError } from '../../protocol/kernel/errors.ts'
import { Uuid } from '../../protocol/kernel/principal.ts'
import { uploadUrl } from '../../protocol/uploads/url.ts'
import { accountById, type Account } from '../accounts/accounts.ts'
import { SanjevaniRole, sanjevaniRoles } from '../accounts/broadcast-shapes.ts'
import { updateProfile } from '../accounts/credentials.ts'
import type { Identity } from '../kernel/identity.ts'
import { route, type AnyRoute } from '../kernel/route.ts'
import {
  nullable,
  PersonName,
  Phone,
  sanjevaniError,
  Text,
  Timestamp,
  Url,
} from '../kernel/shapes.ts'
import { signedUrl } from '../links/links.ts'
import { ownPath } from '../links/own-urls.ts'
import { absolute } from '../links/absolute.ts'
import type { OrderContext } from '../orders/terms.ts'
import { medicineListRow } from '../requests/medicine.ts'

const tags = ['broadcast (older API)']
const Profile = Type.Object({
  id: Uuid,
  email: Type.String(),
  name: Type.String(),
  phone_number: Type.String(),
  role: SanjevaniRole,
  address: nullable(Type.String()),
  picture: nullable(
    Type.String({ description: 'A link of ten minutes that opens without a token' }),
  ),
  email_verified: Type.Boolean(),
  phone_verified: Type.Boolean(),
  phone_notice: nullable(Type.String()),
  created_at: Timestamp,
  updated_at: Timestamp,
})
const ProfileChange = Type.Object(
  {
    name: Type.Optional(PersonName),
    phone_number: Type.Optional(Phone),
    address: Type.Optional(nullable(Text)),
    picture: Type.Optional(nullable(Url)),
  },
  { additionalProperties: false, minProperties: 1 },
)

/** The rows of `/customer`. */
export function customerRoutes(ctx: OrderContext): AnyRoute[] {
  const view = (
    { identity, origin }: { identity: Identity; origin: string | null },
    account: Account,
  ) => ({
    id: account.id,
    email: account.email,
    name: account.full_name,
    phone_number: account.phone,
    role: sanjevaniRoles[account.role],
    address: account.address,
    picture:
      account.picture_id === null
        ? null
        : absolute(signedUrl(ctx, identity.userId, uploadUrl(account.picture_id)), origin),
    email_verified: account.email_verified_at !== null,
    phone_verified: account.phone_verified_at !== null,
    phone_notice: phoneNoticeOf(account.phone),
    created_at: account.created_at,
    updated_at: account.updated_at,
  })
  const responses = { 200: { description: 'The profile', schema: Profile } }
  const changeRow = (method: 'PUT' | 'PATCH', operationId: string): AnyRoute =>
    route({
      method,
      path: '/customer/profile',
      operationId,
      summary: "Change the customer's name, phone, address or picture; other fields stay",
      tags,
      auth: ['user'],
      alias: '/api/auth/me',
      shapeError: sanjevaniError,
      body: ProfileChange,
      responses,
      handler: async request => {
        const { name, phone_number, address, picture } = request.body
        const account = await updateProfile(ctx, request.identity.userId, {
          ...(name !== undefined && { full_name: name }),
          ...(phone_number !== undefined && { phone: phone_number }),
          ...(address !== undefined && { address }),
          ...(picture !== undefined && {
            picture_url: picture === null ? null : ownPath(picture, request.origin),
          }),
        }).catch((error: unknown) => {
          throw underOlderField(error)
        })
        return { status: 200, body: view(request, account) }
      },
    })
  return [
    route({
      method: 'GET',
      path: '/customer/profile',
      operationId: 'customerProfile',
      summary: "The customer's own profile",
      tags,
      auth: ['user'],
      alias: '/api/auth/me',
      shapeError: sanjevaniError,
      responses,
      handler: async request => {
        const account = await accountById(ctx.database.kysely, request.identity.userId)
        if (account === null)
          throw new CaduceusError('token_invalid', 'the account of this token is gone')
        return { status: 200, body: view(request, account) }
      },
    }),
    changeRow('PUT', 'replaceCustomerProfile'),
    changeRow('PATCH', 'updateCustomerProfile'),
    {
      ...medicineListRow(ctx),
      path: '/customer/requests',
      operationId: 'customerRequests',
      summary: "The customer's own requests, newest first",
      auth: ['user'],
    },
  ]
}

/** The refusal of a picture names the field as the older API does. */
function underOlderField(error: unknown): unknown {
  if (!(error instanceof CaduceusError) || error.fields === undefined) return error
  const fields = error.fields.map(({ field, rule }) => ({
    field: field === 'picture_url' ? 'picture' : field,
    rule,
  }))
  return new CaduceusError(
    error.code,
    fields.map(({ field, rule }) => `${field} ${rule}`).join('; '),
    fields,
  )
}
