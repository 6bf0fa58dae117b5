/** Accounts as an administrator sees them: `/api/admin/accounts`. Making an administrator is no row here; that takes the command line. */
import Type from 'typebox'
import { sql } from 'kysely'
import { limits } from '../../protocol/limits.ts'
import { Uuid } from '../../protocol/principal.ts'
import { accountById, accountsPage } from '../accounts/accounts.ts'
import { setAccountActive, type DeactivationContext } from '../accounts/deactivation.ts'
import { roles } from '../accounts/identity.ts'
import { route, type AnyRoute } from '../http/route.ts'
import { CaduceusError } from '../../protocol/errors.ts'
import { accountView } from './auth.ts'
import { AccountView, closedObject, Email, nextCursor, page, paged, Phone } from './shapes.ts'

const tags = ['admin']
const AccountId = Type.Object({ id: Uuid })
const audit = { kind: 'accounts' }

export function adminAccountRoutes(ctx: DeactivationContext): AnyRoute[] {
  const db = ctx.database.kysely
  return [
    route({
      method: 'GET', path: '/api/admin/accounts', operationId: 'listAccounts', summary: 'Accounts, newest first', tags, auth: ['admin'], audit,
      query: closedObject({ ...page, role: Type.Optional(Type.Enum([...roles])), is_active: Type.Optional(Type.Boolean()), email: Type.Optional(Email), phone: Type.Optional(Phone) }),
      responses: { 200: { description: 'A page', schema: Type.Object({ accounts: Type.Array(AccountView), next_cursor: nextCursor }) } },
      handler: async ({ query: { limit = limits.listLimitDefault, cursor, role, is_active, email, phone } }) => {
        let query = accountsPage(db, limit + 1, cursor)
        if (role !== undefined) query = query.where('users.role', '=', role)
        if (is_active !== undefined) query = query.where('users.is_active', '=', is_active)
        if (email !== undefined) query = query.where(sql<string>`lower(users.email)`, '=', email.toLowerCase())
        if (phone !== undefined) query = query.where('users.phone', '=', phone)
        const { rows, next_cursor } = paged(await query.execute(), limit)
        return { status: 200, body: { accounts: rows.map(accountView), next_cursor } }
      },
    }),
    route({
      method: 'GET', path: '/api/admin/accounts/:id', operationId: 'getAccount', summary: 'One account', tags, auth: ['admin'], params: AccountId, audit,
      responses: { 200: { description: 'The account', schema: AccountView } },
      handler: async ({ params }) => {
        const account = await accountById(db, params.id)
        if (account === null) throw new CaduceusError('not_found', 'no such account')
        return { status: 200, body: accountView(account) }
      },
    }),
    route({
      method: 'PATCH', path: '/api/admin/accounts/:id', operationId: 'setAccountActive', tags, auth: ['admin'], params: AccountId, audit,
      summary: 'Deactivate an account, which ends its tokens and sockets at once, closes its pharmacy and takes its driver off duty; or activate it again',
      body: closedObject({ is_active: Type.Boolean() }),
      responses: { 200: { description: 'The account', schema: AccountView } },
      handler: async request => ({ status: 200, body: accountView(await setAccountActive(ctx, request.identity.userId, request.params.id, request.body.is_active, request)) }),
    }),
  ]
}
