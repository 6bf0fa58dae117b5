/**
 * Who acted, beside each event. A column of its own and not a member of `data`: what happened and who caused
 * it are asked for apart, and a cancellation's `data` has held a word under that name since the first release.
 * Null in all that older releases wrote; `protocol/dispatch/upcast.ts` says what can be known of those.
 */
import { sql, type Kysely, type Migration } from 'kysely'

export const eventActors: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await sql.raw('alter table events add column acted_by json').execute(db)
  },
}
