import t from 'tap'
import type { OrderReply } from '../../protocol/dispatch/commands.ts'
import { redeemTicket } from '../accounts/authenticate.ts'
import { png } from '../uploads/samples.ts'
import { newId, place, startFixture, viewOf } from './fixture-edge.ts'

const edge = await startFixture()
t.teardown(() => edge.stop())
const { call } = edge

const customer = await edge.customer()
const stranger = await edge.customer()
const vendor = await edge.vendor()
const otherVendor = await edge.vendor()
const driver = await edge.driver(vendor.id)
const otherDriver = await edge.driver(vendor.id)

t.test(
  'an engine with too much to do: 503, when to come again, and a repeat under the same key succeeds',
  async t => {
    const { answer } = edge.script
    edge.script.answer = () => ({
      ok: false,
      problem: { code: 'overloaded', detail: 'the engine has more commands than it can take' },
    })
    t.teardown(() => {
      edge.script.answer = answer
    })
    const ask = {
      token: customer.token,
      body: { ...place, radius_km: 5 },
      headers: { 'idempotency-key': 'busy-hour' },
    }
    const refused = await call('POST', '/api/requests', ask)
    t.equal(refused.status, 503)
    t.match(refused.body, { code: 'overloaded', retryable: true })
    t.ok(Number(refused.headers.get('retry-after')) >= 1)
    edge.script.answer = answer
    t.equal((await call('POST', '/api/requests', ask)).status, 201)
  },
)

