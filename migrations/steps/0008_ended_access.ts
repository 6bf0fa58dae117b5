/**
 * Access that ends before its token does: when an account was deactivated, and which sign-in a
 * ticket
 * for a socket came from. The indexes hold only what has ended, which edges read again and again.
 */
import { sql, type Kysely, type Migration } from 'kysely'

const statements = [
  `alter table users add column deactivated_at timestamptz`,
  `create index users_deactivated on users (deactivated_at) where deactivated_at is not null`,
  `create index sessions_revoked on sessions (revoked_at) where revoked_at is not null`,
  `alter table ws_tickets add column family_id uuid`,
]

export const endedAccess: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const statement of statements) await sql.raw(statement).execute(db)
  },
}
