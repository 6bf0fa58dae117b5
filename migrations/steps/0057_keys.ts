/**
 * Keys of encryption at rest. `encryption_state` has one row once the deployment has a key: its
 * fingerprint, and during a rotation that of the key before. A person's key is wrapped by the
 * deployment's key; a file's key by that of its person, or by the deployment's where the person was
 * erased and a law keeps the file. `sealed_parts` is beside `upload_parts`, because an edge of the
 * release before must not append to a sealed part. `stale_files` are stored files that no row names.
 */
import { sql, type Kysely, type Migration } from 'kysely'

const steps = [
  `create table encryption_state (
    only_row boolean primary key default true check (only_row),
    fingerprint text not null,
    previous text
  )`,
  `create table person_keys (
    account_id uuid primary key,
    wrapped text not null,
    wrapped_by text not null
  )`,
  `create index person_keys_wrapped_by on person_keys (wrapped_by)`,
  `create table file_keys (
    upload_id uuid primary key,
    account_id uuid references person_keys (account_id),
    wrapped text not null,
    wrapped_by text,
    check ((account_id is null) <> (wrapped_by is null))
  )`,
  `create index file_keys_person on file_keys (account_id) where account_id is not null`,
  `create index file_keys_wrapped_by on file_keys (wrapped_by) where wrapped_by is not null`,
  `create table sealed_parts (
    upload_id uuid not null references resumable_uploads (id) on delete cascade,
    at integer not null,
    bytes bytea not null,
    primary key (upload_id, at)
  )`,
  `create table stale_files (
    path text primary key,
    store text not null,
    upload_id uuid not null,
    due_at timestamptz not null
  )`,
  `create index stale_files_due on stale_files (due_at)`,
  `create index stale_files_upload on stale_files (upload_id)`,
  `create index uploads_plain on uploads (id) where store in ('disk', 's3') and stored_at is not null`,
]

export const keys: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const step of steps) await sql.raw(step).execute(db)
  },
}
