/**
 * Every route is called by every role and by a stranger (OWASP API1:2023 broken object level
 * authorization, API5:2023 broken function level authorization; ASVS V4). A caller whom the table
 * allows is answered. Any other caller gets 401, 403 or 404, in the same words for a record that
 * exists and for one that does not. A route without a row in the table fails the test.
 */
import { rmSync, writeFileSync } from 'node:fs'
import { pino } from 'pino'
import { join } from 'node:path'
import t from 'tap'
import { preparedDataDir } from '../../migrations/database/prepared.ts'
import { uuidV7 } from '../../protocol/kernel/ids.ts'
import { startEmbedded } from '../embedded.ts'
import { archiveOf } from '../streets/samples.ts'
import type { AnyRoute } from '../kernel/route.ts'
import { defaultParams, rules, type Call, type Ids } from './access-table.ts'
import { http, newDriver, newCustomer, newPharmacy, password } from './people.ts'
import { createWorld, people, type Who, type World } from './access-world.ts'

const dataDir = await preparedDataDir()
writeFileSync(join(dataDir, 'map.pmtiles'), archiveOf('vector'))
const environment = {
  DATA_DIR: dataDir,
  PORT: '0',
  RATE_LIMIT_AUTH_PER_ACCOUNT: '10000',
  WEBHOOK_ALLOW_PRIVATE: '1',
  PUSH_ALLOW_PRIVATE: '1',
  PAYMENT_METHODS: 'cash,card',
  STRIPE_SECRET_KEY: 'sk_test_1',
  STRIPE_PUBLISHABLE_KEY: 'pk_test_1',
  STRIPE_WEBHOOK_SECRET: 'whsec_1',
  WC_WEBHOOK_SECRET: 'the secret of the shop',
  WC_WEBHOOK_VENDOR_ID: uuidV7(Date.now(), Math.random),
}
const embedded = await startEmbedded(environment, { log: pino({ level: 'silent' }) })
t.teardown(async () => {
  await embedded.stop()
  rmSync(dataDir, { recursive: true, force: true })
})
const { routes } = embedded.edge
const world = await createWorld(embedded)
const existing = await recordsOf(world)

/** Ids that nothing has. */
const missing = (): Ids =>
  Object.fromEntries(
    Object.entries(existing).map(([name, value]) => [
      name,
      value.includes('-') ? uuidV7(Date.now(), Math.random) : 'ffffffffffffffffffffffffffffffff',
    ]),
  ) as Ids

async function recordsOf(world: World): Promise<Ids> {
  const subscription = await world.subscription()
  const paid = await world.paidOrder()
  const assigned = await world.assignedOrder()
  const offered = await world.offeredOrder()
  const { integrationId, deliveryKey, importId } = await world.shop()
  const { device, deviceSecret } = await world.device()
  const talk = await world.conversation()
  const { service, appointment } = await world.appointment()
  const { waiting } = await world.waiting()
  const feed = await world.calendarFeed()
  // A second sign-in, because the customer's own token must stay valid.
  await http(world.url, 'POST', '/api/auth/login', {
    body: { email: world.customer.email, password },
  })
  const session = await world.call('customer', 'GET', '/api/auth/sessions')
  return {
    order: assigned.id,
    token: assigned.tracking_token,
    pending: await world.pendingOrder(),
    request: await world.openRequest(),
    offerOrder: offered.id,
    offer: offered.offerId,
    vendor: world.vendor.pharmacyId,
    driver: world.driver.driverId,
    upload: await world.upload(),
    unfinished: await world.unfinishedUpload(),
    session: session.body.sessions.find((one: { current: boolean }) => !one.current).id,
    anyPharmacy: world.otherPharmacy.pharmacyId,
    apiKey: (
      await world.call('admin', 'POST', '/api/admin/api-keys', {
        name: 'a service',
        scopes: ['orders:read'],
      })
    ).body.id,
    applicant: (await newPharmacy(world.url, 'Applicant', 10, 10)).pharmacyId,
    applicantDriver: (await newDriver(world.url, world.vendor.pharmacyId)).driverId,
    invitation: (
      await world.call(
        'vendor',
        'POST',
        `/api/vendors/${world.vendor.pharmacyId}/driver-invitations`,
        {},
      )
    ).body.id,
    member: (await world.member()).member,
    rating: await world.rating(),
    document: (await world.document()).document,
    requirement: await world.requirement(),
    notification: await world.notification(),
    pushDevice: await world.pushDevice(),
    inCustody: await world.orderInCustody(),
    ...(await world.earnings()),
    ...paid,
    correction: await world.correction(),
    payout: await world.payout(),
    conversation: talk.conversation,
    message: talk.message,
    parked: await world.parkedCommand(),
    parkedToo: await world.parkedCommand(),
    account: (await newCustomer(world.url)).id,
    subscription,
    delivery: await world.delivery(subscription),
    integration: integrationId,
    deliveryKey,
    import: importId,
    device,
    deviceSecret,
    service,
    appointment,
    waiting,
    mainService: await world.mainService(),
    closure: await world.closure(),
    ...feed,
  }
}

