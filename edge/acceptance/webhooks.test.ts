/**
 * Outgoing webhooks of a whole deployment. A pharmacy subscribes, and its events arrive in order
 * and signed. Its receiver goes away, the process ends and starts again, and no event is missing.
 */
import { rmSync } from 'node:fs'
import { pino } from 'pino'
import t from 'tap'
import { preparedDataDir } from '../../migrations/database/prepared.ts'
import { webhookLimits } from '../webhooks/limits.ts'
import { createAccount } from '../accounts/accounts.ts'
import { startEmbedded, type Embedded } from '../embedded.ts'
import { answerOk, answerStatus, startReceiver, verifies } from '../webhooks/receiver.ts'
import { eventually, http, newCustomer, newPharmacy, password } from './people.ts'

const dataDir = await preparedDataDir()
const start = (environment: Record<string, string> = {}): Promise<Embedded> =>
  startEmbedded(
    { DATA_DIR: dataDir, PORT: '0', WEBHOOK_ALLOW_PRIVATE: '1', ...environment },
    { log: pino({ level: 'silent' }) },
  )
let embedded = await start()
let { url } = embedded
t.teardown(async () => {
  await embedded.stop()
  rmSync(dataDir, { recursive: true, force: true })
})

const customer = await newCustomer(url)
const pharmacy = await newPharmacy(url, 'Corner Pharmacy', 40.71, -74)
const other = await newPharmacy(url, 'Other Pharmacy', 40.72, -74)
const base = '/api/webhooks/subscriptions'
const as = (token: string, method: string, path: string, body?: unknown) =>
  http(url, method, base + path, { token, ...(body !== undefined && { body }) })
const place = async (): Promise<string> => {
  const { body } = await http(url, 'POST', '/api/orders', {
    token: customer.token,
    body: {
      vendor_id: pharmacy.pharmacyId,
      delivery_address: '1 Main St',
      delivery_latitude: 40.72,
      delivery_longitude: -74,
      items: [{ name: 'Aspirin', quantity: 1 }],
    },
  })
  return body.id
}

t.test('a subscriber gets signed events in order, a log, and repeats on demand', async t => {
  const receiver = await startReceiver()
  t.teardown(() => receiver.close())
  const made = await as(pharmacy.token, 'POST', '', {
    url: receiver.url,
    description: 'our till',
  })
  t.match(
    [made.status, made.body.subscription],
    [
      201,
      { vendor_id: pharmacy.pharmacyId, active: true, disabled_at: null, description: 'our till' },
    ],
  )
  t.same(made.body.subscription.events, [])
  const {
    subscription: { id },
    secret,
  } = made.body
  t.match(secret, /^whsec_/)
  const order = await place()
  await http(url, 'POST', `/api/orders/${order}/accept`, { token: pharmacy.token, body: {} })
  await http(url, 'DELETE', `/api/orders/${order}?reason=changed`, { token: customer.token })
  const messages = await receiver.until(3)
  t.same(
    messages.map(one => [one.json.type, one.json.order_id, one.json.order_seq]),
    [
      ['order.placed', order, 1],
      ['order.accepted', order, 2],
      ['order.cancelled', order, 3],
    ],
  )
  for (const message of messages) t.ok(verifies(secret, message), 'signed')

  const log = await eventually(
    () => as(pharmacy.token, 'GET', `/${id}/deliveries?order_id=${order}&state=delivered`),
    answer => answer.body.deliveries.length === 3,
  )
  t.match(log.body.deliveries, [
    { event_type: 'order.cancelled', attempts: 1 },
    { event_type: 'order.accepted' },
    { event_type: 'order.placed' },
  ])
  const first = log.body.deliveries[2]
  t.match((await as(pharmacy.token, 'GET', `/${id}/deliveries/${first.id}`)).body, {
    body: messages[0]!.body,
    attempt_log: [{ attempt: 1, http_status: 200, error: null, response: 'thank you' }],
  })
  const replayed = await as(pharmacy.token, 'POST', `/${id}/deliveries/${first.id}/replay`, {})
  t.match([replayed.status, replayed.body], [202, { replay_of: first.id, order_seq: 1 }])
  await receiver.until(4)
  t.equal(receiver.received[3]!.body, messages[0]!.body)

  const rotated = await as(pharmacy.token, 'POST', `/${id}/rotate-secret`, {})
  t.not(rotated.body.secret, secret)
  const again = await place()
  const [, , , , last] = await receiver.until(5)
  t.equal(last!.json.order_id, again)
  t.same([verifies(rotated.body.secret, last!), verifies(secret, last!)], [true, false])
  const { rows } = await embedded.edge.parts.database.pool.query(
    'select * from webhook_subscriptions',
  )
  t.notMatch(
    JSON.stringify(rows),
    rotated.body.secret.slice(6),
    'the secret is not in the database',
  )
  t.notMatch(
    JSON.stringify((await as(pharmacy.token, 'GET', '')).body),
    /whsec|secret/,
    'the secret is not shown again',
  )
  t.equal((await as(pharmacy.token, 'DELETE', `/${id}`)).status, 204)
  await place()
  await new Promise(resolve => {
    setTimeout(resolve, 200)
  })
  t.equal(receiver.received.length, 5, 'a deleted subscription gets nothing')
})

