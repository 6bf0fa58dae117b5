/**
 * Ratings: `/api/ratings`. The customer of an order rates the pharmacy and the driver, that of an
 * appointment the pharmacy and the service; the rated one may appeal, and an administrator decides upon the appeal.
 */
import Type from 'typebox'
import type { Transaction, Updateable } from 'kysely'
import type { RatingsTable } from '../../migrations/database/tables-ratings.ts'
import type { Tables } from '../../migrations/database/tables.ts'
import { CaduceusError } from '../../protocol/kernel/errors.ts'
import { limits } from '../../protocol/kernel/limits.ts'
import { Uuid } from '../../protocol/kernel/principal.ts'
import { once, type IdempotencyContext } from '../idempotency/idempotency.ts'
import { roles, type Identity } from '../kernel/identity.ts'
import type { Kernel } from '../kernel/kernel.ts'
import { route, type AnyRoute } from '../kernel/route.ts'
import { closedObject, nextCursor, page, paged } from '../kernel/shapes.ts'
import { invalid } from '../kernel/validate.ts'
import { lockSubject, recount } from './figures.ts'
import { giveRating } from './give.ts'
import { ratingLimits } from './limits.ts'
import { subjectKinds, type Subject } from './subjects.ts'
import {
  findRating,
  hasStatus,
  ratingStatuses,
  ratingView,
  RatingView,
  type RatingRow,
  readableRatings,
  Reason,
  Score,
} from './views.ts'

export type RatingContext = Pick<Kernel, 'database' | 'nowMs' | 'random'> & IdempotencyContext

const tags = ['ratings']
const RatingId = Type.Object({ id: Uuid })
const SubjectKinds = Type.Enum(subjectKinds)
const Said = Type.String({
  minLength: 1,
  maxLength: limits.textCharactersMax,
  pattern: '\\S',
  'x-rule': 'must say something',
})

