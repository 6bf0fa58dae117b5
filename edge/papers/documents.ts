/** Papers: `/api/documents`. They are handed in, listed, read and decided upon. */
import { Readable } from 'node:stream'
import { sql, type SqlBool } from 'kysely'
import Type from 'typebox'
import { CaduceusError } from '../../protocol/kernel/errors.ts'
import { limits } from '../../protocol/kernel/limits.ts'
import { Uuid } from '../../protocol/kernel/principal.ts'
import type { PaperSubject } from '../../protocol/papers/kinds.ts'
import type { WithAudit } from '../audit/port.ts'
import type { RegistrationConfig } from '../approval/registration.ts'
import { once, type IdempotencyContext } from '../idempotency/idempotency.ts'
import { roles, type Identity } from '../kernel/identity.ts'
import type { Kernel, WithConfig } from '../kernel/kernel.ts'
import { route, type AnyRoute } from '../kernel/route.ts'
import { closedObject, nextCursor, page, paged } from '../kernel/shapes.ts'
import { invalid } from '../kernel/validate.ts'
import { tellStored } from '../notifications/tell.ts'
import type { Download } from '../uploads/storage/storage.ts'
import { downloadFile } from '../uploads/stored-files.ts'
import { dispositionOf, type UploadContext } from '../uploads/upload-store.ts'
import { photoLimits } from '../photos/limits.ts'
import type { WithPhotos } from '../photos/photos.ts'
import { applyTo, type EffectContext } from './effects.ts'
import { handIn } from './hand-in.ts'
import { decidedBy, requirePharmacist } from './prescriptions.ts'
import { decide, type Decided } from './review.ts'
import { accessTo, ownSubjects, type Access, type ReadingPurpose } from './subjects.ts'
import {
  Day,
  documentRows,
  documentViews,
  DocumentView,
  Kind,
  PaperNumber,
  ReasonCode,
  SubjectKind,
  type ListedDocument,
} from './views.ts'

export type PaperContext = Kernel &
  EffectContext &
  IdempotencyContext &
  UploadContext &
  WithAudit &
  WithPhotos &
  WithConfig<RegistrationConfig>

export const tags = ['documents']
export const DocumentId = Type.Object({ id: Uuid })
const Said = Type.String({
  minLength: 1,
  maxLength: limits.textCharactersMax,
  pattern: '\\S',
  'x-rule': 'must say something',
})
const Digest = Type.String({
  pattern: '^[0-9a-f]{64}$',
  description: 'The digest of the file that was seen',
  'x-rule': 'must be the digest of the document',
})

/** The paper with the caller's access. Throws `not_found`, also for one that is not for the caller. */
async function readable(
  ctx: Pick<Kernel, 'database' | 'nowMs'>,
  identity: Identity,
  id: string,
): Promise<{ row: ListedDocument; access: Access }> {
  const { kysely: db } = ctx.database
  const row = await documentRows(db).where('documents.id', '=', id).executeTakeFirst()
  const subject = row && { kind: row.subject_kind as PaperSubject, id: row.subject_id }
  const access = subject === undefined ? null : await accessTo(db, identity, subject, ctx.nowMs())
  if (row === undefined || access === null) throw new CaduceusError('not_found', 'no such document')
  return { row, access }
}

/** The paper as it is now, for the caller. */
export async function shownDocument(
  ctx: Pick<Kernel, 'database' | 'nowMs'>,
  identity: Identity,
  id: string,
) {
  const { row, access } = await readable(ctx, identity, id)
  const [view] = await documentViews(ctx.database.kysely, identity, [row], ctx.nowMs(), access)
  return view!
}

/**
 * The bytes of a stored file, also of one in an object store. Throws `unavailable` when the store
 * does not give them in time.
 */
async function bytesOf(download: Download): Promise<Uint8Array> {
  const signal = AbortSignal.timeout(photoLimits.loadMsMax)
  try {
    if (download.kind === 'link') {
      const answer = await fetch(download.url, { signal })
      if (!answer.ok) throw new Error(`the store answers ${answer.status}`)
      return new Uint8Array(await answer.arrayBuffer())
    }
    const chunks = Readable.from(download.chunks, { signal })
    return Buffer.concat((await chunks.toArray()) as Uint8Array[])
  } catch {
    throw new CaduceusError('unavailable', 'the file cannot be read from its store now; try again')
  }
}

