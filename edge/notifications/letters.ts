/**
 * Letters about notifications: one mail or one SMS, by a background job. They are stored in the
 * transaction that tells the event, so each event has at most one letter, however many edges run.
 *
 * A letter is noted as sent before it is posted. An edge that dies in between loses it: two
 * reminders of the same visit are worse than none, because the socket and the inbox have it too.
 *
 * It goes to the mailbox if its owner has proven it and wants mails of this kind, otherwise to the
 * proven phone. An address that nobody has proven may be that of a stranger.
 */
import { sql, type Kysely } from 'kysely'
import type { Tables } from '../../migrations/database/tables.ts'
import { quietAt } from '../../protocol/appointments/quiet.ts'
import type { Terms } from '../../protocol/appointments/terms.ts'
import { instantsOf, localMsOf, minuteMs } from '../../protocol/appointments/zones.ts'
import { rowOfKind, type NotificationKind } from '../../protocol/notifications/kinds.ts'
import { smsAllowance, type SmsAllowance, type SmsRules } from '../accounts/sms.ts'
import type { JobFigures, JobRun } from '../kernel/job.ts'
import type { Kernel, WithConfig, WithMetrics } from '../kernel/kernel.ts'
import type { Channel, Message } from '../messenger/carrier.ts'
import type { WithMessenger } from '../messenger/messenger.ts'
import { notificationLimits } from './limits.ts'
import type { NotificationsMetrics } from './metrics.ts'
import { reminderLetter } from './reminder-letter.ts'

export type LetterContext = Pick<Kernel, 'database' | 'nowMs'> &
  WithMessenger &
  WithMetrics<Pick<NotificationsMetrics, 'letters'>> &
  WithConfig<{ sms: SmsRules }>

/** A letter that an event asks for. */
export interface NewLetter {
  accountId: string
  eventId: string
  kind: NotificationKind
  aboutId: string
  at: Date
  startAt: Date
}

/** Stores the letters of events; one that is there stays. Runs in the transaction that tells them. */
export async function storeLetters(
  tx: Kysely<Tables>,
  letters: readonly NewLetter[],
): Promise<void> {
  const wanted = letters.filter(({ kind }) => rowOfKind(kind).letter)
  if (wanted.length === 0) return
  const column = <T>(of: (one: NewLetter) => T): T[] => wanted.map(of)
  await sql`
    insert into notification_letters (account_id, event_id, kind, about_id, due_at, start_at)
    select w.account_id, w.event_id, w.kind, w.about_id, w.due_at, w.start_at
    from unnest(${column(w => w.accountId)}::uuid[], ${column(w => w.eventId)}::text[],
      ${column(w => w.kind)}::text[], ${column(w => w.aboutId)}::uuid[],
      ${column(w => w.at)}::timestamptz[], ${column(w => w.startAt)}::timestamptz[])
      as w(account_id, event_id, kind, about_id, due_at, start_at)
    join users u on u.is_active and u.id = w.account_id
    on conflict (account_id, event_id) do nothing`.execute(tx)
}

/** A due letter with everything that decides upon it. */
interface DueLetter {
  account_id: string
  event_id: string
  kind: NotificationKind
  about_id: string
  due_at: Date
  start_at: Date
  email: string
  email_is_proven: boolean
  phone: string
  phone_is_proven: boolean
  no_email: boolean
  no_sms: boolean
  status: string | null
  now_at: Date | null
  time_zone: string | null
  customer_time_zone: string | null
  quiet_hours: Terms['quiet_hours']
  pharmacy: string | null
  is_newest: boolean
}
type Fate =
  | { do: 'send'; message: Message }
  | { do: 'wait'; untilMs: number }
  | { do: 'drop'; why: 'changed' | 'too_late' | 'repeated' | 'unreachable' | 'quiet' }

/**
 * What becomes of a due letter. The
 * calendar plans reminders out of the quiet hours; a letter that comes late, because no edge ran,
 * waits for their end.
 */
