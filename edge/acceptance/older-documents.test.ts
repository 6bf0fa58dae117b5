/**
 * Every row of the tables in the documents of the systems that this one replaces, as a client sees
 * it over HTTP and WebSockets with `REGISTRATION=open`. `edge/CONTRACT.md` says what differs on
 * purpose. The commands of the documents run in `seed-examples.test.ts`, appointments and
 * conversations in their rooms.
 */
import { rmSync } from 'node:fs'
import { pino } from 'pino'
import t, { type Test } from 'tap'
import { preparedDataDir } from '../../migrations/database/prepared.ts'
import { png } from '../uploads/samples.ts'
import { startEmbedded } from '../embedded.ts'
import { createWorld, picture, type Who } from './access-world.ts'
import { Listener, password, terminal, type Answer } from './people.ts'

const dataDir = await preparedDataDir()
const embedded = await startEmbedded(
  {
    DATA_DIR: dataDir,
    PORT: '0',
    REGISTRATION: 'open',
    WC_WEBHOOK_SECRET: 'the secret of the shop',
    WC_WEBHOOK_VENDOR_ID: '0190a5a0-1234-7abc-8def-000000000001',
  },
  { log: pino({ level: 'silent' }) },
)
t.teardown(async () => {
  await embedded.stop()
  rmSync(dataDir, { recursive: true, force: true })
})
const { url } = embedded
const world = await createWorld(embedded)
const { customer, vendor, driver } = world
const call = world.call
let made = 0
const nobodyYet = (): string => `document-${++made}@example.com`

type Row = [row: string, status: number, ask: () => Promise<Answer>, body?: object | RegExp]
async function eachRow(t: Test, rows: readonly Row[]): Promise<void> {
  t.equal(new Set(rows.map(([row]) => row)).size, rows.length)
  for (const [row, status, ask, body] of rows)
    t.match(await ask(), body === undefined ? { status } : { status, body }, row)
}
const socketOpens = async (t: Test, path: string, first: string): Promise<void> => {
  const socket = new Listener(url, path)
  t.teardown(() => socket.close())
  t.ok(await socket.next(first), path)
}
const signedIn = async (): Promise<{ access_token: string; refresh_token: string }> =>
  (
    await call('stranger', 'POST', '/api/auth/login', {
      email: world.otherCustomer.email,
      password,
    })
  ).body

