/**
 * The database no longer keeps the list of dispatch policies. It was a second list beside the table
 * of policies, and a policy could not be added without a migration. Only edges write policies, and
 * they check them against the table.
 */
import { sql, type Kysely, type Migration } from 'kysely'

export const policies: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await sql.raw(`alter table vendors drop constraint vendors_dispatch_policy_check`).execute(db)
  },
}
