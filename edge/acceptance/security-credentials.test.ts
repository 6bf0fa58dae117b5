/**
 * Attacks on credentials from the OWASP API Security Top 10 (2023) and the ASVS 4.0.3, against a
 * whole server: forged, confused and replayed tokens, and what a failed sign-in tells. The name of
 * each test begins with the points that it covers.
 */
import { createHmac } from 'node:crypto'
import { SignJWT } from 'jose'
import t from 'tap'
import { addressGroup } from '../kernel/address.ts'
import { hashesPerAddressMax } from '../accounts/limits.ts'
import { verifyPassword } from '../accounts/passwords.ts'
import { http, Listener, newCustomer, password } from './people.ts'
import { startAttacked } from './fixture-attacked.ts'

const { secret, url, world, customer, otherCustomer } = await startAttacked(t)

t.test(
  'API2, ASVS V3.5.3 algorithm confusion: only HS256 under our key opens anything',
  async t => {
    const now = Math.floor(Date.now() / 1000)
    const claims = {
      typ: 'access',
      role: 'admin',
      name: 'x',
      iss: 'caduceus',
      aud: 'caduceus-api',
      sub: world.admin.id,
      iat: now,
      exp: now + 600,
    }
    const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
    const by = (alg: string, hash: string | null): string => {
      const input = `${part({ alg, typ: 'JWT' })}.${part(claims)}`
      return `${input}.${hash === null ? '' : createHmac(hash, secret).update(input).digest('base64url')}`
    }
    t.equal(
      (await http(url, 'GET', '/api/admin/audit', { token: by('HS256', 'sha256') })).status,
      200,
      'the forged token is accepted while nothing in it is wrong',
    )
    const signed = (change: object, header: object = {}) =>
      new SignJWT({ ...claims, ...change })
        .setProtectedHeader({ alg: 'HS256', ...header })
        .sign(new TextEncoder().encode(secret))
    for (const [name, token] of [
      ['none', by('none', null)],
      ['None', by('None', null)],
      ['none, with a signature', by('none', 'sha256')],
      ['HS256 without a signature', by('HS256', null)],
      ['HS512', by('HS512', 'sha512')],
      ['HS384', by('HS384', 'sha384')],
      ['RS256 signed as HMAC', by('RS256', 'sha256')],
      ['ES256 signed as HMAC', by('ES256', 'sha256')],
      ['another issuer', await signed({ iss: 'somebody' })],
      ['another audience', await signed({ aud: 'something' })],
      ['without an end', await signed({ exp: undefined })],
      ['over', await signed({ exp: now - 1 })],
      ['a role that we do not have', await signed({ role: 'root' })],
      ['a subject that is no id', await signed({ sub: "' or 1=1" })],
      [
        'another key',
        `${by('HS256', 'sha256').split('.').slice(0, 2).join('.')}.${createHmac('sha256', 'x'.repeat(32)).update('x').digest('base64url')}`,
      ],
    ] as const) {
      const answer = await http(url, 'GET', '/api/admin/audit', { token })
      t.same([answer.status, answer.body.code], [401, 'token_invalid'], name)
      t.equal(
        await new Listener(url, `/ws/customer/?token=${token}`).end(),
        4001,
        `${name}, on a socket`,
      )
    }
  },
)

t.test('API2, ASVS V3.5.2 no kind of credential works in place of another', async t => {
  const signedIn = (
    await http(url, 'POST', '/api/auth/login', { body: { email: customer.email, password } })
  ).body
  const ticket = (await http(url, 'POST', '/api/auth/ws-ticket', { token: customer.token })).body
    .ticket
  t.equal(
    (await http(url, 'GET', '/api/auth/me', { token: signedIn.refresh_token })).status,
    401,
    'a refresh token is no access token',
  )
  t.equal(
    (
      await http(url, 'POST', '/api/auth/refresh', {
        body: { refresh_token: signedIn.access_token },
      })
    ).status,
    401,
    'an access token is no refresh token',
  )
  t.equal(
    (await http(url, 'GET', '/api/auth/me', { token: ticket })).status,
    401,
    'a ticket is no token',
  )
  t.equal(
    await new Listener(url, `/ws/customer/?token=${signedIn.refresh_token}`).end(),
    4001,
    'a refresh token opens no socket',
  )
  t.equal(
    await new Listener(url, `/ws/customer/?ticket=${signedIn.access_token}`).end(),
    4001,
    'an access token is no ticket',
  )
  const first = new Listener(url, `/ws/customer/?ticket=${ticket}`)
  await first.next('connection')
  t.equal(
    await new Listener(url, `/ws/customer/?ticket=${ticket}`).end(),
    4001,
    'a ticket works once',
  )
  first.close()
  t.equal(
    (
      await http(url, 'GET', '/api/auth/me', {
        headers: {
          authorization: `Basic ${Buffer.from(`${customer.email}:${password}`).toString('base64')}`,
        },
      })
    ).status,
    401,
  )
  t.equal(
    (await http(url, 'GET', `/api/auth/me?token=${customer.token}`)).status,
    401,
    'a token in the URL of a route is not read',
  )
})

t.test(
  'API2, ASVS V3.3 refresh reuse: a replayed refresh token ends its own sign-in and no other',
  async t => {
    const signIn = async () =>
      (
        await http(url, 'POST', '/api/auth/login', {
          body: { email: otherCustomer.email, password },
        })
      ).body.refresh_token as string
    const refresh = (refresh_token: string, agent = 'owner') =>
      http(url, 'POST', '/api/auth/refresh', {
        body: { refresh_token },
        headers: { 'user-agent': agent },
      })
    const [stolen, elsewhere] = [await signIn(), await signIn()]
    const successor = (await refresh(stolen)).body.refresh_token
    t.equal((await refresh(stolen, 'thief')).status, 401, 'the thief is refused')
    t.equal((await refresh(successor)).status, 401, 'the token that replaced it ends too')
    t.equal((await refresh(elsewhere)).status, 200, 'the other sign-in goes on')
    const racing = await signIn()
    const raced = await Promise.all(Array.from({ length: 8 }, () => refresh(racing)))
    t.ok(
      [1, 2].includes(raced.filter(answer => answer.status === 200).length),
      'of refreshes at once one succeeds, and one repeat whose answer may have been lost',
    )
    for (const { body } of raced.filter(answer => answer.status === 200))
      t.equal(
        (await refresh(body.refresh_token)).status,
        401,
        'the other refreshes ended the session',
      )
  },
)

t.test(
  'API2, ASVS V2.2.1, V3.2 an unknown e-mail and a wrong password get the same answer and cost a hash each',
  async t => {
    const signIn = async (email: string) => {
      const { status, body } = await http(url, 'POST', '/api/auth/login', {
        body: { email, password: 'not the password' },
      })
      return { status, text: JSON.stringify({ ...body, instance: '' }) }
    }
    const known = (await newCustomer(url)).email
    const unknown = 'nobody@example.com'
    const answer = await signIn(known)
    t.equal(answer.status, 401)
    t.same(await signIn(unknown), answer)

    // While this address has no hash left, a caller who needs a hash is refused. So a refusal of
    // both shows that both need a hash.
    let isBusy = true
    const hashing = Array.from({ length: hashesPerAddressMax }, async () => {
      while (isBusy) await verifyPassword(null, 'x', addressGroup('127.0.0.1'))
    })
    const refused = await Promise.all([signIn(known), signIn(unknown)])
    isBusy = false
    await Promise.all(hashing)
    t.same(
      refused.map(({ status }) => status),
      [503, 503],
    )
    t.equal(refused[0].text, refused[1].text)
  },
)
