/**
 * Access that ends before its token does: the time at which an account was deactivated, and the
 * sign-in from which a socket's ticket came. The indexes hold only ended access, because edges read
 * it again and again.
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
