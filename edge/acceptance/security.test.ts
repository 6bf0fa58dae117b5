/**
 * Attacks from the OWASP API Security Top 10 (2023) and the ASVS 4.0.3, against a whole server. The
 * title names the point that the test covers; object and function level access of every route (API1,
 * API5, V4) is `access.test.ts`, rates and the audit trail (API4, V7) are `around.test.ts`, uploads,
 * CSV and webhooks have their tests beside their code.
 */
import { createHmac } from 'node:crypto'
import { rmSync } from 'node:fs'
import { connect } from 'node:net'
import { SignJWT } from 'jose'
import { pino } from 'pino'
import t from 'tap'
import { WebSocket } from 'ws'
import { preparedDataDir } from '../../migrations/database/prepared.ts'
import { startEmbedded } from '../embedded.ts'
import { createWorld } from './access-world.ts'
import { http, Listener, newCustomer, password } from './people.ts'

const secret = 'a-key-for-tests-that-is-long-enough-to-be-one'
const appOrigin = 'https://app.example.org'
const dataDir = await preparedDataDir()
const embedded = await startEmbedded(
  { DATA_DIR: dataDir, PORT: '0', JWT_SECRET_KEY: secret, CORS_ORIGINS: appOrigin },
  { log: pino({ level: 'silent' }) },
)
t.teardown(async () => {
  await embedded.stop()
  rmSync(dataDir, { recursive: true, force: true })
})
const { url, port } = embedded
const world = await createWorld(embedded)
const { customer, otherCustomer, vendor, otherVendor, driver, otherDriver } = world
const pause = (ms: number): Promise<void> =>
  new Promise(resolve => {
    setTimeout(resolve, ms)
  })

/** Bytes as they are on a connection of their own; what came back until it ended, or until `untilMs` when nothing did. */
function raw(
  text: string,
  untilMs = 2_000,
): Promise<{ answer: string; tookMs: number; closed: boolean }> {
  return new Promise(resolve => {
    const startedMs = performance.now()
    const socket = connect(port, '127.0.0.1', () => socket.write(text))
    let answer = ''
    const end = (closed: boolean): void => {
      clearTimeout(timer)
      socket.destroy()
      resolve({ answer, tookMs: performance.now() - startedMs, closed })
    }
    let timer = setTimeout(() => end(false), untilMs)
    socket.on('data', data => {
      answer += String(data)
      // An answer comes in one piece; what might follow it is given a moment.
      clearTimeout(timer)
      timer = setTimeout(() => end(false), 100)
    })
    socket.on('error', () => end(true))
    socket.on('close', () => end(true))
  })
}

// A slow body is waited for longer than a file of tests by default.
t.setTimeout(300_000)

// Runs beside everything else: the server takes its time before it gives up on somebody slow.
const slow = (['head', 'body'] as const).map(
  part =>
    new Promise<string>(resolve => {
      let heard = ''
      const socket = connect(port, '127.0.0.1')
      socket.write(
        part === 'head'
          ? 'POST /api/auth/login HTTP/1.1\r\nHost: x\r\n'
          : 'POST /api/auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n',
      )
      const drip = setInterval(() => socket.write(part === 'head' ? 'x-a: b\r\n' : 'x'), 400)
      socket.on('data', data => {
        heard += String(data)
      })
      socket.on('error', () => {
        /* Writing to what the server closed. */
      })
      socket.on('close', () => {
        clearInterval(drip)
        resolve(heard)
      })
    }),
)

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
      'the forgery is good but for what each of these changes',
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

t.test('API2, ASVS V3.5.2 token type confusion: each credential opens its own door', async t => {
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
    'no token by the URL',
  )
})

t.test(
  'API2, ASVS V3.3 refresh reuse: a replayed refresh token ends its whole family, and no other',
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
    t.equal((await refresh(successor)).status, 401, 'and what was bought with it ends')
    t.equal((await refresh(elsewhere)).status, 200, 'the other sign-in goes on')
    const racing = await signIn()
    const raced = await Promise.all(Array.from({ length: 8 }, () => refresh(racing)))
    t.ok(
      raced.filter(answer => answer.status === 200).length <= 2,
      'of those that come at once at most one, and one that may have lost its answer',
    )
    for (const { body } of raced.filter(answer => answer.status === 200))
      t.equal((await refresh(body.refresh_token)).status, 401, 'the others ended the session')
  },
)

