/**
 * A person's own account: sessions (OWASP API2; ASVS 7.4), passwords (ASVS 6.2, 6.3) and the
 * profile (mass assignment, API3).
 */
import t from 'tap'
import { accountLimits } from './account-limits.ts'
import { tokensOf } from './tokens.ts'
import { Listener } from '../acceptance/people.ts'
import { newId, startFixture } from '../acceptance/fixture-edge.ts'

const edge = await startFixture()
t.teardown(() => edge.stop())
const { call } = edge
const { messenger } = edge.edge.parts

const login = (email: string, password = 'password123', agent = 'tests') =>
  call('POST', '/api/auth/login', { body: { email, password }, headers: { 'user-agent': agent } })
const refresh = (refresh_token: string) =>
  call('POST', '/api/auth/refresh', { body: { refresh_token } })
const mailedCode = async (email: string): Promise<string | undefined> => {
  await messenger.drain()
  return messenger
    .outbox()
    .find(m => m.to === email && /^\d{6} is/.test(m.text))
    ?.text.slice(0, 6)
}

t.test('sessions are listed, and ended one by one or all at once', async t => {
  const person = await edge.customer()
  const phone = (await login(person.email, 'password123', 'phone')).body
  const tablet = (await login(person.email, 'password123', 'tablet')).body
  const renewed = (await refresh(tablet.refresh_token)).body
  const { status, body } = await call('GET', '/api/auth/sessions', { token: phone.access_token })
  t.equal(status, 200)
  t.equal(body.sessions.length, 3, 'each sign-in is one session, however often it was refreshed')
  t.same(
    body.sessions
      .filter((s: { current: boolean }) => s.current)
      .map((s: { user_agent: string }) => s.user_agent),
    ['phone'],
  )
  t.match(body.sessions[0], {
    address: '127.0.0.1',
    created_at: String,
    last_used_at: String,
    expires_at: String,
  })
  t.notMatch(JSON.stringify(body), /token/)
  const tabletId = (
    await tokensOf(edge.edge.parts.config).then(tokens =>
      tokens.verifyAccess(renewed.access_token, Date.now()),
    )
  ).sessionId!
  const stranger = await edge.customer()
  t.equal(
    (await call('DELETE', `/api/auth/sessions/${tabletId}`, { token: stranger.token })).status,
    404,
    'a stranger cannot end it',
  )
  t.equal(
    (await call('DELETE', `/api/auth/sessions/${newId()}`, { token: person.token })).status,
    404,
  )
  t.equal(
    (await call('DELETE', `/api/auth/sessions/${tabletId}`, { token: person.token })).status,
    204,
  )
  t.equal((await refresh(renewed.refresh_token)).body.code, 'token_invalid')
  t.equal(
    (await call('GET', '/api/auth/me', { token: renewed.access_token })).body.code,
    'token_invalid',
    'its access token ends with it',
  )
  t.equal(
    (await call('GET', '/api/auth/me', { token: phone.access_token })).status,
    200,
    'the other session goes on',
  )
  t.equal(
    (await call('DELETE', `/api/auth/sessions/${tabletId}`, { token: person.token })).status,
    404,
    'a session that has ended is not found',
  )
  const next = (await refresh(phone.refresh_token)).body
  t.equal(
    (await call('POST', '/api/auth/logout-everywhere', { token: next.access_token })).status,
    200,
  )
  for (const token of [next.refresh_token, person.refresh])
    t.equal((await refresh(token)).status, 401)
  for (const token of [next.access_token, person.token, phone.access_token])
    t.equal((await call('GET', '/api/auth/me', { token })).status, 401)
  t.same(
    (
      await call('GET', '/api/auth/sessions', {
        token: (await login(person.email)).body.access_token,
      })
    ).body.sessions.length,
    1,
    'signing in again works at once',
  )
  t.equal((await refresh(stranger.refresh)).status, 200, 'nobody else is logged out')
})

