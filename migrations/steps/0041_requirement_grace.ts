/**
 * The grace of a requirement that only warned at first begins when it becomes blocking. Otherwise
 * a change would stop all who work at once.
 */
import { sql, type Kysely, type Migration } from 'kysely'

export const requirementGrace: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await sql.raw('alter table requirements add column blocking_since timestamptz').execute(db)
  },
}
