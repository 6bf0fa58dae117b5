/** The table of the people of pharmacies, as Kysely sees it. */
import type { MemberRole } from '../../protocol/pharmacies/members.ts'
import type { NullableText, NullableTime, Time } from './columns.ts'

export interface MembersTable {
  /** For the account that founded the pharmacy, the id of the pharmacy. */
  id: string
  vendor_id: string
  /** Null until somebody accepts the invitation. */
  user_id: NullableText
  role: MemberRole
  /** How the owner calls the person who is invited; the account says the name later. */
  name: NullableText
  /** Null for the founder, and after the code was used. */
  code_hash: NullableText
  /** End of the invitation. */
  expires_at: NullableTime
  /** Account that invited. */
  invited_by: NullableText
  created_at: Time
  joined_at: NullableTime
  /** Time when the person came, got another role, or left; it ends older access tokens. */
  changed_at: NullableTime
  ended_at: NullableTime
  ended_by: NullableText
}