t.test('bad input has its code and its field', async t => {
  const request = { ...place, radius_km: 5 }
  const order = {
    vendor_id: vendor.id,
    delivery_address: 'x',
    delivery_latitude: 1,
    delivery_longitude: 1,
  }
  const account = {
    email: 'new@example.com',
    full_name: 'N',
    phone: '+1234567890',
    role: 'user',
    password: 'password123',
  }
  const someOrder = newId()
  const table: [
    name: string,
    method: string,
    path: string,
    token: string | undefined,
    body: unknown,
    status: number,
    code: string,
    field?: string,
  ][] = [
    [
      'admin by registration',
      'POST',
      '/api/auth/register',
      undefined,
      { ...account, role: 'admin' },
      400,
      'invalid_request',
      'role',
    ],
    [
      'e-mail that is none',
      'POST',
      '/api/auth/register',
      undefined,
      { ...account, email: 'x' },
      400,
      'invalid_request',
      'email',
    ],
    [
      'short password',
      'POST',
      '/api/auth/register',
      undefined,
      { ...account, password: 'short' },
      400,
      'invalid_request',
      'password',
    ],
    [
      'e-mail taken, in other letters',
      'POST',
      '/api/auth/register',
      undefined,
      { ...account, email: customer.email.toUpperCase() },
      409,
      'email_taken',
    ],
    [
      'wrong password',
      'POST',
      '/api/auth/login',
      undefined,
      { email: customer.email, password: 'wrong' },
      401,
      'credentials_wrong',
    ],
    [
      'unknown account',
      'POST',
      '/api/auth/login',
      undefined,
      { email: 'nobody@example.com', password: 'wrong' },
      401,
      'credentials_wrong',
    ],
    [
      'latitude off the globe',
      'POST',
      '/api/requests',
      customer.token,
      { ...request, latitude: 90.1 },
      400,
      'invalid_request',
      'latitude',
    ],
    [
      'longitude off the globe',
      'POST',
      '/api/requests',
      customer.token,
      { ...request, longitude: -181 },
      400,
      'invalid_request',
      'longitude',
    ],
    [
      'radius too small',
      'POST',
      '/api/requests',
      customer.token,
      { ...request, radius_km: 0.5 },
      400,
      'invalid_request',
      'radius_km',
    ],
    [
      'radius too large',
      'POST',
      '/api/requests',
      customer.token,
      { ...request, radius_km: 50.1 },
      400,
      'invalid_request',
      'radius_km',
    ],
    [
      'unknown field',
      'POST',
      '/api/requests',
      customer.token,
      { ...request, radius: 5 },
      400,
      'invalid_request',
      'radius',
    ],
    [
      'item without a quantity',
      'POST',
      '/api/requests',
      customer.token,
      { ...request, items: [{ name: 'x' }] },
      400,
      'invalid_request',
      'items.0.quantity',
    ],
    ['a pharmacy broadcasts', 'POST', '/api/requests', vendor.token, request, 403, 'forbidden'],
    ['nobody broadcasts', 'POST', '/api/requests', undefined, request, 401, 'unauthenticated'],
    [
      'a refresh token as access token',
      'GET',
      '/api/auth/me',
      customer.refresh,
      undefined,
      401,
      'token_invalid',
    ],
    [
      'for somebody else',
      'POST',
      '/api/orders',
      customer.token,
      { ...order, user_id: stranger.id },
      403,
      'forbidden',
    ],
    [
      'answer of no known type',
      'POST',
      `/api/requests/${someOrder}/responses`,
      vendor.token,
      { response_type: 'MAYBE' },
      400,
      'invalid_request',
      'response_type',
    ],
    [
      'a customer answers',
      'POST',
      `/api/requests/${someOrder}/responses`,
      customer.token,
      { response_type: 'ACCEPTED' },
      403,
      'forbidden',
    ],
    ['id that is none', 'GET', '/api/orders/1', customer.token, undefined, 404, 'not_found'],
    [
      'order that does not exist',
      'GET',
      `/api/orders/${someOrder}`,
      customer.token,
      undefined,
      404,
      'order_not_found',
    ],
    [
      'status that is not set',
      'PATCH',
      `/api/orders/${someOrder}`,
      driver.token,
      { status: 'driver_assigned' },
      400,
      'invalid_request',
      'status',
    ],
    [
      'failure without a reason',
      'PATCH',
      `/api/orders/${someOrder}`,
      driver.token,
      { status: 'failed' },
      400,
      'invalid_request',
      'reason',
    ],
    [
      'proof of a pick-up',
      'PATCH',
      `/api/orders/${someOrder}`,
      driver.token,
      { status: 'picked_up', proof_photo_url: '/x' },
      400,
      'invalid_request',
      'proof_photo_url',
    ],
    [
      'busy by hand',
      'PATCH',
      `/api/drivers/${driver.id}/status`,
      driver.token,
      { status: 'busy' },
      400,
      'invalid_request',
      'status',
    ],
    [
      "another driver's status",
      'PATCH',
      `/api/drivers/${driver.id}/status`,
      otherDriver.token,
      { status: 'available' },
      404,
      'driver_not_found',
    ],
    [
      "another pharmacy's driver",
      'GET',
      `/api/drivers/${driver.id}`,
      otherVendor.token,
      undefined,
      404,
      'driver_not_found',
    ],
    [
      "another pharmacy's profile",
      'PATCH',
      `/api/vendors/${vendor.id}`,
      otherVendor.token,
      { business_name: 'Mine' },
      404,
      'vendor_not_found',
    ],
    [
      "another pharmacy's orders",
      'GET',
      `/api/vendors/${vendor.id}/orders`,
      otherVendor.token,
      undefined,
      404,
      'vendor_not_found',
    ],
    [
      'driver of no pharmacy',
      'POST',
      '/api/drivers/register',
      undefined,
      {
        email: 'd@example.com',
        full_name: 'D',
        phone: '+123',
        password: 'password123',
        vendor_id: newId(),
        vehicle_type: 'bike',
      },
      404,
      'vendor_not_found',
    ],
    [
      'driver on a boat',
      'POST',
      '/api/drivers/register',
      undefined,
      {
        email: 'd@example.com',
        full_name: 'D',
        phone: '+123',
        password: 'password123',
        vendor_id: vendor.id,
        vehicle_type: 'boat',
      },
      400,
      'invalid_request',
      'vehicle_type',
    ],
    [
      'page too long',
      'GET',
      '/api/orders?limit=201',
      customer.token,
      undefined,
      400,
      'invalid_request',
      'limit',
    ],
    [
      'cursor that is none',
      'GET',
      '/api/orders?cursor=1',
      customer.token,
      undefined,
      400,
      'invalid_request',
      'cursor',
    ],
    [
      'status that is none',
      'GET',
      '/api/orders?status=broadcast',
      customer.token,
      undefined,
      400,
      'invalid_request',
      'status',
    ],
    [
      'link that is none',
      'GET',
      `/api/tracking/${newId()}`,
      undefined,
      undefined,
      404,
      'order_not_found',
    ],
  ]
  for (const [name, method, path, token, body, status, code, field] of table) {
    const answer = await call(method, path, {
      ...(token !== undefined && { token }),
      ...(body !== undefined && { body }),
    })
    t.equal(answer.status, status, `${name}: status`)
    t.equal(answer.body.code, code, `${name}: code`)
    if (field !== undefined) t.equal(answer.body.fields?.[0]?.field, field, `${name}: field`)
  }
})

