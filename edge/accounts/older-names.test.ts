/**
 * Sign-in and profile under the names and shapes of the older backends: a refresh token as Bearer,
 * `/token/refresh/`, `/api/v1/auth` and `/api/v1/users`, and the address and picture of a profile.
 */
import t from 'tap'
import { picture } from '../acceptance/access-world.ts'
import { startParties } from '../acceptance/fixture-parties.ts'
import { deleteOrphans } from '../uploads/orphans.ts'

const { edge, call, customer, stranger, pharmacy } = await startParties(t)
const bearer = (token: string) => ({ headers: { authorization: `Bearer ${token}` } })

t.test('a refresh token is taken as Bearer, in the body, and as /token/refresh/', async t => {
  const { refresh } = await edge.customer()
  const first = await call('POST', '/api/auth/refresh', bearer(refresh))
  t.equal(first.status, 200)
  const second = await call('POST', '/api/v1/auth/refresh', {
    ...bearer(first.body.access_token),
    body: { refresh_token: first.body.refresh_token },
  })
  t.equal(second.status, 200, 'the body wins over the header')
  const third = await call('POST', '/token/refresh/', {
    body: { refresh: second.body.refresh_token },
  })
  t.same(Object.keys(third.body).sort(), ['access', 'refresh'])
  t.equal((await call('GET', '/api/v1/auth/me', { token: third.body.access })).status, 200)
  t.match(await call('POST', '/token/refresh/', { body: { refresh: refresh } }), {
    status: 401,
    body: { error: String, code: 'token_invalid' },
  })
  t.match(await call('POST', '/api/auth/refresh', { body: {} }), {
    status: 400,
    body: { fields: [{ field: 'refresh_token', rule: 'is required' }] },
  })
  t.equal((await call('POST', '/api/auth/refresh', bearer(customer.token))).status, 401)
})

t.test('a refresh token as Bearer ends its session alone', async t => {
  const { email } = customer
  const login = async () =>
    (await call('POST', '/api/v1/auth/login', { body: { email, password: 'password123' } })).body
  const [one, other] = [await login(), await login()]
  t.equal((await call('POST', '/api/v1/auth/logout', bearer(one.refresh_token))).status, 200)
  t.equal((await call('GET', '/api/auth/me', { token: one.access_token })).status, 401)
  t.equal((await call('GET', '/api/auth/me', { token: other.access_token })).status, 200)
  t.match(await call('POST', '/api/auth/logout', bearer('nonsense')), {
    status: 401,
    body: { code: 'token_invalid' },
  })
})

t.test('a profile has an address and a picture, which only its owner may choose', async t => {
  const uploaded = async (token: string): Promise<string> =>
    (await call('POST', '/api/uploads/picture', { token, body: picture() })).body.url
  const [own, foreign] = [await uploaded(customer.token), await uploaded(stranger.token)]
  const change = (body: object) =>
    call('PATCH', '/api/v1/users/me', { token: customer.token, body })
  t.match(await change({ address: '1 Main St', picture_url: own }), {
    status: 200,
    body: { address: '1 Main St', picture_url: own, full_name: 'John Doe' },
  })
  t.match((await call('GET', '/api/v1/users/me', { token: customer.token })).body, {
    picture_url: own,
  })
  const proof = (
    await call('POST', '/api/uploads/proof', { token: customer.token, body: picture() })
  ).body.url
  for (const url of [foreign, proof, 'https://example.org/me.png', ''])
    t.match(await change({ picture_url: url }), {
      status: 400,
      body: { fields: [{ field: 'picture_url', rule: /your own upload/ }] },
    })
  t.equal((await call('GET', own, { token: stranger.token })).status, 404)
  edge.clock.skewMs = 25 * 3_600_000
  t.equal(await deleteOrphans(edge.edge.parts), 2, 'the files that no profile shows')
  edge.clock.skewMs = 0
  t.equal((await call('GET', own, { token: customer.token })).status, 200)
  t.match(await change({ picture_url: null }), { status: 200, body: { picture_url: null } })
})

