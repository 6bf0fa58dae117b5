/**
 * The database no longer keeps the list of the stores of uploads. It was a second list beside
 * `edge/uploads/storage/stores.ts`, and a store could not be added without a migration. Only edges
 * write the column, and they write the name of a store that they have.
 */
import { sql, type Kysely, type Migration } from 'kysely'

export const stores: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await sql.raw(`alter table uploads drop constraint uploads_store_check`).execute(db)
  },
}