t.test('API1, ASVS V4.2.1 object level access on subscriptions', async t => {
  const closes = (path: string) => new Listener(url, path).end()
  t.equal(
    await closes(`/ws/vendor/${vendor.vendorId}?token=${otherVendor.token}`),
    4003,
    'the fleet of another pharmacy',
  )
  t.equal(await closes(`/ws/vendor/${vendor.vendorId}?token=${driver.token}`), 4003)
  t.equal(await closes(`/ws/vendor/${vendor.vendorId}?token=${customer.token}`), 4003)
  t.equal(await closes(`/ws/vendor/${vendor.vendorId}`), 4001)
  t.equal(
    await closes(`/ws/vendor/${customer.id}?token=${otherVendor.token}`),
    4003,
    'the same for an id that is no pharmacy',
  )
  t.equal(
    await closes(`/ws/driver/${driver.driverId}?token=${otherDriver.token}`),
    4003,
    'the socket of another driver',
  )
  t.equal(
    await closes(`/ws/driver/${customer.id}?token=${otherDriver.token}`),
    4003,
    'the same for an id that is no driver',
  )
  t.equal(await closes(`/ws/driver?token=${vendor.token}`), 4003)
  t.equal(
    await closes(`/ws/tracking/${(await world.assignedOrder()).id}`),
    4004,
    'an order id is no tracking token',
  )

  const bystanders = [
    new Listener(url, `/ws/customer/?token=${otherCustomer.token}`),
    new Listener(url, `/ws/pharmacy/?token=${otherVendor.token}`),
    new Listener(url, `/ws/driver?token=${otherDriver.token}`),
  ]
  const mine = new Listener(url, `/ws/customer/?token=${customer.token}`)
  await Promise.all([
    bystanders[0]!.next('connection'),
    bystanders[1]!.next('connection'),
    mine.next('connection'),
  ])
  for (const bystander of bystanders)
    for (const type of ['subscribe', 'watch', 'join'])
      bystander.send({
        type,
        order_id: customer.id,
        user_id: customer.id,
        vendor_id: vendor.vendorId,
      })
  const { id } = await world.assignedOrder()
  await world.call('driver', 'PATCH', `/api/orders/${id}`, { status: 'picked_up' })
  await mine.next('status', message => message.order_id === id && message.status === 'picked_up')
  await pause(200)
  for (const bystander of bystanders) {
    t.notMatch(JSON.stringify(bystander.heard), new RegExp(id), 'hears nothing of the order')
    bystander.close()
  }
  mine.close()
})

t.test(
  'API1 object level access by an id in a body: the driver of another pharmacy sounds like one who does not exist',
  async t => {
    const order = await world.pendingOrder()
    await world.call('vendor', 'POST', `/api/orders/${order}/accept`, {})
    const assign = async (driver_id: string) => {
      const { status, body } = await world.call(
        'vendor',
        'POST',
        `/api/orders/${order}/assign-driver`,
        { driver_id },
      )
      return [status, { ...body, instance: '' }]
    }
    const foreign = await assign(otherDriver.driverId)
    t.equal(foreign[0], 403)
    t.same(await assign(customer.id), foreign)
    const files = await Promise.all(
      [await world.upload(), customer.id].map(async id => {
        const { status, body } = await world.call('otherCustomer', 'GET', `/api/uploads/file/${id}`)
        return [status, { ...body, instance: '' }]
      }),
    )
    t.same(files[0], files[1], 'a file of somebody else too')
  },
)

