/** The tables of papers and of what is required, as Kysely sees them. */
import type { Generated } from 'kysely'
import type { NullableText, NullableTime, Time } from './columns.ts'

export interface DocumentsTable {
  /** Newer papers have greater ids. */
  id: string
  kind: string
  subject_kind: string
  subject_id: string
  upload_id: string
  /** SHA-256 of the kept file, in hexadecimal digits. */
  digest: string
  number: NullableText
  /** A calendar day, YYYY-MM-DD. */
  issued_on: NullableText
  expires_on: NullableText
  /** Account that handed it in. */
  uploaded_by: string
  created_at: Time
  /** The newest paper of the kind before this one. */
  supersedes: NullableText
  /** Time when a newer paper came before anybody decided upon this one. */
  replaced_at: NullableTime
  reviewer_id: NullableText
  review_until: NullableTime
  /** The first of two people who approve. */
  first_approved_by: NullableText
  first_approved_at: NullableTime
  decision: 'approved' | 'rejected' | null
  decided_by: NullableText
  decided_at: NullableTime
  reason_code: NullableText
  reason: NullableText
  revoked_at: NullableTime
  revoked_by: NullableText
  revoke_reason: NullableText
  /** The nearest expiry, in days, of which its holder was warned; 0 after the expiry. */
  warned_days: number | null
}

export interface RequirementsTable {
  id: string
  role: string
  kind: string
  /** Two letters; null: everywhere. */
  country: NullableText
  /** Null: needed to work at all. */
  goods_class: NullableText
  effect: 'blocking' | 'warning'
  /** Time of the change from a warning to blocking, when the grace began anew. */
  blocking_since: NullableTime
  grace_days: number
  four_eyes: boolean
  created_by: string
  created_at: Time
  revision: Generated<number>
  ended_at: NullableTime
  ended_by: NullableText
}
