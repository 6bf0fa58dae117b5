/**
 * The rows of the outbox, by their way. An edge takes due rows by moving their time ahead, so that no other edge
 * sends them meanwhile, and another edge sends them when this one dies. So a row is sent at least
 * once, and twice only after a crash; a device shows the second one in place of the first.
 */
import { sql, type Kysely } from 'kysely'
import type { DeliveryState } from '../../migrations/database/tables-notifications.ts'
import type { Tables } from '../../migrations/database/tables.ts'
import type {
  NotificationChannel,
  NotificationKind,
  NotificationSubject,
} from '../../protocol/notifications/kinds.ts'
import type { AppointmentStatus } from '../../protocol/appointments/statuses.ts'
import type { Terms } from '../../protocol/appointments/terms.ts'
import type { QuietHours } from '../../protocol/notifications/quiet.ts'
import type { Kernel } from '../kernel/kernel.ts'
import { pushLimits } from './limits.ts'
import type { PushKind } from './provider.ts'

export interface DueRow {
  id: string
  newsId: string
  accountId: string
  channel: Exclude<NotificationChannel, 'inbox'>
  kind: NotificationKind
  about: { kind: NotificationSubject; id: string }
  data: Readonly<Record<string, string>>
  atMs: number
  expiresAtMs: number
  /** Counts this one. */
  attempts: number
  /** The inbox has shown it. */
  isRead: boolean
  /** False once the account has ended. */
  isActive: boolean
  email: string
  emailIsProven: boolean
  phone: string
  phoneIsProven: boolean
  /** What the person has said of this kind on this channel; null: nothing. */
  wanted: boolean | null
  /** As the person has said; null: nothing. */
  language: string | null
  timeZone: string
  quiet: { from: string; to: string } | null
  digest: 'none' | 'daily'
  /** Of a reminder: the appointment as it is now. */
  visit: Visit | null
  /** For the channel `push`; null once its sign-in has ended. */
  device: {
    id: string
    kind: PushKind
    endpoint: string
    p256dh: string | null
    auth: string | null
    locale: string | null
  } | null
}

/** An appointment with what a reminder of it says, and when it may come. */
export interface Visit {
  status: AppointmentStatus
  startMs: number
  timeZone: string
  pharmacy: string
  /** The quiet hours of the service, by the clocks of the customer. */
  quiet: QuietHours | null
  customerTimeZone: string
}

/** Hours of the terms of a service: a day ends at 24:00 there, and equal times are no hours. */
const hoursOf = (quiet: Terms['quiet_hours']): QuietHours | null =>
  quiet === null || quiet.from === quiet.to
    ? null
    : { from: quiet.from, to: quiet.to === '24:00' ? '00:00' : quiet.to }

/**
 * Takes rows of one way that are due, the longest waiting first, each with what allows it now: a row may have
 * waited for a night, and the person may have changed the address or the wishes since.
 */
export async function takeDue(
  db: Kysely<Tables>,
  channel: DueRow['channel'],
  limit: number,
  nowMs: number,
): Promise<DueRow[]> {
  const { rows } = await sql<{
    id: string
    news_id: string
    account_id: string
    kind: string
    about_kind: string
    about_id: string
    data: Record<string, string>
    at: Date
    expires_at: Date
    attempts: number
    is_read: boolean
    is_active: boolean
    email: string
    email_is_proven: boolean
    phone: string
    phone_is_proven: boolean
    wanted: boolean | null
    language: string | null
    time_zone: string
    quiet_from: string | null
    quiet_to: string | null
    digest: 'none' | 'daily'
    device_id: string | null
    device_kind: string | null
    endpoint: string | null
    p256dh: string | null
    auth: string | null
    locale: string | null
    visit: {
      status: AppointmentStatus
      start_ms: number
      time_zone: string
      customer_time_zone: string | null
      quiet_hours: Terms['quiet_hours']
      pharmacy: string
    } | null
  }>`
    with due as (
      select id from notification_deliveries
      where state = 'waiting' and channel = ${channel} and due_at <= ${new Date(nowMs)}
      order by due_at limit ${limit} for update skip locked
    ), taken as (
      update notification_deliveries n set attempts = n.attempts + 1, due_at = ${new Date(nowMs + pushLimits.takenMs)}
      from due where n.id = due.id returning n.*
    )
    select t.*, u.is_active, u.email, u.phone, p.wanted, u.phone_verified_at is not null as phone_is_proven,
      u.email <> '' and u.email_verified_at is not null and u.email_twin_of is null as email_is_proven,
      s.language, coalesce(s.time_zone, v.time_zone, 'UTC') as time_zone,
      s.quiet_from, s.quiet_to, coalesce(s.digest, 'none') as digest,
      coalesce(i.read_at is not null, false) as is_read,
      d.kind as device_kind, d.endpoint, d.p256dh, d.auth, d.locale,
      (select json_build_object('status', a.status, 'time_zone', a.record->>'time_zone',
          'start_ms', (extract(epoch from a.start_at) * 1000)::double precision,
          'customer_time_zone', a.record->>'customer_time_zone', 'quiet_hours', o.settings->'quiet_hours',
          'pharmacy', place.business_name)
        from appointments a join services o on o.id = a.service_id join vendors place on place.id = a.vendor_id
        where t.kind = 'appointment.reminder' and a.id = t.about_id) as visit
    from taken t join users u on u.id = t.account_id
    left join notification_settings s on s.account_id = t.account_id
    left join members m on m.user_id = t.account_id and m.ended_at is null
    left join vendors v on v.id = m.vendor_id
    left join notifications i on i.id = t.notification_id
    left join notification_preferences p on p.account_id = t.account_id and p.kind = t.kind and p.channel = t.channel
    left join push_devices d on d.id = t.device_id
      and not exists (select from sessions e where e.family_id = d.family_id and e.revoked_at is not null)
    order by t.news_id`.execute(db)
  return rows.map(row => ({
    id: row.id,
    newsId: row.news_id,
    accountId: row.account_id,
    channel,
    kind: row.kind as NotificationKind,
    about: { kind: row.about_kind as NotificationSubject, id: row.about_id },
    data: row.data,
    atMs: row.at.getTime(),
    expiresAtMs: row.expires_at.getTime(),
    attempts: row.attempts,
    isRead: row.is_read,
    isActive: row.is_active,
    email: row.email,
    emailIsProven: row.email_is_proven,
    phone: row.phone,
    phoneIsProven: row.phone_is_proven,
    wanted: row.wanted,
    language: row.language,
    timeZone: row.time_zone,
    quiet:
      row.quiet_from === null || row.quiet_to === null
        ? null
        : { from: row.quiet_from, to: row.quiet_to },
    digest: row.digest,
    visit:
      row.visit === null
        ? null
        : {
            status: row.visit.status,
            startMs: row.visit.start_ms,
            timeZone: row.visit.time_zone,
            pharmacy: row.visit.pharmacy,
            quiet: hoursOf(row.visit.quiet_hours),
            customerTimeZone: row.visit.customer_time_zone ?? row.visit.time_zone,
          },
    device:
      row.device_id === null || row.endpoint === null
        ? null
        : {
            id: row.device_id,
            kind: row.device_kind as PushKind,
            endpoint: row.endpoint,
            p256dh: row.p256dh,
            auth: row.auth,
            locale: row.locale,
          },
  }))
}

