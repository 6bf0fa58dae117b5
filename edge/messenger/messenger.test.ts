/** The messenger: mail by SMTP, SMS by Twilio, repeats, the outbox of development, and bounds. */
import { Registry } from 'prom-client'
import t from 'tap'
import { messengerLimits } from './limits.ts'
import { readConfig } from '../config.ts'
import type { DeliveryConfig } from './config.ts'
import { messengerMetrics } from './metrics.ts'
import type { Message } from './carrier.ts'
import { mailServer, smsServer } from './fixture.ts'
import { createMessenger } from './messenger.ts'

const nothing: DeliveryConfig = { production: false, smtp: null, twilio: null }
const mail: Message = {
  channel: 'email',
  to: 'ann@example.org',
  subject: 'Your code',
  text: '123456 is your code.',
}
const sms: Message = {
  channel: 'sms',
  to: '+1234567890',
  subject: '',
  text: '123456 is your code.',
}

/** A messenger whose pauses take no time, with its log lines and counts. */
function messengerWith(delivery: DeliveryConfig) {
  const lines: string[] = []
  const pausesMs: number[] = []
  const note = (fields: object, text: string) => {
    lines.push(`${text} ${JSON.stringify(fields)}`)
  }
  const metrics = messengerMetrics(new Registry())
  const messenger = createMessenger({
    delivery,
    metrics,
    log: { warn: note, error: note } as never,
    nowMs: () => Date.now(),
    random: Math.random,
    after(ms, run) {
      if (ms > 0) pausesMs.push(ms)
      const timer = setImmediate(run)
      return () => clearImmediate(timer)
    },
  })
  const counted = async () =>
    Object.fromEntries(
      (await metrics.messages.get()).values.map(({ labels, value }) => [
        `${labels['channel']} ${labels['outcome']}`,
        value,
      ]),
    )
  return { messenger, lines, pausesMs, counted }
}

t.test('mail goes over SMTP, a passing refusal is repeated, and no text adds a header', async t => {
  const server = await mailServer(nth => (nth === 1 ? 451 : null))
  const { delivery } = readConfig(
    { JWT_SECRET_KEY: 'x'.repeat(32), ...server.environment },
    'embedded',
  )
  const { messenger, lines, pausesMs, counted } = messengerWith(delivery)
  t.same(messenger.channels, { email: 'smtp', sms: 'outbox' })
  messenger.post(mail)
  messenger.post({ ...mail, to: 'bob@example.org', subject: 'x\r\nBcc: eve@example.org' })
  messenger.post({ ...mail, to: 'eve@example.org\r\nBcc: eve@example.org' })
  await messenger.drain()
  t.equal(server.mails.length, 2, 'a passing refusal is tried again')
  const first = server.mails.find(m => m.to[0] === 'ann@example.org')!
  t.same(first.to, ['ann@example.org'])
  t.equal(
    first.from,
    'sender@example.org',
    'the sender is the user of SMTP_URL unless MAIL_FROM is set',
  )
  t.match(first.text, /^Subject: Your code\r?$/m)
  t.match(first.text, /123456 is your code\./)
  for (const { to, text } of server.mails) {
    t.notOk(to.includes('eve@example.org'), 'an address with a line break gets nothing')
    t.notMatch(text, /^Bcc:/m, 'a line break in a subject begins no header')
  }
  t.same(pausesMs, [messengerLimits.messageRetryMs])
  t.match(await counted(), { 'email sent': 2, 'email retried': 1, 'email failed': 1 })
  t.same(
    lines.filter(line => line.includes('ann@')),
    [],
    'no recipient in the log',
  )
  messenger.close()
  await server.stop()
})

t.test(
  'a mail refused for good is not sent again; a mail that never passes is given up',
  async t => {
    const server = await mailServer(nth => (nth === 1 ? 550 : 451))
    const { messenger, lines, pausesMs, counted } = messengerWith({
      ...nothing,
      smtp: { url: server.environment.SMTP_URL, from: 'sender@example.org' },
    })
    messenger.post(mail)
    await messenger.drain()
    t.equal(server.attempts(), 1)
    messenger.post(mail)
    await messenger.drain()
    t.equal(server.attempts(), 1 + messengerLimits.messageAttemptsMax)
    t.same(
      pausesMs,
      [messengerLimits.messageRetryMs, 2 * messengerLimits.messageRetryMs],
      'with longer and longer pauses',
    )
    t.match(await counted(), { 'email failed': 2 })
    t.equal(lines.filter(line => line.startsWith('message not delivered')).length, 2)
    t.notMatch(lines.join('\n'), /ann@example\.org|123456|secret/)
    messenger.close()
    await server.stop()
  },
)

