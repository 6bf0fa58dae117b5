/** The audit trail for administrators: `/api/admin/audit`. Each read of it is also a row. */
import Type from 'typebox'
import { sql } from 'kysely'
import { instantMs } from '../../protocol/kernel/iso-time.ts'
import { limits } from '../../protocol/kernel/limits.ts'
import { Uuid } from '../../protocol/kernel/principal.ts'
import type { Kernel } from '../kernel/kernel.ts'
import { route, type AnyRoute } from '../kernel/route.ts'
import { closedObject, nextCursor, nullable, page, paged, Timestamp } from '../kernel/shapes.ts'

export type AuditContext = Pick<Kernel, 'database'>

const Word = Type.String({ minLength: 1, maxLength: 100 })
export const AuditView = Type.Object({
  id: Uuid,
  at: Timestamp,
  actor_role: Type.String({ description: 'a role, `service` or `anonymous`' }),
  actor_id: nullable(Uuid),
  operation: Type.String({ description: 'operationId, or `socket.<kind>` for a connection' }),
  target_kind: nullable(Type.String()),
  target_id: nullable(Uuid),
  address: Type.String(),
  user_agent: nullable(Type.String()),
  status: Type.Integer({
    description: 'HTTP status; for a socket 101, or its close code',
  }),
  code: nullable(Type.String({ description: 'Code of the error catalogue; null for a success' })),
  request_id: Type.String(),
})

/** The row of `/api/admin/audit`. */
export function auditRoutes(ctx: AuditContext): AnyRoute[] {
  return [
    route({
      method: 'GET',
      path: '/api/admin/audit',
      operationId: 'listAudit',
      tags: ['admin'],
      auth: ['admin'],
      audit: { kind: 'audit' },
      summary:
        'The audit trail: caller, operation, record, time, address and result; newest first, written within about a second',
      query: closedObject({
        ...page,
        actor_id: Type.Optional(Uuid),
        actor_role: Type.Optional(Word),
        operation: Type.Optional(Word),
        target_kind: Type.Optional(Word),
        target_id: Type.Optional(Uuid),
        address: Type.Optional(Word),
        request_id: Type.Optional(Word),
        status: Type.Optional(Type.Integer({ minimum: 100, maximum: 4_999 })),
        failed: Type.Optional(Type.Boolean()),
        from: Type.Optional(Timestamp),
        until: Type.Optional(Timestamp),
      }),
      responses: {
        200: {
          description: 'A page',
          schema: Type.Object({ entries: Type.Array(AuditView), next_cursor: nextCursor }),
        },
      },
      handler: async ({
        query: { limit = limits.listLimitDefault, cursor, failed, from, until, ...equal },
      }) => {
        let query = ctx.database.kysely.selectFrom('audit_log').selectAll()
        for (const [column, value] of Object.entries(equal))
          query = query.where(column as keyof typeof equal, '=', value as string)
        if (failed !== undefined) query = query.where('code', failed ? 'is not' : 'is', null)
        if (from !== undefined)
          query = query.where(sql<boolean>`at >= ${new Date(instantMs(from)!)}::timestamptz`)
        if (until !== undefined)
          query = query.where(sql<boolean>`at < ${new Date(instantMs(until)!)}::timestamptz`)
        if (cursor !== undefined) query = query.where('id', '<', cursor)
        const { rows, next_cursor } = paged(
          await query
            .orderBy('id', 'desc')
            .limit(limit + 1)
            .execute(),
          limit,
        )
        return { status: 200, body: { entries: rows, next_cursor } }
      },
    }),
  ]
}