t.test('a new sign-in beyond the bound of sessions ends the oldest', async t => {
  const person = await edge.customer()
  const expires_at = new Date(Date.now() + 3_600_000)
  await edge.database.kysely
    .insertInto('sessions')
    .values(
      Array.from({ length: accountLimits.sessionsPerAccountMax - 1 }, () => ({
        id: newId(),
        user_id: person.id,
        family_id: newId(),
        token_hash: newId(),
        user_agent: null,
        address: null,
        expires_at,
        created_at: new Date(),
      })),
    )
    .execute()
  const newest = (await login(person.email)).body
  t.equal(
    (await call('GET', '/api/auth/sessions', { token: newest.access_token })).body.sessions.length,
    accountLimits.sessionsPerAccountMax,
  )
  t.equal((await refresh(person.refresh)).status, 401)
  t.equal((await refresh(newest.refresh_token)).status, 200)
})

t.test('a refresh token that is used twice ends its own session and no other', async t => {
  const fromElsewhere = (refresh_token: string) =>
    call('POST', '/api/auth/refresh', {
      body: { refresh_token },
      headers: { 'user-agent': 'a thief' },
    })
  const person = await edge.customer()
  const other = (await login(person.email)).body
  const first = (await refresh(person.refresh)).body
  const winner = (await refresh(first.refresh_token)).body
  t.equal((await fromElsewhere(first.refresh_token)).status, 401)
  t.equal(
    (await refresh(winner.refresh_token)).status,
    401,
    'the newest token ends too, because it may be the one of the thief',
  )
  for (const token of [winner.access_token, first.access_token, person.token])
    t.equal(
      (await call('GET', '/api/auth/me', { token })).status,
      401,
      'its access tokens end with it',
    )
  t.equal((await refresh(other.refresh_token)).status, 200)
})

t.test('a lost refresh may be repeated once, soon, and from the same place', async t => {
  const person = await edge.customer()
  const lost = (await refresh(person.refresh)).body
  const again = await refresh(person.refresh)
  t.equal(again.status, 200)
  t.equal(
    (await call('GET', '/api/auth/sessions', { token: again.body.access_token })).body.sessions
      .length,
    1,
    'it is still one session',
  )
  const next = await refresh(again.body.refresh_token)
  t.equal(next.status, 200)
  t.equal(
    (await refresh(lost.refresh_token)).status,
    401,
    'the lost token is void, and its use ends the session',
  )
  t.equal((await refresh(next.body.refresh_token)).status, 401)

  const slow = await edge.customer()
  const late = (await refresh(slow.refresh)).body
  t.equal((await refresh(slow.refresh)).status, 200)
  t.equal(
    (await refresh(late.refresh_token)).status,
    200,
    'the first answer works too when it was only late',
  )

  const thrice = await edge.customer()
  const tokens = (
    await Promise.all(Array.from({ length: 8 }, () => refresh(thrice.refresh)))
  ).filter(answer => answer.status === 200)
  t.ok([1, 2].includes(tokens.length), 'one refresh succeeds, and one repeat at most')
  for (const { body } of tokens)
    t.equal(
      (await refresh(body.refresh_token)).status,
      401,
      'the third refresh was a replay and ended the session',
    )

  const tardy = await edge.customer()
  await refresh(tardy.refresh)
  edge.clock.skewMs += 31_000
  t.equal((await refresh(tardy.refresh)).status, 401, 'after half a minute a repeat is refused')
  edge.clock.skewMs = 0

  const used = await edge.customer()
  await refresh((await refresh(used.refresh)).body.refresh_token)
  t.equal((await refresh(used.refresh)).status, 401, 'a repeat is refused when the answer was used')
})

t.test('a refresh token alone ends its session', async t => {
  for (const path of ['/api/v1/auth/logout', '/api/auth/logout']) {
    const person = await edge.customer()
    t.equal(
      (await call('POST', path, { body: { refresh_token: person.refresh } })).status,
      200,
      path,
    )
    t.equal((await call('GET', '/api/auth/me', { token: person.token })).status, 401)
    t.equal(
      (await call('POST', path, { token: person.token, body: { refresh_token: person.refresh } }))
        .status,
      200,
      'an access token that has ended does not matter',
    )
    t.equal((await call('POST', path, { body: {} })).body.code, 'unauthenticated')
    t.equal(
      (await call('POST', path, { body: { refresh_token: person.token } })).body.code,
      'token_invalid',
    )
  }
})