t.test('nobody else can use a subscription (OWASP API1)', async t => {
  const made = (
    await as(pharmacy.token, 'POST', '', {
      url: 'http://127.0.0.1:1/',
      events: ['order.delivered'],
    })
  ).body
  const { id } = made.subscription
  const none = '019a0000-0000-7000-8000-000000000000'
  const paths: [method: string, path: string, body?: unknown][] = [
    ['GET', ''],
    ['PATCH', '', { active: false }],
    ['DELETE', ''],
    ['POST', '/rotate-secret', {}],
    ['GET', '/deliveries'],
    ['GET', `/deliveries/${none}`],
    ['POST', `/deliveries/${none}/replay`, {}],
  ]
  for (const [method, path, body] of paths) {
    const theirs = await as(other.token, method, `/${id}${path}`, body)
    const nobodys = await as(other.token, method, `/${none}${path}`, body)
    t.same(
      [theirs.status, theirs.body.detail],
      [404, nobodys.body.detail],
      `${method} ${path}: like a subscription that does not exist`,
    )
    t.equal((await as(customer.token, method, `/${id}${path}`, body)).status, 403)
  }
  t.same((await as(other.token, 'GET', '')).body.subscriptions, [])
  t.equal(
    (
      await as(other.token, 'POST', '', {
        url: 'http://127.0.0.1:1/',
        vendor_id: pharmacy.pharmacyId,
      })
    ).status,
    400,
    'nobody can subscribe to another pharmacy',
  )
  t.equal(
    (
      await as(pharmacy.token, 'POST', '', {
        url: 'http://127.0.0.1:1/',
        events: ['order.exploded'],
      })
    ).body.fields[0].field,
    'events.0',
  )
  t.equal(
    (await as(pharmacy.token, 'POST', '', { url: 'ftp://127.0.0.1/' })).body.code,
    'webhook_url_refused',
  )
  const changed = await as(pharmacy.token, 'PATCH', `/${id}`, {
    events: [],
    url: 'http://127.0.0.1:2/x',
  })
  t.match(changed.body, { url: 'http://127.0.0.1:2/x', active: true })
  t.same(changed.body.events, [])
  t.equal(
    (await as(pharmacy.token, 'PATCH', `/${id}`, { owner_id: other.id })).status,
    400,
    'no mass assignment',
  )
  const many = await Promise.all(
    Array.from({ length: webhookLimits.webhookSubscriptionsPerOwnerMax + 3 }, () =>
      as(pharmacy.token, 'POST', '', { url: 'http://127.0.0.1:1/' }),
    ),
  )
  t.equal(
    many.filter(answer => answer.status === 201).length,
    webhookLimits.webhookSubscriptionsPerOwnerMax - 1,
    'the number of subscriptions is bounded, also when they come at once',
  )
  t.equal(many.find(answer => answer.status !== 201)!.body.code, 'subscription_limit_reached')
  for (const { id } of (await as(pharmacy.token, 'GET', '')).body.subscriptions)
    t.equal((await as(pharmacy.token, 'DELETE', `/${id}`)).status, 204)
})