/** The rows of `/api/ratings`. */
export function ratingRoutes(ctx: RatingContext): AnyRoute[] {
  const db = ctx.database.kysely

  /** The rating as it is now. Answers are not stored for repeats, because they hold people's texts. */
  const shown = async (identity: Identity, id: string) =>
    ratingView(identity, await findRating(db, identity, id))

  /**
   * Changes the caller's rating under the lock of its subject. Throws `not_found`, and
   * `rating_appeal_conflict` when `conflict` gives a reason.
   */
  const change = async (
    identity: Identity,
    id: string,
    conflict: (row: RatingRow) => string | null,
    columns: Updateable<RatingsTable>,
    then?: (tx: Transaction<Tables>, subject: Subject) => Promise<void>,
  ): Promise<void> => {
    const { subject_kind, subject_id } = await findRating(db, identity, id)
    const subject = { kind: subject_kind, id: subject_id } as Subject
    await db.transaction().execute(async tx => {
      await lockSubject(tx, subject)
      const row = await findRating(tx, identity, id)
      const why = conflict(row)
      if (why !== null) throw new CaduceusError('rating_appeal_conflict', why)
      await tx.updateTable('ratings').set(columns).where('id', '=', id).execute()
      await then?.(tx, subject)
    })
  }

  return [
    route({
      method: 'POST',
      path: '/api/ratings',
      operationId: 'rate',
      summary: `Rate the pharmacy or the driver of an order of one's own, or the pharmacy or the service of an appointment, within ${ratingLimits.windowDays} days after its end`,
      tags,
      auth: ['user'],
      idempotent: true,
      body: closedObject({
        order_id: Type.Optional(Uuid),
        appointment_id: Type.Optional(Uuid),
        subject: SubjectKinds,
        subject_id: Type.Optional(Uuid),
        score: Score,
        reasons: Type.Optional(
          Type.Array(Reason, { maxItems: ratingLimits.reasonsMax, uniqueItems: true }),
        ),
        text: Type.Optional(Said),
      }),
      responses: { 201: { description: 'The rating', schema: RatingView } },
      errors: [
        'order_not_found',
        'appointment_not_found',
        'rating_too_early',
        'rating_too_late',
        'rating_subject_mismatch',
        'rating_already_given',
      ],
      handler: async request => {
        const { identity, body } = request
        const answer = await once(ctx, request, 'rate', async ({ targetId }) => {
          const id = await giveRating(ctx, identity.userId, body, targetId)
          return { status: 201, body: { id }, headers: { location: `/api/ratings/${id}` } }
        })
        return { ...answer, body: await shown(identity, (answer.body as { id: string }).id) }
      },
    }),
    route({
      method: 'GET',
      path: '/api/ratings',
      operationId: 'listRatings',
      summary:
        "A customer's own ratings, those of the caller's pharmacy or driver, or for an administrator all; by month, newest first",
      tags,
      auth: roles,
      query: closedObject({
        ...page,
        subject: Type.Optional(SubjectKinds),
        subject_id: Type.Optional(Uuid),
        status: Type.Optional(Type.Enum([...ratingStatuses])),
        order_id: Type.Optional(Uuid),
      }),
      responses: {
        200: {
          description: 'A page',
          schema: Type.Object({ ratings: Type.Array(RatingView), next_cursor: nextCursor }),
        },
      },
      handler: async ({
        identity,
        query: { limit = limits.listLimitDefault, cursor, subject, subject_id, status, order_id },
      }) => {
        // The filter would tell the rated one which order a rating is about.
        if (order_id !== undefined && identity.role !== 'user' && identity.role !== 'admin')
          throw invalid([
            { field: 'order_id', rule: 'is a filter for customers and administrators' },
          ])
        let query = readableRatings(db, identity)
        if (subject !== undefined) query = query.where('ratings.subject_kind', '=', subject)
        if (subject_id !== undefined) query = query.where('ratings.subject_id', '=', subject_id)
        if (status !== undefined) query = query.where(hasStatus(status))
        if (order_id !== undefined) query = query.where('ratings.occasion_id', '=', order_id)
        if (cursor !== undefined) query = query.where('ratings.id', '<', cursor)
        const { rows, next_cursor } = paged(
          await query
            .orderBy('ratings.id', 'desc')
            .limit(limit + 1)
            .execute(),
          limit,
        )
        return {
          status: 200,
          body: { ratings: rows.map(row => ratingView(identity, row)), next_cursor },
        }
      },
    }),
    route({
      method: 'GET',
      path: '/api/ratings/:id',
      operationId: 'getRating',
      summary: 'One rating',
      tags,
      auth: roles,
      params: RatingId,
      responses: { 200: { description: 'The rating', schema: RatingView } },
      handler: async ({ identity, params }) => ({
        status: 200,
        body: await shown(identity, params.id),
      }),
    }),
    route({
      method: 'POST',
      path: '/api/ratings/:id/appeal',
      operationId: 'appealRating',
      summary: 'Appeal against a rating of oneself, once; an administrator decides',
      tags,
      auth: ['vendor', 'driver'],
      params: RatingId,
      idempotent: true,
      body: closedObject({ reason: Said }),
      responses: { 200: { description: 'The rating', schema: RatingView } },
      errors: ['rating_appeal_conflict'],
      handler: async request => {
        const { identity, params, body } = request
        const answer = await once(ctx, request, 'appealRating', async () => {
          await change(
            identity,
            params.id,
            row => (row.appealed_at === null ? null : 'this rating was appealed before'),
            { appealed_at: new Date(ctx.nowMs()), appeal_reason: body.reason },
          )
          return { status: 200, body: {} }
        })
        return { ...answer, body: await shown(identity, params.id) }
      },
    }),
    route({
      method: 'POST',
      path: '/api/ratings/:id/decision',
      operationId: 'decideRating',
      summary:
        'Decide upon an appeal: the rating stands, or it is removed and counts no more; the rated one is shown the reason',
      tags,
      auth: ['admin'],
      params: RatingId,
      idempotent: true,
      body: closedObject({ decision: Type.Enum(['stands', 'removed']), reason: Said }),
      responses: { 200: { description: 'The rating', schema: RatingView } },
      errors: ['rating_appeal_conflict'],
      handler: async request => {
        const { identity, params, body } = request
        const answer = await once(ctx, request, 'decideRating', async () => {
          const now = ctx.nowMs()
          await change(
            identity,
            params.id,
            row =>
              row.appealed_at === null
                ? 'nobody has appealed against this rating'
                : row.decision === null
                  ? null
                  : `an administrator decided before: ${row.decision}`,
            {
              decision: body.decision,
              decision_reason: body.reason,
              decided_by: identity.userId,
              decided_at: new Date(now),
            },
            (tx, subject) => recount(tx, subject, now),
          )
          return { status: 200, body: {} }
        })
        return { ...answer, body: await shown(identity, params.id) }
      },
    }),
  ]
}
