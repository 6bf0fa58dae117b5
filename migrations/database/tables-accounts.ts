/**
 * The tables of accounts and of their credentials, as Kysely sees them; `tables.ts` has the others.
 */
import type { Generated } from 'kysely'
import type { DefaultNow, NullableText, NullableTime, Time } from './columns.ts'

export type AccountRole = 'user' | 'vendor' | 'driver' | 'admin'

export interface UsersTable {
  id: string
  /**
   * '' for an account that has only a phone. One account owns an address: look it up by
   * `normal_email(email)`.
   */
  email: string
  /**
   * The account that owns the same address. This one only names the address, and no code is sent
   * there for it.
   */
  email_twin_of: NullableText
  /** Time when the owner was last told that somebody registered with the address. */
  email_named_at: NullableTime
  full_name: string
  phone: string
  role: AccountRole
  /** Where the person lives; null while it was not told. */
  address: NullableText
  /** The upload of kind `picture` that shows the person; null for none. */
  picture_id: NullableText
  password_hash: string
  is_active: Generated<boolean>
  /** Time when an admin last ended the account's access; null again when the account returns. */
  deactivated_at: NullableTime
  email_verified_at: NullableTime
  phone_verified_at: NullableTime
  /** The last administrator who made the account, gave it its role or set its e-mail. */
  sponsored_by: NullableText
  sponsored_at: NullableTime
  created_at: DefaultNow
  updated_at: DefaultNow
}

/** One refresh token of a family; a family is one sign-in. */
export interface SessionsTable {
  id: string
  user_id: string
  family_id: string
  token_hash: string
  user_agent: string | null
  /** Address of the sign-in or refresh; null in rows from before it was stored. */
  address: string | null
  expires_at: Time
  used_at: NullableTime
  /**
   * Time when another token replaced it, because its answer, or that of the refresh before, seemed
   * lost.
   */
  superseded_at: NullableTime
  revoked_at: NullableTime
  created_at: DefaultNow
}

/** `family_id`: the sign-in that asked for the ticket. */
export interface WsTicketsTable {
  hash: string
  user_id: string
  family_id: string | null
  expires_at: Time
  used_at: NullableTime
}

/** The purpose of a code. A code of one purpose is invalid for another. */
export type CodePurpose = 'verify_email' | 'sign_in_phone' | 'reset_password'

/**
 * A row is written whether or not an account has the destination, so that neither answer nor time
 * reveals it.
 */
export interface OneTimeCodesTable {
  id: string
  purpose: CodePurpose
  /** E-mail in its normal form, or phone as E.164. */
  destination: string
  code_hash: string
  /** Address that asked for the code, for the rate limit. */
  address: string
  /**
   * Tries from the address that asked, and from elsewhere: strangers do not use up the tries of the
   * owner.
   */
  tries: Generated<number>
  away_tries: Generated<number>
  expires_at: Time
  used_at: NullableTime
  /** Null where there was nobody to send it to. */
  sent_at: NullableTime
  /**
   * Of a verified e-mail: what its owner shows at registration, and the place that need not show
   * it.
   */
  proof_hash: string | null
  proof_place: NullableText
  created_at: Time
}

export interface ApiKeysTable {
  id: string
  name: string
  /** The first characters of the key, by which a person recognises it. */
  prefix: string
  key_hash: string
  scopes: string[]
  created_by: string
  created_at: Time
  expires_at: NullableTime
  last_used_at: NullableTime
  revoked_at: NullableTime
}
