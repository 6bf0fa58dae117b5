/**
 * The rows around conversations: a participant reports one, support freezes it, lets it go on,
 * closes it and decides upon the reports.
 */
import Type from 'typebox'
import { reasons, type Reason } from '../../protocol/conversations/parts.ts'
import { ConversationView } from '../../protocol/conversations/view.ts'
import { CaduceusError } from '../../protocol/kernel/errors.ts'
import { Uuid } from '../../protocol/kernel/principal.ts'
import { once } from '../idempotency/idempotency.ts'
import { roles, type Identity } from '../kernel/identity.ts'
import { route, type AnyRoute } from '../kernel/route.ts'
import { closedObject, nullable, Timestamp } from '../kernel/shapes.ts'
import { inTurn } from './evidence.ts'
import { chatLimits } from './limits.ts'
import { findAny, findEntryRow, findOwn, findReadable, shown } from './reads.ts'
import type { ConversationsContext } from './routes.ts'
import { reportColumns, reportTextsOf } from './sealed.ts'
import { speakerOf } from './sides.ts'
import { tell } from './talk.ts'

const tags = ['conversations']
const Id = Type.Object({ id: Uuid })
const reportReasons = ['abuse', 'personal_data', 'wrong_person', 'other'] as const
const decisions = ['upheld', 'dismissed'] as const

/** A report, as administrators read it. */
export const ReportView = Type.Object({
  id: Uuid,
  conversation_id: Uuid,
  message_id: nullable(Uuid),
  side: Type.String({ description: 'Who reported' }),
  reason: Type.Enum([...reportReasons]),
  text: nullable(Type.String()),
  created_at: Timestamp,
  decision: nullable(Type.Enum([...decisions])),
  decided_at: nullable(Timestamp),
})
const oneConversation = { 200: { description: 'The conversation', schema: ConversationView } }

