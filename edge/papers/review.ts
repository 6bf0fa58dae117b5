/**
 * The review of papers: one reviewer at a time, by a lease that lapses. A decision names the digest
 * of the file that the reviewer saw, and the stored file must still have it. Nobody reviews a paper
 * of their own, and where a requirement asks for four eyes, two people approve, who do not depend on
 * one administrator (`edge/kernel/sponsors.ts`).
 *
 * Rejected: a lock without an end. A reviewer who goes home would keep a pharmacy waiting.
 */
import { createHash } from 'node:crypto'
import {
  sql,
  type Kysely,
  type RawBuilder,
  type Selectable,
  type SqlBool,
  type Updateable,
} from 'kysely'
import type { DocumentsTable } from '../../migrations/database/tables-papers.ts'
import type { Tables, UploadsTable } from '../../migrations/database/tables.ts'
import { CaduceusError } from '../../protocol/kernel/errors.ts'
import { orderView } from '../../protocol/orders/view-parts.ts'
import { dayOf } from '../../protocol/papers/derive.ts'
import {
  paperKindNames,
  requirementRoleNames,
  requirementRoles,
  rowOfPaper,
  type PaperKind,
  type PaperSubject,
  type ReviewQueue,
} from '../../protocol/papers/kinds.ts'
import type { Kernel } from '../kernel/kernel.ts'
import { goodsOf } from '../kernel/paper-facts.ts'
import { dependent, requireIndependent } from '../kernel/sponsors.ts'
import { invalid } from '../kernel/validate.ts'
import type { Stored } from '../notifications/take.ts'
import { downloadFile, type FileContext } from '../uploads/stored-files.ts'
import { AlteredFile } from '../uploads/storage/sealed-file.ts'
import { paperLimits } from './limits.ts'
import { zonesOf } from './subjects.ts'
import { storePaperNews, storeRevocations } from './tell.ts'
import { requireDay, type DocumentRow } from './views.ts'

export type ReviewContext = Pick<Kernel, 'nowMs' | 'random'> & FileContext

/** The kinds of a queue. */
export const kindsOf = (queue: ReviewQueue): PaperKind[] =>
  paperKindNames.filter(kind => rowOfPaper(kind).queue === queue)

/** Papers that nobody has decided upon. */
export const isOpen = sql<SqlBool>`documents.decision is null and documents.replaced_at is null`

/**
 * The paper is not the reviewer's own, and not one that the reviewer has approved already, or an
 * account on which the reviewer's depends.
 */
const mayReview = (reviewerId: string, nowMs: number) =>
  sql<SqlBool>`documents.uploaded_by <> ${reviewerId}
    and not (documents.subject_kind = 'person' and documents.subject_id = ${reviewerId})
    and documents.first_approved_by is distinct from ${reviewerId}
    and (documents.first_approved_by is null
      or not ${dependent(sql`documents.first_approved_by`, sql`${reviewerId}::uuid`, nowMs)})`

const isFree = (reviewerId: string, now: Date) =>
  sql<SqlBool>`(documents.review_until is null or documents.review_until <= ${now} or documents.reviewer_id = ${reviewerId})`

/**
 * Gives the reviewer a paper: the named one, or the oldest that is free in the queue. Returns its
 * id; null for an empty queue. `within`: the papers upon which the reviewer may decide. Throws
 * `not_found`, `review_taken`, `document_state_conflict`, `forbidden`, `second_person_required`.
 */
export async function claimReview(
  { database: { kysely: db }, nowMs }: Pick<Kernel, 'database' | 'nowMs'>,
  reviewerId: string,
  wanted: { documentId: string } | { queue: ReviewQueue },
  within: RawBuilder<SqlBool>,
): Promise<string | null> {
  const now = new Date(nowMs())
  const lease = {
    reviewer_id: reviewerId,
    review_until: new Date(nowMs() + paperLimits.reviewLeaseMs),
  }
  return db.transaction().execute(async tx => {
    if ('queue' in wanted) {
      const next = await tx
        .selectFrom('documents')
        .select('id')
        .where('kind', 'in', kindsOf(wanted.queue))
        .where(isOpen)
        .where(within)
        .where(mayReview(reviewerId, nowMs()))
        .where(isFree(reviewerId, now))
        .orderBy('id')
        .limit(1)
        .forUpdate()
        .skipLocked()
        .executeTakeFirst()
      if (next === undefined) return null
      await tx.updateTable('documents').set(lease).where('id', '=', next.id).execute()
      return next.id
    }
    const row = await locked(tx, wanted.documentId, within)
    requireOpen(row)
    requireOther(row, reviewerId)
    if (row.first_approved_by !== null)
      await requireIndependent(tx, row.first_approved_by, reviewerId, nowMs())
    if (row.review_until !== null && row.review_until > now && row.reviewer_id !== reviewerId)
      throw new CaduceusError('review_taken', 'somebody else looks at this paper now')
    await tx.updateTable('documents').set(lease).where('id', '=', row.id).execute()
    return row.id
  })
}