t.test('changing the password ends the other sessions', async t => {
  const person = await edge.customer()
  const other = (await login(person.email)).body
  const change = (current_password: string, new_password: string) =>
    call('POST', '/api/auth/password/change', {
      token: person.token,
      body: { current_password, new_password },
    })
  t.equal((await change('wrong', 'password456')).body.code, 'credentials_wrong')
  t.match(await change('password123', 'short'), {
    status: 400,
    body: { fields: [{ field: 'new_password' }] },
  })
  t.equal((await refresh(other.refresh_token)).status, 200, 'nothing has changed')
  t.equal((await change('password123', 'password456')).status, 200)
  t.equal((await login(person.email)).body.code, 'credentials_wrong')
  t.equal((await login(person.email, 'password456')).status, 200)
  t.equal(
    (await call('GET', '/api/auth/sessions', { token: person.token })).body.sessions.filter(
      (s: { current: boolean }) => s.current,
    ).length,
    1,
    'the session that changed the password goes on',
  )
  t.equal((await refresh(person.refresh)).status, 200)
  t.equal((await refresh(other.refresh_token)).status, 401, 'the others have ended')
  await messenger.drain()
  t.match(
    messenger.outbox().find(m => m.to === person.email),
    { text: /password of your account was changed/ },
  )
})

t.test('a code resets the password and ends every session', async t => {
  const person = await edge.customer()
  t.equal(
    (
      await call('POST', '/api/auth/password/forgot', {
        body: { email: person.email.toUpperCase() },
      })
    ).status,
    200,
  )
  const otp = (await mailedCode(person.email))!
  const reset = (given: object) =>
    call('POST', '/api/auth/password/reset', {
      body: { email: person.email, otp, new_password: 'password456', ...given },
    })
  const stranger = await edge.customer()
  t.equal(
    (await reset({ email: stranger.email })).body.code,
    'code_wrong',
    'the code of another account',
  )
  t.equal((await reset({ new_password: 'short' })).body.code, 'invalid_request')
  t.equal((await reset({})).status, 200)
  t.equal((await reset({})).body.code, 'code_wrong', 'a code works once')
  t.equal((await refresh(person.refresh)).status, 401, 'every session has ended')
  const entered = await login(person.email, 'password456')
  t.match(
    entered,
    { status: 200, body: { user: { email_verified: true } } },
    'who can read the code has the mailbox',
  )
  await call('POST', '/api/auth/password/forgot', { body: { email: 'nobody-at-all@example.com' } })
  t.equal(await mailedCode('nobody-at-all@example.com'), undefined)
})

t.test('the profile accepts only name and phone', async t => {
  const person = await edge.customer()
  await edge.database.kysely
    .updateTable('users')
    .set({ phone_verified_at: new Date() })
    .where('id', '=', person.id)
    .execute()
  const patch = (body: object) => call('PATCH', '/api/auth/me', { token: person.token, body })
  t.match(
    await patch({ full_name: 'Jane Doe', phone: '+1234567890' }),
    { status: 200, body: { full_name: 'Jane Doe', phone_verified: true } },
    'the same phone stays verified',
  )
  t.match(await patch({ phone: '+1999888777' }), {
    status: 200,
    body: { phone: '+1999888777', phone_verified: false },
  })
  for (const extra of [
    { role: 'admin' },
    { email: 'x@example.com' },
    { is_active: true },
    { email_verified: true },
    { password_hash: 'x' },
    { id: newId() },
    { vendor_id: newId() },
  ])
    t.match(
      await patch({ full_name: 'Eve', ...extra }),
      { status: 400, body: { code: 'invalid_request' } },
      Object.keys(extra)[0],
    )
  t.equal((await patch({})).status, 400)
  t.match((await call('GET', '/api/auth/me', { token: person.token })).body, {
    full_name: 'Jane Doe',
    role: 'user',
    email: person.email,
  })
})

