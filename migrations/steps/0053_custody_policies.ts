/** What a pharmacy adds to the policies of custody. */
import { sql, type Kysely, type Migration } from 'kysely'

export const custodyPolicies: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await sql.raw(`alter table vendors add column custody_additions jsonb`).execute(db)
  },
}
