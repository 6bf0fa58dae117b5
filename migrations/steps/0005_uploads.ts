/**
 * Uploads that can be cleaned: a row is written before its bytes and says when they had arrived, so
 * no file is ever stored that no row knows. `order_id` is an order found to name the file: nothing
 * that has one is an orphan, and who may read the file need not be searched for again.
 *
 * Rejected: finding orphans by listing the store, which needs a permission that a bucket's key had
 * better not have, and costs a call for every thousand files that are fine.
 *
 * No index for the reports, though they scan a pharmacy's orders: one on a column that changes
 * makes
 * an update of the order write to every index it has, and the journal updates an order ten times.
 */
import { sql, type Kysely, type Migration } from 'kysely'

const statements = [
  `alter table uploads add column stored_at timestamptz`,
  `update uploads set stored_at = created_at`,
  // Which adapter holds the bytes: a deployment that moves to S3 still has its older files on disk.
  `alter table uploads add column store text not null default 'disk' check (store in ('disk', 's3'))`,
  `alter table uploads add column order_id uuid`,
  `create index uploads_loose on uploads (created_at) where order_id is null`,
]

export const storedUploads: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const statement of statements) await sql.raw(statement).execute(db)
  },
}