/** Gives a paper back to the queue; without an own lease it has no effect. */
export async function endReview(
  { database: { kysely: db } }: Pick<Kernel, 'database'>,
  reviewerId: string,
  id: string,
): Promise<void> {
  await db
    .updateTable('documents')
    .set({ reviewer_id: null, review_until: null })
    .where('id', '=', id)
    .where('reviewer_id', '=', reviewerId)
    .where('decision', 'is', null)
    .execute()
}

export interface Decision {
  decision: 'approved' | 'rejected' | 'revoked'
  digest: string
  reason_code?: string
  reason?: string
  /** Corrections of the reviewer, who reads the paper itself. */
  number?: string
  expires_on?: string
}
export interface Decided {
  row: DocumentRow
  /** The news of it; empty for the first of two approvals, and for a repeat. */
  stored: Stored[]
}

/**
 * Decides. `within`: the papers upon which the reviewer may decide. Throws `second_person_required`,
 * `not_found`, `document_changed`, `document_state_conflict`, `review_not_held`,
 * `forbidden`, and `invalid_request` for a decision that lacks its reason.
 */
export async function decide(
  ctx: ReviewContext,
  reviewerId: string,
  id: string,
  given: Decision,
  within: RawBuilder<SqlBool>,
): Promise<Decided> {
  const { kysely: db } = ctx.database
  if (given.decision === 'rejected' && given.reason_code === undefined)
    throw invalid([{ field: 'reason_code', rule: 'is required with a rejection' }])
  if (given.decision === 'revoked' && given.reason === undefined)
    throw invalid([{ field: 'reason', rule: 'is required with a revocation' }])
  requireDay('expires_on', given.expires_on)
  const known = await db
    .selectFrom('documents')
    .innerJoin('uploads', 'uploads.id', 'documents.upload_id')
    .selectAll('uploads')
    .where('documents.id', '=', id)
    .where(within)
    .executeTakeFirst()
  if (known === undefined) throw new CaduceusError('not_found', 'no such document')
  if (given.decision === 'approved') await requireStored(ctx, known, given.digest)
  return db.transaction().execute(async tx => {
    const row = await locked(tx, id, within)
    if (row.digest !== given.digest)
      throw new CaduceusError('document_changed', 'this is not the file that you have seen')
    const now = new Date(ctx.nowMs())
    if (given.decision === 'revoked') return revoke(ctx, tx, row, reviewerId, given, now)
    if (row.decision === given.decision && row.decided_by === reviewerId) return { row, stored: [] }
    requireOpen(row)
    const expires_on = given.expires_on ?? row.expires_on
    const corrected = { expires_on, number: given.number ?? row.number }
    const corrects = expires_on !== row.expires_on || corrected.number !== row.number
    // The answer to a first approval may be lost, and then it comes again.
    if (given.decision === 'approved' && row.first_approved_by === reviewerId && !corrects)
      return { row, stored: [] }
    requireOther(row, reviewerId)
    if (row.reviewer_id !== reviewerId || row.review_until === null || row.review_until <= now)
      throw new CaduceusError(
        'review_not_held',
        'take the paper with POST /api/documents/reviews first; your time for it may be over',
      )
    if (given.decision === 'approved') {
      const subject = { kind: row.subject_kind as PaperSubject, id: row.subject_id }
      const zones = await zonesOf(tx, [subject])
      const today = dayOf(ctx.nowMs(), zones.get(`${subject.kind} ${subject.id}`) ?? 'UTC')
      if (expires_on !== null && expires_on < today)
        throw invalid([{ field: 'expires_on', rule: 'must not be over' }])
      // Both approve the same: the corrections of the second need the eyes of one more.
      if ((row.first_approved_by === null || corrects) && (await needsTwo(tx, row)))
        return {
          row: await change(tx, row.id, {
            ...corrected,
            first_approved_by: reviewerId,
            first_approved_at: now,
            reviewer_id: null,
            review_until: null,
          }),
          stored: [],
        }
      // The reviewer's account may have been changed since the reviewer took the paper.
      if (row.first_approved_by !== null)
        await requireIndependent(tx, row.first_approved_by, reviewerId, ctx.nowMs())
    }
    return settled(ctx, tx, given.decision, row.id, {
      ...corrected,
      decision: given.decision,
      decided_by: reviewerId,
      decided_at: now,
      reason_code: given.reason_code ?? null,
      reason: given.reason ?? null,
      review_until: null,
    })
  })
}