/** What follows from a decision. The job does it again if this edge dies before. */
async function follow(ctx: PaperContext, { row, stored }: Decided): Promise<void> {
  if (stored.length > 0) await tellStored(ctx, stored)
  await applyTo(ctx, { kind: row.subject_kind, id: row.subject_id })
}

/** The rows of `/api/documents`, without those of the review. */
export function documentRoutes(ctx: PaperContext): AnyRoute[] {
  const db = ctx.database.kysely
  return [
    route({
      method: 'POST',
      path: '/api/documents',
      operationId: 'createDocument',
      summary:
        'Hand in a paper: an upload of the kind document becomes the licence of a person, a pharmacy or a vehicle, or a paper of an order or an appointment. A newer paper of a kind takes the place of one that nobody has decided upon; an approved one stays good until its renewal is approved',
      tags,
      auth: roles,
      standing: 'any',
      idempotent: true,
      body: closedObject({
        file_id: Type.String({ ...Uuid, description: 'An upload of ones own' }),
        kind: Kind,
        subject: SubjectKind,
        subject_id: Uuid,
        number: Type.Optional(PaperNumber),
        issued_on: Type.Optional(Day),
        expires_on: Type.Optional(Day),
      }),
      responses: { 201: { description: 'The document', schema: DocumentView } },
      errors: ['not_found', 'too_many_requests'],
      handler: async request => {
        const { identity, body } = request
        const answer = await once(ctx, request, 'createDocument', async ({ targetId }) => {
          await handIn(ctx, identity, body, targetId)
          return {
            status: 201,
            body: { id: targetId },
            headers: { location: `/api/documents/${targetId}` },
          }
        })
        return {
          ...answer,
          body: await shownDocument(ctx, identity, (answer.body as { id: string }).id),
        }
      },
    }),
    route({
      method: 'GET',
      path: '/api/documents',
      operationId: 'listDocuments',
      summary:
        'Papers, newest first: of one record with `subject` and `subject_id`, otherwise of the caller; administrators read all',
      tags,
      auth: roles,
      standing: 'any',
      audit: { kind: 'documents' },
      query: closedObject({
        ...page,
        subject: Type.Optional(SubjectKind),
        subject_id: Type.Optional(Uuid),
        kind: Type.Optional(Kind),
      }),
      responses: {
        200: {
          description: 'A page',
          schema: Type.Object({ documents: Type.Array(DocumentView), next_cursor: nextCursor }),
        },
      },
      handler: async ({
        identity,
        query: { limit = limits.listLimitDefault, cursor, subject, subject_id, kind },
      }) => {
        if ((subject === undefined) !== (subject_id === undefined))
          throw invalid([{ field: 'subject_id', rule: 'and subject belong together' }])
        let query = documentRows(db)
        let access: Access | null = null
        if (subject !== undefined && subject_id !== undefined) {
          const one = { kind: subject, id: subject_id }
          access = await accessTo(db, identity, one, ctx.nowMs())
          if (access === null) throw new CaduceusError('not_found', 'no such record of yours')
          query = query
            .where('documents.subject_kind', '=', subject)
            .where('documents.subject_id', '=', subject_id)
        } else if (identity.role !== 'admin')
          query = query.where(eb =>
            eb.or(
              ownSubjects(identity).map(own =>
                eb.and([
                  eb('documents.subject_kind', '=', own.kind),
                  eb('documents.subject_id', '=', own.id),
                ]),
              ),
            ),
          )
        if (kind !== undefined) query = query.where('documents.kind', '=', kind)
        if (cursor !== undefined) query = query.where('documents.id', '<', cursor)
        const { rows, next_cursor } = paged(
          await query
            .orderBy('documents.id', 'desc')
            .limit(limit + 1)
            .execute(),
          limit,
        )
        const documents = await documentViews(db, identity, rows, ctx.nowMs(), access)
        return { status: 200, body: { documents, next_cursor } }
      },
    }),
    route({
      method: 'GET',
      path: '/api/documents/:id',
      operationId: 'getDocument',
      summary: 'One paper, with its state today by the calendar of its place',
      tags,
      auth: roles,
      standing: 'any',
      params: DocumentId,
      responses: { 200: { description: 'The document', schema: DocumentView } },
      handler: async ({ identity, params }) => ({
        status: 200,
        body: await shownDocument(ctx, identity, params.id),
      }),
    }),
    route({
      method: 'GET',
      path: '/api/documents/:id/file',
      rate: 'upload',
      operationId: 'readDocument',
      summary:
        'The file of a paper, to be downloaded; with `as=jpeg` a HEIC photo as JPEG. The audit trail has each reading with its purpose',
      tags,
      auth: roles,
      standing: 'any',
      params: DocumentId,
      query: closedObject({
        as: Type.Optional(Type.Enum(['jpeg'], { description: 'A HEIC photo as JPEG' })),
      }),
      responses: {
        200: { description: 'The file', contentType: 'application/octet-stream' },
        302: {
          description:
            'A link into the object store, valid for a few minutes. Open it without the Authorization header',
        },
      },
      errors: ['forbidden', 'overloaded', 'unavailable'],
      handler: async request => {
        const { identity, params, query, address, headers, requestId } = request
        const { row, access } = await readable(ctx, identity, params.id)
        if (access.purpose === null)
          throw new CaduceusError('forbidden', 'this paper is for its holder and administrators')
        const reviews =
          row.reviewer_id === identity.userId &&
          row.review_until !== null &&
          row.review_until.getTime() > ctx.nowMs()
        const purpose: ReadingPurpose = reviews ? 'review' : access.purpose
        const upload = await db
          .selectFrom('uploads')
          .selectAll()
          .where('id', '=', row.upload_id)
          .executeTakeFirstOrThrow()
        const presentation = {
          contentType: upload.content_type,
          disposition: dispositionOf(upload),
        }
        const download = await downloadFile(ctx, upload, presentation)
        ctx.audit.note({
          actorRole: identity.role,
          actorId: identity.userId,
          operation: `readDocument.${purpose}`,
          targetKind: 'documents',
          targetId: row.id,
          address,
          userAgent: headers['user-agent'] ?? null,
          status: 200,
          code: null,
          requestId,
        })
        const headersOf = (contentType: string, disposition: string) => ({
          'content-type': contentType,
          'content-disposition': disposition,
          'cache-control': 'private, no-store',
          // Opened by itself the file is not a page of ours: nothing in it may run.
          'content-security-policy': "default-src 'none'; sandbox",
          'cross-origin-resource-policy': 'same-site',
        })
        if (query.as === 'jpeg' && upload.content_type === 'image/heic')
          return {
            status: 200,
            body: await ctx.photos.jpegOf(identity.userId, () => bytesOf(download)),
            headers: headersOf('image/jpeg', 'inline'),
          }
        if (download.kind === 'link') return { status: 302, headers: { location: download.url } }
        return {
          status: 200,
          body: download.chunks,
          headers: headersOf(upload.content_type, presentation.disposition),
        }
      },
    }),
    route({
      method: 'POST',
      path: '/api/documents/:id/decision',
      operationId: 'decideDocument',
      summary:
        'Approve or reject a paper that one has taken with POST /api/documents/reviews, or revoke an approved one. `digest` is that of the file that was seen. Pharmacists of the pharmacy decide upon prescriptions of its orders and papers of its appointments',
      tags,
      auth: ['vendor', 'admin'],
      params: DocumentId,
      idempotent: true,
      body: closedObject({
        decision: Type.Enum(['approved', 'rejected', 'revoked']),
        digest: Digest,
        reason_code: Type.Optional(ReasonCode),
        reason: Type.Optional(Said),
        number: Type.Optional(PaperNumber),
        expires_on: Type.Optional(Day),
      }),
      responses: { 200: { description: 'The document', schema: DocumentView } },
      errors: [
        'document_changed',
        'document_state_conflict',
        'review_not_held',
        'forbidden',
        'second_person_required',
        'unavailable',
      ],
      handler: async request => {
        const { identity, params, body } = request
        const answer = await once(ctx, request, 'decideDocument', async () => {
          await requirePharmacist(ctx, identity)
          const revokes = identity.role === 'admin' && body.decision === 'revoked'
          const within = revokes ? sql<SqlBool>`true` : decidedBy(identity)
          const decided = await decide(ctx, identity.userId, params.id, body, within)
          await follow(ctx, decided)
          return { status: 200, body: {} }
        })
        return { ...answer, body: await shownDocument(ctx, identity, params.id) }
      },
    }),
  ]
}