t.test('refresh tokens rotate; a replay ends the family', async t => {
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
    'a used one',
  )
  t.equal(
    (
      await call('POST', '/api/auth/refresh', {
        body: { refresh_token: second.body.refresh_token },
      })
    ).status,
    401,
    'and with it its successor',
  )
  t.equal(
    (await call('POST', '/api/auth/refresh', { body: { refresh_token: second.body.access_token } }))
      .status,
    401,
    'an access token is none',
  )
  const { rows } = await edge.database.pool.query('select * from sessions')
  t.notMatch(JSON.stringify(rows), refresh, 'no token is stored')
})

t.test('logging out ends the session, an inactive account signs in no more', async t => {
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
    'which only its owner hears',
  )
})

t.test('a ticket opens once, within its minute', async t => {
  const context = edge.edge.parts
  const issue = async () =>
    (await call('POST', '/api/auth/ws-ticket', { token: vendor.token })).body.ticket as string
  const ticket = await issue()
  const both = await Promise.allSettled([
    redeemTicket(context, ticket),
    redeemTicket(context, ticket),
  ])
  t.same(both.map(r => r.status).toSorted(), ['fulfilled', 'rejected'])
  t.match(both.find(r => r.status === 'fulfilled')!.value, {
    role: 'vendor',
    vendorId: vendor.id,
    driverId: null,
  })
  const late = await issue()
  edge.clock.skewMs = 61_000
  await t.rejects(redeemTicket(context, late), { code: 'token_invalid' })
  edge.clock.skewMs = 0
  await t.rejects(redeemTicket(context, ''), { code: 'token_invalid' })
})