/** Writes the decision, and its news in the same transaction. */
async function settled(
  ctx: ReviewContext,
  tx: Kysely<Tables>,
  decision: Decision['decision'],
  id: string,
  columns: Updateable<DocumentsTable>,
): Promise<Decided> {
  const row = await change(tx, id, columns)
  const kind = `paper.${decision}` as const
  const stored = await storePaperNews(tx, ctx, row, kind, decision)
  if (decision === 'revoked') stored.push(...(await storeRevocations(tx, ctx, row)))
  return { row, stored }
}

async function revoke(
  ctx: ReviewContext,
  tx: Kysely<Tables>,
  row: DocumentRow,
  reviewerId: string,
  { reason }: Decision,
  now: Date,
): Promise<Decided> {
  if (row.revoked_at !== null) return { row, stored: [] }
  if (row.decision !== 'approved')
    throw new CaduceusError('document_state_conflict', 'only an approved paper can be revoked')
  const changes = { revoked_at: now, revoked_by: reviewerId, revoke_reason: reason! }
  return settled(ctx, tx, 'revoked', row.id, changes)
}

async function locked(
  tx: Kysely<Tables>,
  id: string,
  within: RawBuilder<SqlBool>,
): Promise<DocumentRow> {
  const row = await tx
    .selectFrom('documents')
    .selectAll()
    .where('id', '=', id)
    .where(within)
    .forUpdate()
    .executeTakeFirst()
  if (row === undefined) throw new CaduceusError('not_found', 'no such document')
  return row
}

const change = (
  tx: Kysely<Tables>,
  id: string,
  columns: Updateable<DocumentsTable>,
): Promise<DocumentRow> =>
  tx
    .updateTable('documents')
    .set(columns)
    .where('id', '=', id)
    .returningAll()
    .executeTakeFirstOrThrow()

function requireOpen(row: DocumentRow): void {
  if (row.replaced_at !== null)
    throw new CaduceusError('document_changed', 'a newer file has taken the place of this one')
  if (row.decision !== null)
    throw new CaduceusError('document_state_conflict', `this paper is ${row.decision} already`)
}

function requireOther(row: DocumentRow, reviewerId: string): void {
  if (
    row.uploaded_by === reviewerId ||
    (row.subject_kind === 'person' && row.subject_id === reviewerId)
  )
    throw new CaduceusError('forbidden', 'nobody reviews a paper of their own')
  if (row.first_approved_by === reviewerId)
    throw new CaduceusError('forbidden', 'you have approved it; somebody else looks at it now')
}

/** Does any requirement for this paper, or for the goods of its order, ask for four eyes? */
async function needsTwo(tx: Kysely<Tables>, row: DocumentRow): Promise<boolean> {
  const roles = requirementRoleNames.filter(role =>
    (requirementRoles[role] as readonly string[]).includes(row.subject_kind),
  )
  if (roles.length === 0) return false
  const found = await tx
    .selectFrom('requirements')
    .select('goods_class')
    .where('kind', '=', row.kind)
    .where('role', 'in', roles)
    .where('four_eyes', '=', true)
    .where('ended_at', 'is', null)
    .execute()
  if (row.subject_kind !== 'order') return found.length > 0
  const order = await tx
    .selectFrom('orders')
    .select(['placed', 'progress'])
    .where('id', '=', row.subject_id)
    .executeTakeFirstOrThrow()
  const goods = goodsOf(orderView(order))
  return found.some(({ goods_class }) => goods_class === null || goods.includes(goods_class))
}

/** The stored bytes must be those of the digest. A link into a store is trusted to its checksums. */
async function requireStored(
  ctx: FileContext,
  upload: Selectable<UploadsTable>,
  digest: string,
): Promise<void> {
  const download = await downloadFile(ctx, upload, {
    contentType: upload.content_type,
    disposition: 'attachment',
  })
  if (download.kind === 'link') return
  if ((await digestOf(download.chunks)) !== digest)
    throw new CaduceusError('document_changed', 'the stored file is not the one that you have seen')
}

/** Null for an encrypted file that somebody has altered. */
async function digestOf(chunks: AsyncIterable<Uint8Array>): Promise<string | null> {
  const hash = createHash('sha256')
  try {
    for await (const chunk of chunks) hash.update(chunk)
  } catch (error) {
    if (error instanceof AlteredFile) return null
    throw error
  }
  return hash.digest('hex')
}
