/**
 * Files that come in parts, so that a lost connection costs only the bytes that were on their way.
 * The parts are rows, because an upload may continue at another edge than the one that began it,
 * and all edges share the database. ADR 29 says more.
 */
import { sql, type Kysely, type Migration } from 'kysely'

const statements = [
  `create table resumable_uploads (
    id uuid primary key,
    owner_id uuid not null,
    kind text not null,
    metadata text not null,
    bytes_count integer not null,
    received integer not null default 0,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    finished_at timestamptz
  )`,
  `create index resumable_uploads_unfinished on resumable_uploads (owner_id, updated_at) where finished_at is null`,
  `create index resumable_uploads_updated on resumable_uploads (updated_at)`,
  `create table upload_parts (
    upload_id uuid not null references resumable_uploads (id) on delete cascade,
    at integer not null,
    bytes bytea not null,
    primary key (upload_id, at)
  )`,
]

export const resumableUploads: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const statement of statements) await sql.raw(statement).execute(db)
  },
}
