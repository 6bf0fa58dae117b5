/** The settings that administrators change while the house runs: one row for each revision. */
import { sql, type Kysely, type Migration } from 'kysely'

export const configuration: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await sql
      .raw(
        `create table configurations (
          revision integer primary key check (revision > 0),
          settings jsonb not null,
          changed_by uuid not null,
          changed_at timestamptz not null
        )`,
      )
      .execute(db)
  },
}
