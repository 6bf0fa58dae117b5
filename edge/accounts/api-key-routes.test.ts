/**
 * API keys: their scopes, the operations that they never open, and each kind of credential in place
 * of another (OWASP API2, API5).
 */
import t from 'tap'
import { WebSocket } from 'ws'
import { accountLimits } from './account-limits.ts'
import { newId, startFixture, viewOf } from '../acceptance/fixture-edge.ts'

const edge = await startFixture()
t.teardown(() => edge.stop())
const { call } = edge
const admin = await edge.admin()
const person = await edge.customer()
const pharmacy = await edge.pharmacy()
const driver = await edge.driver(pharmacy.id)

const create = (body: object, token = admin.token) =>
  call('POST', '/api/admin/api-keys', { token, body })
const newKey = async (...scopes: string[]): Promise<{ id: string; key: string }> =>
  (await create({ name: 'billing', scopes })).body

t.test('an admin makes a key, sees it once, and ends it', async t => {
  const made = await create({
    name: 'billing',
    scopes: ['orders:read', 'orders:read'],
    expires_in_days: 30,
  })
  t.equal(made.status, 201)
  t.match(made.body, {
    name: 'billing',
    scopes: ['orders:read'],
    created_by: admin.id,
    key: /^cad_[\w-]{43}$/,
    last_used_at: null,
    revoked_at: null,
  })
  t.same(made.body.scopes, ['orders:read'], 'a scope is kept once')
  const { id, key, prefix } = made.body
  t.ok(key.startsWith(prefix) && prefix.length === 12)
  const stored = JSON.stringify((await edge.database.pool.query('select * from api_keys')).rows)
  t.notOk(stored.includes(key), 'stored as a hash')
  const asBearer = await call('GET', '/api/orders', { token: key })
  const asHeader = await call('GET', '/api/orders', { headers: { 'x-api-key': key } })
  t.same([asBearer.status, asHeader.status], [200, 200])
  const list = await call('GET', '/api/admin/api-keys', { token: admin.token })
  t.match(list.body.api_keys[0], { id, prefix, last_used_at: String })
  t.notOk(JSON.stringify(list.body).includes(key), 'nothing shows it again')
  t.equal((await call('DELETE', `/api/admin/api-keys/${id}`, { token: admin.token })).status, 200)
  t.equal(
    (await call('GET', '/api/orders', { token: key })).body.code,
    'token_invalid',
    'a key ends at once',
  )
  t.match(
    await call('DELETE', `/api/admin/api-keys/${id}`, { token: admin.token }),
    { status: 200, body: { revoked_at: String } },
    'a repeat changes nothing',
  )
  t.equal(
    (await call('DELETE', `/api/admin/api-keys/${newId()}`, { token: admin.token })).status,
    404,
  )
})

t.test('the keys of a deactivated administrator end with the account', async t => {
  const other = await edge.admin()
  const { key } = (await create({ name: 'kept', scopes: ['orders:read'] }, other.token)).body
  const mine = await newKey('orders:read')
  t.equal((await call('GET', '/api/orders', { token: key })).status, 200)
  t.equal(
    (
      await call('PATCH', `/api/admin/accounts/${other.id}`, {
        token: admin.token,
        body: { is_active: false },
      })
    ).status,
    200,
  )
  t.equal((await call('GET', '/api/orders', { token: key })).body.code, 'token_invalid')
  t.equal(
    (
      await call('PATCH', `/api/admin/accounts/${other.id}`, {
        token: admin.token,
        body: { is_active: true },
      })
    ).status,
    200,
  )
  t.equal(
    (await call('GET', '/api/orders', { token: key })).body.code,
    'token_invalid',
    'and do not come back with it',
  )
  t.equal(
    (await call('GET', '/api/orders', { token: mine.key })).status,
    200,
    'the keys of other administrators go on',
  )
})

