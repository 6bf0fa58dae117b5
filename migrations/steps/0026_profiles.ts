/**
 * A person's profile has an address and a picture. The picture is an upload of its owner; the index
 * tells the sweep of orphaned files which pictures are in use.
 */
import { sql, type Kysely, type Migration } from 'kysely'

const steps = [
  `alter table users add column address text, add column picture_id uuid`,
  `create index users_picture on users (picture_id) where picture_id is not null`,
]

export const profiles: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const step of steps) await sql.raw(step).execute(db)
  },
}