t.test(
  "API3, ASVS V5.1.2 mass assignment: what is not the caller's to set is no known field",
  async t => {
    const pending = await world.pendingOrder()
    const account = {
      email: 'mass@example.com',
      full_name: 'Mass',
      phone: '+1234567890',
      role: 'user',
      password,
    }
    const order = {
      vendor_id: vendor.vendorId,
      delivery_address: 'x',
      delivery_latitude: 27.7,
      delivery_longitude: 85.3,
    }
    const table: [
      who: Parameters<typeof world.call>[0],
      method: string,
      path: string,
      body: object,
      fields: object,
    ][] = [
      [
        'stranger',
        'POST',
        '/api/auth/register',
        account,
        {
          is_active: true,
          vendor_id: vendor.vendorId,
          driver_id: driver.driverId,
          id: vendor.id,
          email_verified: true,
          email_verified_at: '2020-01-01T00:00:00Z',
          __proto: 1,
          constructor: {},
        },
      ],
      [
        'stranger',
        'POST',
        '/customer/register/',
        { email: 'mass@example.com', password, name: 'x', phone_number: '9841234567' },
        { role: 'ADMIN', is_staff: true, is_superuser: true },
      ],
      [
        'stranger',
        'POST',
        '/api/vendors/register',
        {
          email: 'mass@example.com',
          business_name: 'x',
          phone: '+1234567890',
          password,
          latitude: 1,
          longitude: 1,
        },
        { user_id: customer.id, role: 'admin', is_active: true, id: vendor.vendorId },
      ],
      [
        'stranger',
        'POST',
        '/api/drivers/register',
        {
          email: 'mass@example.com',
          full_name: 'x',
          phone: '+1234567890',
          password,
          vendor_id: vendor.vendorId,
          vehicle_type: 'bike',
        },
        {
          status: 'available',
          is_active: true,
          total_earnings: 9,
          total_deliveries: 9,
          user_id: customer.id,
        },
      ],
      [
        'customer',
        'PATCH',
        '/api/auth/me',
        {},
        {
          role: 'admin',
          is_active: true,
          id: vendor.id,
          password_hash: 'x',
          vendor_id: vendor.vendorId,
        },
      ],
      [
        'vendor',
        'PATCH',
        `/api/vendors/${vendor.vendorId}`,
        {},
        {
          user_id: customer.id,
          id: vendor.id,
          email_verified_at: 'x',
          revision: 1,
          created_at: '2020-01-01T00:00:00Z',
        },
      ],
      [
        'driver',
        'PATCH',
        `/api/drivers/${driver.driverId}`,
        {},
        {
          status: 'available',
          vendor_id: otherVendor.vendorId,
          total_earnings: 1_000,
          total_deliveries: 1,
          active_order_ids: [],
          user_id: customer.id,
          revision: 1,
        },
      ],
      [
        'driver',
        'PATCH',
        `/api/drivers/${driver.driverId}/status`,
        { status: 'available' },
        { capacity: 10, active_order_ids: [] },
      ],
      [
        'customer',
        'POST',
        '/api/orders',
        order,
        {
          status: 'delivered',
          delivery_fee: 0,
          tracking_token: 'x',
          driver_id: driver.driverId,
          order_number: 'ORD-1',
          id: vendor.id,
        },
      ],
      [
        'customer',
        'PATCH',
        `/api/orders/${pending}`,
        { status: 'cancelled' },
        {
          vendor_id: otherVendor.vendorId,
          user_id: otherCustomer.id,
          delivery_fee: 0,
          driver_id: driver.driverId,
        },
      ],
      [
        'vendor',
        'POST',
        `/api/orders/${pending}/accept`,
        {},
        { driver_id: driver.driverId, status: 'delivered' },
      ],
    ]
    for (const [who, method, path, good, fields] of table)
      for (const [field, value] of Object.entries(fields)) {
        const answer = await world.call(who, method, path, { ...good, [field]: value })
        t.same(
          [answer.status, answer.body.code ?? 'invalid_request'],
          [400, 'invalid_request'],
          `${method} ${path} with ${field}`,
        )
        t.match(JSON.stringify(answer.body), new RegExp(field), 'and it is named')
      }
    t.equal(
      (await world.call('driver', 'PATCH', `/api/drivers/${driver.driverId}`, { is_active: true }))
        .status,
      403,
      'membership is for the pharmacy to say',
    )
    t.equal(
      (await world.call('stranger', 'POST', '/api/auth/register', { ...account, role: 'admin' }))
        .status,
      400,
      'nobody registers as an admin',
    )
    t.equal(
      (await world.call('customer', 'POST', '/api/orders', { ...order, user_id: otherCustomer.id }))
        .status,
      403,
      'nobody orders for somebody else',
    )
    const polluted = await http(url, 'POST', '/api/auth/register', {
      body: `{"__proto__":{"role":"admin"},"email":"mass2@example.com","full_name":"x","phone":"+1234567890","role":"user","password":"${password}"}`,
    })
    t.not(polluted.body?.user?.role, 'admin', 'no prototype is polluted')
    t.equal(({} as { role?: string }).role, undefined)
  },
)

