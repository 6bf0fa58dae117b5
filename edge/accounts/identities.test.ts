/**
 * An e-mail and a phone belong to the account that has proven them, and not to the account that
 * named them first.
 */
import t from 'tap'
import { mailServer } from '../messenger/fixture.ts'
import { startFixture } from '../acceptance/fixture-edge.ts'

const edge = await startFixture({ TRUST_PROXY: '1' })
t.teardown(() => edge.stop())
const { call } = edge
const { messenger } = edge.edge.parts
let addresses = 0
/** The calls of a person who has an address of their own. */
function at() {
  const address = `192.0.2.${++addresses}`
  const ask = (path: string, body: object, token?: string) =>
    call('POST', path, {
      body,
      headers: { 'x-forwarded-for': address },
      ...(token !== undefined && { token }),
    })
  return {
    register: (given: object) =>
      ask('/api/auth/register', {
        email: edge.email(),
        full_name: 'John Doe',
        phone: '+15550100',
        role: 'user',
        password: 'password123',
        ...given,
      }),
    login: (email: string, password = 'password123') => ask('/api/auth/login', { email, password }),
    request: (given: object) => ask('/api/auth/otp/request', given),
    verify: (given: object, token?: string) => ask('/api/auth/otp/verify', given, token),
    forgot: (email: string) => ask('/api/auth/password/forgot', { email }),
    reset: (given: object) => ask('/api/auth/password/reset', given),
  }
}
const me = async (token: string) => (await call('GET', '/api/auth/me', { token })).body
async function codeFor(to: string): Promise<string> {
  await messenger.drain()
  return messenger
    .outbox()
    .find(m => m.to === to && /^\d{6} is your/.test(m.text))!
    .text.slice(0, 6)
}

t.test('the owner of a phone does not sign in to an account that only named it first', async t => {
  const phone = '+15550111'
  const [thief, owner] = [at(), at()]
  const squatter = (await thief.register({ phone, full_name: 'Eve' })).body
  await owner.request({ phone })
  const entered = await owner.verify({ phone, otp: await codeFor(phone) })
  t.match(entered, { status: 200, body: { user: { phone, phone_verified: true, email: '' } } })
  t.not(entered.body.user.id, squatter.user.id)
  t.notMatch(JSON.stringify(entered.body), /Eve/, 'the owner sees nothing of that account')
  t.match(
    await me(squatter.access_token),
    { phone_verified: false, full_name: 'Eve' },
    'that account sees nothing of the owner',
  )
  await owner.request({ phone })
  t.equal(
    (await owner.verify({ phone, otp: await codeFor(phone) })).body.user.id,
    entered.body.user.id,
    'the same account at the next sign-in',
  )
  await owner.request({ phone })
  const wrong = (Number(await codeFor(phone)) + 1) % 1_000_000
  t.equal(
    (await thief.verify({ phone, otp: String(wrong).padStart(6, '0') }, squatter.access_token)).body
      .code,
    'code_wrong',
    'an account cannot prove a phone with a wrong code',
  )
})

t.test('an account proves its phone; a number follows its new holder', async t => {
  const phone = '+15550122'
  const [first, second] = [at(), at()]
  const [one, two] = [
    (await first.register({ phone })).body,
    (await second.register({ phone })).body,
  ]
  await first.request({ phone })
  t.match((await first.verify({ phone, otp: await codeFor(phone) }, one.access_token)).body, {
    message: /verified/,
    user: { id: one.user.id, phone_verified: true },
  })
  await first.request({ phone })
  t.equal(
    (await first.verify({ phone, otp: await codeFor(phone) })).body.user.id,
    one.user.id,
    'a code then signs in to the account that proved the phone',
  )
  await second.request({ phone })
  t.match((await second.verify({ phone, otp: await codeFor(phone) }, two.access_token)).body.user, {
    id: two.user.id,
    phone_verified: true,
  })
  t.equal((await me(one.access_token)).phone_verified, false)
  await messenger.drain()
  t.ok(
    messenger
      .outbox()
      .find(m => m.to === one.user.email && /proven by another account/.test(m.text)),
    'its owner is told',
  )
})

