/**
 * The sign-ins of the pages: a refresh token that no script can read, one for each page, and closed
 * to the pages of other sites.
 */
import t from 'tap'
import { startParties } from '../acceptance/fixture-parties.ts'

const { edge, call } = await startParties(t)
const path = (page: string): string => `/api/auth/page-sessions/${page}`
const own = (page: string, more: Record<string, string> = {}): Record<string, string> => ({
  'x-caduceus-page': page,
  ...more,
})
/** The cookie that an answer sets, as a browser sends it back. */
const cookieOf = ({ headers }: { headers: Headers }): string =>
  headers.get('set-cookie')!.split(';')[0]!

t.test('a page gives its refresh token once and stays signed in by its cookie', async t => {
  const { refresh, id } = await edge.customer()
  const begun = await call('POST', path('customer'), {
    body: { refresh_token: refresh },
    headers: own('customer'),
  })
  t.equal(begun.status, 200)
  t.match(begun.body, { access_token: String, user: { id } })
  t.notOk('refresh_token' in begun.body, 'the answer has no refresh token')
  t.match(
    begun.headers.get('set-cookie'),
    /^caduceus_customer=[\w.-]+; Path=\/api\/auth\/page-sessions\/customer; Max-Age=604800; HttpOnly; SameSite=Strict$/,
  )
  t.equal(
    (await call('POST', '/api/auth/refresh', { body: { refresh_token: refresh } })).status,
    200,
    'a lost answer has its grace',
  )

  const again = await edge.customer()
  const first = await call('POST', path('customer'), {
    body: { refresh_token: again.refresh },
    headers: own('customer'),
  })
  const second = await call('POST', path('customer'), {
    body: {},
    headers: own('customer', { cookie: `other=1; ${cookieOf(first)}; x` }),
  })
  t.equal(second.status, 200)
  t.not(cookieOf(second), cookieOf(first), 'each cookie works once')
  t.equal((await call('GET', '/api/auth/me', { token: second.body.access_token })).status, 200)
  t.equal(
    (
      await call('POST', path('terminal'), {
        body: {},
        headers: own('terminal', { cookie: cookieOf(second) }),
      })
    ).status,
    204,
    'another page has another cookie',
  )

  const left = await call('DELETE', path('customer'), {
    headers: own('customer', { cookie: cookieOf(second) }),
  })
  t.equal(left.status, 204)
  t.match(left.headers.get('set-cookie'), /^caduceus_customer=; .*Max-Age=0/)
  t.equal((await call('GET', '/api/auth/me', { token: second.body.access_token })).status, 401)
  t.equal(
    (
      await call('POST', path('customer'), {
        body: {},
        headers: own('customer', { cookie: cookieOf(second) }),
      })
    ).status,
    401,
  )
  t.equal(
    (
      await call('DELETE', path('customer'), {
        headers: own('customer', { cookie: 'caduceus_customer=nonsense' }),
      })
    ).status,
    204,
    'a cookie that is worth nothing goes too',
  )
})

t.test('over TLS no sister host can plant the cookie', async t => {
  const { refresh } = await edge.customer()
  const host = '127.0.0.1:' + edge.edge.port
  const origin = `https://${host}`
  const begun = await call('POST', path('customer'), {
    body: { refresh_token: refresh },
    headers: own('customer', { origin }),
  })
  t.match(
    begun.headers.get('set-cookie'),
    /^__Host-caduceus_customer=[\w.-]+; Path=\/; Max-Age=604800; HttpOnly; SameSite=Strict; Secure$/,
  )
  const renewed = (cookie: string) =>
    call('POST', path('customer'), { body: {}, headers: own('customer', { origin, cookie }) })
  const planted = cookieOf(begun).replace('__Host-', '')
  t.equal((await renewed(planted)).status, 204, 'a name that any host can plant is not read')
  t.equal((await renewed(`${planted}; ${cookieOf(begun)}`)).status, 200)
})

t.test('no page of another site can use the cookie', async t => {
  const { refresh } = await edge.customer()
  const begun = await call('POST', path('customer'), {
    body: { refresh_token: refresh },
    headers: own('customer'),
  })
  const cookie = cookieOf(begun)
  for (const [name, headers] of [
    ['without the header that no form can send', { cookie }],
    ['with the header of another page', own('terminal', { cookie })],
    ['from another origin', own('customer', { cookie, origin: 'https://evil.example' })],
    ['from no origin', own('customer', { cookie, origin: 'null' })],
    ['from another site', own('customer', { cookie, 'sec-fetch-site': 'cross-site' })],
    ['from a sister site', own('customer', { cookie, 'sec-fetch-site': 'same-site' })],
  ] as const)
    for (const method of ['POST', 'DELETE']) {
      const answer = await call(method, path('customer'), {
        headers,
        ...(method === 'POST' && { body: {} }),
      })
      t.equal(answer.status, 403, `${method} ${name}`)
      t.equal(answer.headers.get('set-cookie'), null)
    }
  t.equal(
    (await call('POST', path('customer'), { body: {}, headers: own('customer', { cookie }) }))
      .status,
    200,
    'nothing of it ended the sign-in',
  )
  t.equal((await call('POST', path('nobody'), { body: {}, headers: own('nobody') })).status, 404)
})