t.test(
  'ASVS V13.5.1, V14.5.3 cross-site WebSocket: a foreign page opens no socket, and CORS lets it read nothing',
  async t => {
    const upgrade = (origin: string | null, path = `/ws/customer/?token=${customer.token}`) =>
      new Promise<number>(resolve => {
        const socket = new WebSocket(url.replace('http', 'ws') + path, [], {
          headers: origin === null ? {} : { origin },
        })
        socket.on('open', () => {
          socket.terminate()
          resolve(101)
        })
        socket.on('unexpected-response', (_, response) => {
          response.destroy()
          resolve(response.statusCode ?? 0)
        })
        socket.on('error', () => {
          /* told above */
        })
      })
    for (const [origin, status] of [
      [null, 101],
      [appOrigin, 101],
      [url, 101],
      ['https://evil.example.org', 403],
      ['null', 403],
      [`${appOrigin}.evil.org`, 403],
      ['http://app.example.org', 403],
      ['https://evil.org/https://app.example.org', 403],
    ] as const)
      t.equal(await upgrade(origin), status, String(origin))
    t.equal(
      await upgrade(
        'https://evil.example.org',
        `/ws/tracking/${(await world.assignedOrder()).tracking_token}`,
      ),
      403,
      'nor the public one',
    )
    const foreign = await http(url, 'GET', '/api/health', {
      headers: { origin: 'https://evil.example.org' },
    })
    t.equal(foreign.headers.get('access-control-allow-origin'), null)
    t.equal(foreign.headers.get('vary'), 'Origin')
    const ours = await http(url, 'GET', '/api/health', { headers: { origin: appOrigin } })
    t.equal(ours.headers.get('access-control-allow-origin'), appOrigin)
    t.equal(
      ours.headers.get('access-control-allow-credentials'),
      null,
      'there are no cookies to allow',
    )
  },
)

t.test(
  'API4, ASVS V13.1 oversized bodies are refused before they are held, and deep ones are just wrong',
  async t => {
    const post = (extra: string, body = '') =>
      raw(
        `POST /api/auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n${extra}\r\n${body}`,
      )
    t.match(
      (await post('Content-Length: 10000000000\r\n')).answer,
      /^HTTP\/1\.1 413 /,
      'by what it announces',
    )
    const chunk = `4000\r\n${'x'.repeat(0x4000)}\r\n`
    t.match(
      (await post('Transfer-Encoding: chunked\r\n', chunk.repeat(40))).answer,
      /^HTTP\/1\.1 413 /,
      'or by what comes',
    )
    t.equal(
      (await http(url, 'POST', '/api/auth/login', { body: '['.repeat(5_000) + ']'.repeat(5_000) }))
        .status,
      400,
    )
    t.equal(
      (
        await http(url, 'POST', '/api/auth/login', {
          body: { email: `${'a'.repeat(10_000)}@example.com`, password: 'x' },
        })
      ).status,
      400,
    )
    t.equal(
      (
        await http(url, 'POST', '/api/auth/login', {
          body: { email: customer.email, password: 'x'.repeat(10_000) },
        })
      ).status,
      400,
      'no hash of a huge password',
    )
    t.equal(
      (
        await http(url, 'POST', '/api/auth/login', {
          body: { email: customer.email, password: 'x'.repeat(20_000) },
        })
      ).status,
      413,
      'nor a body larger than any sign-in',
    )
    t.match(
      (await raw(`GET /api/health HTTP/1.1\r\nHost: x\r\nX-Large: ${'x'.repeat(100_000)}\r\n\r\n`))
        .answer,
      /^(HTTP\/1\.1 431|$)/,
      'nor huge headers',
    )
    const flood = new Listener(url, `/ws/customer/?token=${customer.token}`)
    await flood.next('connection')
    flood.send({ type: 'x', pad: 'x'.repeat(100_000) })
    t.ok([1006, 1009].includes(await flood.end()), 'nor a huge message')
  },
)

