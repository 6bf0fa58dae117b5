/**
 * Stores who acted, beside each event. It is a separate column and not a member of `data`, because
 * the event and its cause are queried separately, and a cancellation's `data` has had a field with
 * that name since the first release. The column is null in all rows of older releases.
 * `protocol/dispatch/upcast.ts` knows the actors that can be derived for those.
 */
import { sql, type Kysely, type Migration } from 'kysely'

export const eventActors: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await sql.raw('alter table events add column acted_by json').execute(db)
  },
}
