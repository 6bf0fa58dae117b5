/**
 * One-time codes under attack: guessing (OWASP API2, ASVS 6.6), reuse, enumeration, and the rates
 * that bound them.
 */
import t from 'tap'
import { accountLimits } from './account-limits.ts'
import { newId, startFixture } from '../acceptance/fixture-edge.ts'
import { codesSlowedEveryMs, codesUnslowedPerDay } from './limits.ts'

// Another file tests the rate limits of requests; here they would hide the bounds of the codes.
const edge = await startFixture({
  RATE_LIMIT_AUTH_PER_ACCOUNT: '1000000',
  RATE_LIMIT_AUTH_PER_ADDRESS: '1000000',
  TRUST_PROXY: '1',
})
t.teardown(() => edge.stop())
const { call, clock } = edge
const { messenger } = edge.edge.parts
const hourMs = 3_600_000

let phones = 0
const newPhone = (): string => `+1555${String(++phones).padStart(7, '0')}`
/**
 * Inserts an account into the database, because a hash for each password would take most of the
 * time of the test.
 */
async function account(
  given: {
    phone?: string
    email?: string
    role?: 'user' | 'driver' | 'admin'
    is_active?: boolean
    phone_verified_at?: Date
  } = {},
) {
  const row = {
    id: newId(),
    email: edge.email(),
    full_name: 'John Doe',
    phone: newPhone(),
    role: 'user' as const,
    password_hash: 'none',
    ...given,
  }
  await edge.database.kysely.insertInto('users').values(row).execute()
  return row
}
const request = (body: object, path = '/api/auth/otp/request') => call('POST', path, { body })
const verify = (body: object) => call('POST', '/api/auth/otp/verify', { body })
/** The code in the last message to the destination; undefined without a message. */
async function codeFor(to: string): Promise<string | undefined> {
  await messenger.drain()
  return messenger
    .outbox()
    .find(m => m.to === to && /^\d{6} is your/.test(m.text))
    ?.text.slice(0, 6)
}
const otherThan = (code: string, step = 1): string =>
  String((Number(code) + step) % 1_000_000).padStart(6, '0')
t.beforeEach(() => {
  clock.skewMs += 25 * hourMs
})

t.test('a code works once', async t => {
  const { phone, id } = await account({ phone_verified_at: new Date() })
  t.match(await request({ phone }), {
    status: 200,
    body: { message: 'OTP sent successfully', expires_in: 600 },
  })
  const code = (await codeFor(phone))!
  t.match(code, /^\d{6}$/)
  const { rows } = await edge.database.pool.query('select * from one_time_codes')
  t.notMatch(JSON.stringify(rows), new RegExp(`"${code}"`), 'it is not stored')
  const first = await verify({ phone, otp: code })
  t.match(first, {
    status: 200,
    body: {
      message: 'Login successful',
      user: { id, phone_verified: true },
      access_token: String,
      refresh_token: String,
      token_type: 'bearer',
    },
  })
  t.match(await verify({ phone, otp: code }), { status: 400, body: { code: 'code_wrong' } })
})

t.test('of many right tries with one code at once, one signs in', async t => {
  const { phone } = await account()
  await request({ phone })
  const otp = (await codeFor(phone))!
  const answers = await Promise.all(
    Array.from({ length: accountLimits.codeTriesMax }, () => verify({ phone, otp })),
  )
  t.equal(answers.filter(a => a.status === 200).length, 1)
})

