/**
 * Reminders by mail and SMS, on a real edge and a real database: from the event to one message, to
 * the proven address, out of the quiet hours, once with many edges, and nothing medical in it.
 */
import t from 'tap'
import { newId, startFixture } from '../acceptance/fixture-edge.ts'
import { eventVersion } from '../../protocol/dispatch/events.ts'
import { slotOf } from '../../protocol/kernel/slots.ts'
import { sendLetters } from './letters.ts'
import { notificationLimits } from './limits.ts'
import { takeNews } from './take.ts'

const edge = await startFixture({
  RATE_LIMIT_AUTH_PER_ADDRESS: '10000',
  SMS_COUNTRIES: 'US,NP',
  SMS_PER_PREFIX_PER_DAY: '3',
})
t.teardown(() => edge.stop())
const { database, clock } = edge
const { parts } = edge.edge
const pharmacy = await edge.pharmacy()
const hourMs = 3_600_000
const noon = Date.parse('2027-06-07T12:00:00Z')
clock.stoppedAtMs = noon

const serviceId = newId()
await database.pool.query(
  `insert into services (id, vendor_id, name, currency, settings, is_active, revision, created_at, updated_at)
   values ($1, $2, 'Methadone', 'USD', $3, true, 1, now(), now())`,
  [serviceId, pharmacy.id, JSON.stringify({ quiet_hours: { from: '21:00', to: '08:00' } })],
)

interface Proven {
  email?: boolean
  phone?: string
}
async function person({ email = true, phone }: Proven = {}) {
  const { body } = await edge.call('POST', '/api/auth/register', {
    body: {
      email: edge.email(),
      full_name: 'Ann Secret',
      phone: phone ?? '+12025550100',
      role: 'user',
      password: 'password123',
    },
  })
  await database.pool.query(
    `update users set email_verified_at = $2, phone_verified_at = $3 where id = $1`,
    [body.user.id, email ? new Date() : null, phone === undefined ? null : new Date()],
  )
  return {
    id: body.user.id as string,
    token: body.access_token as string,
    email: body.user.email as string,
  }
}

async function visit(customer: { id: string }, startMs: number, more: object = {}) {
  const id = newId()
  const record = {
    id,
    status: 'booked',
    service_name: 'Methadone',
    notes: 'a secret note',
    customer_name: 'Ann Secret',
    time_zone: 'Asia/Kathmandu',
    customer_time_zone: 'UTC',
    ...more,
  }
  await database.pool.query(
    `insert into appointments (id, service_id, vendor_id, user_id, created_at, status, start_at, end_at, updated_at, record, version)
     values ($1, $2, $3, $4, now(), $5, $6, $6, now(), $7, 1)`,
    [
      id,
      serviceId,
      pharmacy.id,
      customer.id,
      record.status,
      new Date(startMs),
      JSON.stringify(record),
    ],
  )
  return id
}

const seqs = new Map<number, number>()
let version = 0
/** The calendar reminds, as the journal has it. */
async function remind(appointment_id: string, startMs: number, at = clock.stoppedAtMs!) {
  const slot = slotOf(serviceId)
  const seq = (seqs.get(slot) ?? 0) + 1
  seqs.set(slot, seq)
  await database.pool.query(
    `insert into slots (slot, owner, epoch, lease_until) values ($1, 'e', 1, now()) on conflict do nothing`,
    [slot],
  )
  await database.pool.query(
    `insert into events (actor_id, version, slot, seq, kind, at, type, v, command_id, acted_by, data)
     values ($1, $2, $3, $4, 'appointment', $5, 'reminder_due', $6, null, $7, $8)`,
    [
      serviceId,
      ++version,
      slot,
      seq,
      new Date(at),
      eventVersion,
      JSON.stringify({ role: 'system', id: 'calendar' }),
      JSON.stringify({ appointment_id, start_ms: startMs, due_ms: at }),
    ],
  )
}
async function told(): Promise<void> {
  for (;;) {
    const { led, more } = await takeNews(parts)
    const { rows } = await database.pool.query(
      `select 1 from events e where seq > coalesce((select p.seq from notification_positions p where p.slot = e.slot), 0) limit 1`,
    )
    if (led && !more && rows.length === 0) return
  }
}
const run = { signal: new AbortController().signal, fence: async () => {} }
const sent = () => parts.messenger.outbox()
async function send() {
  await told()
  const figures = await sendLetters(parts, run)
  await parts.messenger.drain()
  return figures
}
const lettersTo = (address: string) => sent().filter(({ to }) => to === address)
const outcomes = async (aboutId: string): Promise<string[]> =>
  (
    await database.pool.query<{ outcome: string }>(
      `select coalesce(outcome, 'open') as outcome from notification_letters where about_id = $1 order by due_at, event_id`,
      [aboutId],
    )
  ).rows.map(({ outcome }) => outcome)

