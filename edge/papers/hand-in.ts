/** Hands in a paper: an upload of the caller becomes a document of a record. */
import { sql } from 'kysely'
import { CaduceusError } from '../../protocol/kernel/errors.ts'
import { dayOf } from '../../protocol/papers/derive.ts'
import { rowOfPaper, type PaperKind, type PaperSubject } from '../../protocol/papers/kinds.ts'
import type { Identity } from '../kernel/identity.ts'
import type { Kernel } from '../kernel/kernel.ts'
import { invalid } from '../kernel/validate.ts'
import { paperLimits } from './limits.ts'
import { accessTo, zonesOf } from './subjects.ts'
import { requireDay } from './views.ts'

export interface NewDocument {
  file_id: string
  kind: PaperKind
  subject: PaperSubject
  subject_id: string
  number?: string
  issued_on?: string
  expires_on?: string
}

/**
 * Makes the document, and takes an older one of the kind out of review. The row of the upload is
 * written first, so that its file cannot be deleted as an orphan meanwhile. Throws `not_found` for a
 * record or a file that is not the caller's, and `invalid_request`.
 */
export async function handIn(
  ctx: Pick<Kernel, 'database' | 'nowMs'>,
  identity: Identity,
  given: NewDocument,
  id: string,
): Promise<void> {
  const { kysely: db } = ctx.database
  const [subject, now] = [{ kind: given.subject, id: given.subject_id }, ctx.nowMs()]
  if (!rowOfPaper(given.kind).about.includes(given.subject))
    throw invalid([
      { field: 'subject', rule: `must be ${rowOfPaper(given.kind).about.join(' or ')}` },
    ])
  const access = await accessTo(db, identity, subject, now)
  if (access?.mayHandIn !== true) throw new CaduceusError('not_found', 'no such record of yours')
  requireDay('issued_on', given.issued_on)
  requireDay('expires_on', given.expires_on)
  const zones = await zonesOf(db, [subject])
  const today = dayOf(now, zones.get(`${subject.kind} ${subject.id}`) ?? 'UTC')
  if (given.issued_on !== undefined && given.issued_on > today)
    throw invalid([{ field: 'issued_on', rule: 'must not lie in the future' }])
  if (given.expires_on !== undefined && given.expires_on < (given.issued_on ?? today))
    throw invalid([{ field: 'expires_on', rule: 'must not be over' }])
  await db.transaction().execute(async tx => {
    await sql`select pg_advisory_xact_lock(hashtextextended(${`papers:${subject.kind}:${subject.id}`}, 0))`.execute(
      tx,
    )
    const known = await tx
      .selectFrom('documents')
      .select('uploaded_by')
      .where('id', '=', id)
      .executeTakeFirst()
    // A repeat whose first attempt died after the commit.
    if (known?.uploaded_by === identity.userId) return
    const upload = await tx
      .updateTable('uploads')
      .set({ is_paper: true })
      .where('id', '=', given.file_id)
      .where('owner_id', '=', identity.userId)
      .where('stored_at', 'is not', null)
      .returning(['digest', 'kind'])
      .executeTakeFirst()
    if (upload === undefined)
      throw invalid([{ field: 'file_id', rule: 'must be an upload of yours' }])
    if (upload.digest === null || !['document', 'prescription'].includes(upload.kind))
      throw invalid([
        { field: 'file_id', rule: 'must be an upload of the kind document or prescription' },
      ])
    const { count } = await tx
      .selectFrom('documents')
      .select(eb => eb.fn.countAll<number>().as('count'))
      .where('subject_kind', '=', subject.kind)
      .where('subject_id', '=', subject.id)
      .executeTakeFirstOrThrow()
    if (Number(count) >= paperLimits.perSubjectMax)
      throw new CaduceusError(
        'too_many_requests',
        `a record may have ${paperLimits.perSubjectMax} papers`,
      )
    const last = await tx
      .selectFrom('documents')
      .select('id')
      .where('subject_kind', '=', subject.kind)
      .where('subject_id', '=', subject.id)
      .where('kind', '=', given.kind)
      .orderBy('id', 'desc')
      .executeTakeFirst()
    await tx
      .updateTable('documents')
      .set({ replaced_at: new Date(now), review_until: null })
      .where('subject_kind', '=', subject.kind)
      .where('subject_id', '=', subject.id)
      .where('kind', '=', given.kind)
      .where('decision', 'is', null)
      .where('replaced_at', 'is', null)
      .execute()
    await tx
      .insertInto('documents')
      .values({
        id,
        kind: given.kind,
        subject_kind: subject.kind,
        subject_id: subject.id,
        upload_id: given.file_id,
        digest: upload.digest,
        number: given.number ?? null,
        issued_on: given.issued_on ?? null,
        expires_on: given.expires_on ?? null,
        uploaded_by: identity.userId,
        created_at: new Date(now),
        supersedes: last?.id ?? null,
        decision: null,
        warned_days: null,
      })
      .execute()
  })
}
