/**
 * Accounts for an administrator: `/api/admin/accounts`. No row makes an administrator; only the
 * command line does.
 */
import Type from 'typebox'
import { sql } from 'kysely'
import { normalEmail } from '../../protocol/accounts/emails.ts'
import { limits } from '../../protocol/kernel/limits.ts'
import { Uuid } from '../../protocol/kernel/principal.ts'
import { accountById, accountsPage, type Account } from './accounts.ts'
import { setAccountActive, type DeactivationContext } from './deactivation.ts'
import { roles } from '../kernel/identity.ts'
import { route, type AnyRoute } from '../kernel/route.ts'
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
  Phone,
} from '../kernel/shapes.ts'

const tags = ['admin']
const AccountId = Type.Object({ id: Uuid })
const audit = { kind: 'accounts' }
const AdminAccountView = Type.Object({
  ...AccountView.properties,
  email_twin_of: nullable(
    Type.String({ description: 'The account that owns the same e-mail; this one only names it' }),
  ),
})
const adminView = (account: Account) => ({
  ...accountView(account),
  email_twin_of: account.email_twin_of,
})

/** The rows of `/api/admin/accounts`. */
export function adminAccountRoutes(ctx: DeactivationContext): AnyRoute[] {
  const db = ctx.database.kysely
  return [
    route({
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
        query: {
          limit = limits.listLimitDefault,
          cursor,
          role,
          is_active,
          email,
          phone,
          email_twin,
        },
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
    }),
    route({
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
        const account = await accountById(db, params.id)
        if (account === null) throw new CaduceusError('not_found', 'no such account')
        return { status: 200, body: adminView(account) }
      },
    }),
    route({
      method: 'PATCH',
      path: '/api/admin/accounts/:id',
      operationId: 'setAccountActive',
      tags,
      auth: ['admin'],
      params: AccountId,
      audit,
      summary:
        'Deactivate an account or activate it again. A deactivation ends its tokens and sockets at once, closes its pharmacy and takes its driver off duty',
      body: closedObject({ is_active: Type.Boolean() }),
      responses: { 200: { description: 'The account', schema: AdminAccountView } },
      handler: async request => ({
        status: 200,
        body: adminView(
          await setAccountActive(
            ctx,
            request.identity.userId,
            request.params.id,
            request.body.is_active,
            request,
          ),
        ),
      }),
    }),
  ]
}