t.test('API8, ASVS V5.3.1, V14.4 header and request injection', async t => {
  const injected = await raw(
    'GET /api/health HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-Request-Id: a\rX-Evil: 1\r\n\r\n',
  )
  t.notMatch(injected.answer, /\r\nx-evil/i, 'a request id adds no header')
  for (const path of [
    '/api/tracking/a%0d%0aX-Evil:%201',
    '/api/orders/%0d%0aX-Evil:1',
    '/web/%0aX-Evil:1',
    '/%2e%2e/%2e%2e/etc/passwd',
    '/web/..%2f..%2fpackage.json',
    '/web/app.css%00.png',
    '/api//orders',
    '/api/orders/%ff',
  ]) {
    const { answer } = await raw(`GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`, 10_000)
    t.match(answer, /^HTTP\/1\.1 (40[0-5])/, path)
    t.notMatch(answer.split('\r\n\r\n')[0]!, /\r\nx-evil/i, path)
  }
  const twoLengths = await raw(
    'POST /api/auth/login HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /api/health HTTP/1.1\r\nHost: x\r\n\r\n',
  )
  t.notMatch(twoLengths.answer, /^HTTP\/1\.1 2/m, 'no request is smuggled behind another')
  for (const method of ['TRACE', 'CONNECT', 'TRACK', 'PROPFIND']) {
    const { answer } = await raw(`${method} /api/health HTTP/1.1\r\nHost: x\r\n\r\n`, 1_000)
    t.notMatch(answer, /^HTTP\/1\.1 2/, method)
  }
  t.equal(
    (await http(url, 'GET', '/api/orders?limit=1&limit=2', { token: customer.token })).status,
    400,
    'a parameter given twice means neither',
  )
  t.equal(
    (
      await http(url, 'POST', '/api/requests', {
        token: customer.token,
        body: {},
        headers: { 'idempotency-key': 'a b' },
      })
    ).status,
    400,
  )
})

t.test(
  'API8, ASVS V14.4, V7.4.1 headers of every answer, and errors that tell nothing of the inside',
  async t => {
    for (const [path, isPage] of [
      ['/api/health', false],
      ['/nowhere', false],
      ['/api/orders', false],
      ['/', true],
    ] as const) {
      const { headers } = await http(url, 'GET', path)
      t.equal(headers.get('x-content-type-options'), 'nosniff', path)
      t.equal(headers.get('x-frame-options'), 'DENY', path)
      t.match(headers.get('content-security-policy'), /frame-ancestors 'none'/, path)
      t.match(headers.get('strict-transport-security'), /max-age=\d{7,}/, path)
      t.equal(headers.get('referrer-policy'), 'no-referrer', path)
      if (!isPage) t.equal(headers.get('cache-control'), 'no-store', path)
      t.equal(headers.get('set-cookie'), null, path)
      for (const name of ['x-powered-by', 'server', 'uwebsockets'])
        t.equal(headers.get(name), null, `${path} does not say what serves it`)
    }
    for (const path of ['/api/orders/x', "/api/orders?status=' or 1=1", '/api/orders?cursor=x']) {
      const answer = await http(url, 'GET', path, { token: customer.token })
      t.ok(answer.status < 500, path)
      t.notMatch(
        JSON.stringify(answer.body),
        /select|postgres|pglite|\.ts:|node_modules|at [A-Z]\w+ \(/i,
        path,
      )
    }
  },
)

t.test(
  'API2, ASVS V2.2.1, V3.2 an unknown e-mail and a wrong password sound alike and take as long',
  async t => {
    const attempt = async (email: string) => {
      const startedMs = performance.now()
      const answer = await http(url, 'POST', '/api/auth/login', {
        body: { email, password: 'not the password' },
      })
      return {
        text: JSON.stringify({ ...answer.body, instance: '' }),
        status: answer.status,
        ms: performance.now() - startedMs,
      }
    }
    const person = await newCustomer(url)
    const known = [],
      unknown = []
    for (let i = 0; i < 5; i++) {
      known.push(await attempt(person.email))
      unknown.push(await attempt(`nobody-${i}@example.com`))
    }
    t.equal(unknown[0]!.text, known[0]!.text)
    t.equal(unknown[0]!.status, 401)
    const least = (rows: { ms: number }[]) => Math.min(...rows.map(row => row.ms))
    t.ok(
      least(unknown) > least(known) / 3,
      `${least(unknown).toFixed(1)} and ${least(known).toFixed(1)} ms`,
    )
  },
)

t.test(
  'API4 a head that drips is cut off, a body that drips hears why, and nobody else waits meanwhile',
  { timeout: 300_000 },
  async t => {
    const [head, body] = await Promise.all(slow)
    t.equal(head, '', 'nobody reads what is no request yet')
    t.match(
      body,
      /^HTTP\/1\.1 408 [^]*"code":"body_too_slow"/,
      'slower than any network, over a minute',
    )
    t.equal((await http(url, 'GET', '/api/health')).status, 200)
  },
)
