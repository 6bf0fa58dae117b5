/**
 * An index for the refusals of strangers in the audit trail. They are deleted long before all other
 * rows.
 */
import { sql, type Migration } from 'kysely'

export const auditStrangers: Migration = {
  async up(db) {
    await sql
      .raw(
        'create index audit_log_strangers on audit_log (at) where actor_id is null and status >= 400',
      )
      .execute(db)
  },
}
