/**
 * Letters about notifications (mails and SMS), and calendar links for members of a pharmacy's staff.
 *
 * A letter has no text and no address: both are read when it is sent, so a new address counts and
 * nothing of a person stands here. The index on pharmacy and time is for the calendar of a pharmacy,
 * which sorted all rows of the pharmacy before.
 */
import { sql, type Kysely, type Migration } from 'kysely'

const steps = [
  `create table notification_letters (
    account_id uuid not null references users (id) on delete cascade,
    event_id text not null,
    kind text not null,
    about_id uuid not null,
    due_at timestamptz not null,
    start_at timestamptz not null,
    channel text,
    outcome text,
    ended_at timestamptz,
    primary key (account_id, event_id)
  )`,
  `create index notification_letters_due on notification_letters (due_at) where ended_at is null`,
  `create index notification_letters_ended on notification_letters (ended_at)`,
  `alter table calendar_feeds drop constraint calendar_feeds_kind_check`,
  `alter table calendar_feeds add column service_ids uuid[],
    add constraint calendar_feeds_kind_check check (kind in ('user', 'vendor', 'service', 'member')),
    add constraint calendar_feeds_services_check check ((kind = 'member') = (service_ids is not null))`,
  `create index appointments_vendor_start on appointments (vendor_id, start_at)`,
]

export const lettersAndMembers: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const step of steps) await sql.raw(step).execute(db)
  },
}
