/** Papers as callers may read them. The state is derived each time. */
import type { Kysely, Selectable } from 'kysely'
import Type from 'typebox'
import type { DocumentsTable } from '../../migrations/database/tables-papers.ts'
import type { Tables } from '../../migrations/database/tables.ts'
import { Uuid } from '../../protocol/kernel/principal.ts'
import { stateOfPaper, type PaperFacts } from '../../protocol/papers/derive.ts'
import {
  paperKindNames,
  paperStates,
  paperSubjects,
  rejectionReasons,
  type PaperKind,
  type PaperSubject,
} from '../../protocol/papers/kinds.ts'
import type { Identity } from '../kernel/identity.ts'
import { nullable, Timestamp } from '../kernel/shapes.ts'
import { invalid } from '../kernel/validate.ts'
import { paperLimits } from './limits.ts'
import { zonesOf, type Access } from './subjects.ts'

export type DocumentRow = Selectable<DocumentsTable>

export const Kind = Type.Enum(paperKindNames)
export const SubjectKind = Type.Enum([...paperSubjects])
export const ReasonCode = Type.Enum([...rejectionReasons])
export const Day = Type.String({
  pattern: '^\\d{4}-\\d\\d-\\d\\d$',
  description: 'A calendar day of the place, YYYY-MM-DD',
  'x-rule': 'must be a day such as 2027-03-31',
})
export const PaperNumber = Type.String({
  minLength: 1,
  maxLength: paperLimits.numberCharactersMax,
  pattern: '\\S',
  'x-rule': 'must say something',
})

export const DocumentView = Type.Object({
  id: Uuid,
  kind: Kind,
  subject: SubjectKind,
  subject_id: Uuid,
  state: Type.Enum([...paperStates]),
  digest: nullable(
    Type.String({
      description:
        'SHA-256 of the file; a decision names it. This, the number, the day of issue and reasons are null for an employer who reads the papers of a person',
    }),
  ),
  content_type: Type.String(),
  bytes: Type.Integer(),
  file_url: Type.String(),
  number: nullable(Type.String()),
  issued_on: nullable(Type.String()),
  expires_on: nullable(Type.String({ description: 'The last day on which it is good' })),
  uploaded_by: Uuid,
  created_at: Timestamp,
  supersedes: nullable(Uuid),
  approvals: Type.Integer({ description: 'People who have approved; two where four eyes look' }),
  reason_code: nullable(ReasonCode),
  reason: nullable(Type.String({ description: 'Of a rejection, or of the revocation' })),
  decided_at: nullable(Timestamp),
  revoked_at: nullable(Timestamp),
  /** For administrators, and for the pharmacy of an order or an appointment. */
  decided_by: Type.Optional(nullable(Uuid)),
  first_approved_by: Type.Optional(nullable(Uuid)),
  reviewer_id: Type.Optional(nullable(Uuid)),
  review_until: Type.Optional(nullable(Timestamp)),
})

/** The paper as the rules see it. */
export const factsOf = (row: DocumentRow): PaperFacts => ({
  id: row.id,
  kind: row.kind as PaperKind,
  expiresOn: row.expires_on,
  decision: row.decision,
  revoked: row.revoked_at !== null,
  replaced: row.replaced_at !== null,
  reviewUntilMs: row.review_until?.getTime() ?? null,
})

/** Throws `invalid_request` for a day that no calendar has. */
export function requireDay(field: string, day: string | null | undefined): void {
  if (day === null || day === undefined) return
  const at = new Date(`${day}T00:00:00Z`)
  if (Number.isNaN(at.getTime()) || at.toISOString().slice(0, 10) !== day)
    throw invalid([{ field, rule: 'must be a day of the calendar' }])
}

const seesReviewers = ({ role }: Identity, access: Access | null): boolean =>
  role === 'admin' || access?.purpose === 'dispense' || access?.purpose === 'appointment'

/** Papers with the type and size of their files. */
export const documentRows = (db: Kysely<Tables>) =>
  db
    .selectFrom('documents')
    .innerJoin('uploads', 'uploads.id', 'documents.upload_id')
    .selectAll('documents')
    .select(['uploads.content_type', 'uploads.bytes_count'])
export type ListedDocument = Awaited<
  ReturnType<ReturnType<typeof documentRows>['executeTakeFirstOrThrow']>
>

/**
 * The papers in the shape of `DocumentView`. A newer paper that was approved has taken the place of
 * an older one, so the newer ones of the same kind are looked at too. Whose access has no purpose
 * sees that a paper is there and until when it is good, and not what it says.
 */
export async function documentViews(
  db: Kysely<Tables>,
  identity: Identity,
  rows: readonly ListedDocument[],
  nowMs: number,
  access: Access | null = null,
) {
  const seesInside = access === null || access.purpose !== null
  const subjects = rows.map(row => ({ kind: row.subject_kind as PaperSubject, id: row.subject_id }))
  const zones = await zonesOf(db, subjects)
  const newest = await newestApproved(db, rows)
  return rows.map(row => {
    const place = zones.get(`${row.subject_kind} ${row.subject_id}`) ?? 'UTC'
    const own = stateOfPaper(factsOf(row), nowMs, place)
    const later = newest.get(`${row.subject_kind} ${row.subject_id} ${row.kind}`)
    const superseded = row.decision === 'approved' && later !== undefined && later > row.id
    return {
      id: row.id,
      kind: row.kind,
      subject: row.subject_kind,
      subject_id: row.subject_id,
      state: superseded && own !== 'revoked' ? ('superseded' as const) : own,
      digest: seesInside ? row.digest : null,
      content_type: row.content_type,
      bytes: row.bytes_count,
      file_url: `/api/documents/${row.id}/file`,
      number: seesInside ? row.number : null,
      issued_on: seesInside ? row.issued_on : null,
      expires_on: row.expires_on,
      uploaded_by: row.uploaded_by,
      created_at: row.created_at,
      supersedes: row.supersedes,
      approvals:
        row.decision === 'approved'
          ? row.first_approved_by === null
            ? 1
            : 2
          : row.first_approved_by === null
            ? 0
            : 1,
      reason_code: seesInside ? row.reason_code : null,
      reason: seesInside ? (row.revoke_reason ?? row.reason) : null,
      decided_at: row.decided_at,
      revoked_at: row.revoked_at,
      ...(seesReviewers(identity, access) && {
        decided_by: row.decided_by,
        first_approved_by: row.first_approved_by,
        reviewer_id: row.reviewer_id,
        review_until: row.review_until,
      }),
    }
  })
}

async function newestApproved(
  db: Kysely<Tables>,
  rows: readonly DocumentRow[],
): Promise<Map<string, string>> {
  if (rows.length === 0) return new Map()
  const found = await db
    .selectFrom('documents')
    .select(['subject_kind', 'subject_id', 'kind', 'id'])
    .where('decision', '=', 'approved')
    .where('subject_id', 'in', [...new Set(rows.map(row => row.subject_id))])
    .orderBy('id')
    .execute()
  return new Map(found.map(row => [`${row.subject_kind} ${row.subject_id} ${row.kind}`, row.id]))
}
