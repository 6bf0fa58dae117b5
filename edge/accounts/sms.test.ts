/**
 * The countries that get SMS, the number of SMS in a day, and the messages for configuration
 * mistakes. Each SMS costs money.
 */
import t from 'tap'
import { readConfig } from '../config.ts'
import { smsServer } from '../messenger/fixture.ts'
import { startFixture } from '../acceptance/fixture-edge.ts'
import { readSmsRules, refusePhone } from './sms.ts'

t.test('the configuration is read, and a mistake gives one line', async t => {
  t.same(readSmsRules({}, null), { countries: null, perDayMax: 5_000, perPrefixPerDayMax: 1_000 })
  t.same(
    readSmsRules({}, 'NP').countries,
    ['NP'],
    'without SMS_COUNTRIES the country of the phones is served',
  )
  t.same(readSmsRules({ SMS_COUNTRIES: 'np, IN' }, 'NP').countries, ['NP', 'IN'])
  t.equal(readSmsRules({ SMS_COUNTRIES: '*' }, 'NP').countries, null)
  const base = { DATA_DIR: t.testdir(), JWT_SECRET_KEY: 'x'.repeat(32) }
  for (const [name, value] of [
    ['PHONE_COUNTRY', 'Nepal'],
    ['PHONE_COUNTRY', '977'],
    ['SMS_COUNTRIES', 'NP,Mars'],
    ['SMS_PER_DAY', 'many'],
    ['JWT_ALGORITHM', 'RS256'],
    ['JWT_ALGORITHM', 'none'],
  ] as const) {
    const error = t.throws(() => readConfig({ ...base, [name]: value }, 'embedded')) as Error
    t.match(error.message, new RegExp(`^${name}\\b`))
    t.notMatch(error.message, /\n/)
  }
  t.equal(
    readConfig({ ...base, PHONE_COUNTRY: 'np', JWT_ALGORITHM: 'HS256' }, 'embedded').phoneCountry,
    'NP',
  )
})

t.test('only phones of served countries get SMS', async t => {
  const rules = { countries: ['NP', 'US'] as const, perDayMax: 1, perPrefixPerDayMax: 1 }
  for (const phone of ['+9779841234567', '+12125550100', '+1234567890'])
    t.doesNotThrow(() => refusePhone({ ...rules, countries: [...rules.countries] }, phone), phone)
  for (const phone of [
    '+18765551234',
    '+447911123456',
    '+37190001234',
    '+99999999',
    '9841234567',
    '(12) 3',
  ])
    t.throws(
      () => refusePhone({ ...rules, countries: [...rules.countries] }, phone),
      { code: 'invalid_request' },
      phone,
    )
})

t.test('phones of other countries are refused alike, and the SMS of a day are bounded', async t => {
  const sms = await smsServer()
  const edge = await startFixture({
    ...sms.environment,
    PHONE_COUNTRY: 'NP',
    SMS_PER_DAY: '4',
    SMS_PER_PREFIX_PER_DAY: '2',
    RATE_LIMIT_AUTH_PER_ADDRESS: '100000',
  })
  t.teardown(async () => {
    await edge.stop()
    await sms.stop()
  })
  const account = (phone: string) =>
    edge.call('POST', '/api/auth/register', {
      body: { email: edge.email(), full_name: 'Ann', phone, role: 'user', password: 'password123' },
    })
  const ask = (phone: string) => edge.call('POST', '/api/auth/otp/request', { body: { phone } })
  for (const phone of ['+447911123456', '+18765551234']) {
    const unknown = await ask(phone)
    t.match(unknown, { status: 400, body: { fields: [{ field: 'phone', rule: /sends no SMS/ }] } })
    await account(phone)
    t.same(
      (await ask(phone)).body.detail,
      unknown.body.detail,
      'the refusal is the same when an account has the phone',
    )
  }
  t.match(
    await ask('(12) 3'),
    { status: 400, body: { fields: [{ field: 'phone', rule: /names no country/ }] } },
    'a number without a country is refused too',
  )
  const phones = [
    '9841000001',
    '9841000002',
    '9841000003',
    '9861000001',
    '9861000002',
    '9811000001',
  ]
  for (const phone of phones) await account(phone)
  const statuses = []
  for (const phone of phones) statuses.push((await ask(phone)).status)
  t.same(
    statuses,
    [200, 200, 429, 200, 200, 429],
    'numbers with one prefix have a bound, and all numbers have one',
  )
  t.equal(
    (await ask('9821000001')).status,
    429,
    'the bound counts phones without an account too, so that the answer tells nothing',
  )
  await edge.edge.parts.messenger.drain()
  t.same(
    sms.requests.map(request => request.form['To']),
    [0, 1, 3, 4].map(i => `+977${phones[i]}`),
  )
  edge.clock.skewMs += 24 * 3_600_000 + 1_000
  t.equal((await ask(phones[5]!)).status, 200, 'the next day an SMS is sent again')
})