t.test('medex-backend-analysis.md and medex-visual-overview.md', async t => {
  const assigned = await world.assignedOrder()
  const order = `/api/orders/${assigned.id}`
  const pending = () => world.pendingOrder()
  const pharmacy = `/api/vendors/${vendor.pharmacyId}`
  const reports = `/api/reports/vendors/${vendor.pharmacyId}`
  const drivers = `/api/drivers/${driver.driverId}`
  const person = { phone: '+1234567890', password }
  const proof = await call('driver', 'POST', '/api/uploads/proof', picture())
  const as =
    (who: Who, method: string, path: string, body?: unknown): Row[2] =>
    () =>
      call(who, method, path, body)
  await eachRow(t, [
    [
      'POST /api/auth/register',
      201,
      as('stranger', 'POST', '/api/auth/register', {
        ...person,
        email: nobodyYet(),
        full_name: 'John Doe',
        role: 'user',
      }),
      { access_token: String, refresh_token: String, user: { role: 'user' } },
    ],
    [
      'POST /api/auth/login',
      200,
      as('stranger', 'POST', '/api/auth/login', { email: customer.email, password }),
      { token_type: 'bearer', user: { id: customer.id } },
    ],
    [
      'POST /api/auth/refresh',
      200,
      async () => {
        const { refresh_token } = await signedIn()
        return call('stranger', 'POST', '/api/auth/refresh', { refresh_token })
      },
      { access_token: String },
    ],
    ['GET /api/auth/me', 200, as('customer', 'GET', '/api/auth/me'), { id: customer.id }],
    [
      'POST /api/orders/',
      201,
      as('customer', 'POST', '/api/orders/', {
        user_id: customer.id,
        vendor_id: vendor.pharmacyId,
        delivery_address: '456 Home Ave',
        delivery_latitude: 27.72,
        delivery_longitude: 85.33,
        customer_name: 'John Doe',
        customer_phone: '+1234567890',
        items: [{ name: 'Aspirin', quantity: 2 }],
      }),
      { status: 'pending', tracking_token: /^[0-9a-f]{32}$/, order_number: /^ORD-/ },
    ],
    ['GET /api/orders/', 200, as('vendor', 'GET', '/api/orders/'), { orders: Array }],
    ['GET /api/orders/{id}', 200, as('customer', 'GET', order), { id: assigned.id }],
    [
      'POST /api/orders/{id}/accept',
      200,
      async () => call('vendor', 'POST', `/api/orders/${await pending()}/accept`, {}),
      { status: 'accepted' },
    ],
    [
      'POST /api/orders/{id}/assign-driver',
      200,
      async () => {
        const id = await pending()
        await call('vendor', 'POST', `/api/orders/${id}/accept`, {})
        return call('vendor', 'POST', `/api/orders/${id}/assign-driver`, {
          driver_id: driver.driverId,
        })
      },
      { status: 'driver_assigned', driver_id: driver.driverId },
    ],
    [
      'PATCH /api/orders/{id}',
      200,
      as('driver', 'PATCH', order, { status: 'picked_up' }),
      { status: 'picked_up' },
    ],
    [
      'DELETE /api/orders/{id}',
      200,
      async () => call('customer', 'DELETE', `/api/orders/${await pending()}`),
      { status: 'cancelled' },
    ],
    [
      'POST /api/drivers/register',
      201,
      as('stranger', 'POST', '/api/drivers/register', {
        ...person,
        email: nobodyYet(),
        full_name: 'Driver John',
        vendor_id: vendor.pharmacyId,
        vehicle_type: 'bike',
        vehicle_number: 'ABC-1234',
        license_number: 'DL-123456',
      }),
      { driver: { membership: 'active' } },
    ],
    ['GET /api/drivers/', 200, as('vendor', 'GET', '/api/drivers/'), { drivers: Array }],
    ['GET /api/drivers/{id}', 200, as('vendor', 'GET', drivers), { id: driver.driverId }],
    [
      'PATCH /api/drivers/{id}',
      200,
      as('driver', 'PATCH', drivers, { vehicle_number: 'XYZ-1' }),
      { vehicle_number: 'XYZ-1' },
    ],
    [
      'PATCH /api/drivers/{id}/status',
      200,
      as('driver', 'PATCH', `${drivers}/status`, { status: 'available' }),
    ],
    ['GET /api/drivers/{id}/earnings', 200, as('driver', 'GET', `${drivers}/earnings`)],
    ['GET /api/drivers/{id}/deliveries', 200, as('driver', 'GET', `${drivers}/deliveries`)],
    [
      'POST /api/vendors/register',
      201,
      as('stranger', 'POST', '/api/vendors/register', {
        ...person,
        email: nobodyYet(),
        business_name: 'MedPharm Inc',
        address: '123 Main St',
        latitude: 40.7128,
        longitude: -74.006,
      }),
      { vendor: { status: 'active' } },
    ],
    ['GET /api/vendors/', 200, as('customer', 'GET', '/api/vendors/'), { vendors: Array }],
    ['GET /api/vendors/{id}', 200, as('customer', 'GET', pharmacy), { business_name: 'Near' }],
    ['GET /api/vendors/{id}/orders', 200, as('vendor', 'GET', `${pharmacy}/orders`)],
    [
      'PATCH /api/vendors/{id}',
      200,
      as('vendor', 'PATCH', pharmacy, { business_name: 'Near' }),
      { business_name: 'Near' },
    ],
    [
      'POST /api/vendors/{id}/export-csv',
      200,
      as('vendor', 'POST', `${pharmacy}/export-csv`, {}),
      /order/,
    ],
    [
      'GET /api/tracking/{token}',
      200,
      as('stranger', 'GET', `/api/tracking/${assigned.tracking_token}`),
      { order: { id: assigned.id }, eta_minutes: Number },
    ],
    ['GET /api/reports/vendors/{id}', 200, as('vendor', 'GET', reports)],
    ['GET /api/reports/vendors/{id}/drivers', 200, as('vendor', 'GET', `${reports}/drivers`)],
    [
      'GET /api/reports/vendors/{id}/export-csv',
      200,
      as('vendor', 'GET', `${reports}/export-csv`),
      /,/,
    ],
    ['POST /api/uploads/proof', 201, async () => proof, { url: /^\/api\/uploads\/file\// }],
    ['POST /api/uploads/signature', 201, as('driver', 'POST', '/api/uploads/signature', picture())],
    ['GET /api/uploads/file/{id}', 200, as('driver', 'GET', proof.body.url)],
    [
      'POST /api/webhooks/wc/order-created',
      200,
      () =>
        call('stranger', 'POST', '/api/webhooks/wc/order-created', 'webhook_id=1', {
          'content-type': 'application/x-www-form-urlencoded',
        }),
    ],
    ['GET /api/health', 200, as('stranger', 'GET', '/api/health'), { status: 'healthy' }],
  ])
  await socketOpens(t, `/ws/driver?token=${driver.token}`, 'connection')
  await socketOpens(t, `/ws/vendor/${vendor.pharmacyId}?token=${vendor.token}`, 'fleet')
  await socketOpens(t, `/ws/tracking/${assigned.tracking_token}`, 'state')
})

t.test('sanjevani-broadcast.md', async t => {
  const email = nobodyYet()
  const screen = await terminal(url, vendor)
  const me = new Listener(url, `/ws/customer/?token=${customer.token}`)
  t.teardown(() => [screen, me].forEach(one => one.close()))
  await me.next('connection')
  await eachRow(t, [
    ['POST /send-otp', 200, () => call('stranger', 'POST', '/send-otp', { email })],
    [
      'POST /verify-otp',
      400,
      () => call('stranger', 'POST', '/verify-otp', { email, otp: '000000' }),
      { error: String },
    ],
    [
      'POST /customer/register/',
      201,
      () =>
        call('stranger', 'POST', '/customer/register/', {
          email: nobodyYet(),
          password,
          name: 'John Doe',
          phone_number: '9841234567',
        }),
      { user: { role: 'CUSTOMER' } },
    ],
    [
      'POST /login',
      200,
      () => call('stranger', 'POST', '/login', { email: customer.email, password }),
      { access: String, refresh: String, role: 'CUSTOMER' },
    ],
  ])
  const form = new FormData()
  for (const [name, value] of Object.entries({
    patient_lat: '27.7172',
    patient_lng: '85.3240',
    radius_km: '10.0',
    quantity: '10',
  }))
    form.set(name, value)
  form.set('image', new Blob([png as Uint8Array<ArrayBuffer>]), 'prescription.png')
  const asked = await call('customer', 'POST', '/medicine/request/', form)
  t.equal(asked.status, 201)
  const { request_id, data } = asked.body
  t.ok(data.image.startsWith(`${url}/api/uploads/file/`), 'the image is a whole address')
  const image = await fetch(data.image)
  t.equal(image.status, 200, 'which opens without a token')
  await image.arrayBuffer()
  const shown = await screen.next('new_request', one => one.request_id === request_id)
  t.ok(shown.image_url.startsWith(`${url}/api/uploads/file/`), 'on the terminal too')
  const answer = () =>
    call('vendor', 'POST', '/medicine/response/', {
      request_id,
      response_type: 'ACCEPTED',
      text_message: 'We have this medicine in stock!',
      audio: null,
    })
  const first = await answer()
  t.match(first, { status: 201, body: { request_id, response_type: 'ACCEPTED', id: String } })
  t.equal((await answer()).body.id, first.body.id, 'one answer has one id')
  t.match(await me.next('pharmacy_response', one => one.request_id === request_id), {
    response_type: 'ACCEPTED',
    text_message: 'We have this medicine in stock!',
  })
  await world.openRequest()
  const list = await call('customer', 'GET', '/medicine/request/?limit=1')
  t.match(list, { status: 200, body: { count: 2, requests: [{ status: String }] } })
  t.equal(list.body.requests.length, 1, 'the count is of all pages')
  t.match(
    await call('otherPharmacy', 'POST', '/medicine/response/', {
      request_id,
      response_type: 'ACCEPTED',
    }),
    { body: { error: String } },
  )
  for (const path of ['/ws/customer/?token=nonsense', '/ws/pharmacy/'])
    t.equal(await new Listener(url, path).end(), 4001, path)
  t.equal(await new Listener(url, `/ws/pharmacy/?token=${customer.token}`).end(), 4003)
})

t.test('ride-backend-enhancements.md', async t => {
  const curl = (path: string) => call('stranger', 'GET', path)
  const door = { dropoff_latitude: 27.72, dropoff_longitude: 85.33 }
  const asked = await call('customer', 'POST', '/api/v1/trips/request', door)
  const trip = `/api/v1/trips/${asked.body.id}`
  await eachRow(t, [
    [
      'POST /api/v1/auth/otp/request',
      200,
      () => call('stranger', 'POST', '/api/v1/auth/otp/request', { phone: '+1234567890' }),
    ],
    [
      'POST /api/v1/auth/otp/verify',
      400,
      () =>
        call('stranger', 'POST', '/api/v1/auth/otp/verify', {
          phone: '+1234567890',
          otp: '123456',
        }),
      { code: 'code_wrong' },
    ],
    [
      'POST /api/v1/auth/refresh',
      200,
      async () => {
        const { refresh_token } = await signedIn()
        return call('stranger', 'POST', '/api/v1/auth/refresh', { refresh_token })
      },
      { access_token: String, refresh_token: String },
    ],
    [
      'POST /api/v1/auth/logout',
      200,
      async () => {
        const { refresh_token } = await signedIn()
        return call('stranger', 'POST', '/api/v1/auth/logout', { refresh_token })
      },
    ],
    ['POST /api/v1/trips/request', 201, async () => asked, { status: 'requested' }],
    ['GET /api/v1/trips', 200, () => call('customer', 'GET', '/api/v1/trips'), { trips: Array }],
    ['GET /api/v1/trips/{id}', 200, () => call('customer', 'GET', trip)],
    ['POST /api/v1/trips/{id}/cancel', 200, () => call('customer', 'POST', `${trip}/cancel`, {})],
    ['curl /api/v1/trips/request', 200, () => curl('/api/v1/trips/request')],
    ['curl /api/v1/pricing/calculate', 200, () => curl('/api/v1/pricing/calculate')],
    ['curl /health', 200, () => curl('/health'), { status: 'healthy' }],
    ['curl /api/v1/auth/signup', 405, () => curl('/api/v1/auth/signup')],
  ])
  t.equal((await curl('/api/v1/auth/signup')).headers.get('allow'), 'POST, OPTIONS')
  await socketOpens(t, `/ws/user_123?token=${customer.token}`, 'connection')
})

t.test('tech-triathlon-structure.md, under the names of this API', async t => {
  const { service, appointment } = await world.appointment()
  const rating = await world.rating()
  const { conversation } = await world.conversation()
  const { document, documentDigest: digest } = await world.document(true)
  const ask = (who: Who, path: string) => () => call(who, 'GET', path)
  await eachRow(t, [
    ['services', 200, ask('stranger', `/api/vendors/${vendor.pharmacyId}/services`)],
    ['availability', 200, ask('stranger', `/api/services/${service}/availability`)],
    ['appointments', 200, ask('customer', '/api/appointments'), { appointments: Array }],
    ['one appointment', 200, ask('vendor', `/api/appointments/${appointment}`)],
    ['previous appointments', 200, ask('customer', '/api/appointments?status=previous')],
    ['chat', 200, ask('customer', `/api/conversations/${conversation}/messages`)],
    ['ratings', 200, ask('customer', '/api/ratings'), { ratings: [{ id: rating }] }],
    ['insights', 200, ask('vendor', `/api/insights/vendors/${vendor.pharmacyId}`)],
    ['documents', 200, ask('vendor', '/api/documents'), { documents: Array }],
    ['one document', 200, ask('vendor', `/api/documents/${document}`), { id: document }],
    ['the file of a document', 200, ask('vendor', `/api/documents/${document}/file`)],
    ['documents to review', 200, ask('admin', '/api/documents/reviews?queue=pharmacies')],
    ['required documents', 200, ask('vendor', '/api/requirements'), { requirements: Array }],
    [
      'admin approval of a document',
      200,
      () =>
        call('admin', 'POST', `/api/documents/${document}/decision`, {
          decision: 'rejected',
          digest,
          reason_code: 'unreadable',
        }),
    ],
    ['daily insights', 200, ask('vendor', `/api/insights/services/${service}?period=day`)],
    ['weekly insights', 200, ask('vendor', `/api/insights/services/${service}?period=week`)],
    ['speech', 200, ask('customer', '/api/speech'), { available: false }],
    ['administration', 200, ask('admin', '/api/admin/accounts')],
  ])
  const label = await call('customer', 'GET', `/api/qr/generate/${appointment}?format=svg`)
  t.match(label, { status: 200, body: /<svg/ })
  const scanned = new FormData()
  scanned.set(
    'file',
    new Blob([
      await (
        await fetch(`${url}/api/qr/generate/${appointment}`, {
          headers: { authorization: `Bearer ${customer.token}` },
        })
      ).arrayBuffer(),
    ]),
    'label.png',
  )
  t.match(await call('vendor', 'POST', '/api/qr/scan', scanned), {
    status: 200,
    body: { codes: [{ text: appointment }] },
  })
  await socketOpens(t, `/ws/chat?token=${customer.token}`, 'connection')
})
