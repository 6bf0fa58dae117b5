/**
 * News on their way to devices, mailboxes and phones. The rows are written in the transaction of the
 * notifications; `edge/push` sends them. So each event has its rows exactly once, and a crash loses
 * none.
 */
import { sql, type Kysely } from 'kysely'
import type { Tables } from '../../migrations/database/tables.ts'
import type { NotificationKind } from '../../protocol/notifications/kinds.ts'
import { notificationKindNames, rowOfKind } from '../../protocol/notifications/kinds.ts'
import { notificationLimits } from './limits.ts'
import type { News } from './news.ts'

/**
 * Writes the rows of these news and returns the ids of the news that have a row that a socket can
 * save. `stored` are the news that the inbox has now. A person who may not work is not told of the
 * work. Mail and SMS go to addresses alone that their owner has confirmed.
 */
export async function queueDeliveries(
  tx: Kysely<Tables>,
  news: readonly News[],
  stored: ReadonlySet<string>,
  nowMs: number,
): Promise<Set<string>> {
  const alive = news.filter(({ expiresAt }) => expiresAt.getTime() > nowMs)
  if (alive.length === 0) return new Set()
  const column = <T>(of: (one: News) => T): T[] => alive.map(of)
  const row = (one: News) => rowOfKind(one.kind)
  const now = new Date(nowMs)
  const { rows } = await sql<{ news_id: string }>`
    with told as (
      select w.*, u.id as account_id, u.phone_verified_at is not null as has_phone,
        u.email <> '' and u.email_verified_at is not null as has_mail
      from unnest(${column(w => w.id)}::uuid[], ${column(w => w.side)}::text[], ${column(w => w.recordId)}::uuid[],
        ${column(w => w.accountId)}::uuid[],
        ${column(w => w.eventId)}::text[], ${column(w => w.kind)}::text[], ${column(w => w.about.kind)}::text[],
        ${column(w => w.about.id)}::uuid[], ${column(w => w.data)}::json[], ${column(w => w.at)}::timestamptz[],
        ${column(w => w.expiresAt)}::timestamptz[], ${column(w => stored.has(w.id))}::boolean[],
        ${column(w => row(w).pushOnly)}::boolean[], ${column(w => row(w).standing)}::boolean[],
        ${column(w => row(w).essential)}::boolean[], ${column(w => row(w).letter)}::boolean[])
        as w(news_id, side, record_id, owner_id, event_id, kind, about_kind, about_id, data, at, expires_at, stored,
          push_only, standing, essential, letter)
      left join vendors v on w.side = 'vendor' and v.id = w.record_id
      left join drivers d on w.side = 'driver' and d.id = w.record_id
      left join vendors employer on employer.id = d.vendor_id
      join users u on u.is_active and u.id = coalesce(w.owner_id, d.user_id)
      where (w.standing or case w.side
          when 'vendor' then v.status = 'active' and not v.papers_held
          -- A driver who may not work hears of the orders under way.
          when 'driver' then cardinality(d.active_order_ids) > 0 or (d.membership = 'active' and not d.papers_held
            and employer.status = 'active' and not employer.papers_held) else true end)
        -- A news that the inbox did not take is a repeat, unless the inbox does not want it at all.
        and (w.stored or w.push_only or exists (select from notification_preferences p
          where p.account_id = u.id and p.kind = w.kind and p.channel = 'inbox' and not p.wanted))
    )
    insert into notification_deliveries (news_id, notification_id, account_id, channel, device_id,
      event_id, kind, about_kind, about_id, data, at, expires_at, due_at)
    select t.news_id, case when t.stored then t.news_id end, t.account_id, way.channel, way.device_id,
      t.event_id, t.kind, t.about_kind, t.about_id, t.data, t.at,
      -- A mail waits for the morning where the person wants one a day. A letter does not.
      case when way.channel = 'email' and not t.letter
        then greatest(t.expires_at, t.at + ${notificationLimits.mailLivesHours} * interval '1 hour')
        else t.expires_at end,
      ${new Date(nowMs + notificationLimits.seenGraceMs)}
    from told t cross join lateral (
      select 'push' as channel, d.id as device_id from push_devices d
      where d.account_id = t.account_id
        and not exists (select from sessions s where s.family_id = d.family_id and s.revoked_at is not null)
        and (t.essential or not exists (select from notification_preferences p
          where p.account_id = t.account_id and p.kind = t.kind and p.channel = 'push' and not p.wanted))
      union all
      select p.channel, null from notification_preferences p
      where p.account_id = t.account_id and p.kind = t.kind and p.wanted and not t.push_only
        and not t.letter
        and case p.channel when 'email' then t.has_mail when 'sms' then t.has_phone else false end
      union all
      -- A letter is one mail, or one SMS to whoever gets no mail.
      select case when t.has_mail and not exists (select from notification_preferences p
          where p.account_id = t.account_id and p.kind = t.kind and p.channel = 'email' and not p.wanted)
        then 'email' else 'sms' end, null
      where t.letter and (t.has_mail or t.has_phone)
    ) as way
    on conflict do nothing returning news_id`.execute(tx)
  const ids = new Set(rows.map(({ news_id }) => news_id))
  await replaceOlder(tx, [...ids], now)
  return ids
}