t.test('an administrator makes, changes and ends accounts and gives roles', async t => {
  const admin = await edge.admin()
  const as = (method: string, path: string, body?: object) =>
    call(method, `/api/admin/accounts${path}`, { token: admin.token, ...(body && { body }) })
  const person = {
    email: edge.email(),
    full_name: 'Ann Other',
    phone: '+15550111',
    role: 'admin',
    password: 'password456',
  }
  const made = await as('POST', '', person)
  t.match(made, { status: 201, body: { role: 'admin', email: person.email, is_active: true } })
  t.equal(made.headers.get('location'), `/api/admin/accounts/${made.body.id}`)
  t.match(await as('POST', '', person), { status: 409, body: { code: 'email_taken' } })
  const signIn = async () =>
    (
      await call('POST', '/api/auth/login', {
        body: { email: person.email, password: person.password },
      })
    ).body.access_token as string
  const token = await signIn()
  t.equal((await call('GET', '/api/v1/users?limit=1', { token })).status, 200)
  const link = await call('POST', '/api/calendar-feeds', { token, body: { kind: 'user' } })
  const calendar = async () => (await call('GET', new URL(link.body.url).pathname)).status
  t.equal(await calendar(), 200)

  t.match(await as('PATCH', `/${made.body.id}`, { role: 'user', full_name: 'Ann' }), {
    status: 200,
    body: { role: 'user', full_name: 'Ann' },
  })
  t.equal((await call('GET', '/api/auth/me', { token })).status, 401, 'the sign-in has ended')
  t.equal(await calendar(), 404, 'and so have the links that it made')
  t.equal((await call('GET', '/api/v1/users', { token: await signIn() })).status, 403)

  const vendorId = (await call('GET', '/api/auth/me', { token: pharmacy.token })).body.id
  t.match(await as('PATCH', `/${vendorId}`, { role: 'user' }), {
    status: 409,
    body: { code: 'account_role_conflict' },
  })
  t.match(
    await as('PATCH', `/${made.body.id}`, {
      role: 'admin',
      full_name: 'Ann Else',
      email: customer.email,
    }),
    { status: 409, body: { code: 'email_taken' } },
  )
  t.match(
    (await as('GET', `/${made.body.id}`)).body,
    { role: 'user', full_name: 'Ann' },
    'a refused change changes nothing',
  )
  t.match(await as('PATCH', `/${admin.id}`, { role: 'user' }), { status: 400 })
  t.equal((await as('DELETE', `/${admin.id}`)).status, 400)
  t.match(await as('PATCH', `/${made.body.id}`, {}), { status: 400 })

  t.match(await as('DELETE', `/${made.body.id}`), { status: 200, body: { is_active: false } })
  t.match(
    await call('POST', '/api/auth/login', {
      body: { email: person.email, password: person.password },
    }),
    { status: 403, body: { code: 'account_inactive' } },
  )
  // The trail is written a moment after the answer.
  while (edge.edge.parts.audit.waiting > 0)
    await new Promise(resolve => {
      setTimeout(resolve, 10)
    })
  const { entries } = (await call('GET', '/api/admin/audit?limit=50', { token: admin.token })).body
  for (const operation of ['createAccount', 'changeAccount', 'endAccount'])
    t.ok(
      entries.some(
        (entry: { operation: string; target_id: string }) =>
          entry.operation === operation && entry.target_id === made.body.id,
      ),
      operation,
    )
})

t.test('an account without a password is opened by its mailbox alone', async t => {
  const admin = await edge.admin()
  const email = edge.email()
  await call('POST', '/api/admin/accounts', {
    token: admin.token,
    body: { email, full_name: 'Ann', phone: '+15550112', role: 'user' },
  })
  const { messenger } = edge.edge.parts
  await call('POST', '/api/auth/password/forgot', { body: { email } })
  await messenger.drain()
  const otp = messenger
    .outbox()
    .find(letter => letter.to === email)!
    .text.slice(0, 6)
  const reset = { email, otp, new_password: 'password789' }
  t.equal((await call('POST', '/api/auth/password/reset', { body: reset })).status, 200)
  t.equal(
    (await call('POST', '/api/auth/login', { body: { email, password: 'password789' } })).status,
    200,
  )
})
