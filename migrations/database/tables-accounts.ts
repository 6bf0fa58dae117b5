/** The tables of accounts and of what opens them, as Kysely sees them; `tables.ts` has the others. */
import type { Generated } from 'kysely'
import type { DefaultNow, NullableText, NullableTime, Time } from './columns.ts'

export type AccountRole = 'user' | 'vendor' | 'driver' | 'admin'

export interface UsersTable {
  id: string
  /** '' of an account that has only a phone. One account owns an address: look it up by `normal_email(email)`. */
  email: string
  /** The account that owns the same address: this one only names it too, and no code is sent there for it. */
  email_twin_of: NullableText
  /** When its owner was last told that somebody registered with the address. */
  email_named_at: NullableTime
  full_name: string
  phone: string
  role: AccountRole
  password_hash: string
  is_active: Generated<boolean>
  /** When an admin last ended its access; null again with the account's return. */
  deactivated_at: NullableTime
  email_verified_at: NullableTime
  phone_verified_at: NullableTime
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
  /** Where the sign-in or refresh came from; null before that was kept. */
  address: string | null
  expires_at: Time
  used_at: NullableTime
  /** When another took its place, because its answer, or that of the refresh before, seemed lost. */
  superseded_at: NullableTime
  revoked_at: NullableTime
  created_at: DefaultNow
}

/** `family_id`: the sign-in that asked for it. */
export interface WsTicketsTable {
  hash: string
  user_id: string
  family_id: string | null
  expires_at: Time
  used_at: NullableTime
}

/** What a code opens. A code of one purpose is worth nothing for another. */
export type CodePurpose = 'verify_email' | 'sign_in_phone' | 'reset_password'

/** A row is written whether or not an account has the destination, so that neither answer nor time tells. */
export interface OneTimeCodesTable {
  id: string
  purpose: CodePurpose
  /** E-mail in its normal form, or phone as E.164. */
  destination: string
  code_hash: string
  /** Where it was asked from, for the rate. */
  address: string
  /** From where it was asked for, and from elsewhere: strangers do not use up the tries of its owner. */
  tries: Generated<number>
  away_tries: Generated<number>
  expires_at: Time
  used_at: NullableTime
  /** Null where there was nobody to send it to. */
  sent_at: NullableTime
  /** Of a verified e-mail: what its owner shows at registration, and the place that need not show it. */
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