t.test(
  '[API2; ASVS V3.3, V2.2] a deactivated account loses its access at once, everywhere, and may come back',
  async t => {
    const [admin, other, pharmacy] = [
      await edge.admin(),
      await edge.customer(),
      await edge.pharmacy(),
    ]
    const driver = await edge.driver(pharmacy.id)
    const person = await edge.customer()
    const set = (id: string, is_active: boolean) =>
      call('PATCH', `/api/admin/accounts/${id}`, { token: admin.token, body: { is_active } })
    const url = `http://127.0.0.1:${edge.edge.port}`
    const byToken = new Listener(url, `/ws/customer/?token=${person.token}`)
    const ticket = async (token: string) =>
      (await call('POST', '/api/auth/ws-ticket', { token })).body.ticket as string
    const byTicket = new Listener(url, `/ws/customer/?ticket=${await ticket(person.token)}`)
    const unused = await ticket(person.token)
    const another = new Listener(url, `/ws/customer/?token=${other.token}`)
    for (const socket of [byToken, byTicket, another]) await socket.next('connection')

    t.match(await set(person.id, false), { status: 200, body: { id: person.id, is_active: false } })
    t.match(await call('GET', '/api/auth/me', { token: person.token }), {
      status: 401,
      body: { code: 'token_invalid' },
    })
    for (const socket of [byToken, byTicket]) t.equal(await socket.end(), 4001)
    t.equal(
      await new Listener(url, `/ws/customer/?ticket=${unused}`).end(),
      4003,
      'a ticket that was not used yet opens nothing',
    )
    t.equal((await refresh(person.refresh)).status, 401)
    t.equal((await login(person.email)).body.code, 'account_inactive')
    t.equal(another.closed, null, 'the socket of another account stays open')
    another.close()
    await call('POST', '/api/auth/password/forgot', { body: { email: person.email } })
    t.equal(await mailedCode(person.email), undefined, 'no code is sent to it')
    await messenger.drain()
    t.match(
      messenger.outbox().find(m => m.to === person.email),
      { text: /deactivated by an administrator/ },
    )
    t.equal((await set(person.id, false)).status, 200, 'a repeat changes nothing')

    edge.clock.skewMs += 2_000
    t.match((await set(person.id, true)).body, { is_active: true })
    const back = (await login(person.email)).body
    t.equal((await call('GET', '/api/auth/me', { token: back.access_token })).status, 200)
    t.equal(
      (await call('GET', '/api/auth/me', { token: person.token })).status,
      401,
      'a token that was ended stays ended',
    )

    const accountOf = async (token: string) =>
      (await call('GET', '/api/auth/me', { token })).body.id as string
    const [pharmacyUser, driverUser] = [
      await accountOf(pharmacy.token),
      await accountOf(driver.token),
    ]
    await set(driverUser, false)
    t.match(
      edge.commands.at(-1),
      { actor: 'driver', actor_id: driver.id, verb: 'set_status', data: { status: 'offline' } },
      'a driver goes off duty',
    )
    await set(pharmacyUser, false)
    t.equal(
      (await call('GET', `/api/vendors/${pharmacy.id}`, { token: other.token })).body.is_active,
      false,
      'a pharmacy is not asked any more',
    )
    t.match(
      await set(admin.id, false),
      { status: 400 },
      'administrators cannot deactivate themselves',
    )
    t.equal((await set(newId(), false)).status, 404)
    const accounts = async (query: string) =>
      (await call('GET', `/api/admin/accounts?${query}`, { token: admin.token })).body.accounts.map(
        (one: { id: string }) => one.id,
      )
    t.same(await accounts('is_active=false&role=driver'), [driverUser])
    t.same(await accounts(`email=${person.email.toUpperCase()}`), [person.id])
    edge.clock.skewMs = 0
  },
)

t.test('only an administrator reads the development outbox', async t => {
  const [admin, person] = [await edge.admin(), await edge.customer()]
  await call('POST', '/send-otp', { body: { email: 'user@example.com' } })
  await messenger.drain()
  t.match(await call('GET', '/api/admin/outbox', { token: admin.token }), {
    status: 200,
    body: {
      channels: { email: 'outbox', sms: 'outbox' },
      messages: [{ channel: 'email', to: 'user@example.com', text: /^\d{6} is your code/ }],
    },
  })
  t.equal((await call('GET', '/api/admin/outbox', { token: person.token })).status, 403)
  t.equal((await call('GET', '/api/admin/outbox')).status, 401)
})
