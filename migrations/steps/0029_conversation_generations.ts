/**
 * The generations of conversations, so that a conversation after one that was deleted has a new id;
 * and the indexes of the work in the background: what was closed long ago, and what is with support
 * and quiet.
 */
import { sql, type Kysely, type Migration } from 'kysely'

const steps = [
  `create table conversation_generations (
    id uuid primary key,
    generation integer not null
  )`,
  `create index conversations_quiet on conversations (last_at) where topic = 'support' and status = 'open'`,
  `drop index conversations_closed`,
  `create index conversation_entries_closed on conversation_entries (at) where kind = 'closed'`,
]

export const conversationGenerations: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const step of steps) await sql.raw(step).execute(db)
  },
}
