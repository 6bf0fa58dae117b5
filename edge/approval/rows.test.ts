/**
 * Every row of the route table and every socket is tried by everybody who may not work. A row is
 * closed to them unless it stands in `open` below, and an open row shows nothing of others.
 */
import { createHmac } from 'node:crypto'
import t from 'tap'
import { picture } from '../acceptance/access-world.ts'
import { http, Listener, newCustomer, newPharmacy } from '../acceptance/people.ts'
import { type Stopped, startStopped } from './fixture-stopped.ts'

const {
  old,
  subscription,
  ids,
  shopAgain,
  secret,
  letGo,
  embedded,
  url,
  routes,
  admin,
  done,
  worked,
  pending,
  rejected,
  waiting,
  tickets,
  prescriptionLink,
  openedBefore,
  stopped,
  callOf,
  ask,
} = await startStopped(t)

/**
 * The rows that are open to them beside the rows without a sign-in: their own account and record,
 * and the lists of pharmacies.
 */
const open: Record<string, readonly Stopped['role'][]> = {
  me: ['vendor', 'driver'],
  updateMe: ['vendor', 'driver'],
  exportMe: ['vendor', 'driver'],
  meV1: ['vendor', 'driver'],
  userMeV1: ['vendor', 'driver'],
  updateUserMeV1: ['vendor', 'driver'],
  changePassword: ['vendor', 'driver'],
  listSessions: ['vendor', 'driver'],
  endSession: ['vendor', 'driver'],
  logoutEverywhere: ['vendor', 'driver'],
  issueTicket: ['vendor', 'driver'],
  upload_document: ['vendor', 'driver'],
  createDocument: ['vendor', 'driver'],
  listDocuments: ['vendor', 'driver'],
  getDocument: ['vendor', 'driver'],
  readDocument: ['vendor', 'driver'],
  listRequirements: ['vendor', 'driver'],
  getNotificationPreferences: ['vendor', 'driver'],
  setNotificationPreferences: ['vendor', 'driver'],
  listPushDevices: ['vendor', 'driver'],
  registerPushDevice: ['vendor', 'driver'],
  testPushDevice: ['vendor', 'driver'],
  forgetPushDevice: ['vendor', 'driver'],
  listVendors: ['vendor', 'driver'],
  getVendor: ['vendor', 'driver'],
  updateVendor: ['vendor'],
  sanjevaniPharmacies: ['vendor', 'driver'],
  sanjevaniPharmacy: ['vendor', 'driver'],
  replaceSanjevaniPharmacy: ['vendor'],
  updateSanjevaniPharmacy: ['vendor'],
  closeSanjevaniPharmacy: ['vendor'],
  pharmacyProfile: ['vendor'],
  replacePharmacyProfile: ['vendor'],
  updatePharmacyProfile: ['vendor'],
  getDriver: ['driver'],
  updateDriver: ['driver'],
  getDriverV1: ['driver'],
  updateDriverV1: ['driver'],
  getEarnings: ['driver'],
  requestMembership: ['driver'],
  stateRemittance: ['driver'],
  listRemittances: ['driver'],
}
/** Rows that show the public part of any pharmacy. */
const publicRecords = new Set(['getVendor', 'sanjevaniPharmacy'])
/** The rows with which the driver of a suspended pharmacy brings a delivery to its end. */
const carrying = new Set([
  'listOrders',
  'getOrder',
  'getCustody',
  'getOrderPayment',
  'getPayment',
  'getPaymentV1',
  'updateOrder',
  'scanPackage',
  'reportHandover',
  'reportBreak',
  'recordTemperatures',
  'recordTemperatureFile',
  'getTemperatures',
  'decideBreak',
  'unlockHandover',
  'listTrips',
  'getTrip',
  'sendLocation',
  'upload_proof',
  'upload_signature',
  'upload_audio',
  'upload_picture',
  'upload_prescription',
  'scanCodes',
  'getSpeech',
  'transcribe',
  'beginUpload',
  'getUpload',
  'continueUpload',
  'endUpload',
  'openConversation',
  'listConversations',
  'searchMessages',
  'getConversation',
  'listMessages',
  'sendMessage',
  'takeBackMessage',
  'markRead',
  'reportConversation',
  'closeConversation',
])

t.test('after a change to approval, old accounts work and new pharmacies wait', async t => {
  t.equal((await http(url, 'GET', '/api/health')).body.registration, 'approval')
  t.same(worked, [200, 200, 200], 'two pharmacies and a driver from before the change')
  const mallory = await newPharmacy(url, 'Mallory', 1, 1)
  t.equal((await http(url, 'GET', '/api/orders', { token: mallory.token })).status, 403)
})