t.test('an SMS goes over Twilio, and only passing failures are repeated', async t => {
  const server = await smsServer([503, 429, 201, 400])
  const { requests } = server
  const { delivery } = readConfig(
    { JWT_SECRET_KEY: 'x'.repeat(32), ...server.environment },
    'embedded',
  )
  const { messenger, lines, counted } = messengerWith(delivery)
  t.same(messenger.channels, { email: 'outbox', sms: 'twilio' })
  messenger.post(sms)
  await messenger.drain()
  t.equal(requests.length, 3, 'an SMS is sent again after an outage and after a limit')
  t.same(requests[2], {
    path: 'POST /2010-04-01/Accounts/AC123/Messages.json',
    authorization: `Basic ${Buffer.from('AC123:secret').toString('base64')}`,
    form: { To: '+1234567890', From: '+15550001', Body: '123456 is your code.' },
  })
  messenger.post(sms)
  await messenger.drain()
  t.equal(requests.length, 4, 'an SMS to an invalid number is not sent again')
  t.match(await counted(), { 'sms sent': 1, 'sms retried': 2, 'sms failed': 1 })
  t.match(lines.join('\n'), /Twilio: 400, code 21211/)
  t.notMatch(
    lines.join('\n'),
    /1234567890|123456 is|secret/,
    'neither number, code nor secret is logged',
  )
  await server.stop()
})

t.test('without configuration, the development outbox logs and keeps a bounded number', async t => {
  const { messenger, lines } = messengerWith(nothing)
  messenger.requireChannel('sms')
  messenger.post(sms)
  await messenger.drain()
  t.match(
    lines[0],
    /^\*\*\* DEVELOPMENT OUTBOX \*\*\* nothing was sent to \+1234567890: 123456 is your code\..*TWILIO_ACCOUNT_SID/,
  )
  for (let i = 0; i < messengerLimits.outboxMessagesMax + 10; i++)
    messenger.post({ ...mail, text: String(i) })
  await messenger.drain()
  t.equal(messenger.outbox().length, messengerLimits.outboxMessagesMax)
  t.equal(
    messenger.outbox()[0]!.text,
    String(messengerLimits.outboxMessagesMax + 9),
    'the newest first',
  )
})

t.test('production without configuration drops messages, shows none and refuses codes', async t => {
  const { delivery } = readConfig(
    { JWT_SECRET_KEY: 'x'.repeat(32), NODE_ENV: 'production' },
    'embedded',
  )
  const { messenger, lines, counted } = messengerWith(delivery)
  t.same(messenger.channels, { email: 'none', sms: 'none' })
  t.match(
    lines,
    [/no email can be sent: SMTP_URL is not set/, /no sms can be sent: TWILIO_ACCOUNT_SID/],
    'a line at the start tells it',
  )
  t.throws(() => messenger.requireChannel('email'), { code: 'delivery_unconfigured' })
  messenger.post(sms)
  t.same(messenger.outbox(), [])
  t.match(await counted(), { 'sms dropped': 1 })
  t.notMatch(lines.join('\n'), /123456/)
})

t.test('the number of waiting messages is bounded', async t => {
  const { messenger, counted } = messengerWith(nothing)
  for (let i = 0; i < messengerLimits.messagesQueuedMax + 5; i++) messenger.post(mail)
  await messenger.drain()
  t.match(await counted(), { 'email sent': messengerLimits.messagesQueuedMax, 'email dropped': 5 })
})

t.test('a mistake in the configuration names its variable', async t => {
  const twilio = { TWILIO_ACCOUNT_SID: 'AC1', TWILIO_AUTH_TOKEN: 'x', TWILIO_FROM: '+1' }
  for (const [environment, message] of [
    [{ SMTP_URL: 'mail.example.org' }, /^SMTP_URL is not a URL/],
    [{ SMTP_URL: 'http://mail.example.org' }, /^SMTP_URL is not a URL/],
    [{ SMTP_URL: 'smtp://mail.example.org' }, /^MAIL_FROM is not set/],
    [
      { TWILIO_ACCOUNT_SID: 'AC1' },
      /^TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN and TWILIO_FROM belong together/,
    ],
    [{ ...twilio, TWILIO_ACCOUNT_SID: '../x' }, /^TWILIO_ACCOUNT_SID is not an account SID/],
    [{ ...twilio, TWILIO_BASE_URL: 'file:///x' }, /^TWILIO_BASE_URL is not a URL/],
  ] as const)
    t.throws(() => readConfig({ JWT_SECRET_KEY: 'x'.repeat(32), ...environment }, 'embedded'), {
      message,
    })
})