t.test(
  "an administrator's subscription gets all orders; a receiver that is gone is disabled, and its owner gets a letter",
  async t => {
    const { database } = embedded.edge.parts
    await createAccount(
      database.kysely,
      { nowMs: Date.now, random: Math.random },
      { email: 'root@example.com', full_name: 'Root', phone: '', role: 'admin', password },
      async () => null,
    )
    const admin = (
      await http(url, 'POST', '/api/auth/login', { body: { email: 'root@example.com', password } })
    ).body.access_token
    const all = await startReceiver()
    const gone = await startReceiver(answerStatus(410))
    t.teardown(() => Promise.all([all.close(), gone.close()]))
    await as(admin, 'POST', '', { url: all.url })
    const {
      subscription: { id },
    } = (await as(pharmacy.token, 'POST', '', { url: gone.url })).body
    const order = await place()
    await http(url, 'POST', '/api/requests', {
      token: customer.token,
      body: { latitude: 40.71, longitude: -74, radius_km: 5, quantity: 1 },
    })
    t.same((await all.until(2)).map(one => one.json.type).toSorted(), [
      'order.placed',
      'order.requested',
    ])
    const off = await eventually(
      () => as(pharmacy.token, 'GET', `/${id}`),
      answer => answer.body.active === false,
    )
    t.match(off.body, {
      active: false,
      disabled_at: String,
      disabled_reason: /410 Gone/,
      failures_in_a_row: 1,
    })
    t.same(
      gone.received.map(one => one.json.order_id),
      [order],
    )
    const { messenger } = embedded.edge.parts
    const letters = () => messenger.outbox().filter(letter => letter.subject.includes('webhook'))
    // The letter follows a moment later, because its receiver is looked up first.
    for (const untilMs = Date.now() + 60_000; letters().length === 0 && Date.now() < untilMs;)
      await new Promise(resolve => {
        setTimeout(resolve, 20)
      })
    t.equal(letters().length, 1)
    t.match(letters(), [{ to: pharmacy.email, text: /410 Gone/ }])
    gone.behaviour = answerOk
    t.match((await as(pharmacy.token, 'PATCH', `/${id}`, { active: true })).body, {
      active: true,
      disabled_at: null,
      disabled_reason: null,
    })
    await gone.until(2)
    t.equal(
      gone.received[1]!.json.order_id,
      order,
      'the event that waited is sent when the subscription is active again',
    )

    const { id: keyId, key } = (
      await http(url, 'POST', '/api/admin/api-keys', {
        token: admin,
        body: { name: 'till', scopes: ['webhooks:read', 'webhooks:write'] },
      })
    ).body
    const service = await startReceiver()
    t.teardown(() => service.close())
    t.equal(
      (await as(key, 'POST', '', { url: service.url, vendor_id: pharmacy.pharmacyId })).status,
      201,
      'a service subscribes to one pharmacy',
    )
    t.equal(
      (await as(key, 'GET', '')).body.subscriptions.length,
      1,
      'the service sees its own subscriptions alone',
    )
    await place()
    await service.until(1)
    t.equal(
      (await http(url, 'DELETE', `/api/admin/api-keys/${keyId}`, { token: admin })).status,
      200,
    )
    await place()
    await all.until(4)
    t.equal(service.received.length, 1, 'the service gets nothing once its key is revoked')
    for (const subscription of (await as(admin, 'GET', '')).body.subscriptions)
      await as(admin, 'DELETE', `/${subscription.id}`)
  },
)

t.test(
  'after an outage of the receiver and a restart of the process all events arrive in order',
  async t => {
    const before = await startReceiver()
    const { port } = before
    const {
      subscription: { id },
      secret,
    } = (await as(pharmacy.token, 'POST', '', { url: before.url })).body
    const order = await place()
    await before.until(1)
    await before.close()
    await http(url, 'POST', `/api/orders/${order}/accept`, { token: pharmacy.token, body: {} })
    await eventually(
      () => as(pharmacy.token, 'GET', `/${id}`),
      answer => answer.body.failures_in_a_row > 0,
    )
    await http(url, 'DELETE', `/api/orders/${order}`, { token: customer.token })
    await embedded.stop()
    const receiver = await startReceiver(answerOk, port)
    t.teardown(() => receiver.close())
    embedded = await start()
    ;({ url } = embedded)
    await as(pharmacy.token, 'PATCH', `/${id}`, { active: true })
    const messages = await receiver.until(2)
    t.same(
      messages.map(one => [one.json.order_id, one.json.order_seq, one.json.type]),
      [
        [order, 2, 'order.accepted'],
        [order, 3, 'order.cancelled'],
      ],
    )
    for (const message of messages) t.ok(verifies(secret, message))
  },
)

t.test('without WEBHOOK_ALLOW_PRIVATE no private address is subscribed or called', async t => {
  const receiver = await startReceiver()
  t.teardown(() => receiver.close())
  const {
    subscription: { id },
  } = (await as(pharmacy.token, 'POST', '', { url: receiver.url })).body
  await embedded.stop()
  embedded = await start({ WEBHOOK_ALLOW_PRIVATE: '' })
  ;({ url } = embedded)
  for (const refused of [
    receiver.url,
    'https://127.0.0.1/',
    'https://localhost/',
    'https://169.254.169.254/latest/meta-data/',
    'http://example.com/',
  ])
    t.match(
      await as(pharmacy.token, 'POST', '', { url: refused }),
      { status: 422, body: { code: 'webhook_url_refused' } },
      refused,
    )
  await place()
  const failing = await eventually(
    () => as(pharmacy.token, 'GET', `/${id}`),
    answer => answer.body.failures_in_a_row > 0,
  )
  t.equal(failing.body.failures_in_a_row, 1, 'a subscription from before is not called either')
  const [delivery] = (await as(pharmacy.token, 'GET', `/${id}/deliveries?state=waiting`)).body
    .deliveries
  t.match((await as(pharmacy.token, 'GET', `/${id}/deliveries/${delivery.id}`)).body.attempt_log, [
    { http_status: null, error: /https/ },
  ])
  t.match(await as(pharmacy.token, 'POST', `/${id}/deliveries/${delivery.id}/replay`, {}), {
    status: 409,
    body: { code: 'delivery_in_progress' },
  })
  t.equal(receiver.received.length, 0)
})