t.test('the lists above name exactly the rows that are open to them', async t => {
  const marked = routes
    .filter(
      row =>
        row.standing !== undefined &&
        Array.isArray(row.auth) &&
        (row.auth.includes('vendor') || row.auth.includes('driver')),
    )
    .map(row => row.operationId)
  t.same(
    marked.filter(id => open[id] === undefined && !carrying.has(id)),
    [],
    'each row that opens itself to them is listed',
  )
  t.same(
    [...Object.keys(open), ...carrying].filter(id => !marked.includes(id)),
    [],
    'no listed row is closed',
  )
})

t.test('every other row that needs a sign-in is closed to everybody who may not work', async t => {
  const foreign = [
    old.customer.id,
    old.customer.email,
    old.customer.token,
    'Paracetamol',
    '2 Side St',
    ids.order,
    ids.pending,
    ids.request,
    ids.offerOrder,
    old.otherCustomer.id,
  ]
  let tried = 0
  for (const row of routes) {
    if (!Array.isArray(row.auth)) continue
    for (const who of stopped) {
      if (!row.auth.includes(who.role) || open[row.operationId]?.includes(who.role) === true)
        continue
      if (carrying.has(row.operationId) && who.person === old.driver) continue
      const { status, body } = await ask(row, who, await callOf(row))
      t.match(
        [status, body?.code ?? body?.error],
        [403, status === 403 && body.code === undefined ? String : who.code],
        `${row.operationId} by ${who.name}: ${status}`,
      )
      const text = JSON.stringify(body)
      t.same(
        foreign.filter(one => text.includes(one)),
        [],
        `${row.operationId} by ${who.name} shows nothing`,
      )
      tried++
    }
  }
  t.ok(tried > 200, `${tried} were tried`)
})

t.test('an open row shows and changes nothing of others', async t => {
  const patient = await newCustomer(url)
  const foreign = [
    old.customer.id,
    old.customer.email,
    'Paracetamol',
    '2 Side St',
    ids.order,
    ids.pending,
    ids.request,
    ids.offerOrder,
    patient.id,
  ]
  for (const row of routes) {
    if (
      open[row.operationId] === undefined ||
      ['changePassword', 'logoutEverywhere', 'endSession'].includes(row.operationId)
    )
      continue
    for (const who of stopped) {
      if (!open[row.operationId]!.includes(who.role)) continue
      const call = await callOf(row)
      for (const id of row.path.includes(':id')
        ? [who.own, ids.vendor, ids.driver, ids['anyPharmacy']!, ids['applicantDriver']!, ids.order]
        : [who.own]) {
        const { status, body } = await ask(row, who, call, { id })
        const text = JSON.stringify(body)
        t.ok(status < 500, `${row.operationId} by ${who.name}: ${status}`)
        t.same(
          foreign.filter(one => text.includes(one)),
          [],
          `${row.operationId} by ${who.name} of ${id} shows nothing`,
        )
        const mine =
          id === who.own || publicRecords.has(row.operationId) || !row.path.includes(':id')
        if (!mine)
          t.ok(status >= 400, `${row.operationId} by ${who.name}: ${status} for a record of others`)
      }
    }
  }
})

t.test('a suspended pharmacy can read and change none of its drivers', async t => {
  for (const driverId of [ids.driver, ids['applicantDriver']!]) {
    for (const [method, path, body] of [
      ['GET', `/api/drivers/${driverId}`],
      ['PATCH', `/api/drivers/${driverId}`, { is_active: false }],
      ['PATCH', `/api/drivers/${driverId}`, { full_name: 'Other Name' }],
      ['GET', `/api/drivers/${driverId}/earnings`],
      ['DELETE', `/api/drivers/${driverId}`],
      ['PATCH', `/api/drivers/${driverId}/status`, { status: 'offline' }],
    ] as [string, string, object?][])
      t.match(
        await http(url, method, path, {
          token: old.vendor.token,
          ...(body !== undefined && { body }),
        }),
        { status: 403, body: { code: 'vendor_not_active' } },
        `${method} ${path} ${JSON.stringify(body)}`,
      )
    t.match(await done(admin, 'GET', `/api/drivers/${driverId}`), { membership: 'active' })
  }
})

t.test(
  'sockets are refused to everybody who may not work, with a token and with a ticket from before',
  async t => {
    const code = async (path: string): Promise<{ code: number; heard: string[] }> => {
      const listener = new Listener(url, path)
      return { code: await listener.end(), heard: listener.heard.map(message => message.type) }
    }
    for (const who of stopped) {
      if (who.person === old.driver) continue
      for (const path of [
        '/ws/pharmacy/',
        '/ws/driver',
        `/ws/driver/${who.person.id}`,
        `/ws/vendor/${who.own}`,
        `/ws/vendor/${ids.vendor}`,
        `/ws/vendor/${ids['anyPharmacy']}`,
        '/ws/customer/',
      ])
        t.same(
          await code(`${path}?token=${who.person.token}`),
          { code: 4003, heard: [] },
          `${path} for ${who.name}`,
        )
      const { ticket } = await done(who.person.token, 'POST', '/api/auth/ws-ticket')
      t.same(
        await code(`${who.role === 'vendor' ? '/ws/pharmacy/' : '/ws/driver'}?ticket=${ticket}`),
        { code: 4003, heard: [] },
        `a ticket of ${who.name}`,
      )
    }
    t.same(
      await code(`/ws/pharmacy/?ticket=${tickets.get('suspended')}`),
      { code: 4003, heard: [] },
      'a ticket from before the suspension',
    )
  },
)