/** The rows of reports and of support. */
export function supportRoutes(ctx: ConversationsContext): AnyRoute[] {
  const db = ctx.database.kysely
  const reading = { kysely: db, vault: ctx.vault }
  const view = async (identity: Identity, id: string) => ({
    status: 200,
    body: await shown(reading, speakerOf(identity), id),
  })

  return [
    route({
      method: 'POST',
      path: '/api/conversations/:id/report',
      operationId: 'reportConversation',
      summary: 'Report a message or a conversation of one’s own to support',
      tags,
      auth: ['user', 'vendor', 'driver'],
      standing: 'carrying',
      params: Id,
      idempotent: true,
      body: closedObject({
        reason: Type.Enum([...reportReasons]),
        message_id: Type.Optional(Uuid),
        text: Type.Optional(
          Type.String({ minLength: 1, maxLength: chatLimits.reportTextCharactersMax }),
        ),
      }),
      responses: {
        201: { description: 'It is reported', schema: Type.Object({ report_id: Uuid }) },
      },
      errors: ['conversation_not_found', 'message_not_found', 'too_many_requests'],
      handler: request =>
        once(ctx, request, 'reportConversation', async ({ targetId }) => {
          const { identity, params, body } = request
          const speaker = speakerOf(identity)
          const row = await findOwn(db, speaker, params.id)
          const { message_id: entry_id = null } = body
          const words = await reportColumns(ctx.vault, targetId, identity.userId, body.text ?? null)
          await inTurn(ctx.database, row.id, async tx => {
            if (entry_id !== null && (await findEntryRow(tx, row.id, entry_id)) === null)
              throw new CaduceusError('message_not_found', 'there is no such message')
            const { open } = await tx
              .selectFrom('conversation_reports')
              .select(eb => eb.fn.countAll<number>().as('open'))
              .where('conversation_id', '=', row.id)
              .where('side', '=', speaker.side)
              .where('decided_at', 'is', null)
              .executeTakeFirstOrThrow()
            if (Number(open) >= chatLimits.openReportsMax)
              throw new CaduceusError(
                'too_many_requests',
                'support has your reports and reads them',
              )
            await tx
              .insertInto('conversation_reports')
              .values({
                id: targetId,
                conversation_id: row.id,
                entry_id,
                side: speaker.side,
                reporter_id: identity.userId,
                reason: body.reason,
                ...words,
                created_at: new Date(ctx.nowMs()),
              })
              .onConflict(conflict => conflict.doNothing())
              .execute()
          })
          return { status: 201, body: { report_id: targetId } }
        }),
    }),
    route({
      method: 'GET',
      path: '/api/conversations/:id/reports',
      operationId: 'listReports',
      summary: 'The reports about a conversation, newest first',
      tags,
      auth: ['admin'],
      params: Id,
      responses: {
        200: {
          description: 'The reports',
          schema: Type.Object({ reports: Type.Array(ReportView) }),
        },
      },
      errors: ['conversation_not_found'],
      async handler({ params }) {
        const { id } = await findAny(db, params.id)
        const rows = await db
          .selectFrom('conversation_reports')
          .selectAll()
          .where('conversation_id', '=', id)
          .orderBy('id', 'desc')
          .limit(chatLimits.reportsShownMax)
          .execute()
        const texts = await reportTextsOf(ctx.vault, rows)
        const reports = rows.map((row, at) => ({
          id: row.id,
          conversation_id: id,
          message_id: row.entry_id,
          side: row.side,
          reason: row.reason,
          text: texts[at]!,
          created_at: row.created_at.toISOString(),
          decision: row.decision,
          decided_at: row.decided_at?.toISOString() ?? null,
        }))
        return { status: 200, body: { reports } }
      },
    }),
    route({
      method: 'POST',
      path: '/api/conversations/:id/report/decision',
      operationId: 'decideReports',
      summary: 'Decide upon all open reports about a conversation',
      tags,
      auth: ['admin'],
      params: Id,
      idempotent: true,
      body: closedObject({ decision: Type.Enum([...decisions]) }),
      responses: oneConversation,
      errors: ['conversation_not_found'],
      async handler(request) {
        const { identity, params, body } = request
        await once(ctx, request, 'decideReports', async () => {
          const { id } = await findAny(db, params.id)
          await db
            .updateTable('conversation_reports')
            .set({
              decided_at: new Date(ctx.nowMs()),
              decided_by: identity.userId,
              decision: body.decision,
            })
            .where('conversation_id', '=', id)
            .where('decided_at', 'is', null)
            .execute()
          return { status: 200, body: {} }
        })
        return view(identity, params.id)
      },
    }),
    route({
      method: 'POST',
      path: '/api/conversations/:id/freeze',
      operationId: 'freezeConversation',
      summary: 'Stop a conversation until support lets it go on; its participants see it',
      tags,
      auth: ['admin'],
      params: Id,
      idempotent: true,
      body: closedObject({ reason: Type.Enum([...reasons]) }),
      responses: oneConversation,
      errors: ['conversation_not_found', 'conversation_closed'],
      async handler(request) {
        const { identity, params, body, principal } = request
        await once(ctx, request, 'freezeConversation', async ({ commandId, targetId }) => {
          const { id } = await findAny(db, params.id)
          await tell(ctx, principal, id, 'freeze', commandId, { entry_id: targetId, ...body })
          return { status: 200, body: {} }
        })
        return view(identity, params.id)
      },
    }),
    route({
      method: 'POST',
      path: '/api/conversations/:id/thaw',
      operationId: 'thawConversation',
      summary: 'Let a frozen conversation go on',
      tags,
      auth: ['admin'],
      params: Id,
      idempotent: true,
      responses: oneConversation,
      errors: ['conversation_not_found', 'conversation_closed'],
      async handler(request) {
        const { identity, params, principal } = request
        await once(ctx, request, 'thawConversation', async ({ commandId, targetId }) => {
          const { id } = await findAny(db, params.id)
          await tell(ctx, principal, id, 'thaw', commandId, { entry_id: targetId })
          return { status: 200, body: {} }
        })
        return view(identity, params.id)
      },
    }),
    route({
      method: 'POST',
      path: '/api/conversations/:id/close',
      operationId: 'closeConversation',
      summary: 'Close a conversation: with support its participants, any other one support',
      tags,
      auth: roles,
      standing: 'carrying',
      params: Id,
      idempotent: true,
      responses: oneConversation,
      errors: ['conversation_not_found', 'conversation_not_possible'],
      async handler(request) {
        const { identity, params, principal } = request
        const speaker = speakerOf(identity)
        const before = await shown(reading, speaker, params.id)
        await once(ctx, request, 'closeConversation', async ({ commandId, targetId }) => {
          const { id } = await findReadable(db, speaker, params.id)
          await tell(ctx, principal, id, 'close', commandId, {
            entry_id: targetId,
            reason: 'settled' satisfies Reason,
          })
          return { status: 200, body: {} }
        })
        // A driver does not see a closed conversation any more.
        return speaker.side === 'driver'
          ? { status: 200, body: { ...before, status: 'closed' } }
          : view(identity, params.id)
      },
    }),
  ]
}
