/**
 * Reminders of appointments by mail and SMS, on a real edge: one letter to the proven address, in the
 * language of the person, out of the quiet hours, and nothing medical in it.
 */
import { setTimeout as pause } from 'node:timers/promises'
import t from 'tap'
import { subjects } from '../../protocol/bus/subjects.ts'
import { RestClient } from '../../protocol/client/index.ts'
import { newId, startFixture } from '../acceptance/fixture-edge.ts'
import { notificationLimits } from '../notifications/limits.ts'
import { journalWriter } from '../orders/fixture-journal.ts'
import { pushLimits } from './limits.ts'

const edge = await startFixture({
  RATE_LIMIT_AUTH_PER_ADDRESS: '10000',
  SMS_COUNTRIES: 'US,NP',
  SMS_PER_PREFIX_PER_DAY: '3',
})
t.teardown(() => edge.stop())
const { database, clock, bus } = edge
const { messenger } = edge.edge.parts
const { happen } = journalWriter(database)
const pharmacy = await edge.pharmacy()
const hourMs = 3_600_000
const noon = Date.parse('2027-06-07T12:00:00Z')
clock.stoppedAtMs = noon
const nowMs = () => noon + clock.skewMs

const serviceId = newId()
await database.pool.query(
  `insert into services (id, vendor_id, name, currency, settings, is_active, revision, created_at, updated_at)
   values ($1, $2, 'Methadone', 'USD', $3, true, 1, now(), now())`,
  [serviceId, pharmacy.id, JSON.stringify({ quiet_hours: { from: '21:00', to: '24:00' } })],
)

interface Proven {
  email?: boolean
  phone?: string
}
async function person({ email = true, phone }: Proven = {}) {
  const customer = await edge.customer()
  await database.pool.query(
    'update users set email_verified_at = $2, phone = $3, phone_verified_at = $4 where id = $1',
    [
      customer.id,
      email ? new Date() : null,
      phone ?? '+12025550100',
      phone === undefined ? null : new Date(),
    ],
  )
  const url = `http://127.0.0.1:${edge.edge.port}`
  return {
    ...customer,
    inbox: new RestClient({ url, tokens: { access_token: customer.token } }).inbox,
  }
}

async function visit(customer: { id: string }, startMs: number, status = 'booked') {
  const id = newId()
  const record = {
    id,
    status,
    service_name: 'Methadone',
    notes: 'a secret note',
    customer_name: 'John Doe',
    time_zone: 'Asia/Kathmandu',
    customer_time_zone: 'UTC',
  }
  await database.pool.query(
    `insert into appointments (id, service_id, vendor_id, user_id, created_at, status, start_at, end_at, updated_at, record, version)
     values ($1, $2, $3, $4, now(), $5, $6, $6, now(), $7, 1)`,
    [id, serviceId, pharmacy.id, customer.id, status, new Date(startMs), JSON.stringify(record)],
  )
  return id
}

/** The calendar reminds, as the journal has it. */
const remind = (appointment_id: string, startMs: number, atMs = nowMs()) =>
  happen(
    serviceId,
    'reminder_due',
    { appointment_id, start_ms: startMs, due_ms: atMs },
    { kind: 'appointment', by: { role: 'system', id: 'calendar' }, at: new Date(atMs) },
  )
/** An appointment of which its customer is reminded at once. */
async function reminded(customer: { id: string }, startMs: number) {
  const id = await visit(customer, startMs)
  await remind(id, startMs)
  return id
}
interface Row {
  channel: string
  state: string
  answer: string | null
  attempts: number
  due_at: Date
}
/** The rows about an appointment, in words such as `email sent`, once they fit. */
async function ways(id: string, fits: (rows: Row[]) => boolean = ended): Promise<string[]> {
  const patientMs = Date.now() + 60_000
  for (;;) {
    bus.publish(subjects.notifications, new Uint8Array([0x90]))
    const { rows } = await database.pool.query(
      'select * from notification_deliveries where about_id = $1 order by news_id',
      [id],
    )
    const found = rows as unknown as Row[]
    if (fits(found)) return found.map(({ channel, state }) => `${channel} ${state}`)
    if (Date.now() > patientMs) throw new Error(`not in a minute: ${JSON.stringify(rows)}`)
    await pause(20)
  }
}
const ended = (rows: Row[]) => rows.length > 0 && rows.every(({ state }) => state !== 'waiting')
const queued = (id: string, count = 1) => ways(id, rows => rows.length >= count)
function graceOver(): void {
  clock.skewMs += notificationLimits.seenGraceMs
}
const lettersTo = (address: string) => messenger.outbox().filter(({ to }) => to === address)

t.test('one mail to the proven mailbox, with the place and the time and nothing else', async t => {
  const ann = await person({ phone: '+12025550111' })
  const id = await reminded(ann, noon + 24 * hourMs)
  await queued(id)
  graceOver()
  t.same(await ways(id), ['email sent'])
  const [letter, ...others] = lettersTo(ann.email)
  t.same(others, [])
  t.same(lettersTo('+12025550111'), [])
  t.match(letter, { channel: 'email', subject: 'You have an appointment soon.' })
  t.match(letter!.text, 'You have an appointment at MedPharm Inc on Tue, 8 Jun 2027')
  t.match(letter!.text, /17:45 \(Asia\/Kathmandu\)/, 'as the clocks of the pharmacy show it')
  t.notMatch(JSON.stringify(letter), /Methadone|secret|John/i)
})

