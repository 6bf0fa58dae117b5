/**
 * Proofs that an e-mail or a phone belongs to an account, and API keys for other services. Codes
 * are rows and not Redis entries: they must work embedded, be used once across all edges, and count
 * tries through a restart. `sessions.address` and the two `verified_at` columns belong to tables of
 * 0001, which is released.
 */
import { sql, type Kysely, type Migration } from 'kysely'

const statements = [
  `alter table users add column email_verified_at timestamptz, add column phone_verified_at timestamptz`,
  // People write the same number in many ways. Sign-in by phone compares only digits and plus
  // signs.
  `create index users_phone on users (regexp_replace(phone, '[^0-9+]', '', 'g'))`,
  `alter table sessions add column address text`,
  `create table one_time_codes (
    id uuid primary key,
    purpose text not null check (purpose in ('verify_email', 'sign_in_phone', 'reset_password')),
    destination text not null,
    code_hash text not null,
    address text not null,
    tries integer not null default 0,
    expires_at timestamptz not null,
    used_at timestamptz,
    proof_hash text unique,
    created_at timestamptz not null
  )`,
  `create index one_time_codes_destination on one_time_codes (destination, purpose, created_at desc)`,
  `create index one_time_codes_address on one_time_codes (address, created_at)`,
  `create index one_time_codes_age on one_time_codes (created_at)`,
  `create table api_keys (
    id uuid primary key,
    name text not null,
    prefix text not null,
    key_hash text not null unique,
    scopes text[] not null,
    created_by uuid not null,
    created_at timestamptz not null,
    expires_at timestamptz,
    last_used_at timestamptz,
    revoked_at timestamptz
  )`,
]

export const accountProofs: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const statement of statements) await sql.raw(statement).execute(db)
  },
}
