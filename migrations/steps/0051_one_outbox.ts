/**
 * Reminders by mail and SMS go through the outbox of all news. Those that wait move there, and so do
 * the SMS of the last day, because their number is bounded. Each way has its own loop, which asks for
 * the due rows of its channel. The lock waits for the batch that an edge of the older version sends
 * now; otherwise its letters would be copied as waiting and sent again. The ids of the copies begin
 * with zeros, below all ids of later news, so that a newer reminder replaces a copied one.
 */
import { sql, type Kysely, type Migration } from 'kysely'

const steps = [
  `lock table notification_letters in access exclusive mode`,
  `insert into notification_deliveries (news_id, account_id, channel, event_id, kind, about_kind,
    about_id, data, at, expires_at, due_at, state, ended_at)
  select overlay(gen_random_uuid()::text placing '00000000-0000-7' from 1 for 15)::uuid, u.id,
    coalesce(l.channel,
      case when u.email <> '' and u.email_verified_at is not null then 'email' else 'sms' end),
    l.event_id, l.kind, 'appointment', l.about_id, '{}', l.due_at, l.start_at, l.due_at,
    case when l.ended_at is null then 'waiting' else 'sent' end, l.ended_at
  from notification_letters l join users u on u.id = l.account_id
  where l.ended_at is null or (l.channel = 'sms' and l.ended_at > now() - interval '1 day')
  on conflict do nothing`,
  `drop table notification_letters`,
  `drop index notification_deliveries_due`,
  `create index notification_deliveries_due on notification_deliveries (channel, due_at)
    where state = 'waiting'`,
]

export const oneOutbox: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const step of steps) await sql.raw(step).execute(db)
  },
}