t.test('a code ends after the fifth wrong try, one by one or all at once', async t => {
  for (const atOnce of [false, true]) {
    const { phone } = await account()
    await request({ phone })
    const code = (await codeFor(phone))!
    const guesses = Array.from({ length: atOnce ? 40 : accountLimits.codeTriesMax }, (_, i) =>
      otherThan(code, i + 1),
    )
    if (atOnce)
      for (const answer of await Promise.all(guesses.map(otp => verify({ phone, otp }))))
        t.equal(answer.body.code, 'code_wrong')
    else for (const otp of guesses) t.equal((await verify({ phone, otp })).body.code, 'code_wrong')
    t.equal(
      (await verify({ phone, otp: code })).body.code,
      'code_wrong',
      'the right code comes too late',
    )
    await request({ phone })
    t.equal((await verify({ phone, otp: (await codeFor(phone))! })).status, 200, 'a new code opens')
  }
  const { phone } = await account()
  await request({ phone })
  const code = (await codeFor(phone))!
  for (let i = 1; i < accountLimits.codeTriesMax; i++)
    await verify({ phone, otp: otherThan(code, i) })
  t.equal((await verify({ phone, otp: code })).status, 200, 'the fifth try counts')
})

t.test('a code is valid for ten minutes', async t => {
  const { phone } = await account()
  await request({ phone })
  const early = (await codeFor(phone))!
  clock.skewMs += accountLimits.codeLifeMs - 5_000
  t.equal((await verify({ phone, otp: early })).status, 200)
  await request({ phone })
  const late = (await codeFor(phone))!
  clock.skewMs += accountLimits.codeLifeMs + 1
  t.equal((await verify({ phone, otp: late })).body.code, 'code_wrong')
})

t.test('only the newest code counts, for its purpose and its destination alone', async t => {
  const { phone, email } = await account()
  const other = await account()
  await request({ phone })
  const old = (await codeFor(phone))!
  await request({ phone })
  const code = (await codeFor(phone))!
  if (old !== code)
    t.equal((await verify({ phone, otp: old })).body.code, 'code_wrong', 'the one before')
  await request({ phone: other.phone })
  if ((await codeFor(other.phone)) !== code)
    t.equal(
      (await verify({ phone: other.phone, otp: code })).body.code,
      'code_wrong',
      "another's phone",
    )
  await request({ email })
  const mailed = (await codeFor(email))!
  t.equal(
    (
      await call('POST', '/api/auth/password/reset', {
        body: { email, otp: mailed, new_password: 'password456' },
      })
    ).body.code,
    'code_wrong',
    'a code that verifies resets no password',
  )
  t.match(await verify({ email, otp: mailed }), {
    status: 200,
    body: { message: 'Email verified successfully' },
  })
  t.equal((await verify({ phone, otp: code })).status, 200)
  t.equal(
    (await verify({ phone: newPhone(), otp: code })).body.code,
    'code_wrong',
    'a phone for which nobody asked',
  )
})

/**
 * The statements of each transaction that asks for a code, in their order. The time of an answer is
 * the time of its statements, so accounts that have the same ones cannot be told apart by it.
 */
function statementsOfCodes(): string[] {
  const { pool } = edge.database
  const connect = pool.connect.bind(pool)
  const heard: string[] = []
  pool.connect = async () => {
    const client = await connect()
    const texts: string[] = []
    return {
      query(config, values) {
        texts.push(typeof config === 'string' ? config : config.text)
        return client.query(config, values)
      },
      release(destroy) {
        if (texts.some(text => text.includes('"one_time_codes"'))) heard.push(texts.join('; '))
        client.release(destroy)
      },
    }
  }
  t.teardown(() => {
    pool.connect = connect
  })
  return heard
}

t.test('asking for a code does not tell whether the account exists, not even by time', async t => {
  const known = [await account()]
  const inactive = await account({ is_active: false })
  const admin = await account({ role: 'admin' })
  const bodies = new Set<string>()
  const statements = statementsOfCodes()
  const ask = async (body: object, path: string): Promise<void> => {
    clock.skewMs += hourMs
    const answer = await request(body, path)
    bodies.add(`${answer.status} ${JSON.stringify(answer.body)}`)
  }
  for (const phone of [known[0]!.phone, newPhone(), inactive.phone, admin.phone])
    await ask({ phone }, '/api/auth/otp/request')
  const byPhone = statements.splice(0)
  for (const email of [known[0]!.email, edge.email(), inactive.email, admin.email])
    await ask({ email }, '/api/auth/password/forgot')
  t.same([...bodies], ['200 {"message":"OTP sent successfully","expires_in":600}'])
  for (const [name, asked] of [
    ['phone', byPhone],
    ['e-mail', statements],
  ] as const) {
    t.equal(asked.length, 4, name)
    t.equal(new Set(asked).size, 1, `${name}: the same statements for every account and none`)
  }
  t.ok(await codeFor(known[0]!.phone), 'the known account gets a code')
  t.equal(await codeFor(inactive.phone), undefined, 'an inactive account gets none')
  t.equal(await codeFor(admin.phone), undefined, "a SIM card opens no administrator's account")
  // A wrong code gets the same answer for every destination.
  const wrong = new Set<string>()
  for (const phone of [known[0]!.phone, newPhone(), inactive.phone, admin.phone]) {
    const { status, body } = await verify({ phone, otp: '000000' })
    wrong.add(JSON.stringify([status, body.code, body.detail]))
  }
  t.equal(wrong.size, 1)
})

