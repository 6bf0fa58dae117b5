/**
 * What stands around every route: rate limits with their headers (OWASP API4:2023; ASVS V11.1.4,
 * V2.2.1), the audit trail (ASVS V7.1, V7.2), and ETag with If-Match.
 */
import { rmSync } from 'node:fs'
import { pino } from 'pino'
import t from 'tap'
import { preparedDataDir } from '../../migrations/database/prepared.ts'
import { startEmbedded } from '../embedded.ts'
import { createWorld } from './access-world.ts'
import { eventually, http, Listener, newCustomer, password } from './people.ts'

const dataDir = await preparedDataDir()
const embedded = await startEmbedded(
  {
    DATA_DIR: dataDir,
    PORT: '0',
    TRUST_PROXY: '1',
    RATE_LIMIT_AUTH_PER_ACCOUNT: '5',
    RATE_LIMIT_PUBLIC_PER_ADDRESS: '8',
    RATE_LIMIT_READ_PER_ACCOUNT: '200',
    RATE_LIMIT_UPLOAD_PER_ACCOUNT: '3',
    RATE_LIMIT_SOCKET_PER_ADDRESS: '12',
    RATE_LIMIT_SOCKET_PER_ACCOUNT: '6',
  },
  { log: pino({ level: 'silent' }) },
)
t.teardown(async () => {
  await embedded.stop()
  rmSync(dataDir, { recursive: true, force: true })
})
const { url } = embedded
const world = await createWorld(embedded)
const from = (address: string): Record<string, string> => ({ 'x-forwarded-for': address })

t.test(
  'API4, ASVS V2.2.1: guesses at one account are counted for the address that guesses',
  async t => {
    const victim = await newCustomer(url)
    const guess = (i: number, email = victim.email) =>
      http(url, 'POST', '/api/auth/login', {
        body: { email, password: `guess ${i}` },
        headers: from('203.0.113.1'),
      })
    for (let i = 1; i <= 5; i++) {
      const answer = await guess(i)
      t.equal(answer.status, 401)
      t.equal(answer.headers.get('ratelimit-remaining'), String(5 - i))
    }
    const refused = await guess(6)
    t.same(
      [refused.status, refused.body.code, refused.body.retryable],
      [429, 'too_many_requests', true],
    )
    t.match(refused.headers.get('content-type'), 'application/problem+json')
    t.equal(refused.headers.get('ratelimit-limit'), '5')
    const wait = Number(refused.headers.get('retry-after'))
    t.ok(wait > 800 && wait <= 900, `come again in ${wait} s`)
    t.equal(refused.headers.get('ratelimit-reset'), String(wait))
    t.equal(
      (await guess(7, ` ${victim.email.toUpperCase()}`.trim())).status,
      429,
      'the same e-mail in capitals counts too',
    )
    t.equal(
      (
        await http(url, 'POST', '/login', {
          body: { email: victim.email, password },
          headers: from('203.0.113.1'),
        })
      ).status,
      429,
      'by the older path too',
    )
    t.equal(
      (
        await http(url, 'POST', '/login', {
          body: { email: victim.email, password },
          headers: from('203.0.113.7'),
        })
      ).status,
      200,
      'the owner signs in from another address',
    )
    t.equal(
      (await http(url, 'GET', '/api/auth/me', { token: victim.token })).status,
      200,
      'a customer who is signed in stays signed in',
    )
  },
)

t.test(
  'API4: public routes are counted by address, and only the part of X-Forwarded-For that the proxy wrote counts',
  async t => {
    const ask = (forwarded: string) => http(url, 'GET', '/api/health', { headers: from(forwarded) })
    for (let i = 0; i < 8; i++)
      t.equal(
        (await ask(`198.51.100.${i}, 192.0.2.1`)).status,
        200,
        'entries that the client invents change nothing',
      )
    const refused = await ask('198.51.100.99, 192.0.2.1')
    t.equal(refused.status, 429)
    t.equal(refused.headers.get('ratelimit-limit'), '8')
    t.equal((await ask('192.0.2.2')).status, 200, 'another address is not refused')
    for (let i = 0; i < 8; i++) await ask(`2001:db8:1:2::${i}`)
    t.equal((await ask('2001:db8:1:2:ffff::1')).status, 429, 'a /64 of IPv6 counts as one address')
  },
)

