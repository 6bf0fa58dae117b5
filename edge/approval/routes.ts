/** Decisions of an administrator upon pharmacies, and their list: `/api/admin/approvals`. */
import { pharmacyStatuses } from '../../protocol/pharmacies/statuses.ts'
import Type from 'typebox'
import type { Selectable } from 'kysely'
import type { VendorsTable } from '../../migrations/database/tables.ts'
import { Latitude, Longitude } from '../../protocol/kernel/schema.ts'
import { limits } from '../../protocol/kernel/limits.ts'
import { Uuid } from '../../protocol/kernel/principal.ts'
import type { KernelConfig } from '../kernel/config.ts'
import type { Kernel, WithConfig } from '../kernel/kernel.ts'
import { once } from '../idempotency/idempotency.ts'
import { etagOf } from '../http/preconditions.ts'
import { route, type AnyRoute } from '../kernel/route.ts'
import {
  closedObject,
  nextCursor,
  nullable,
  page,
  paged,
  Text,
  Timestamp,
} from '../kernel/shapes.ts'
import { decidePharmacy, type DecisionContext, type DecisionVerb } from './decisions.ts'
import { moveOf } from './moving.ts'

const tags = ['admin']
const PharmacyId = Type.Object({ id: Uuid })
export const Move = nullable(
  Type.Object({
    latitude: Latitude,
    longitude: Longitude,
    address: nullable(Type.String()),
    asked_at: Timestamp,
  }),
)

export const ApprovalView = Type.Object({
  id: Uuid,
  vendor_id: Uuid,
  user_id: Uuid,
  kind: Type.Enum(['registration', 'move', 'none']),
  status: Type.Enum([...pharmacyStatuses]),
  business_name: Type.String(),
  email: Type.String(),
  phone: Type.String(),
  address: nullable(Type.String()),
  latitude: Latitude,
  longitude: Longitude,
  moving_to: Move,
  status_reason: nullable(Type.String()),
  decided_by: nullable(Uuid),
  decided_at: nullable(Timestamp),
  created_at: Timestamp,
  revision: Type.Integer({ description: 'In quotes, this is the If-Match of a decision' }),
})

const approvalView = (row: Selectable<VendorsTable>) => ({
  id: row.id,
  vendor_id: row.id,
  user_id: row.user_id,
  kind:
    row.status === 'pending'
      ? ('registration' as const)
      : row.move_asked_at === null
        ? ('none' as const)
        : ('move' as const),
  status: row.status,
  business_name: row.business_name,
  email: row.email,
  phone: row.phone,
  address: row.address,
  latitude: row.latitude,
  longitude: row.longitude,
  moving_to: moveOf(row),
  status_reason: row.decision_reason,
  decided_by: row.decided_by,
  decided_at: row.decided_at,
  created_at: row.created_at,
  revision: row.revision,
})

type ApprovalContext = DecisionContext & Pick<Kernel, 'random'> & WithConfig<KernelConfig>

/** The rows of `/api/admin/approvals` and of the three decisions. */
export function approvalRoutes(ctx: ApprovalContext): AnyRoute[] {
  const db = ctx.database.kysely
  const decision = <B extends Type.TSchema>(
    verb: DecisionVerb,
    operationId: string,
    summary: string,
    body: B,
  ): AnyRoute =>
    route({
      method: 'POST',
      path: `/api/admin/vendors/:id/${verb}`,
      operationId,
      summary,
      tags,
      auth: ['admin'],
      params: PharmacyId,
      body,
      idempotent: true,
      versioned: true,
      responses: { 200: { description: 'The pharmacy after the decision', schema: ApprovalView } },
      errors: ['vendor_not_found', 'vendor_status_conflict', 'papers_missing'],
      handler: async request => {
        const answer = await once(ctx, request, operationId, async () => {
          const { reason = null } = request.body as { reason?: string }
          await decidePharmacy(
            ctx,
            request.identity.userId,
            request.params.id,
            verb,
            reason,
            request,
          )
          return { status: 200, body: {} }
        })
        const row = await db
          .selectFrom('vendors')
          .selectAll()
          .where('id', '=', request.params.id)
          .executeTakeFirstOrThrow()
        return {
          ...answer,
          body: approvalView(row),
          headers: { ...answer.headers, etag: etagOf(row.revision) },
        }
      },
    })
  const Reason = closedObject({
    reason: Type.String({
      minLength: 1,
      maxLength: limits.textCharactersMax,
      pattern: '\\S',
      'x-rule': 'must say something',
    }),
  })
  return [
    route({
      method: 'GET',
      path: '/api/admin/approvals',
      operationId: 'listApprovals',
      tags,
      auth: ['admin'],
      audit: { kind: 'vendors' },
      summary:
        'Pharmacies that wait for a decision, the longest waiting first; or the pharmacies of one status',
      query: closedObject({ ...page, status: Type.Optional(Type.Enum([...pharmacyStatuses])) }),
      responses: {
        200: {
          description: 'A page',
          schema: Type.Object({ approvals: Type.Array(ApprovalView), next_cursor: nextCursor }),
        },
      },
      handler: async ({ query: { limit = limits.listLimitDefault, cursor, status } }) => {
        let query = db.selectFrom('vendors').selectAll()
        query =
          status === undefined
            ? query.where(eb =>
                eb.or([
                  eb('status', '=', 'pending'),
                  eb('move_asked_at', 'is not', null).and('status', '=', 'active'),
                ]),
              )
            : query.where('status', '=', status)
        if (cursor !== undefined) query = query.where('id', '>', cursor)
        const { rows, next_cursor } = paged(
          await query
            .orderBy('id')
            .limit(limit + 1)
            .execute(),
          limit,
        )
        return { status: 200, body: { approvals: rows.map(approvalView), next_cursor } }
      },
    }),
    decision(
      'approve',
      'approveVendor',
      'Approve a pharmacy, or its move',
      closedObject({ reason: Type.Optional(Text) }),
    ),
    decision(
      'reject',
      'rejectVendor',
      'Reject a pharmacy, or its move; the pharmacy is told the reason',
      Reason,
    ),
    decision(
      'suspend',
      'suspendVendor',
      'Suspend a pharmacy: requests, sockets and access to patients end at once; orders that were not picked up are cancelled',
      Reason,
    ),
  ]
}
