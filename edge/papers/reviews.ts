/** The queues of papers that wait for a decision: `/api/documents/reviews`. */
import Type from 'typebox'
import { CaduceusError } from '../../protocol/kernel/errors.ts'
import { limits } from '../../protocol/kernel/limits.ts'
import { Uuid } from '../../protocol/kernel/principal.ts'
import { reviewQueues } from '../../protocol/papers/kinds.ts'
import { once } from '../idempotency/idempotency.ts'
import type { Identity } from '../kernel/identity.ts'
import { route, type AnyRoute } from '../kernel/route.ts'
import { closedObject, nextCursor, page, paged } from '../kernel/shapes.ts'
import { invalid } from '../kernel/validate.ts'
import { DocumentId, shownDocument, tags, type PaperContext } from './documents.ts'
import { paperLimits } from './limits.ts'
import { adoptPrescriptions, decidedBy, requirePharmacist } from './prescriptions.ts'
import { claimReview, endReview, isOpen, kindsOf } from './review.ts'
import { documentRows, documentViews, DocumentView } from './views.ts'

const Queue = Type.Enum([...reviewQueues])

/** The rows of `/api/documents/reviews`. */
export function reviewRoutes(ctx: PaperContext): AnyRoute[] {
  const db = ctx.database.kysely
  /** Throws `forbidden` for a member who is no pharmacist. Makes the pharmacy's queue whole. */
  const prepare = async (identity: Identity): Promise<void> => {
    await requirePharmacist(ctx, identity)
    if (identity.role === 'vendor' && identity.pharmacyId !== null)
      await adoptPrescriptions(ctx, identity.pharmacyId)
  }
  return [
    route({
      method: 'GET',
      path: '/api/documents/reviews',
      operationId: 'listReviews',
      summary:
        'Papers that wait for a decision, the longest waiting first: for administrators all of them, for a pharmacist the prescriptions of the orders of the pharmacy and all papers of its appointments',
      tags,
      auth: ['vendor', 'admin'],
      audit: { kind: 'documents' },
      query: closedObject({ ...page, queue: Type.Optional(Queue) }),
      responses: {
        200: {
          description: 'A page',
          schema: Type.Object({ documents: Type.Array(DocumentView), next_cursor: nextCursor }),
        },
      },
      handler: async ({ identity, query: { limit = limits.listLimitDefault, cursor, queue } }) => {
        await prepare(identity)
        let query = documentRows(db).where(isOpen)
        if (identity.role === 'vendor') query = query.where(decidedBy(identity))
        if (queue !== undefined) query = query.where('documents.kind', 'in', kindsOf(queue))
        if (cursor !== undefined) query = query.where('documents.id', '>', cursor)
        const { rows, next_cursor } = paged(
          await query
            .orderBy('documents.id')
            .limit(limit + 1)
            .execute(),
          limit,
        )
        const access =
          identity.role === 'vendor' ? ({ purpose: 'dispense', mayHandIn: false } as const) : null
        const documents = await documentViews(db, identity, rows, ctx.nowMs(), access)
        return { status: 200, body: { documents, next_cursor } }
      },
    }),
    route({
      method: 'POST',
      path: '/api/documents/reviews',
      operationId: 'takeReview',
      summary: `Take a paper to look at: the named one, or the longest waiting of a queue. For ${paperLimits.reviewLeaseMs / 60_000} minutes nobody else gets it; taking it again begins them anew`,
      tags,
      auth: ['vendor', 'admin'],
      idempotent: true,
      body: closedObject({
        document_id: Type.Optional(Uuid),
        queue: Type.Optional(Queue),
      }),
      responses: { 201: { description: 'The paper to look at', schema: DocumentView } },
      errors: [
        'not_found',
        'review_taken',
        'document_changed',
        'document_state_conflict',
        'forbidden',
        'second_person_required',
      ],
      handler: async request => {
        const { identity, body } = request
        const { document_id, queue } = body
        if ((document_id === undefined) === (queue === undefined))
          throw invalid([{ field: 'document_id', rule: 'or queue must be given, and not both' }])
        await prepare(identity)
        const answer = await once(ctx, request, 'takeReview', async () => {
          const id = await claimReview(
            ctx,
            identity.userId,
            document_id === undefined ? { queue: queue! } : { documentId: document_id },
            decidedBy(identity),
          )
          if (id === null) throw new CaduceusError('not_found', 'no paper waits in this queue')
          return { status: 201, body: { id }, headers: { location: `/api/documents/${id}` } }
        })
        return {
          ...answer,
          body: await shownDocument(ctx, identity, (answer.body as { id: string }).id),
        }
      },
    }),
    route({
      method: 'DELETE',
      path: '/api/documents/:id/review',
      operationId: 'endReview',
      summary: 'Give a paper back to its queue',
      tags,
      auth: ['vendor', 'admin'],
      params: DocumentId,
      responses: { 204: { description: 'Somebody else can take it' } },
      handler: async ({ identity, params }) => {
        await endReview(ctx, identity.userId, params.id)
        return { status: 204 }
      },
    }),
  ]
}