t.test('a code for a reset goes to the address of the account, not to a similar one', async t => {
  const { email } = await account({ email: 'mike@example.org' })
  await request({ email: 'mi\u212ae@example.org' }, '/api/auth/password/forgot')
  await messenger.drain()
  t.same(
    messenger.outbox().filter(m => m.to.includes('\u212a')),
    [],
    'the Kelvin sign is a k in lower case',
  )
  t.ok(await codeFor(email))
})

t.test('the number of codes is bounded by destination and by address', async t => {
  const phone = newPhone()
  const statuses: number[] = []
  for (let i = 0; i <= accountLimits.codesPerDestinationPerHourMax; i++)
    statuses.push((await request({ phone })).status)
  t.same(
    statuses,
    [...Array.from({ length: accountLimits.codesPerDestinationPerHourMax }, () => 200), 429],
    'the bound is the same for an unknown phone',
  )
  const refused = await request({ phone })
  t.match(refused.body, { code: 'too_many_requests', retryable: true })
  const seconds = Number(refused.headers.get('retry-after'))
  t.ok(seconds > 3_500 && seconds <= 3_600, `retry-after is ${seconds}`)
  clock.skewMs += (seconds + 1) * 1_000
  t.equal((await request({ phone })).status, 200)
  let sent = accountLimits.codesPerDestinationPerHourMax + 1
  for (let hour = 0; sent < accountLimits.codesPerDestinationPerDayMax; hour++) {
    clock.skewMs += hourMs
    for (
      let i = 0;
      i < accountLimits.codesPerDestinationPerHourMax &&
      sent < accountLimits.codesPerDestinationPerDayMax;
      i++, sent++
    )
      t.equal((await request({ phone })).status, 200)
  }
  clock.skewMs += hourMs
  t.equal((await request({ phone })).body.code, 'too_many_requests', 'the day has a bound too')
  clock.skewMs += 25 * hourMs
  const many = await Promise.all(
    Array.from({ length: accountLimits.codesPerAddressPerHourMax + 10 }, () =>
      request({ phone: newPhone() }),
    ),
  )
  t.equal(
    many.filter(a => a.status === 429).length,
    10,
    'codes are counted by address, also when they come at once',
  )
})