async function ask(
  row: AnyRoute,
  who: Who,
  ids: Ids,
): Promise<{ status: number; body: unknown; text: string }> {
  const call: Call = (await rules[row.operationId]!.of?.(ids, who, world)) ?? {}
  const params = { ...defaultParams(row.path, ids), ...call.params }
  const path =
    row.path.replaceAll(/:([a-z_]+)/g, (_, name: string) => params[name]!) +
    (call.query === undefined ? '' : `?${new URLSearchParams(call.query).toString()}`)
  const body = call.body ?? (row.body === undefined ? undefined : {})
  const answer = await world.call(who, row.method, path, body, call.headers)
  // The ids in the request and the id of the request itself always differ.
  let text = typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body)
  for (const id of Object.values(ids)) text = text.replaceAll(id, 'ID')
  return {
    status: answer.status,
    body: answer.body,
    text: text.replaceAll(/"instance":"[^"]*"/g, ''),
  }
}

t.test('every route has a row, and every row a route', async t => {
  const operations = routes.map(row => row.operationId)
  t.same(
    operations.filter(id => rules[id] === undefined),
    [],
    'say who may call it in access-table.ts',
  )
  t.same(
    Object.keys(rules).filter(id => !operations.includes(id)),
    [],
    'rows whose route is gone',
  )
  t.equal(new Set(operations).size, operations.length, 'operationIds are unique')
})

const tabled = routes.filter(row => rules[row.operationId] !== undefined)

t.test(
  'a caller who is not allowed gets 401, 403 or 404 and cannot tell whether the record exists',
  async t => {
    for (const row of tabled)
      for (const who of people) {
        if (rules[row.operationId]!.allowed.includes(who)) continue
        const name = `${row.operationId} by ${who}`
        const real = await ask(row, who, existing)
        if (who === 'stranger') t.equal(real.status, 401, name)
        else
          t.ok(
            real.status === 403 || real.status === 404,
            `${name}: ${real.status} ${real.text.slice(0, 200)}`,
          )
        const none = await ask(row, who, missing())
        t.same(
          [none.status, none.text],
          [real.status, real.text],
          `${name}: the same for an id that does not exist`,
        )
      }
  },
)