t.test('API4: each class has its own account limit', async t => {
  const { token } = await newCustomer(url)
  const upload = () =>
    http(url, 'POST', '/api/uploads/proof', {
      token,
      headers: { 'content-type': 'image/png' },
      body: '\x89PNG not really',
    })
  for (let i = 0; i < 3; i++) t.not((await upload()).status, 429)
  t.equal((await upload()).status, 429)
  const me = await http(url, 'GET', '/api/auth/me', { token })
  t.equal(me.status, 200)
  t.equal(me.headers.get('ratelimit-limit'), '200')
  t.match(
    (await http(url, 'GET', '/metrics')).body,
    /caduceus_rate_limited_total\{class="upload",by="account"\} 1/,
  )
})

t.test(
  'API4: new sockets are counted by address before their token is read, and by account',
  async t => {
    const open = (token: string, address: string) =>
      new Listener(url, `/ws/customer/?token=${token}`, { headers: from(address) })
    for (let i = 0; i < 12; i++) t.equal(await open('guess', '203.0.113.99').end(), 4001)
    t.equal(
      await open('guess', '203.0.113.99').end(),
      4429,
      'the thirteenth is refused before its token is read',
    )
    const { token } = await newCustomer(url)
    t.equal(await open(token, '203.0.113.99').end(), 4429, 'also with a valid token')
    for (let i = 0; i < 6; i++) {
      const socket = open(token, `203.0.113.${100 + i}`)
      await socket.next('connection')
      socket.close()
    }
    t.equal(
      await open(token, '203.0.113.120').end(),
      4429,
      'an account is counted over all its addresses',
    )
    const another = open((await newCustomer(url)).token, '203.0.113.120')
    await another.next('connection')
    another.close()
  },
)

t.test(
  'ASVS V7.1, V7.2: the audit trail says who, what, when, from where and with what result, and nothing more',
  async t => {
    const { id, tracking_token } = await world.assignedOrder()
    const address = '192.0.2.50'
    const agent = { 'user-agent': 'acceptance/1.0', ...from(address) }
    const get = (token: string | undefined) =>
      http(url, 'GET', `/api/orders/${id}`, {
        ...(token !== undefined && { token }),
        headers: agent,
      })
    const seen = await get(world.customer.token)
    await get(world.otherCustomer.token)
    await get(undefined)
    await http(url, 'GET', `/api/tracking/${tracking_token}`, { headers: agent })
    const login = await http(url, 'POST', '/api/auth/login', {
      body: { email: world.vendor.email, password },
      headers: agent,
    })
    const socket = new Listener(
      url,
      `/ws/vendor/${world.vendor.pharmacyId}?token=${world.vendor.token}`,
      { headers: agent },
    )
    await socket.next('fleet')
    socket.close()
    await new Listener(
      url,
      `/ws/vendor/${world.vendor.pharmacyId}?token=${world.otherPharmacy.token}`,
      { headers: agent },
    ).end()

    const trail = (query: string) =>
      http(url, 'GET', `/api/admin/audit?address=${address}&${query}`, { token: world.admin.token })
    const { body } = await eventually(
      () => trail('limit=100'),
      answer => answer.body.entries?.length >= 7,
    )
    const rows = body.entries as Record<string, unknown>[]
    t.equal(rows.length, 7)
    const one = (operation: string, actor: string | null, status: number) =>
      rows.find(
        row =>
          row['operation'] === operation && row['actor_id'] === actor && row['status'] === status,
      )
    t.match(one('getOrder', world.customer.id, 200), {
      actor_role: 'user',
      target_kind: 'orders',
      target_id: id,
      address,
      user_agent: 'acceptance/1.0',
      code: null,
      request_id: seen.headers.get('x-request-id'),
      at: /^\d{4}-.*Z$/,
    })
    t.match(
      one('getOrder', world.otherCustomer.id, 404),
      { target_id: id, code: 'order_not_found' },
      'a read that was refused',
    )
    t.match(one('getOrder', null, 401), {
      actor_role: 'anonymous',
      target_id: id,
      code: 'unauthenticated',
    })
    t.match(
      one('track', null, 200),
      { actor_role: 'anonymous', target_kind: 'tracking', target_id: id },
      'the holder of a link',
    )
    t.match(one('login', null, 200), { target_id: world.vendor.id }, 'a sign-in names the account')
    t.match(one('socket.vendor', world.vendor.id, 101), { target_id: world.vendor.pharmacyId })
    t.match(one('socket.vendor', world.otherPharmacy.id, 4003), {
      target_id: world.vendor.pharmacyId,
    })
    const text = JSON.stringify(rows)
    for (const secret of [
      tracking_token,
      password,
      world.vendor.email,
      login.body.access_token,
      login.body.refresh_token,
      world.vendor.token,
    ])
      t.notOk(text.includes(secret), 'no body, no token, no e-mail')

    t.equal((await trail(`actor_id=${world.customer.id}`)).body.entries.length, 1)
    t.equal((await trail(`target_id=${id}&failed=true`)).body.entries.length, 2)
    t.equal((await trail('status=4003')).body.entries.length, 1)
    t.equal((await trail('until=2020-01-01T00:00:00Z')).body.entries.length, 0)
    const first = (await trail('limit=3')).body
    const second = (await trail(`limit=100&cursor=${first.next_cursor}`)).body
    t.same([...first.entries, ...second.entries], rows, 'two pages have the same rows as one')
    for (const who of ['customer', 'vendor', 'driver'] as const)
      t.equal((await world.call(who, 'GET', '/api/admin/audit')).status, 403)
    await eventually(
      () =>
        http(url, 'GET', `/api/admin/audit?operation=listAudit&actor_id=${world.admin.id}`, {
          token: world.admin.token,
        }),
      answer => answer.body.entries?.length > 0,
    ).then(answer => t.ok(answer.body.entries.length > 0, 'reading the trail is recorded too'))
  },
)