/** Ends rows that still wait. A row that a socket has shown meanwhile stays `seen`. */
export async function end(
  db: Kysely<Tables>,
  ids: readonly string[],
  state: Exclude<DeliveryState, 'waiting'>,
  answer: string | null,
  nowMs: number,
): Promise<void> {
  await db
    .updateTable('notification_deliveries')
    .set({ state, answer, ended_at: new Date(nowMs) })
    .where('id', 'in', ids)
    .where('state', '=', 'waiting')
    .execute()
}

/** Lets a letter that can be no mail go as an SMS, at once. */
export async function goAsSms(db: Kysely<Tables>, id: string, nowMs: number): Promise<void> {
  await db
    .updateTable('notification_deliveries')
    .set({ channel: 'sms', due_at: new Date(nowMs), attempts: 0 })
    .where('id', '=', id)
    .where('state', '=', 'waiting')
    .execute()
}

/** Sends rows later. `counts`: it was an attempt. */
export async function postpone(
  db: Kysely<Tables>,
  ids: readonly string[],
  dueAtMs: number,
  { counts, answer }: { counts: boolean; answer: string | null },
): Promise<void> {
  await db
    .updateTable('notification_deliveries')
    .set(eb => ({
      due_at: new Date(dueAtMs),
      answer,
      ...(!counts && { attempts: eb('attempts', '-', 1) }),
    }))
    .where('id', 'in', ids)
    .where('state', '=', 'waiting')
    .execute()
}

/** The time when the next row of a way is due; null when none waits. */
export async function nextDueMs(
  db: Kysely<Tables>,
  channel: DueRow['channel'],
): Promise<number | null> {
  const row = await db
    .selectFrom('notification_deliveries')
    .select('due_at')
    .where('state', '=', 'waiting')
    .where('channel', '=', channel)
    .orderBy('due_at')
    .limit(1)
    .executeTakeFirst()
  return row?.due_at.getTime() ?? null
}

/** The SMS of a day of each of these accounts that had any. */
export async function smsOfADay(
  db: Kysely<Tables>,
  accountIds: readonly string[],
  nowMs: number,
): Promise<Map<string, number>> {
  const { rows } = await sql<{ account_id: string; count: number }>`
    select account_id, count(*)::int as count from notification_deliveries
    where channel = 'sms' and state = 'sent' and ended_at > ${new Date(nowMs - 24 * 3_600_000)}
      and account_id = any(${accountIds}::uuid[])
    group by account_id`.execute(db)
  return new Map(rows.map(({ account_id, count }) => [account_id, count]))
}

/** Deletes rows that ended long ago. */
export async function deleteOldDeliveries({
  database: { kysely: db },
  nowMs,
}: Pick<Kernel, 'database' | 'nowMs'>): Promise<{ deleted: number }> {
  const { numDeletedRows } = await db
    .deleteFrom('notification_deliveries')
    .where('ended_at', '<', new Date(nowMs() - pushLimits.endedKeptMs))
    .executeTakeFirst()
  return { deleted: Number(numDeletedRows) }
}
