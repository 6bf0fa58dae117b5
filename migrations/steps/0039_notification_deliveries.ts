/**
 * News on their way to devices, mailboxes and phones, how a person wants to be told, and news that
 * no event tells. The rows
 * are written with the notifications, so that each event is told once on each way. They are kept a
 * few days after their end, so that an operator can see what became of them.
 */
import { sql, type Kysely, type Migration } from 'kysely'

const steps = [
  `create table notification_deliveries (
    id uuid primary key default gen_random_uuid(),
    news_id uuid not null,
    notification_id uuid,
    account_id uuid not null references users (id) on delete cascade,
    channel text not null,
    device_id uuid references push_devices (id) on delete cascade,
    event_id text not null,
    kind text not null,
    about_kind text not null,
    about_id uuid not null,
    data json not null,
    at timestamptz not null,
    expires_at timestamptz not null,
    due_at timestamptz not null,
    attempts integer not null default 0,
    state text not null default 'waiting',
    answer text,
    ended_at timestamptz,
    unique nulls not distinct (account_id, event_id, channel, device_id)
  )`,
  `create index notification_deliveries_due on notification_deliveries (due_at) where state = 'waiting'`,
  `create index notification_deliveries_about on notification_deliveries (about_id, account_id) where state = 'waiting'`,
  `create index notification_deliveries_news on notification_deliveries (news_id) where state = 'waiting'`,
  `create index notification_deliveries_device on notification_deliveries (device_id)`,
  `create index notification_deliveries_ended on notification_deliveries (ended_at)`,
  `create table notification_settings (
    account_id uuid primary key references users (id) on delete cascade,
    language text,
    time_zone text,
    quiet_from text,
    quiet_to text,
    digest text not null default 'none'
  )`,
  `create table account_news (
    id uuid primary key,
    account_id uuid references users (id) on delete cascade,
    kind text not null,
    about_kind text,
    about_id uuid,
    at timestamptz not null
  )`,
]

export const notificationDeliveries: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const step of steps) await sql.raw(step).execute(db)
  },
}