t.test('a link to a file that was given before the suspension opens it no more', async t => {
  t.equal(openedBefore, 200)
  t.match(await http(url, 'GET', prescriptionLink), {
    status: 403,
    body: { code: 'vendor_not_active' },
  })
})

t.test('they send and read no file with their token', async t => {
  for (const who of stopped) {
    if (who.person === old.driver) continue
    for (const kind of ['proof', 'signature', 'prescription', 'audio'])
      t.match(
        await http(url, 'POST', `/api/uploads/${kind}`, {
          token: who.person.token,
          body: picture(),
        }),
        { status: 403, body: { code: who.code } },
        `${kind} by ${who.name}`,
      )
    t.match(
      await http(url, 'GET', `/api/uploads/file/${ids.upload}`, { token: who.person.token }),
      { status: 403 },
      `a file by ${who.name}`,
    )
  }
})

t.test(
  'a suspended pharmacy gets no order, from a shop or a customer, and its receiver gets no event of them',
  async t => {
    const deliveries = async (): Promise<number> =>
      (
        await embedded.edge.parts.database.pool.query<{ count: number }>(
          'select count(*)::integer as count from webhook_deliveries where subscription_id = $1',
          [subscription],
        )
      ).rows[0]!.count
    const ordersOf = async (): Promise<string[]> =>
      (await done(admin, 'GET', `/api/orders?vendor_id=${ids.vendor}&limit=200`)).orders.map(
        (one: { id: string }) => one.id,
      )
    const [ordersBefore, deliveriesBefore] = [await ordersOf(), await deliveries()]
    const order = JSON.stringify({
      id: 77,
      status: 'processing',
      billing: { first_name: 'Ann', last_name: 'Other', phone: '555' },
      line_items: [{ name: 'Aspirin', quantity: 1 }],
      meta_data: [
        { key: 'latitude', value: '27.72' },
        { key: 'longitude', value: '85.33' },
      ],
    })
    const signed = createHmac('sha256', secret).update(order).digest('base64')
    const answer = await http(
      url,
      'POST',
      `/api/webhooks/wc/order-created/${shopAgain.delivery_url.split('/').at(-1)}`,
      {
        body: order,
        headers: { 'x-wc-webhook-signature': signed, 'x-wc-webhook-topic': 'order.created' },
      },
    )
    t.ok(
      answer.status >= 400 || answer.body.order_id == null,
      `${answer.status} ${JSON.stringify(answer.body)}`,
    )
    t.same(await ordersOf(), ordersBefore, 'no order of a suspended pharmacy')
    const patient = await newCustomer(url)
    const placed = await http(url, 'POST', '/api/orders', {
      token: patient.token,
      body: {
        vendor_id: ids.vendor,
        delivery_address: 'home',
        delivery_latitude: 27.72,
        delivery_longitude: 85.33,
      },
    })
    t.ok(placed.status >= 400 && placed.status < 500, `an order to it: ${placed.status}`)

    t.equal(await deliveries(), deliveriesBefore)
  },
)

t.test(
  'an API key sees no pharmacy that may not work, and puts no driver on duty who may not work',
  async t => {
    const { key } = await done(admin, 'POST', '/api/admin/api-keys', {
      name: 'a service',
      scopes: ['orders:write', 'drivers:write', 'vendors:read'],
    })
    const headers = { 'x-api-key': key as string }
    for (const [id, wanted] of [
      [pending.pharmacyId, 404],
      [rejected.pharmacyId, 404],
      [ids.vendor, 404],
      [ids['anyPharmacy']!, 200],
    ] as const)
      t.equal((await http(url, 'GET', `/api/vendors/${id}`, { headers })).status, wanted)
    t.ok(
      [403, 409].includes(
        (
          await http(url, 'PATCH', `/api/drivers/${waiting.driverId}/status`, {
            headers,
            body: { status: 'available' },
          })
        ).status,
      ),
      'a driver who waits is not put on duty',
    )
    t.ok(
      [403, 409].includes(
        (
          await http(url, 'PATCH', `/api/drivers/${letGo.driverId}/status`, {
            headers,
            body: { status: 'available' },
          })
        ).status,
      ),
    )
  },
)