t.test("a stranger who asks and guesses does not use up the owner's code", async t => {
  const { phone } = await account({ phone_verified_at: new Date() })
  const stranger = { 'x-forwarded-for': '198.51.100.7' }
  const from = (headers: Record<string, string>) => ({
    ask: () => call('POST', '/api/auth/otp/request', { body: { phone }, headers }),
    show: (otp: string) => call('POST', '/api/auth/otp/verify', { body: { phone, otp }, headers }),
  })
  const [owner, thief] = [from({ 'x-forwarded-for': '192.0.2.1' }), from(stranger)]
  t.equal((await owner.ask()).status, 200)
  const code = (await codeFor(phone))!
  for (let i = 0; i < accountLimits.codesPerDestinationPerHourMax; i++)
    t.equal((await thief.ask()).status, 200)
  t.equal((await thief.ask()).status, 429, 'the stranger has asked enough')
  for (let i = 1; i <= 20; i++)
    t.equal((await thief.show(otherThan(code, i))).body.code, 'code_wrong')
  t.equal(
    (await thief.show(code)).body.code,
    'code_wrong',
    'the address that guessed too often cannot use even the right code',
  )
  t.equal((await owner.ask()).status, 200, 'the owner can still ask')
  const second = (await codeFor(phone))!
  t.equal((await owner.show(second)).status, 200)

  clock.skewMs += 25 * hourMs
  await owner.ask()
  const third = (await codeFor(phone))!
  const roaming = from({ 'x-forwarded-for': '203.0.113.9' })
  t.equal((await roaming.show(third)).status, 200, 'a code may be used from another address')

  clock.skewMs += 25 * hourMs
  let through = 0
  for (let i = 0; i < 60; i++)
    if ((await from({ 'x-forwarded-for': `203.0.113.${i}` }).ask()).status === 200) through++
  t.equal(through, codesUnslowedPerDay, 'codes from many addresses together are slowed')
  t.equal((await owner.ask()).status, 200, 'the address of the owner is not slowed')
  clock.skewMs += codesSlowedEveryMs
  t.equal(
    (await from({ 'x-forwarded-for': '203.0.113.200' }).ask()).status,
    200,
    'after a while another address gets a code',
  )
})

t.test('a code by phone signs in to the account that has proven the phone', async t => {
  const phone = newPhone()
  const written = `00${phone.slice(1, 2)} (555) ${phone.slice(5, 8)}-${phone.slice(8)}`
  const enter = async (role?: string) => {
    await request({ phone: written })
    return verify({
      phone: written,
      otp: (await codeFor(phone))!,
      ...(role !== undefined && { role }),
    })
  }
  const [driver, another] = [await account({ phone, role: 'driver' }), await account({ phone })]
  const own = (await enter()).body.user
  t.match(
    own,
    { email: '', phone, phone_verified: true, role: 'user' },
    'while no account has proven the phone, its holder gets a new account',
  )
  t.notOk([driver.id, another.id].includes(own.id))
  t.equal((await enter()).body.user.id, own.id, 'the same account at the next sign-in')
  t.equal((await enter('driver')).status, 404, 'no account of another role is opened')
  clock.skewMs += hourMs
  await edge.database.kysely
    .updateTable('users')
    .set({ phone_verified_at: null })
    .where('id', '=', own.id)
    .execute()
  await edge.database.kysely
    .updateTable('users')
    .set({ phone_verified_at: new Date() })
    .where('id', '=', driver.id)
    .execute()
  for (const role of [undefined, 'driver'])
    t.equal(
      (await enter(role)).body.user.id,
      driver.id,
      'the account that has proven the phone, in any spelling',
    )
  t.equal((await enter('user')).status, 404)
})

t.test('requests with a wrong shape are refused with the field', async t => {
  for (const [body, field] of [
    [{}, 'phone'],
    [{ email: 'a@example.org', phone: '+1234567890' }, 'email'],
    [{ phone: 'x' }, 'phone'],
    [{ email: 'x' }, 'email'],
  ] as const)
    t.match(await request(body), {
      status: 400,
      body: { code: 'invalid_request', fields: [{ field }] },
    })
  for (const otp of ['12345', '1234567', '12345a', 123456, '１２３４５６'])
    t.match(await verify({ phone: '+1234567890', otp }), {
      status: 400,
      body: { code: 'invalid_request' },
    })
})

t.test('nobody becomes new by a phone while registrations are closed', async t => {
  const { values } = edge.edge.parts.configuration
  const { phone } = await account()
  const { phone: proven } = await account({ phone_verified_at: new Date() })
  Object.assign(values, { takes_registrations: false })
  t.teardown(() => Object.assign(values, { takes_registrations: true }))
  await request({ phone })
  t.match(await verify({ phone, otp: await codeFor(phone) }), {
    status: 403,
    body: { code: 'registration_closed' },
  })
  await request({ phone: proven })
  t.match(await verify({ phone: proven, otp: await codeFor(proven) }), { status: 200 })
})