t.test('of two edits of one record, the one with the old ETag is refused', async t => {
  const order = await world.pendingOrder()
  for (const [who, path, change, other] of [
    [
      'vendor',
      `/api/vendors/${world.vendor.pharmacyId}`,
      { address: '1 First St' },
      { address: '2 Second St' },
    ],
    [
      'driver',
      `/api/drivers/${world.driver.driverId}`,
      { vehicle_number: 'FIRST-1' },
      { vehicle_number: 'SECOND-2' },
    ],
    ['vendor', `/api/orders/${order}`, { status: 'accepted' }, { status: 'cancelled' }],
  ] as const) {
    const token = world.token(who)!
    const read = await http(url, 'GET', path, { token })
    const etag = read.headers.get('etag')!
    t.match(etag, /^"\d+"$/, path)
    const edit = (body: object, ifMatch: string) =>
      http(url, 'PATCH', path, { token, body, headers: { 'if-match': ifMatch } })
    const won = await edit(change, etag)
    t.equal(won.status, 200, path)
    t.not(won.headers.get('etag'), etag, 'the record has a new one')
    const lost = await edit(other, etag)
    t.same([lost.status, lost.body.code], [412, 'precondition_failed'], path)
    const after = await http(url, 'GET', path, { token })
    t.match(after.body, change, 'the first change stands')
    t.equal(
      after.headers.get('etag'),
      won.headers.get('etag'),
      'and its answer carried the new tag',
    )
    t.equal(
      (await edit(other, `W/${after.headers.get('etag')}`)).status,
      412,
      'a weak tag matches nothing',
    )
    t.equal(
      (await edit(other, after.headers.get('etag')!)).status,
      200,
      'an edit with the new tag is taken',
    )
  }
  const path = `/api/vendors/${world.vendor.pharmacyId}`
  const etag = (await http(url, 'GET', path, { token: world.vendor.token })).headers.get('etag')!
  const racing = await Promise.all(
    Array.from({ length: 10 }, (_, i) =>
      http(url, 'PATCH', path, {
        token: world.vendor.token,
        body: { address: `${i} Race St` },
        headers: { 'if-match': etag },
      }),
    ),
  )
  t.equal(racing.filter(answer => answer.status === 200).length, 1, 'of ten edits at once one wins')
  t.equal(
    (await http(url, 'PATCH', path, { token: world.vendor.token, body: { address: 'any' } }))
      .status,
    200,
    'without If-Match the last edit wins',
  )
})