function fateOf(
  letter: DueLetter,
  channels: Readonly<Record<Channel, boolean>>,
  canSms: SmsAllowance,
  nowMs: number,
): Fate {
  const startMs = letter.start_at.getTime()
  if (letter.status !== 'booked' || letter.now_at?.getTime() !== startMs)
    return { do: 'drop', why: 'changed' }
  if (nowMs >= startMs) return { do: 'drop', why: 'too_late' }
  if (!letter.is_newest) return { do: 'drop', why: 'repeated' }
  const zone = letter.customer_time_zone ?? letter.time_zone!
  const isLate = nowMs - letter.due_at.getTime() > notificationLimits.letterPromptMs
  const quiet = isLate ? quietAt(letter.quiet_hours, zone, nowMs) : null
  if (quiet !== null) {
    const leftMs = (quiet.lengthMinutes - quiet.sinceMinutes) * minuteMs
    const localMs = Math.floor(localMsOf(zone, nowMs) / minuteMs) * minuteMs
    const untilMs = instantsOf(zone, localMs + leftMs)[0] ?? nowMs + leftMs
    return untilMs < startMs ? { do: 'wait', untilMs } : { do: 'drop', why: 'quiet' }
  }
  const { email, phone } = letter
  const text = {
    pharmacy: letter.pharmacy!,
    startMs,
    timeZone: letter.time_zone!,
  }
  if (channels.email && email !== '' && letter.email_is_proven && !letter.no_email)
    return { do: 'send', message: reminderLetter('email', email, text) }
  if (!channels.sms || !letter.phone_is_proven || letter.no_sms)
    return { do: 'drop', why: 'unreachable' }
  switch (canSms(phone)) {
    case 'now':
      return { do: 'send', message: reminderLetter('sms', phone, text) }
    case 'later':
      return { do: 'wait', untilMs: nowMs + notificationLimits.letterRetryMs }
    case 'never':
      return { do: 'drop', why: 'unreachable' }
  }
}

/** Sends the letters that are due, and returns their numbers. Rejects while the database is away. */
export async function sendLetters(ctx: LetterContext, run: JobRun): Promise<JobFigures> {
  const figures = { email: 0, sms: 0, waiting: 0, dropped: 0 }
  for (;;) {
    run.signal.throwIfAborted()
    const { count, messages } = await takeBatch(ctx, run, figures)
    for (const message of messages) ctx.messenger.post(message)
    if (count < notificationLimits.lettersAtOnce) return figures
    // The messenger's queue is bounded and is for everybody.
    await ctx.messenger.drain()
  }
}

async function takeBatch(
  { database, nowMs, messenger, metrics, config }: LetterContext,
  { fence }: Pick<JobRun, 'fence'>,
  figures: { email: number; sms: number; waiting: number; dropped: number },
): Promise<{ count: number; messages: Message[] }> {
  const channels = {
    email: messenger.channels.email !== 'none',
    sms: messenger.channels.sms !== 'none',
  }
  return database.kysely.transaction().execute(async tx => {
    await fence(tx)
    const now = nowMs()
    const letters = await dueLetters(tx, now)
    if (letters.length === 0) return { count: 0, messages: [] }
    const canSms = await smsAllowance(tx, config.sms, now)
    const messages: Message[] = []
    for (const letter of letters) {
      const fate = fateOf(letter, channels, canSms, now)
      const update = tx
        .updateTable('notification_letters')
        .where('account_id', '=', letter.account_id)
        .where('event_id', '=', letter.event_id)
      if (fate.do === 'wait') {
        figures.waiting++
        await update.set({ due_at: new Date(fate.untilMs) }).execute()
        continue
      }
      const channel = fate.do === 'send' ? fate.message.channel : null
      const outcome = fate.do === 'send' ? 'sent' : fate.why
      await update.set({ channel, outcome, ended_at: new Date(now) }).execute()
      metrics.letters.inc({ channel: channel ?? 'none', outcome })
      if (fate.do === 'send') messages.push(fate.message)
      figures[channel ?? 'dropped']++
    }
    return { count: letters.length, messages }
  })
}

async function dueLetters(tx: Kysely<Tables>, nowMs: number): Promise<DueLetter[]> {
  const { rows } = await sql<DueLetter>`
    select l.account_id, l.event_id, l.kind, l.about_id, l.due_at, l.start_at, u.email,
      u.email_verified_at is not null and u.email_twin_of is null as email_is_proven, u.phone,
      u.phone_verified_at is not null as phone_is_proven,
      exists (select from notification_preferences p where p.account_id = u.id and p.kind = l.kind
        and p.channel = 'email' and not p.wanted) as no_email,
      exists (select from notification_preferences p where p.account_id = u.id and p.kind = l.kind
        and p.channel = 'sms' and not p.wanted) as no_sms,
      a.status, a.start_at as now_at, a.record->>'time_zone' as time_zone,
      a.record->>'customer_time_zone' as customer_time_zone,
      s.settings->'quiet_hours' as quiet_hours, v.business_name as pharmacy,
      not exists (select from notification_letters n where n.account_id = l.account_id
        and n.about_id = l.about_id and n.kind = l.kind and n.due_at > l.due_at
        and n.due_at <= ${new Date(nowMs)}) as is_newest
    from notification_letters l
    join users u on u.id = l.account_id
    left join appointments a on a.id = l.about_id and u.is_active
    left join services s on s.id = a.service_id
    left join vendors v on v.id = a.vendor_id
    where l.ended_at is null and l.due_at <= ${new Date(nowMs)}
    order by l.due_at, l.event_id
    limit ${notificationLimits.lettersAtOnce}
    for update of l skip locked`.execute(tx)
  return rows
}