t.test('one mail to the proven mailbox, with the place and the time and nothing else', async t => {
  const ann = await person({ phone: '+12025550111' })
  const start = noon + 24 * hourMs
  const id = await visit(ann, start)
  await remind(id, start)
  t.match(await send(), { email: 1, sms: 0, waiting: 0, dropped: 0 })
  const [letter, ...others] = lettersTo(ann.email)
  t.same(others, [])
  t.match(letter, { channel: 'email', subject: 'Your appointment' })
  t.match(letter!.text, 'You have an appointment at MedPharm Inc on Tue, 8 Jun 2027')
  t.match(letter!.text, /17:45 \(Asia\/Kathmandu\)/, 'as the clocks of the pharmacy show it')
  t.notMatch(JSON.stringify(letter), /Methadone|secret|Ann S/i)
  t.match(await send(), { email: 0 })
  t.equal(lettersTo(ann.email).length, 1)
  t.same(await outcomes(id), ['sent'])
})

t.test('an SMS where no mailbox is proven or mails are not wanted; otherwise nothing', async t => {
  const start = noon + 24 * hourMs
  const byPhone = await person({ email: false, phone: '+12025550112' })
  const noMails = await person({ phone: '+12025550113' })
  const stranger = await person({ email: false })
  const abroad = await person({ email: false, phone: '+41446681800' })
  const quiet = await person({ phone: '+12025550114' })
  const prefer = (who: { token: string }, preferences: object[]) =>
    edge.call('PUT', '/api/notification-preferences', { token: who.token, body: { preferences } })
  const kind = 'appointment.reminder'
  const off = (channel: string) => ({ kind, channel, wanted: false })
  t.equal((await prefer(noMails, [off('email')])).status, 200)
  t.equal((await prefer(quiet, [off('email'), off('sms'), off('inbox')])).status, 200)
  t.match(await prefer(quiet, [{ kind: 'order.placed', channel: 'email', wanted: true }]), {
    status: 400,
  })
  const all = [byPhone, noMails, stranger, abroad, quiet]
  const ids = []
  for (const who of all) {
    const id = await visit(who, start)
    ids.push(id)
    await remind(id, start)
  }
  t.match(await send(), { email: 0, sms: 2, waiting: 0, dropped: 3 })
  t.match(lettersTo('+12025550112'), [{ channel: 'sms', text: /^You have an appointment/ }])
  t.equal(lettersTo('+12025550113').length, 1)
  t.ok(lettersTo('+12025550112')[0]!.text.length <= 160)
  t.same(lettersTo('+41446681800'), [], 'no SMS to countries that are not served')
  t.same(lettersTo('+12025550114'), [])
  for (const who of [byPhone, noMails, stranger, quiet]) t.same(lettersTo(who.email), [])
  t.same(await Promise.all(ids.map(outcomes)), [
    ['sent'],
    ['sent'],
    ['unreachable'],
    ['unreachable'],
    ['unreachable'],
  ])
  const inbox = await edge.call('GET', '/api/notifications', { token: quiet.token })
  t.same(inbox.body.notifications, [], 'and the inbox has its own wish')
})