t.test('only an administrator makes keys, and only with known scopes', async t => {
  const { key } = await newKey(
    'orders:read',
    'orders:write',
    'drivers:read',
    'drivers:write',
    'vendors:read',
  )
  const body = { name: 'mine', scopes: ['orders:read'] }
  for (const token of [person.token, pharmacy.token, driver.token, key])
    t.equal((await create(body, token)).status, 403)
  for (const bad of [
    { scopes: [] },
    { scopes: ['admin'] },
    { scopes: ['*'] },
    { expires_in_days: 0 },
    { expires_in_days: accountLimits.apiKeyDaysMax + 1 },
    { role: 'admin' },
  ])
    t.equal((await create({ ...body, ...bad })).body.code, 'invalid_request', JSON.stringify(bad))
})

t.test('a key opens the operations of its scopes and no others', async t => {
  const order = viewOf({ id: newId(), vendor_id: pharmacy.id })
  await edge.store(order)
  const table: [scope: string, method: string, path: string, body?: object][] = [
    ['orders:read', 'GET', `/api/orders/${order.id}`],
    ['orders:read', 'GET', '/api/orders'],
    ['orders:write', 'DELETE', `/api/orders/${order.id}`],
    ['orders:write', 'PATCH', `/api/orders/${order.id}`, { status: 'accepted' }],
    ['orders:write', 'POST', `/api/orders/${order.id}/find-driver`, {}],
    ['drivers:read', 'GET', `/api/drivers/${driver.id}`],
    ['drivers:read', 'GET', '/api/drivers'],
    ['drivers:write', 'PATCH', `/api/drivers/${driver.id}/status`, { status: 'available' }],
    ['vendors:read', 'GET', `/api/vendors/${pharmacy.id}`],
    ['vendors:read', 'GET', '/api/vendors'],
  ]
  const scopes = [...new Set(table.map(([scope]) => scope))]
  const keys = new Map(
    await Promise.all(scopes.map(async scope => [scope, await newKey(scope)] as const)),
  )
  for (const [scope, method, path, body] of table)
    for (const held of scopes) {
      const answer = await call(method, path, {
        token: keys.get(held)!.key,
        ...(body !== undefined && { body }),
      })
      t.equal(answer.status, held === scope ? 200 : 403, `${method} ${path} with ${held}`)
    }
  for (const [scope, verb] of [
    ['orders:write', 'cancel'],
    ['drivers:write', 'set_status'],
  ] as const)
    t.match(
      edge.commands.filter(command => command.verb === verb).at(-1),
      { by: { role: 'service', id: keys.get(scope)!.id } },
      "commands carry the key's id",
    )
})

t.test('a key never opens an account, a route of administrators, or a socket', async t => {
  const { key } = await newKey(
    'orders:read',
    'orders:write',
    'drivers:read',
    'drivers:write',
    'vendors:read',
  )
  for (const [method, path, body] of [
    ['GET', '/api/auth/me'],
    ['PATCH', '/api/auth/me', { full_name: 'x' }],
    ['GET', '/api/auth/sessions'],
    ['POST', '/api/auth/ws-ticket'],
    ['POST', '/api/auth/logout-everywhere'],
    ['POST', '/api/auth/password/change', { current_password: 'x', new_password: 'password456' }],
    ['GET', '/api/admin/outbox'],
    ['GET', '/api/admin/api-keys'],
    ['PATCH', `/api/vendors/${pharmacy.id}`, { phone: '+1999' }],
  ] as const)
    t.match(
      await call(method, path, { token: key, ...(body !== undefined && { body }) }),
      { status: 403, body: { code: 'forbidden' } },
      `${method} ${path}`,
    )
  const socket = new WebSocket(`ws://127.0.0.1:${edge.edge.port}/ws/customer/?token=${key}`)
  t.equal(
    await new Promise(resolve => {
      socket.on('close', resolve)
    }),
    4001,
  )
})

