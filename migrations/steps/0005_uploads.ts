/**
 * Uploads that can be cleaned up. A row is written before its bytes, and it says when the bytes had
 * arrived. So every stored file has a row. `order_id` is an order that names the file. A file with
 * an order is no orphan, and nobody has to search again who may read it.
 *
 * Rejected: finding orphans by listing the store. It needs a permission that the key of a bucket
 * should not have, and it costs a call for every thousand files that have a row.
 *
 * There is no index for the reports, although they scan a pharmacy's orders. With an index on a
 * column that changes, an update of the order writes to all of its indexes, and the journal updates
 * an order ten times.
 */
import { sql, type Kysely, type Migration } from 'kysely'

const statements = [
  `alter table uploads add column stored_at timestamptz`,
  `update uploads set stored_at = created_at`,
  // The adapter that holds the bytes. A deployment that moves to S3 still has its older files on
  // disk.
  `alter table uploads add column store text not null default 'disk' check (store in ('disk', 's3'))`,
  `alter table uploads add column order_id uuid`,
  `create index uploads_loose on uploads (created_at) where order_id is null`,
]

export const storedUploads: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const statement of statements) await sql.raw(statement).execute(db)
  },
}