t.test('in the language of the person, also when mails come once a day', async t => {
  const ann = await person()
  await ann.inbox.setSettings({ language: 'ar', digest: 'daily' })
  const id = await reminded(ann, noon + 5 * hourMs)
  await queued(id)
  graceOver()
  t.same(await ways(id), ['email sent'], 'tomorrow would be too late')
  const [letter] = lettersTo(ann.email)
  t.match(letter, { subject: 'لديك موعد قريب.', text: /لديك موعد في MedPharm Inc/ })
})

t.test('an SMS where no mailbox is proven or mails are not wanted; otherwise nothing', async t => {
  const start = noon + 24 * hourMs
  const kind = 'appointment.reminder' as const
  const off = (...channels: ('email' | 'sms' | 'inbox')[]) =>
    channels.map(channel => ({ kind, channel, wanted: false }))
  const byPhone = await person({ email: false, phone: '+12025550112' })
  const noMails = await person({ phone: '+12025550113' })
  await noMails.inbox.setPreferences(off('email'))
  const abroad = await person({ email: false, phone: '+41446681800' })
  const quiet = await person({ phone: '+12025550114' })
  await quiet.inbox.setPreferences(off('email', 'sms', 'inbox'))
  const changes = await person({ phone: '+12025550118' })
  const stranger = await person({ email: false })
  const nobody = await reminded(stranger, start)
  const ids = []
  for (const who of [byPhone, noMails, abroad, quiet, changes]) ids.push(await reminded(who, start))
  for (const id of ids) await queued(id)
  await changes.inbox.setPreferences(off('email'))
  graceOver()
  t.same(await Promise.all(ids.map(id => ways(id))), [
    ['sms sent'],
    ['sms sent'],
    ['sms refused'],
    ['sms unreachable'],
    ['sms sent'],
  ])
  t.match(lettersTo('+12025550112'), [{ channel: 'sms', text: /^You have an appointment at Med/ }])
  t.ok(lettersTo('+12025550112')[0]!.text.length <= 160)
  t.equal(lettersTo('+12025550113').length, 1)
  t.equal(lettersTo('+12025550118').length, 1, 'the mail was turned off while it waited')
  t.same(lettersTo('+41446681800'), [], 'no SMS to countries that are not served')
  t.same(await ways(nobody, () => true), [], 'no address is proven')
  for (const who of [byPhone, noMails, stranger, quiet, changes]) t.same(lettersTo(who.email), [])
})

t.test('the number of SMS of a day is bounded, and one beyond it waits', async t => {
  const beyond = await reminded(
    await person({ email: false, phone: '+12025550115' }),
    noon + 48 * hourMs,
  )
  await queued(beyond)
  graceOver()
  await ways(beyond, ([row]) => row!.answer === 'too_many' && row!.attempts === 0)
  clock.skewMs += 25 * hourMs
  t.same(await ways(beyond), ['sms sent'], 'a day later')
  clock.skewMs -= 25 * hourMs
})

t.test('a reminder of a visit that moved, ended or began is not sent', async t => {
  const ann = await person()
  const start = noon + 24 * hourMs
  const moved = await visit(ann, start + hourMs)
  const over = await visit(ann, start, 'cancelled')
  const begun = await visit(ann, noon)
  await remind(begun, noon)
  await remind(moved, start)
  await remind(over, start)
  await queued(over)
  graceOver()
  t.same(await Promise.all([moved, over].map(id => ways(id))), [
    ['email replaced'],
    ['email replaced'],
  ])
  t.same(await ways(begun, () => true), [])
  t.same(lettersTo(ann.email), [])
})

t.test('an SMS that comes late waits for the end of the quiet hours', async t => {
  clock.skewMs = 10 * hourMs
  const night = nowMs()
  const end = noon + 12 * hourMs
  const late = night - pushLimits.reminderPromptMs - 1
  const texted = await person({ email: false, phone: '+19175550110' })
  const mailed = await person()
  const own = await person({ email: false, phone: '+19175550111' })
  await own.inbox.setSettings({ quiet_hours: { from: '20:00', to: '01:00' }, time_zone: 'UTC' })
  const start = end + 3 * hourMs
  const one = async (who: { id: string }, atMs: number) => {
    const id = await visit(who, start)
    await remind(id, start, atMs)
    await queued(id)
    return id
  }
  const prompt = await one(texted, night)
  const [lateText, lateMail, ownPrompt] = [
    await one(texted, late),
    await one(mailed, late),
    await one(own, night),
  ]
  graceOver()
  t.same(await ways(prompt), ['sms sent'])
  t.same(await ways(lateMail), ['email sent'], 'a mail makes no noise')
  const until = (atMs: number) => (rows: Row[]) => rows[0]!.due_at.getTime() === atMs
  await ways(lateText, until(end))
  await ways(ownPrompt, until(end + hourMs))
  clock.skewMs = end - noon
  t.same(await ways(lateText), ['sms sent'])
  clock.skewMs += hourMs
  t.same(await ways(ownPrompt), ['sms sent'])
  t.equal(lettersTo('+19175550110').length, 2)
  clock.skewMs = 0
})

t.test('two reminders of one visit that come together make one letter', async t => {
  const ann = await person()
  const start = noon + 24 * hourMs
  const [one, two] = [await visit(ann, start), await visit(ann, start)]
  await remind(one, start)
  await remind(two, start, noon - hourMs)
  await remind(two, start, noon)
  await queued(two, 2)
  graceOver()
  t.same(await ways(one), ['email sent'])
  t.same(await ways(two), ['email replaced', 'email sent'])
})