t.test('an own first id and a second id of somebody else open nothing', async t => {
  const done = async (who: Who, method: string, path: string, body: unknown): Promise<any> => {
    const answer = await world.call(who, method, path, body)
    if (answer.status >= 300)
      throw new Error(`${who} ${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`)
    return answer.body
  }
  const order = await done('otherCustomer', 'POST', '/api/orders', {
    vendor_id: world.otherPharmacy.pharmacyId,
    delivery_address: '2 Side St',
    delivery_latitude: -27.01,
    delivery_longitude: 20.01,
  })
  await done('otherPharmacy', 'POST', `/api/orders/${order.id}/accept`, {})
  await done('otherDriver', 'PATCH', `/api/drivers/${world.otherDriver.driverId}/status`, {
    status: 'available',
  })
  await done('otherPharmacy', 'POST', `/api/orders/${order.id}/assign-driver`, {
    driver_id: world.otherDriver.driverId,
  })
  const { subscription } = await done('otherPharmacy', 'POST', '/api/webhooks/subscriptions', {
    url: 'http://127.0.0.1:9/other',
  })
  const talk = await done('otherCustomer', 'POST', '/api/conversations', {
    topic: 'pharmacy',
    order_id: order.id,
  })
  const theirService = await done(
    'otherPharmacy',
    'POST',
    `/api/vendors/${world.otherPharmacy.pharmacyId}/services`,
    {
      name: 'Consultation',
      rules: [{ days: ['mon', 'tue', 'wed', 'thu', 'fri'], from: '00:00', to: '24:00' }],
      steps: [{ id: 'consent', name: 'Consent', minutes: 5 }],
    },
  )
  const { slots } = await done(
    'otherCustomer',
    'GET',
    `/api/services/${theirService.id}/availability`,
    undefined,
  )
  const visit = await done('otherCustomer', 'POST', '/api/appointments', {
    service_id: theirService.id,
    start: slots.at(-1).start,
  })
  /** The start of a path, the callers who own its first id, and that id. */
  const firsts: [prefix: string, callers: readonly Who[], id: string][] = [
    ['/api/vendors/:id/', ['otherPharmacy'], world.otherPharmacy.pharmacyId],
    ['/api/drivers/:id/', ['otherDriver', 'otherPharmacy'], world.otherDriver.driverId],
    ['/api/webhooks/subscriptions/:id/', ['otherPharmacy'], subscription.id],
    ['/api/appointments/:id/', ['otherCustomer', 'otherPharmacy'], visit.id],
    ['/api/orders/:id/', ['otherDriver', 'otherPharmacy', 'otherCustomer'], order.id],
    ['/api/conversations/:id/', ['otherPharmacy', 'otherCustomer'], talk.id],
  ]
  // Rows for administrators alone are left out, because an administrator may read every record.
  const rows = tabled.filter(
    row =>
      row.path.split(':').length > 2 &&
      rules[row.operationId]!.allowed.some(who => who !== 'admin'),
  )
  t.ok(rows.length > 4, 'there are such rows')
  for (const row of rows) {
    const first = firsts.find(([prefix]) => row.path.startsWith(prefix))
    if (first === undefined) {
      t.fail(`${row.operationId}: say in this table whose the first id of ${row.path} is`)
      continue
    }
    for (const who of first[1]) {
      const crossed = async (ids: Ids) => {
        const call: Call = (await rules[row.operationId]!.of?.(ids, who, world)) ?? {}
        const params: Record<string, string> = {
          ...defaultParams(row.path, ids),
          ...call.params,
          id: first[2],
        }
        const path = row.path.replaceAll(/:([a-z_]+)/g, (_, name: string) => params[name]!)
        const { status, body } = await world.call(
          who,
          row.method,
          path,
          call.body ?? (row.body === undefined ? undefined : {}),
          call.headers,
        )
        let text = typeof body === 'string' ? body : JSON.stringify(body)
        for (const id of Object.values(ids)) text = text.replaceAll(id, 'ID')
        return { status, text: text.replaceAll(/"instance":"[^"]*"/g, '') }
      }
      const [theirs, nobodys] = [await crossed(existing), await crossed(missing())]
      t.ok(
        [403, 404, 409, 410].includes(theirs.status),
        `${row.operationId} by ${who}: ${theirs.status} ${theirs.text.slice(0, 200)}`,
      )
      t.same(
        theirs,
        nobodys,
        `${row.operationId} by ${who}: a record of others is answered like one that does not exist`,
      )
    }
  }
})

t.test('the same Idempotency-Key of two accounts gets two answers', async t => {
  const headers = { 'idempotency-key': 'one-key-of-two-accounts' }
  const ask = async (who: Who) =>
    world.call(
      who,
      'POST',
      '/api/requests',
      { latitude: 27.7, longitude: 85.3, radius_km: 5, quantity: 1 },
      headers,
    )
  const [first, second, again] = [
    await ask('customer'),
    await ask('otherCustomer'),
    await ask('customer'),
  ]
  t.same([first.status, second.status], [201, 201])
  t.not(first.body.request_id, second.body.request_id)
  t.equal(again.body.request_id, first.body.request_id)
})

t.test('a caller who is allowed is answered and sees nothing of others', async t => {
  const foreign = [
    existing.order,
    existing.pending,
    existing.request,
    existing.offerOrder,
    existing.upload,
    existing.session,
    existing['subscription']!,
    existing['delivery']!,
    existing['integration']!,
    existing['import']!,
    existing['apiKey']!,
    existing['invitation']!,
    existing['member']!,
    existing['device']!,
    existing['applicantDriver']!,
    existing['rating']!,
    existing['document']!,
    existing['conversation']!,
    existing['message']!,
    existing['appointment']!,
    existing['waiting']!,
    existing['calendarFeed']!,
    world.customer.id,
    world.customer.email,
  ]
  const uninvolved: readonly Who[] = ['stranger', 'otherCustomer', 'otherPharmacy', 'otherDriver']
  const later = (row: AnyRoute): number =>
    rules[row.operationId]!.last === 'very'
      ? 3
      : rules[row.operationId]!.last === true
        ? 2
        : row.method === 'GET'
          ? 0
          : 1
  for (const row of [...tabled].sort((a, b) => later(a) - later(b)))
    for (const who of people) {
      const rule = rules[row.operationId]!
      if (!rule.allowed.includes(who)) continue
      const name = `${row.operationId} by ${who}`
      const { status, body } = await ask(row, who, existing)
      t.ok(
        ![401, 403, 404].includes(status) && status < 500,
        `${name}: ${status} ${status < 400 ? '' : JSON.stringify(body)}`,
      )
      if (rule.shows === true || !uninvolved.includes(who)) continue
      const text = JSON.stringify(body)
      t.same(
        foreign.filter(id => text?.includes(id)),
        [],
        `${name} shows nothing of others`,
      )
    }
})