t.test('no credential is accepted in place of another kind', async t => {
  const { key } = await newKey('orders:read')
  const ticket = (await call('POST', '/api/auth/ws-ticket', { token: person.token })).body
    .ticket as string
  const orders = (headers: Record<string, string>) => call('GET', '/api/orders', { headers })
  for (const [name, headers] of [
    ['an access token as X-API-Key', { 'x-api-key': person.token }],
    ['a refresh token as access token', { authorization: `Bearer ${person.refresh}` }],
    ['a refresh token as X-API-Key', { 'x-api-key': person.refresh }],
    ['a ticket as access token', { authorization: `Bearer ${ticket}` }],
    ['a ticket as X-API-Key', { 'x-api-key': ticket }],
    ['a token that calls itself a key', { authorization: `Bearer cad_${person.token}` }],
    ['a key of nobody', { 'x-api-key': `cad_${'A'.repeat(43)}` }],
    ['the prefix of a key', { 'x-api-key': key.slice(0, 12) }],
    ['a key with something behind it', { 'x-api-key': `${key}A` }],
    ['the mark alone', { 'x-api-key': 'cad_' }],
    ['a key under another scheme', { authorization: `Basic ${key}` }],
    ['two at once', { authorization: `Bearer ${person.token}`, 'x-api-key': key }],
  ] as const)
    t.equal((await orders(headers)).status, 401, name)
  for (const refresh_token of [person.token, key, ticket])
    t.equal(
      (await call('POST', '/api/auth/refresh', { body: { refresh_token } })).status,
      401,
      'as refresh token',
    )
  t.equal((await orders({ 'x-api-key': key })).status, 200)
})

t.test('a key ends at its expiry', async t => {
  const { key } = (await create({ name: 'for a day', scopes: ['orders:read'], expires_in_days: 1 }))
    .body
  t.equal((await call('GET', '/api/orders', { token: key })).status, 200)
  edge.clock.skewMs = 24 * 3_600_000 + 1_000
  t.equal((await call('GET', '/api/orders', { token: key })).body.code, 'token_invalid')
  edge.clock.skewMs = 0
})

t.test('[ASVS V8.3, V3.2] an answer with a secret is never kept for a repeat', async t => {
  const secrets = [
    'access_token',
    'refresh_token',
    'access',
    'refresh',
    'ticket',
    'key',
    'secret',
    'verification_token',
  ]
  const shown = (schema: unknown): string[] => {
    const { properties = {}, anyOf = [] } = (schema ?? {}) as {
      properties?: Record<string, unknown>
      anyOf?: unknown[]
    }
    return [...Object.keys(properties), ...anyOf.flatMap(shown)]
  }
  const rows = edge.edge.routes.filter(row =>
    Object.values(row.responses).some(({ schema }) =>
      shown(schema).some(name => secrets.includes(name)),
    ),
  )
  for (const wanted of [
    'login',
    'register',
    'refresh',
    'verifyOtp',
    'issueTicket',
    'createApiKey',
    'createWebhookSubscription',
    'rotateWebhookSecret',
    'connectShop',
  ])
    t.ok(
      rows.some(row => row.operationId === wanted),
      `${wanted} answers a secret`,
    )
  t.same(
    rows.filter(row => row.idempotent === true).map(row => row.operationId),
    [],
  )
  const { token } = await edge.admin()
  const make = () =>
    edge.call('POST', '/api/admin/api-keys', {
      token,
      body: { name: 'twice', scopes: ['orders:read'] },
      headers: { 'idempotency-key': 'the-same' },
    })
  const [first, second] = [await make(), await make()]
  t.same([first.status, second.status], [201, 201])
  t.not(first.body.key, second.body.key)
  const kept = await edge.database.pool.query('select * from idempotency_keys')
  t.notOk(JSON.stringify(kept.rows).includes(first.body.key), 'no answer with a key is stored')
})
