/**
 * Notifications of persons. They have no text: it is made when it is read, in the reader's
 * language.
 *
 * The kinds are words without a check, because their list stands in
 * `protocol/notifications/kinds.ts`. The follower begins behind the events of before, so nobody
 * hears old news after the update.
 */
import { sql, type Kysely, type Migration } from 'kysely'

const steps = [
  `create table notifications (
    id uuid primary key,
    account_id uuid not null references users (id) on delete cascade,
    event_id text not null,
    kind text not null,
    about_kind text not null,
    about_id uuid not null,
    data json not null,
    at timestamptz not null,
    read_at timestamptz,
    unique (account_id, event_id)
  )`,
  `create index notifications_account on notifications (account_id, id desc)`,
  `create index notifications_unread on notifications (account_id, about_id) where read_at is null`,
  `create index notifications_age on notifications (at)`,
  `create table notification_preferences (
    account_id uuid not null references users (id) on delete cascade,
    kind text not null,
    channel text not null,
    wanted boolean not null,
    primary key (account_id, kind, channel)
  )`,
  `create table notification_positions (slot smallint primary key, seq bigint not null) with (fillfactor = 20)`,
  `insert into notification_positions (slot, seq)
    select s.slot, head.seq from slots as s
    cross join lateral (select seq from events where events.slot = s.slot order by seq desc limit 1) as head`,
]

export const notifications: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const step of steps) await sql.raw(step).execute(db)
  },
}
