/** The ledger over HTTP: `/api/ledger/accounts` with their transfers, and corrections. */
import Type from 'typebox'
import { limits } from '../../protocol/kernel/limits.ts'
import { Uuid } from '../../protocol/kernel/principal.ts'
import { oneOf } from '../../protocol/kernel/schema.ts'
import { once, type IdempotencyContext } from '../idempotency/idempotency.ts'
import { route, type AnyRoute } from '../kernel/route.ts'
import { closedObject, nextCursor, page, paged } from '../kernel/shapes.ts'
import { CaduceusError } from '../../protocol/kernel/errors.ts'
import { accountCodes } from './chart.ts'
import { decideCorrection, propose } from './corrections.ts'
import { ledgerLimits } from './limits.ts'
import {
  accountsOf,
  accountView,
  AccountView,
  correctionsOf,
  CorrectionView,
  findAccount,
  transfersOf,
  TransferView,
} from './views.ts'

const tags = ['ledger']
const CurrencyCode = Type.String({
  pattern: '^[A-Z]{3}$',
  'x-rule': 'must be an ISO 4217 code such as EUR',
})

/** The rows of `/api/ledger`. */
export function ledgerRoutes(ctx: IdempotencyContext): AnyRoute[] {
  const db = ctx.database.kysely
  async function correction(id: string) {
    const [found] = await correctionsOf(db, { only: id }, ctx.nowMs(), 1)
    if (found === undefined) throw new CaduceusError('not_found', 'no such correction')
    return found
  }

  return [
    route({
      method: 'GET',
      path: '/api/ledger/accounts',
      operationId: 'listLedgerAccounts',
      summary:
        "Accounts of the ledger with their sums: those of the caller's pharmacy or driver, or for an administrator all",
      tags,
      auth: ['vendor', 'driver', 'admin'],
      query: closedObject({
        ...page,
        code: Type.Optional(oneOf(accountCodes)),
        owner_id: Type.Optional(Uuid),
        currency: Type.Optional(CurrencyCode),
      }),
      responses: {
        200: {
          description: 'A page',
          schema: Type.Object({ accounts: Type.Array(AccountView), next_cursor: nextCursor }),
        },
      },
      handler: async ({ identity, query: { limit = limits.listLimitDefault, ...filter } }) => {
        const found = await accountsOf(db, identity, filter, limit + 1)
        const { rows, next_cursor } = paged(found, limit)
        return { status: 200, body: { accounts: rows.map(accountView), next_cursor } }
      },
    }),
    route({
      method: 'GET',
      path: '/api/ledger/accounts/:id/transfers',
      operationId: 'listLedgerTransfers',
      summary: 'The transfers of an account, newest first; they never change',
      tags,
      auth: ['vendor', 'driver', 'admin'],
      query: closedObject(page),
      responses: {
        200: {
          description: 'A page',
          schema: Type.Object({ transfers: Type.Array(TransferView), next_cursor: nextCursor }),
        },
      },
      errors: ['not_found'],
      handler: async ({
        identity,
        params: { id },
        query: { limit = limits.listLimitDefault, cursor },
      }) => {
        const account = await findAccount(db, identity, id!)
        const found = await transfersOf(db, account.id, cursor, limit + 1)
        const { rows, next_cursor } = paged(found, limit)
        return { status: 200, body: { transfers: rows, next_cursor } }
      },
    }),
    route({
      method: 'GET',
      path: '/api/ledger/corrections',
      operationId: 'listLedgerCorrections',
      summary: 'Corrections of the ledger by administrators, newest first',
      tags,
      auth: ['admin'],
      query: closedObject(page),
      responses: {
        200: {
          description: 'A page',
          schema: Type.Object({ corrections: Type.Array(CorrectionView), next_cursor: nextCursor }),
        },
      },
      handler: async ({ query: { limit = limits.listLimitDefault, ...after } }) => {
        const found = await correctionsOf(db, after, ctx.nowMs(), limit + 1)
        const { rows, next_cursor } = paged(found, limit)
        return { status: 200, body: { corrections: rows, next_cursor } }
      },
    }),
    route({
      method: 'POST',
      path: '/api/ledger/corrections',
      operationId: 'proposeLedgerCorrection',
      summary: `Propose a correction; it happens when another administrator approves it within ${ledgerLimits.correctionHours} hours`,
      tags,
      auth: ['admin'],
      idempotent: true,
      audit: { kind: 'ledger', id: body => (body as { id?: unknown }).id },
      body: closedObject({
        debit_account_id: Uuid,
        credit_account_id: Uuid,
        amount: Type.Number({ exclusiveMinimum: 0, maximum: ledgerLimits.correctionMax }),
        currency: CurrencyCode,
        reason: Type.String({ minLength: 1, maxLength: ledgerLimits.noteCharactersMax }),
      }),
      responses: { 201: { description: 'The correction', schema: CorrectionView } },
      errors: ['ledger_conflict'],
      handler: async request => {
        const { identity, body } = request
        const answer = await once(ctx, request, 'proposeLedgerCorrection', async ({ targetId }) => {
          await propose(ctx, identity.userId, targetId, body)
          return { status: 201, body: { id: targetId } }
        })
        return { ...answer, body: await correction((answer.body as { id: string }).id) }
      },
    }),
    route({
      method: 'POST',
      path: '/api/ledger/corrections/:id/decision',
      operationId: 'decideLedgerCorrection',
      summary:
        'Approve a correction of another administrator, or refuse one; who proposed it may take it back',
      tags,
      auth: ['admin'],
      idempotent: true,
      body: closedObject({ decision: oneOf(['approved', 'refused']) }),
      responses: { 200: { description: 'The correction', schema: CorrectionView } },
      errors: ['not_found', 'ledger_conflict', 'second_person_required'],
      handler: async request => {
        const {
          identity,
          body,
          params: { id },
        } = request
        const answer = await once(ctx, request, 'decideLedgerCorrection', async () => {
          await decideCorrection(ctx, identity.userId, id!, body.decision === 'approved')
          return { status: 200, body: {} }
        })
        return { ...answer, body: await correction(id!) }
      },
    }),
  ]
}
