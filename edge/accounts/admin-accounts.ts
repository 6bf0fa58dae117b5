/**
 * Accounts for an administrator: `/api/admin/accounts`, and `/api/v1/users` of the older API.
 * Administrators make each other too; the first one is made by the command line.
 */
import Type from 'typebox'
import { sql } from 'kysely'
import { normalEmail } from '../../protocol/accounts/emails.ts'
import { limits } from '../../protocol/kernel/limits.ts'
import { Uuid } from '../../protocol/kernel/principal.ts'
import { accountById, accountsPage, type Account } from './accounts.ts'
import { changeAccount, makeAccountFor } from './administered.ts'
import { setAccountActive, type DeactivationContext } from './deactivation.ts'
import { tellProfile } from './driver-profile.ts'
import { roles } from '../kernel/identity.ts'
import { route, underOlderName, type AnyRoute } from '../kernel/route.ts'
import { CaduceusError } from '../../protocol/kernel/errors.ts'
import { accountView } from './routes.ts'
import {
  AccountView,
  closedObject,
  Email,
  nextCursor,
  nullable,
  page,
  paged,
  Password,
  PersonName,
  Phone,
  Text,
  Timestamp,
} from '../kernel/shapes.ts'

const tags = ['admin']
const rides = ['rides (older API)']
const AccountId = Type.Object({ id: Uuid })
const audit = { kind: 'accounts' }
const AdminAccountView = Type.Object({
  ...AccountView.properties,
  email_twin_of: nullable(
    Type.String({ description: 'The account that owns the same e-mail; this one only names it' }),
  ),
  sponsored_by: nullable(
    Type.String({
      description:
        'The administrator who last made the account, gave it its role or set its e-mail. For 30 days the two are no independent pair where two people have to agree',
    }),
  ),
  sponsored_at: nullable(Timestamp),
})
const adminView = (account: Account) => ({
  ...accountView(account),
  email_twin_of: account.email_twin_of,
  sponsored_by: account.sponsored_by,
  sponsored_at: account.sponsored_at,
})

/** The rows of `/api/admin/accounts`. */
export function adminAccountRoutes(ctx: DeactivationContext): AnyRoute[] {
  const db = ctx.database.kysely
  const found = async (id: string): Promise<Account> => {
    const account = await accountById(db, id)
    if (account === null) throw new CaduceusError('not_found', 'no such account')
    return account
  }
  const listRow = route({
    method: 'GET',
    path: '/api/admin/accounts',
    operationId: 'listAccounts',
    summary: 'Accounts, newest first',
    tags,
    auth: ['admin'],
    audit,
    query: closedObject({
      ...page,
      role: Type.Optional(Type.Enum([...roles])),
      is_active: Type.Optional(Type.Boolean()),
      email: Type.Optional(Email),
      phone: Type.Optional(Phone),
      email_twin: Type.Optional(
        Type.Boolean({
          description:
            'True: only accounts that name an e-mail which another account owns; false: only the others',
        }),
      ),
    }),
    responses: {
      200: {
        description: 'A page',
        schema: Type.Object({ accounts: Type.Array(AdminAccountView), next_cursor: nextCursor }),
      },
    },
    handler: async ({
      query: { limit = limits.listLimitDefault, cursor, role, is_active, email, phone, email_twin },
    }) => {
      let query = accountsPage(db, limit + 1, cursor)
      if (role !== undefined) query = query.where('users.role', '=', role)
      if (is_active !== undefined) query = query.where('users.is_active', '=', is_active)
      if (email !== undefined)
        query = query.where(sql<string>`normal_email(users.email)`, '=', normalEmail(email))
      if (phone !== undefined) query = query.where('users.phone', '=', phone)
      if (email_twin !== undefined)
        query = query.where('users.email_twin_of', email_twin ? 'is not' : 'is', null)
      const { rows, next_cursor } = paged(await query.execute(), limit)
      return { status: 200, body: { accounts: rows.map(adminView), next_cursor } }
    },
  })
  const getRow = route({
    method: 'GET',
    path: '/api/admin/accounts/:id',
    operationId: 'getAccount',
    summary: 'One account',
    tags,
    auth: ['admin'],
    params: AccountId,
    audit,
    responses: { 200: { description: 'The account', schema: AdminAccountView } },
    handler: async ({ params }) => {
      return { status: 200, body: adminView(await found(params.id)) }
    },
  })
  return [
    listRow,
    getRow,
    route({
      method: 'POST',
      path: '/api/admin/accounts',
      operationId: 'createAccount',
      tags,
      auth: ['admin'],
      audit: { ...audit, id: body => (body as { id: string }).id },
      summary:
        'Make an account of any role. Without a password its owner sets one by /api/auth/password/forgot',
      body: closedObject({
        email: Email,
        full_name: PersonName,
        phone: Phone,
        role: Type.Enum([...roles]),
        password: Type.Optional(Password),
      }),
      responses: { 201: { description: 'The account', schema: AdminAccountView } },
      errors: ['email_taken', 'overloaded'],
      handler: async ({ identity, body }) => {
        const account = await makeAccountFor(ctx, identity.userId, body)
        return {
          status: 201,
          body: adminView(account),
          headers: { location: `/api/admin/accounts/${account.id}` },
        }
      },
    }),
    route({
      method: 'PATCH',
      path: '/api/admin/accounts/:id',
      operationId: 'changeAccount',
      tags,
      auth: ['admin'],
      params: AccountId,
      audit,
      summary:
        'Change an account of somebody else. A new role ends its sign-ins. `is_active` false ends its tokens and sockets at once, closes its pharmacy and takes its driver off duty; true restores it',
      body: Type.Object(
        {
          is_active: Type.Optional(Type.Boolean()),
          role: Type.Optional(Type.Enum([...roles])),
          email: Type.Optional(Email),
          full_name: Type.Optional(PersonName),
          phone: Type.Optional(Phone),
          address: Type.Optional(nullable(Text)),
        },
        { additionalProperties: false, minProperties: 1 },
      ),
      responses: { 200: { description: 'The account', schema: AdminAccountView } },
      errors: ['email_taken', 'account_role_conflict'],
      handler: async request => {
        const {
          identity,
          principal,
          params: { id },
          body: { is_active, ...change },
        } = request
        if (Object.keys(change).length > 0) await changeAccount(ctx, identity.userId, id, change)
        const account =
          is_active === undefined
            ? await found(id)
            : await setAccountActive(ctx, identity.userId, id, is_active, request)
        if (account.driver_id !== null && (change.full_name ?? change.phone) !== undefined)
          await tellProfile(ctx, account.driver_id, principal, request.log)
        return { status: 200, body: adminView(account) }
      },
    }),
    route({
      method: 'DELETE',
      path: '/api/admin/accounts/:id',
      operationId: 'endAccount',
      tags,
      auth: ['admin'],
      params: AccountId,
      audit,
      summary:
        'End an account: the same as `is_active` false. Its orders and its entries in the audit trail stay',
      responses: { 200: { description: 'The account', schema: AdminAccountView } },
      handler: async request => ({
        status: 200,
        body: adminView(
          await setAccountActive(ctx, request.identity.userId, request.params.id, false, request),
        ),
      }),
    }),
    underOlderName(listRow, { path: '/api/v1/users', operationId: 'listUsersV1', tags: rides }),
    underOlderName(getRow, { path: '/api/v1/users/:id', operationId: 'getUserV1', tags: rides }),
  ]
}