/** The kinds of which a newer one replaces an older one in mails too. */
const letters = notificationKindNames.filter(kind => rowOfKind(kind).letter)

/** A newer news about the same record replaces those that still wait on the same way. */
async function replaceOlder(tx: Kysely<Tables>, ids: readonly string[], now: Date): Promise<void> {
  if (ids.length === 0) return
  await sql`
    update notification_deliveries older set state = 'replaced', ended_at = ${now}
    from notification_deliveries newer
    where newer.news_id = any(${ids}::uuid[])
      and (newer.channel in ('push', 'sms') or (newer.kind = any(${letters}::text[]) and older.kind = newer.kind))
      and newer.about_kind <> 'account'
      and older.state = 'waiting' and older.about_id = newer.about_id and older.account_id = newer.account_id
      and older.channel = newer.channel and older.device_id is not distinct from newer.device_id
      and older.news_id < newer.news_id`.execute(tx)
}

/** Ends what still waits of these kinds about these records, because the thing itself is over. */
export async function withdraw(
  tx: Kysely<Tables>,
  over: readonly { kind: NotificationKind; id: string }[],
  nowMs: number,
): Promise<void> {
  if (over.length === 0) return
  await sql`
    update notification_deliveries d set state = 'replaced', ended_at = ${new Date(nowMs)}
    from unnest(${over.map(one => one.kind)}::text[], ${over.map(one => one.id)}::uuid[]) as o(kind, id)
    where d.state = 'waiting' and d.about_id = o.id and d.kind = o.kind`.execute(tx)
}

/** A socket has shown these news, so no device is woken for them. */
export async function noteSeen(
  db: Kysely<Tables>,
  newsIds: readonly string[],
  nowMs: number,
): Promise<void> {
  await db
    .updateTable('notification_deliveries')
    .set({ state: 'seen', ended_at: new Date(nowMs) })
    .where('news_id', 'in', newsIds)
    .where('state', '=', 'waiting')
    .where('channel', 'in', ['push', 'sms'])
    .execute()
}

/** The pharmacies among these that have a device. Most of those that a request asks have none. */
export async function withDevices(
  tx: Kysely<Tables>,
  pharmacyIds: readonly string[],
): Promise<Set<string>> {
  if (pharmacyIds.length === 0) return new Set()
  const { rows } = await sql<{ id: string }>`
    select distinct m.vendor_id as id from members m join push_devices d on d.account_id = m.user_id
    where m.vendor_id = any(${pharmacyIds}::uuid[]) and m.ended_at is null`.execute(tx)
  return new Set(rows.map(({ id }) => id))
}