t.test(
  'to name an e-mail first proves nothing, and the proof of the owner ends the sign-ins of that account',
  async t => {
    const email = 'victim@example.org'
    const [thief, owner] = [at(), at()]
    const squatter = (await thief.register({ email, full_name: 'Eve' })).body
    await owner.request({ email })
    const { verification_token } = (await owner.verify({ email, otp: await codeFor(email) })).body
    t.equal(
      (await me(squatter.access_token)).email_verified,
      false,
      'a code of the owner verifies no account of others',
    )
    const made = await owner.register({ email, password: 'password456', verification_token })
    t.match(made, { status: 201, body: { user: { email, email_verified: true } } })
    t.not(made.body.user.id, squatter.user.id)
    t.equal(
      (await call('GET', '/api/auth/me', { token: squatter.access_token })).status,
      401,
      'the sign-ins of the account that named it have ended',
    )
    t.equal((await owner.login(email, 'password456')).body.user.id, made.body.user.id)
    await owner.forgot(email)
    t.equal(
      (await owner.reset({ email, otp: await codeFor(email), new_password: 'password789' })).status,
      200,
    )
    t.equal(
      (await owner.login(email, 'password789')).body.user.id,
      made.body.user.id,
      'a reset changes the account of the owner',
    )
    t.equal(
      (await at().register({ email })).body.code,
      'email_taken',
      'an account that has proven its e-mail is not displaced',
    )
    const twins = (
      await call('GET', '/api/admin/accounts?email_twin=true', {
        token: (await edge.admin()).token,
      })
    ).body.accounts
    t.equal(twins.length, 1)
    t.match(
      twins,
      [{ id: squatter.user.id, email_twin_of: made.body.user.id }],
      'an administrator sees the other account',
    )
  },
)

t.test('a signed-in account verifies its own e-mail', async t => {
  const person = at()
  const { user, access_token } = (await person.register({})).body
  await person.request({ email: user.email })
  t.match(
    (
      await person.verify(
        { email: user.email.toUpperCase(), otp: await codeFor(user.email) },
        access_token,
      )
    ).body,
    { user: { id: user.id, email_verified: true } },
  )
})

t.test('a registration from the address that verified the e-mail needs no other proof', async t => {
  const [person, stranger] = [at(), at()]
  for (const [who, verified] of [
    [person, true],
    [stranger, false],
  ] as const) {
    const email = edge.email()
    await person.request({ email })
    await person.verify({ email, otp: await codeFor(email) })
    t.equal((await who.register({ email })).body.user.email_verified, verified)
  }
})

t.test('a reset of an unproven account ends every other way to sign in to it', async t => {
  const [thief, owner] = [at(), at()]
  const [email, phone] = ['owner@example.org', '+15550133']
  const squatter = (await thief.register({ email, phone })).body
  await thief.request({ phone })
  await thief.verify({ phone, otp: await codeFor(phone) }, squatter.access_token)
  await owner.forgot(email)
  t.equal(
    (await owner.reset({ email, otp: await codeFor(email), new_password: 'password456' })).status,
    200,
  )
  t.match((await owner.login(email, 'password456')).body.user, {
    email_verified: true,
    phone_verified: false,
  })
  await thief.request({ phone })
  t.not((await thief.verify({ phone, otp: await codeFor(phone) })).body.user.id, squatter.user.id)
})

t.test('with mail, a registration does not tell whether an e-mail is taken', async t => {
  const mail = await mailServer()
  const mailed = await startFixture(mail.environment)
  t.teardown(async () => {
    await mailed.stop()
    await mail.stop()
  })
  const register = (email: string) =>
    mailed.call('POST', '/api/auth/register', {
      body: {
        email,
        full_name: 'John Doe',
        phone: '+15550100',
        role: 'user',
        password: 'password456',
      },
    })
  const owner = await mailed.customer()
  const shape = ({ status, body }: { status: number; body: object }) =>
    JSON.stringify([status, body], (key, value: unknown) =>
      /id$|token$|_at$|^email$/.test(key) ? typeof value : value,
    )
  const [taken, free] = [await register(owner.email.toUpperCase()), await register(mailed.email())]
  t.equal(shape(taken), shape(free))
  await register(owner.email)
  await mailed.edge.parts.messenger.drain()
  t.equal(
    mail.mails.filter(one => /has one already/.test(one.text)).length,
    1,
    'its owner gets one letter a day',
  )
  t.not(taken.body.user.id, owner.id)
  const login = async (password: string) =>
    (await mailed.call('POST', '/api/auth/login', { body: { email: owner.email, password } })).body
      .user.id
  t.equal(await login('password123'), owner.id)
  t.equal(
    await login('password456'),
    taken.body.user.id,
    'each password opens its own account, so a sign-in tells nothing more',
  )
  const pharmacy = {
    business_name: 'MedPharm',
    phone: '+15550100',
    password: 'password456',
    latitude: 1,
    longitude: 1,
  }
  t.equal(
    (
      await mailed.call('POST', '/api/vendors/register', {
        body: { ...pharmacy, email: owner.email },
      })
    ).status,
    201,
  )
})
