/** A job asks each minute for the appointments that wait for papers, which are few among many. */
import { sql, type Kysely, type Migration } from 'kysely'

export const waitingForPapers: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await sql
      .raw(`create index appointments_proposed on appointments (id) where status = 'proposed'`)
      .execute(db)
  },
}
