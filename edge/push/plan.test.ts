/** When a news is sent, when it waits, and when it ends unsent; and the pauses after failures. */
import t from 'tap'
import { pushLimits } from './limits.ts'
import { planOf, retryMs, topicOf } from './plan.ts'
import type { DueRow } from './queue.ts'

const now = Date.parse('2026-11-30T23:00:00Z')
const row = (more: Partial<DueRow> = {}): DueRow => ({
  id: 'r',
  newsId: 'n',
  accountId: 'a',
  channel: 'push',
  kind: 'order.picked_up',
  about: { kind: 'order', id: 'o' },
  data: {},
  atMs: now - 1_000,
  expiresAtMs: now + 24 * 3_600_000,
  attempts: 1,
  isRead: false,
  isActive: true,
  email: 'a@example.org',
  emailIsProven: true,
  phone: '+12025550123',
  phoneIsProven: true,
  wanted: true,
  language: null,
  timeZone: 'UTC',
  quiet: null,
  digest: 'none',
  visit: null,
  device: { id: 'd', kind: 'fcm', endpoint: 'e', p256dh: null, auth: null, locale: null },
  ...more,
})
const unreachable = { do: 'end', state: 'unreachable' } as const
const night = { from: '22:00', to: '07:00' }
const morning = Date.parse('2026-12-01T07:00:00Z')

t.test('the plan of a row', async t => {
  for (const [name, more, plan] of [
    ['nothing stands in the way', {}, { do: 'send' }],
    ['it is worth nothing any more', { expiresAtMs: now }, { do: 'end', state: 'expired' }],
    ['the inbox has shown it', { isRead: true }, { do: 'end', state: 'seen' }],
    ['the account has ended', { isActive: false }, unreachable],
    ['the sign-in of the device has ended', { device: null }, unreachable],
    ['devices are turned off', { wanted: false }, unreachable],
    ['nothing was said of devices', { wanted: null }, { do: 'send' }],
    [
      'essential news on devices that are turned off',
      { kind: 'order.cancelled', wanted: false },
      { do: 'send' },
    ],
    ['nobody has proven the mailbox', { channel: 'email', emailIsProven: false }, unreachable],
    ['mail was not asked for', { channel: 'email', wanted: null }, unreachable],
    ['nobody has proven the phone', { channel: 'sms', phoneIsProven: false }, unreachable],
    ['SMS are turned off', { channel: 'sms', wanted: false }, unreachable],
    ['quiet hours', { quiet: night }, { do: 'wait', untilMs: morning }],
    ['quiet hours elsewhere', { quiet: night, timeZone: 'Asia/Tokyo' }, { do: 'send' }],
    [
      'quiet hours and a text message',
      { quiet: night, channel: 'sms' },
      { do: 'wait', untilMs: morning },
    ],
    ['quiet hours and a mail', { quiet: night, channel: 'email' }, { do: 'send' }],
    ['an arrival in quiet hours', { quiet: night, kind: 'order.driver_at_door' }, { do: 'send' }],
    ['an offer in quiet hours', { quiet: night, kind: 'order.offered' }, { do: 'send' }],
    ['somebody waits for medicine', { quiet: night, kind: 'order.cancelled' }, { do: 'send' }],
    [
      'a mail once a day',
      { channel: 'email', digest: 'daily' },
      { do: 'wait', untilMs: Date.parse('2026-12-01T08:00:00Z') },
    ],
    [
      'its morning has come',
      { channel: 'email', digest: 'daily', atMs: now - 24 * 3_600_000, expiresAtMs: now + 1 },
      { do: 'send' },
    ],
    [
      'a mail that cannot wait',
      { channel: 'email', digest: 'daily', kind: 'order.failed' },
      { do: 'send' },
    ],
    ['a device does not wait for the mail', { digest: 'daily' }, { do: 'send' }],
  ] as [string, Partial<DueRow>, unknown][])
    t.same(planOf(row(more), now), plan, name)
})

t.test('the plan of a reminder', async t => {
  const startMs = now + 10 * 3_600_000
  const visit = {
    status: 'booked' as const,
    startMs,
    timeZone: 'Asia/Kathmandu',
    pharmacy: 'City Pharmacy',
    quiet: night,
    customerTimeZone: 'UTC',
  }
  const reminder: Partial<DueRow> = {
    kind: 'appointment.reminder',
    about: { kind: 'appointment', id: 'v' },
    channel: 'sms',
    wanted: null,
    expiresAtMs: startMs,
    visit,
  }
  const mail = { ...reminder, channel: 'email' as const }
  const late = { atMs: now - pushLimits.reminderPromptMs - 1 }
  const replaced = { do: 'end', state: 'replaced' } as const
  for (const [name, more, plan] of [
    ['nobody asked for it', reminder, { do: 'send' }],
    ['it was turned off', { ...reminder, wanted: false }, unreachable],
    ['the appointment has moved', { ...reminder, visit: { ...visit, startMs: now } }, replaced],
    ['it was cancelled', { ...reminder, visit: { ...visit, status: 'cancelled' } }, replaced],
    ['it is gone', { ...reminder, visit: null }, replaced],
    ['it comes late at night', { ...reminder, ...late }, { do: 'wait', untilMs: morning }],
    [
      'it is day for the customer',
      { ...reminder, ...late, visit: { ...visit, customerTimeZone: 'Asia/Tokyo' } },
      { do: 'send' },
    ],
    [
      'the person has said other hours',
      { ...reminder, ...late, quiet: { from: '01:00', to: '02:00' } },
      { do: 'send' },
    ],
    ['a mail comes late at night', { ...mail, ...late }, { do: 'send' }],
    ['a mail does not wait for the morning', { ...mail, digest: 'daily' }, { do: 'send' }],
    ['no mailbox is proven', { ...mail, emailIsProven: false }, { do: 'sms' }],
    ['mails are turned off', { ...mail, wanted: false }, { do: 'sms' }],
    ['the account has ended', { ...mail, isActive: false }, unreachable],
  ] as [string, Partial<DueRow>, unknown][])
    t.same(planOf(row(more), now), plan, name)
  t.same(planOf(row(mail), now, false), { do: 'sms' }, 'this server sends no mails')
  t.same(planOf(row({ channel: 'email' }), now, false), { do: 'send' }, 'a mail that was asked for')
})

t.test('the pause grows, is never exact, and ends', async t => {
  const pause = (attempts: number, retryAfterMs: number | null = null, random = 1) =>
    retryMs({ attempts, expiresAtMs: now + 24 * 3_600_000 }, retryAfterMs, now, random)
  t.equal(pause(1), pushLimits.backoffMsFirst)
  t.equal(pause(1, null, 0), pushLimits.backoffMsFirst / 2)
  t.equal(pause(2), 2 * pushLimits.backoffMsFirst)
  t.equal(pause(pushLimits.attemptsMax - 1)! <= pushLimits.backoffMsMax, true)
  t.equal(pause(pushLimits.attemptsMax), null, 'given up')
  t.equal(pause(1, 60_000), 60_000, 'as long as the service asks')
  t.equal(pause(1, 25 * 3_600_000), null, 'later it is worth nothing')
})

t.test('a topic is short, the same for a record, and tells no id', async t => {
  const one = topicOf(row())
  t.match(one, /^[\w-]{1,32}$/)
  t.equal(one, topicOf(row({ kind: 'order.cancelled' })))
  t.not(one, topicOf(row({ about: { kind: 'order', id: 'p' } })))
})
