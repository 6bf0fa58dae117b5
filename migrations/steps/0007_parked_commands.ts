/**
 * Commands between actors that failed at their receiver every time and were given up, so that the
 * rest of the slot can go on. A row is a defect that somebody must look at; no code removes it
 * automatically.
 */
import { sql, type Kysely, type Migration } from 'kysely'

const statements = [
  `create table parked_commands (
    slot smallint not null,
    seq bigint not null,
    command_id text not null,
    from_actor_id uuid not null,
    kind text not null,
    actor_id uuid not null,
    command json not null,
    detail text not null,
    tries integer not null,
    parked_at timestamptz not null default now(),
    primary key (slot, seq, command_id)
  )`,
]

export const parkedCommands: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const statement of statements) await sql.raw(statement).execute(db)
  },
}