t.test('the older names of signing in', async t => {
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

t.test('an account registered with a role completes itself', async t => {
  const email = edge.email()
  const account = await call('POST', '/api/auth/register', {
    body: { email, full_name: 'P', phone: '+1234567890', role: 'vendor', password: 'password123' },
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
    'once',
  )
})

t.test('Idempotency-Key: one command, one answer', async t => {
  // Its orders are nobody else's business below.
  const customer = await edge.customer()
  edge.commands.length = 0
  const body = { ...place, radius_km: 5, notes: 'a note of the customer' }
  const headers = { 'idempotency-key': 'order-1' }
  edge.script.answer = command => ({
    ok: true,
    order: viewOf({ id: command.actor_id, user_id: customer.id, notes: body.notes }),
    outcome: {},
  })
  const first = await call('POST', '/api/requests', { token: customer.token, body, headers })
  await edge.store(first.body.data)
  const {
    rows: [row],
  } = await edge.database.pool.query(
    `select response::text as response from idempotency_keys where key = 'order-1'`,
  )
  t.match(row!['response'], first.body.request_id, 'the id is kept')
  for (const words of [
    'a note of the customer',
    'John Doe',
    'Home Ave',
    first.body.data.tracking_token,
  ])
    t.notOk((row!['response'] as string).includes(words), `and not ${words}`)
  t.ok((row!['response'] as string).length < 600)
  const again = await call('POST', '/api/requests', { token: customer.token, body, headers })
  t.equal(first.status, 201)
  t.same([again.status, again.body], [first.status, first.body])
  t.equal(again.headers.get('idempotency-replayed'), 'true')
  t.equal(edge.commands.length, 1)
  t.equal(
    (
      await call('POST', '/api/requests', {
        token: customer.token,
        body: { ...body, radius_km: 6 },
        headers,
      })
    ).body.code,
    'idempotency_key_reused',
  )
  t.equal(
    (
      await call('POST', '/api/requests', {
        token: customer.token,
        body,
        headers: { 'idempotency-key': 'x'.repeat(201) },
      })
    ).body.code,
    'invalid_request',
  )
  t.equal(
    (
      await call('POST', '/api/requests', {
        token: stranger.token,
        body: { ...body, radius_km: 6 },
        headers,
      })
    ).status,
    201,
    'keys are of an account',
  )
  const parallel = await Promise.all(
    [1, 2, 3].map(() =>
      call('POST', '/api/requests', {
        token: customer.token,
        body,
        headers: { 'idempotency-key': 'order-2' },
      }),
    ),
  )
  t.equal(
    new Set(parallel.map(p => p.body.request_id)).size,
    1,
    'repeats in flight reach the same actor',
  )
  t.equal(
    new Set(edge.commands.filter(c => c.actor_id === parallel[0]!.body.request_id).map(c => c.id))
      .size,
    1,
    'with the same command id',
  )
  edge.script.answer = () =>
    ({ ok: false, problem: { code: 'order_state_conflict', detail: 'first' } }) as OrderReply
  const path = `/api/orders/${newId()}/find-driver`
  const refused = await call('POST', path, {
    token: vendor.token,
    body: {},
    headers: { 'idempotency-key': 'f' },
  })
  edge.script.answer = () =>
    ({ ok: false, problem: { code: 'order_state_conflict', detail: 'second' } }) as OrderReply
  t.same(
    (
      await call('POST', path, {
        token: vendor.token,
        body: {},
        headers: { 'idempotency-key': 'f' },
      })
    ).body.detail,
    refused.body.detail,
    'a refusal too',
  )
})

t.test('who may see an order', async t => {
  const direct = viewOf({
    id: newId(),
    user_id: customer.id,
    vendor_id: vendor.id,
    driver_id: driver.id,
    status: 'picked_up',
  })
  const open = viewOf({ id: newId(), kind: 'broadcast', user_id: customer.id })
  const taken = viewOf({
    id: newId(),
    kind: 'broadcast',
    user_id: customer.id,
    vendor_id: vendor.id,
    status: 'accepted',
    driver_search: {
      state: 'offering',
      offers_made: 1,
      offer: { offer_id: newId(), driver_id: otherDriver.id, expires_at: new Date().toISOString() },
    },
  })
  await edge.store(direct)
  await edge.store(open, [vendor.id, otherVendor.id])
  await edge.store(taken, [vendor.id, otherVendor.id])
  const table: [name: string, token: string, seen: string[]][] = [
    ['customer', customer.token, [direct.id, open.id, taken.id]],
    ['another customer', stranger.token, []],
    ['pharmacy', vendor.token, [direct.id, open.id, taken.id]],
    ['pharmacy that was asked', otherVendor.token, [open.id]],
    ['driver', driver.token, [direct.id]],
    ['driver with an offer', otherDriver.token, [taken.id]],
  ]
  for (const [name, token, seen] of table) {
    const { body } = await call('GET', '/api/orders', { token })
    t.same(
      body.orders.map((o: { id: string }) => o.id).toSorted(),
      seen.toSorted(),
      `${name}: list`,
    )
    for (const { id } of [direct, open, taken])
      t.equal(
        (await call('GET', `/api/orders/${id}`, { token })).status,
        seen.includes(id) ? 200 : 404,
        `${name}: one`,
      )
  }
  t.equal(
    (await call('GET', `/api/orders/${direct.id}`, { token: driver.token })).body.tracking_token,
    '',
    "the link is not the driver's to share",
  )
  const one = await call('GET', '/api/orders?limit=1', { token: customer.token })
  const two = await call('GET', `/api/orders?limit=2&cursor=${one.body.next_cursor}`, {
    token: customer.token,
  })
  t.equal(
    new Set([...one.body.orders, ...two.body.orders].map((o: { id: string }) => o.id)).size,
    3,
  )
  t.equal(two.body.next_cursor, null)
  const link = await call('GET', `/api/tracking/${direct.tracking_token}`)
  t.match(link.body, {
    order: { customer_name: 'John', status: 'picked_up' },
    driver_location: null,
    eta_minutes: null,
  })
  t.notMatch(
    JSON.stringify(link.body),
    /Doe|1234567890/,
    'the public link shows a first name and no number',
  )
})

t.test('late on the older path is 400 with an error', async t => {
  edge.script.answer = () => ({
    ok: false,
    problem: { code: 'request_already_assigned', detail: 'taken' },
  })
  const body = {
    request_id: newId(),
    response_type: 'ACCEPTED',
    text_message: 'Available!',
    audio: null,
  }
  const late = await call('POST', '/medicine/response/', { token: vendor.token, body })
  t.equal(late.status, 400)
  t.equal(late.body.error, 'This request has already been assigned to a pharmacy')
  t.equal(
    (
      await call('POST', `/api/requests/${body.request_id}/responses`, {
        token: vendor.token,
        body: { response_type: 'ACCEPTED' },
      })
    ).status,
    409,
  )
})

t.test('files: type by content, read by the parties', async t => {
  const form = (field: string, bytes: Uint8Array, more: Record<string, string> = {}) => {
    const data = new FormData()
    for (const [name, value] of Object.entries(more)) data.append(name, value)
    data.append(field, new Blob([bytes as Uint8Array<ArrayBuffer>]), '../../evil.png')
    return data
  }
  const stored = await call('POST', '/api/uploads/prescription', {
    token: customer.token,
    body: form('file', png),
  })
  t.match(stored, { status: 201, body: { content_type: 'image/png', bytes: png.length } })
  t.equal(
    (
      await call('POST', '/api/uploads/proof', {
        token: driver.token,
        body: form('file', Buffer.from('<svg onload=alert(1)>')),
      })
    ).body.code,
    'unsupported_media_type',
  )
  await edge.store(
    viewOf({
      id: newId(),
      user_id: customer.id,
      vendor_id: vendor.id,
      prescription_url: stored.body.url,
    }),
  )
  await edge.store(
    viewOf({
      id: newId(),
      user_id: stranger.id,
      vendor_id: otherVendor.id,
      prescription_url: stored.body.url,
    }),
  )
  for (const [name, token, status] of [
    ['owner', customer.token, 200],
    ['its pharmacy', vendor.token, 200],
    ['a stranger who names it in an order', stranger.token, 404],
    ["the stranger's pharmacy", otherVendor.token, 404],
    ['a driver', driver.token, 404],
  ] as const)
    t.equal((await call('GET', stored.body.url, { token })).status, status, name)
  const file = await call('GET', stored.body.url, { token: customer.token })
  t.equal(file.headers.get('content-type'), 'image/png')
  t.match(file.headers.get('content-disposition'), /^inline; filename="[0-9a-f-]+\.png"$/)

  edge.script.answer = command => ({
    ok: true,
    order: viewOf({
      ...(command.data as object),
      id: command.actor_id,
      kind: 'broadcast',
      pharmacies_notified: 3,
    }),
    outcome: {},
  })
  const fields = {
    patient_lat: '27.7172',
    patient_lng: '85.3240',
    radius_km: '10.0',
    quantity: '10',
  }
  const asked = await call('POST', '/medicine/request/', {
    token: customer.token,
    body: form('image', png, fields),
  })
  t.equal(asked.status, 201)
  t.match(asked.body, {
    message: 'Medicine request sent to 3 nearby pharmacies',
    pharmacies_notified: 3,
    data: {
      status: 'PENDING',
      patient_name: 'John Doe',
      image: /^http:\/\/127.*\/api\/uploads\/file\//,
    },
  })
  t.equal(
    (
      await call('POST', '/medicine/request/', {
        token: customer.token,
        body: form('image', png, { ...fields, radius_km: '51' }),
      })
    ).status,
    400,
  )
})

t.test('a driver unknown to the engine is made known when it goes on duty', async t => {
  let known = false
  edge.commands.length = 0
  const answer = edge.script.answer
  edge.script.answer = command => {
    if (command.verb === 'register') known = true
    return known
      ? ({ ok: true, driver: { status: 'available', capacity: 1, active_order_ids: [] } } as never)
      : { ok: false, problem: { code: 'driver_not_found', detail: 'x' } }
  }
  const set = await call('PATCH', `/api/drivers/${driver.id}/status`, {
    token: driver.token,
    body: { status: 'available' },
  })
  edge.script.answer = answer
  t.match(set, { status: 200, body: { status: 'available' } })
  t.same(
    edge.commands.map(c => c.verb),
    ['set_status', 'register', 'set_status'],
  )
  t.equal(edge.commands[1]!.id, `register:${driver.id}`)
})

t.test('the document describes every route, and each reference in it leads somewhere', async t => {
  const { body: document } = await call('GET', '/openapi.json')
  t.equal(document.openapi, '3.1.0')
  const described = Object.entries<Record<string, { operationId: string; responses: object }>>(
    document.paths,
  ).flatMap(([path, methods]) =>
    Object.keys(methods).map(method => `${method.toUpperCase()} ${path}`),
  )
  const rows = edge.edge.routes
  const api = rows.filter(
    row =>
      !row.tags.includes('pages') && row.path !== '/openapi.json' && row.path !== '/asyncapi.json',
  )
  t.same(
    described.toSorted(),
    api.map(row => `${row.method} ${row.path.replaceAll(/:([a-z_]+)/g, '{$1}')}`).toSorted(),
  )
  t.equal(new Set(rows.map(row => row.operationId)).size, rows.length, 'operation ids are unique')
  for (const row of rows)
    if (row.alias !== undefined)
      t.ok(document.paths[row.alias], `${row.path} is another name of a path that exists`)
  const references = [
    ...JSON.stringify(document).matchAll(/"\$ref":"#\/components\/schemas\/(\w+)"/g),
  ].map(match => match[1]!)
  t.ok(references.includes('Order') && references.includes('Problem'))
  for (const name of new Set(references)) t.ok(document.components.schemas[name], name)
  for (const row of api) t.ok(Object.keys(row.responses).length > 0, row.operationId)
  t.match((await call('GET', '/asyncapi.json')).body, {
    asyncapi: '3.0.0',
    channels: { ws_driver: { address: '/ws/driver' } },
  })
})

t.test('the page to try it, and a page that is not there', async t => {
  const docs = await call('GET', '/docs')
  t.equal(docs.status, 200)
  t.match(docs.headers.get('content-type'), 'text/html')
  t.notMatch(docs.body, /(src|href)="https?:/, "it needs nobody else's server")
  t.equal((await call('GET', '/web/nothing.js')).status, 404)
  t.equal((await call('GET', '/web/..%2Fedge.ts')).status, 404)
})

t.test('the root is a page to people and a description to programs', async t => {
  for (const accept of [
    'application/json',
    'application/json, text/html;q=0.5',
    'Application/JSON',
  ]) {
    const { status, body, headers } = await call('GET', '/', { headers: { accept } })
    t.match(
      [status, body, headers.get('vary')],
      [
        200,
        { name: 'Caduceus', version: String, openapi: '/openapi.json', health: '/api/health' },
        'Accept',
      ],
      accept,
    )
    for (const path of ['openapi', 'asyncapi', 'health', 'documentation'])
      t.equal((await call('GET', body[path])).status, 200, path)
  }
  for (const accept of [
    '*/*',
    'text/html',
    'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8',
    'text/html, application/json',
    'application/json;q=0',
  ])
    t.match(
      (await call('GET', '/', { headers: { accept } })).headers.get('content-type'),
      /^text\/html/,
      accept,
    )
})

t.test(
  'a list of pharmacies shows its owner and an administrator what belongs to them alone',
  async t => {
    const [mine, other] = [await edge.vendor(), await edge.vendor()]
    const drivers = [
      await edge.driver(mine.id),
      await edge.driver(mine.id),
      await edge.driver(other.id),
    ]
    const listOf = async (token: string): Promise<any[]> =>
      (await call('GET', '/api/vendors', { token })).body.vendors
    const named = (list: any[], id: string) => list.find(one => one.id === id)
    const all = await listOf((await edge.admin()).token)
    t.match(named(all, mine.id), {
      user_id: String,
      email: /@/,
      driver_ids: [drivers[0]!.id, drivers[1]!.id],
    })
    t.match(named(all, other.id), { driver_ids: [drivers[2]!.id] })
    const own = await listOf(mine.token)
    t.same(named(own, mine.id), named(all, mine.id))
    for (const stranger of [
      named(own, other.id),
      named(await listOf((await edge.customer()).token), mine.id),
    ])
      for (const field of ['user_id', 'email', 'driver_ids', 'proof_required', 'dispatch_policy'])
        t.notOk(field in stranger, field)
  },
)

t.test('health tells what is missing', async t => {
  const { status, body } = await call('GET', '/health')
  t.equal(status, 200)
  t.match(body, {
    status: 'degraded',
    dependencies: { database: 'up', bus: 'up', claims: 'up', engine: 'down' },
    bench_allowed: false,
  })
  t.match(
    (await call('GET', '/metrics')).body,
    /caduceus_http_requests_total\{route="\/health",status="200"\} 1/,
  )
})
