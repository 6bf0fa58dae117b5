/** Payouts over HTTP: `/api/payouts` with their statements, as JSON and as CSV. */
import Type from 'typebox'
import { limits } from '../../protocol/kernel/limits.ts'
import { Uuid } from '../../protocol/kernel/principal.ts'
import { oneOf } from '../../protocol/kernel/schema.ts'
import { once, type IdempotencyContext } from '../idempotency/idempotency.ts'
import { route, type AnyRoute } from '../kernel/route.ts'
import { closedObject, nextCursor, page, paged } from '../kernel/shapes.ts'
import { csvOf, type Column } from '../reports/csv.ts'
import { payoutLimits } from './limits.ts'
import { claimPayout, decidePayout, proposePayout } from './payouts.ts'
import { parties } from './shares.ts'
import {
  findPayout,
  linesAfter,
  linesOf,
  LineView,
  payoutsOf,
  PayoutView,
  StatementView,
  statementOf,
} from './statement.ts'

const tags = ['payouts']
const CurrencyCode = Type.String({
  pattern: '^[A-Z]{3}$',
  'x-rule': 'must be an ISO 4217 code such as EUR',
})
const Moment = Type.String({ format: 'date-time' })
const onePayout = { 200: { description: 'The payout', schema: PayoutView } }
const columns: Column<LineView>[] = (
  ['at', 'account', 'reason', 'about_id', 'amount', 'id'] as const
).map(name => ({ heading: name, of: line => line[name] }))

/** The rows of `/api/payouts`. */
export function payoutRoutes(ctx: IdempotencyContext): AnyRoute[] {
  const db = ctx.database.kysely
  return [
    route({
      method: 'GET',
      path: '/api/payouts',
      operationId: 'listPayouts',
      summary:
        "Payouts of the caller's pharmacy or driver, or for an administrator all; newest first",
      tags,
      auth: ['vendor', 'driver', 'admin'],
      query: closedObject(page),
      responses: {
        200: {
          description: 'A page',
          schema: Type.Object({ payouts: Type.Array(PayoutView), next_cursor: nextCursor }),
        },
      },
      handler: async ({ identity, query: { limit = limits.listLimitDefault, ...after } }) => {
        const found = await payoutsOf(db, identity, after, ctx.nowMs(), limit + 1)
        const { rows, next_cursor } = paged(found, limit)
        return { status: 200, body: { payouts: rows, next_cursor } }
      },
    }),
    route({
      method: 'POST',
      path: '/api/payouts',
      operationId: 'proposePayout',
      summary: `Propose the payout of a pharmacy or a driver for a period; it is reserved until another administrator has paid it, at most ${payoutLimits.decisionHours} hours`,
      tags,
      auth: ['admin'],
      idempotent: true,
      audit: { kind: 'payout', id: body => (body as { id?: unknown }).id },
      body: closedObject({
        party: oneOf(parties),
        party_id: Uuid,
        currency: CurrencyCode,
        from: Moment,
        to: Moment,
      }),
      responses: {
        201: { description: 'The payout; the same one for the same period', schema: PayoutView },
      },
      errors: ['ledger_conflict'],
      handler: async request => {
        const { identity, body } = request
        const answer = await once(ctx, request, 'proposePayout', async () => ({
          status: 201,
          body: { id: await proposePayout(ctx, identity.userId, body) },
        }))
        const { id } = answer.body as { id: string }
        return { ...answer, body: await findPayout(db, identity, id, ctx.nowMs()) }
      },
    }),
    route({
      method: 'POST',
      path: '/api/payouts/:id/decision',
      operationId: 'decidePayout',
      summary:
        'Claim a payout of another administrator before its money is sent (`sending`: it expires no more, and one claim is given), say that it was paid, or refuse it; who proposed it may take it back',
      tags,
      auth: ['admin'],
      idempotent: true,
      body: closedObject({ decision: oneOf(['sending', 'paid', 'refused']) }),
      responses: onePayout,
      errors: ['not_found', 'ledger_conflict', 'second_person_required'],
      handler: async request => {
        const {
          identity,
          body,
          params: { id },
        } = request
        const answer = await once(ctx, request, 'decidePayout', async () => {
          if (body.decision === 'sending') await claimPayout(ctx, identity.userId, id!)
          else await decidePayout(ctx, identity.userId, id!, body.decision === 'paid')
          return { status: 200, body: {} }
        })
        return { ...answer, body: await findPayout(db, identity, id!, ctx.nowMs()) }
      },
    }),
    route({
      method: 'GET',
      path: '/api/payouts/:id/statement',
      operationId: 'getStatement',
      summary:
        'The statement of a payout: what was owed before, each amount of the period, the rest',
      tags,
      auth: ['vendor', 'driver', 'admin'],
      query: closedObject(page),
      responses: {
        200: {
          description: 'The sums, and a page of lines, oldest first',
          schema: Type.Object({
            ...StatementView.properties,
            lines: Type.Array(LineView),
            next_cursor: nextCursor,
          }),
        },
      },
      errors: ['not_found'],
      handler: async ({
        identity,
        params: { id },
        query: { limit = limits.listLimitDefault, cursor },
      }) => {
        const payout = await findPayout(db, identity, id!, ctx.nowMs())
        const found = await linesAfter(db, payout, cursor, limit + 1)
        const { rows, next_cursor } = paged(found, limit)
        const sums = await statementOf(db, payout)
        return { status: 200, body: { ...sums, lines: rows, next_cursor } }
      },
    }),
    route({
      method: 'GET',
      path: '/api/payouts/:id/statement/export',
      operationId: 'exportStatement',
      summary: 'The lines of a statement as CSV',
      tags,
      rate: 'upload',
      auth: ['vendor', 'driver', 'admin'],
      query: closedObject({ bom: Type.Optional(Type.Boolean()) }),
      responses: {
        200: {
          description:
            'CSV in UTF-8; cells that a spreadsheet would take for a formula begin with an apostrophe',
          contentType: 'text/csv',
        },
      },
      errors: ['not_found'],
      handler: async ({ identity, params: { id }, query: { bom = true } }) => {
        const payout = await findPayout(db, identity, id!, ctx.nowMs())
        return {
          status: 200,
          body: csvOf(columns, linesOf(db, payout), { bom }),
          headers: {
            'content-type': 'text/csv; charset=utf-8',
            'content-disposition': `attachment; filename="statement-${payout.id}.csv"`,
          },
        }
      },
    }),
  ]
}
