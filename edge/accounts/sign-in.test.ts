/**
 * Signing in and staying signed in over HTTP: refresh tokens, the end of a session, tickets of
 * sockets, the older names of the routes, and an account that adds its pharmacy later.
 */
import t from 'tap'
import { redeemTicket } from './authenticate.ts'
import { place } from '../acceptance/fixture-edge.ts'
import { startParties } from '../acceptance/fixture-parties.ts'

const { edge, call, pharmacy } = await startParties(t)

t.test('each refresh gives a new token, and a replay ends the sign-in', async t => {
  const { refresh } = await edge.customer()
  const first = await call('POST', '/api/auth/refresh', { body: { refresh_token: refresh } })
  t.equal(first.status, 200)
  const second = await call('POST', '/api/v1/auth/refresh', {
    body: { refresh_token: first.body.refresh_token },
  })
  t.equal(second.status, 200)
  t.equal(
    (
      await call('POST', '/api/auth/refresh', {
        body: { refresh_token: first.body.refresh_token },
        headers: { 'user-agent': 'elsewhere' },
      })
    ).status,
    401,
    'a used token is refused',
  )
  t.equal(
    (
      await call('POST', '/api/auth/refresh', {
        body: { refresh_token: second.body.refresh_token },
      })
    ).status,
    401,
    'its successor is refused too',
  )
  t.equal(
    (await call('POST', '/api/auth/refresh', { body: { refresh_token: second.body.access_token } }))
      .status,
    401,
    'an access token is no refresh token',
  )
  const { rows } = await edge.database.pool.query('select * from sessions')
  t.notMatch(JSON.stringify(rows), refresh, 'no token is stored')
})

t.test('a logout ends the session, and an inactive account cannot sign in', async t => {
  const leaving = await edge.customer()
  t.equal(
    (
      await call('POST', '/api/auth/logout', {
        token: leaving.token,
        body: { refresh_token: leaving.refresh },
      })
    ).status,
    200,
  )
  t.equal(
    (await call('POST', '/api/auth/refresh', { body: { refresh_token: leaving.refresh } })).status,
    401,
  )
  await edge.database.kysely
    .updateTable('users')
    .set({ is_active: false })
    .where('id', '=', leaving.id)
    .execute()
  t.equal(
    (
      await call('POST', '/api/auth/login', {
        body: { email: leaving.email, password: 'password123' },
      })
    ).body.code,
    'account_inactive',
  )
  t.equal(
    (await call('POST', '/api/auth/login', { body: { email: leaving.email, password: 'wrong' } }))
      .body.code,
    'credentials_wrong',
    'a caller with a wrong password does not hear that the account is inactive',
  )
})

t.test('a ticket works once, and for one minute', async t => {
  const context = edge.edge.parts
  const issue = async () =>
    (await call('POST', '/api/auth/ws-ticket', { token: pharmacy.token })).body.ticket as string
  const ticket = await issue()
  const both = await Promise.allSettled([
    redeemTicket(context, ticket),
    redeemTicket(context, ticket),
  ])
  t.same(both.map(r => r.status).toSorted(), ['fulfilled', 'rejected'])
  t.match(both.find(r => r.status === 'fulfilled')!.value, {
    role: 'vendor',
    pharmacyId: pharmacy.id,
    driverId: null,
  })
  const late = await issue()
  edge.clock.skewMs = 61_000
  await t.rejects(redeemTicket(context, late), { code: 'token_invalid' })
  edge.clock.skewMs = 0
  await t.rejects(redeemTicket(context, ''), { code: 'token_invalid' })
})

t.test('the older routes register and sign in, and answer in their older form', async t => {
  const email = edge.email()
  const made = await call('POST', '/customer/register/', {
    body: { email, password: 'securepassword123', name: 'Jane', phone_number: '9841234567' },
  })
  t.equal(made.status, 201)
  t.match(made.body, {
    message: 'Customer registration successful',
    user: { email, name: 'Jane', role: 'CUSTOMER' },
  })
  const entered = await call('POST', '/login', { body: { email, password: 'securepassword123' } })
  t.match(entered.body, { role: 'CUSTOMER', user_id: made.body.user.id, name: 'Jane' })
  t.equal((await call('GET', '/api/auth/me', { token: entered.body.access })).body.email, email)
  t.same(
    Object.keys(
      (await call('POST', '/login', { body: { email, password: 'wrong' } })).body,
    ).toSorted(),
    ['code', 'error'],
  )
})

t.test('an account with the role of a pharmacy adds its pharmacy later, once', async t => {
  const email = edge.email()
  const account = await call('POST', '/api/auth/register', {
    body: {
      email,
      full_name: 'P',
      phone: '+1234567890',
      role: 'vendor',
      password: 'password123',
    },
  })
  t.equal(
    (await call('GET', '/api/orders', { token: account.body.access_token })).body.code,
    'vendor_not_found',
  )
  const pharmacy = { email, business_name: 'P', phone: '+1234567890', ...place }
  t.equal(
    (
      await call('POST', '/api/vendors/register', {
        body: { ...pharmacy, password: 'not its own' },
      })
    ).body.code,
    'email_taken',
  )
  const completed = await call('POST', '/api/vendors/register', {
    body: { ...pharmacy, password: 'password123' },
  })
  t.equal(completed.status, 201)
  t.equal(completed.body.user.id, account.body.user.id)
  t.equal(
    (await call('GET', '/api/orders', { token: account.body.access_token })).status,
    200,
    'the old token finds the new record',
  )
  t.equal(
    (
      await call('POST', '/api/vendors/register', {
        body: { ...pharmacy, password: 'password123' },
      })
    ).body.code,
    'email_taken',
    'an account has one pharmacy',
  )
})