t.test('the number of SMS of a day is bounded, and those beyond it wait', async t => {
  const start = noon + 48 * hourMs
  for (const phone of ['+12025550115', '+12025550116'])
    await remind(await visit(await person({ email: false, phone }), start), start)
  t.match(await send(), { sms: 1, waiting: 1 })
  clock.stoppedAtMs = noon + 25 * hourMs
  t.match(await send(), { sms: 1, waiting: 0 }, 'a day later')
  clock.stoppedAtMs = noon
})

t.test('a letter about a visit that moved, ended or began is not sent', async t => {
  const ann = await person()
  const start = noon + 24 * hourMs
  const moved = await visit(ann, start + hourMs)
  const ended = await visit(ann, start, { status: 'cancelled' })
  const begun = await visit(ann, noon)
  await remind(moved, start)
  await remind(ended, start)
  await remind(begun, noon)
  t.match(await send(), { email: 0, dropped: 3 })
  t.same(await Promise.all([moved, ended, begun].map(outcomes)), [
    ['changed'],
    ['changed'],
    ['too_late'],
  ])
  t.same(lettersTo(ann.email), [])
})

t.test('a letter that comes late waits for the end of the quiet hours of its person', async t => {
  const ann = await person()
  const night = Date.parse('2027-06-07T22:00:00Z')
  const morning = Date.parse('2027-06-08T08:00:00Z')
  clock.stoppedAtMs = night
  const prompt = await visit(ann, morning + 3 * hourMs)
  const late = await visit(ann, morning + 3 * hourMs)
  const early = await visit(ann, morning - hourMs)
  await remind(prompt, morning + 3 * hourMs, night - notificationLimits.letterPromptMs)
  await remind(late, morning + 3 * hourMs, night - notificationLimits.letterPromptMs - 1)
  await remind(early, morning - hourMs, night - 2 * hourMs)
  t.match(await send(), { email: 1, waiting: 1, dropped: 1 })
  t.same(await Promise.all([prompt, late, early].map(outcomes)), [['sent'], ['open'], ['quiet']])
  clock.stoppedAtMs = morning - 1
  t.match(await send(), { email: 0 })
  clock.stoppedAtMs = morning
  t.match(await send(), { email: 1 })
  t.equal(lettersTo(ann.email).length, 2)
  clock.stoppedAtMs = noon
})

t.test('many edges at once, and two reminders that come together, make one letter', async t => {
  const ann = await person()
  const start = noon + 24 * hourMs
  const one = await visit(ann, start)
  const two = await visit(ann, start)
  await remind(one, start)
  await remind(two, start, noon - hourMs)
  await remind(two, start, noon)
  await Promise.all(Array.from({ length: 4 }, () => takeNews(parts)))
  await told()
  await Promise.all(Array.from({ length: 6 }, () => sendLetters(parts, run)))
  await parts.messenger.drain()
  t.equal(lettersTo(ann.email).length, 2, 'one for each visit')
  t.same(await Promise.all([one, two].map(outcomes)), [['sent'], ['repeated', 'sent']])
})

t.test('an edge that lost the job sends nothing', async t => {
  const ann = await person()
  const start = noon + 24 * hourMs
  const id = await visit(ann, start)
  await remind(id, start)
  await told()
  const fence = async (): Promise<never> => {
    throw new Error('another edge does it')
  }
  await t.rejects(sendLetters(parts, { ...run, fence }), /another edge/)
  t.same(lettersTo(ann.email), [])
  t.same(await outcomes(id), ['open'])
  t.match(await send(), { email: 1 })
})

t.test('more letters than one batch', async t => {
  const ann = await person()
  const start = noon + 24 * hourMs
  const ids = []
  for (let n = 0; n < notificationLimits.lettersAtOnce + 5; n++) {
    const id = await visit(ann, start)
    ids.push(id)
    await remind(id, start)
  }
  const { email, ...rest } = await send()
  t.match({ email, ...rest }, { email: ids.length, waiting: 0 })
})
