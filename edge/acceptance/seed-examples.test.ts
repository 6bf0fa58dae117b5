/**
 * The curl commands in the documents of the systems that this one replaces. They run as they are
 * written there, with only the address and the placeholders (`YOUR_ACCESS_TOKEN`, `vendor_uuid`,
 * ...) filled in.
 */
import { execFile } from 'node:child_process'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import { preparedDataDir } from '../../migrations/database/prepared.ts'
import { freePort } from '../../protocol/testing/free-port.ts'
import { startProcess, untilHealthy } from '../../protocol/testing/processes.ts'
import { http, Listener, newPharmacy, password } from './people.ts'

const run = promisify(execFile)

t.test('the commands of the documents work as they are written', async t => {
  const dataDir = await preparedDataDir()
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const child = startProcess('edge/start.js', {
    DATA_DIR: dataDir,
    PORT: String(port),
    LOG_LEVEL: 'warn',
  })
  t.teardown(async () => {
    await child.stop()
    rmSync(dataDir, { recursive: true, force: true })
  })
  await untilHealthy(url, child)

  /** Runs a command of a document in a shell; returns status and body. */
  const shell = async (
    command: string,
    filled: Record<string, string> = {},
  ): Promise<{ status: number; body: any }> => {
    let text = command.replaceAll('http://localhost:8000', url).replaceAll('curl.exe', 'curl')
    for (const [placeholder, value] of Object.entries(filled))
      text = text.replaceAll(placeholder, value)
    const { stdout } = await run('bash', ['-c', `${text} -s -w '\\n%{http_code}'`], {
      cwd: dataDir,
    })
    const lines = stdout.trimEnd().split('\n')
    const status = Number(lines.pop())
    return { status, body: JSON.parse(lines.join('\n') || 'null') }
  }

  // medex-backend-analysis.md, "Testing Workflows".
  const registered = await shell(`curl -X POST "http://localhost:8000/api/auth/register" \\
  -H "Content-Type: application/json" \\
  -d '{
    "email": "user@example.com",
    "full_name": "John Doe",
    "phone": "+1234567890",
    "role": "user",
    "password": "password123"
  }'`)
  t.equal(registered.status, 201)
  const login = await shell(`curl -X POST "http://localhost:8000/api/auth/login" \\
  -H "Content-Type: application/json" \\
  -d '{
    "email": "user@example.com",
    "password": "password123"
  }'`)
  t.equal(login.status, 200)
  t.match(login.body, {
    message: 'Login successful',
    user: { id: String, email: 'user@example.com', full_name: 'John Doe', role: 'user' },
    access_token: String,
    refresh_token: String,
    token_type: 'bearer',
  })
  const pharmacy = await shell(`curl -X POST "http://localhost:8000/api/vendors/register" \\
  -H "Content-Type: application/json" \\
  -d '{
    "email": "vendor@example.com",
    "business_name": "MedPharm Inc",
    "phone": "+1234567890",
    "password": "password123",
    "address": "123 Main St",
    "latitude": 40.7128,
    "longitude": -74.0060
  }'`)
  t.equal(pharmacy.status, 201)
  const driver = await shell(
    `curl -X POST "http://localhost:8000/api/drivers/register" \\
  -H "Content-Type: application/json" \\
  -d '{
    "email": "driver@example.com",
    "full_name": "Driver John",
    "phone": "+1234567890",
    "password": "password123",
    "vendor_id": "vendor_uuid_here",
    "vehicle_type": "bike",
    "vehicle_number": "ABC-1234",
    "license_number": "DL-123456"
  }'`,
    { vendor_uuid_here: pharmacy.body.vendor.id },
  )
  t.equal(driver.status, 201)
  const order = await shell(
    `curl -X POST "http://localhost:8000/api/orders" \\
  -H "Content-Type: application/json" \\
  -H "Authorization: Bearer YOUR_ACCESS_TOKEN" \\
  -d '{
    "user_id": "user_uuid",
    "vendor_id": "vendor_uuid",
    "pickup_address": "123 Pharmacy St",
    "pickup_latitude": 40.7128,
    "pickup_longitude": -74.0060,
    "delivery_address": "456 Home Ave",
    "delivery_latitude": 40.7580,
    "delivery_longitude": -73.9855,
    "customer_name": "John Doe",
    "customer_phone": "+1234567890",
    "items": [{"name": "Aspirin", "quantity": 2}],
    "notes": "Call before delivery"
  }'`,
    {
      YOUR_ACCESS_TOKEN: login.body.access_token,
      user_uuid: login.body.user.id,
      vendor_uuid: pharmacy.body.vendor.id,
    },
  )
  t.equal(order.status, 201)
  t.match(order.body, {
    status: 'pending',
    order_number: /^ORD-.{8}$/,
    customer_name: 'John Doe',
    notes: 'Call before delivery',
    tracking_token: String,
  })
  const tracked = await shell('curl "http://localhost:8000/api/tracking/tracking_token_here"', {
    tracking_token_here: order.body.tracking_token,
  })
  t.equal(tracked.status, 200)
  t.match(tracked.body, {
    order: {
      order_number: order.body.order_number,
      status: 'pending',
      delivery_address: '456 Home Ave',
    },
    driver_location: null,
    eta_minutes: null,
  })

  // medex-visual-overview.md, "Quick Reference Card" and the refresh of the authentication flow.
  t.equal((await shell('curl http://localhost:8000/api/health')).body.status, 'healthy')
  const refreshed = await http(url, 'POST', '/api/auth/refresh', {
    body: { refresh_token: login.body.refresh_token },
  })
  t.match(refreshed.body, { access_token: String, refresh_token: String })
  t.equal(
    (await http(url, 'GET', '/api/auth/me', { token: login.body.access_token })).body.email,
    'user@example.com',
  )
  const replayed = await http(url, 'POST', '/api/auth/refresh', {
    body: { refresh_token: login.body.refresh_token },
    headers: { 'user-agent': 'elsewhere' },
  })
  t.equal(replayed.status, 401, 'a refresh token works once')
  t.equal(
    (await http(url, 'GET', '/api/auth/me', { token: refreshed.body.access_token })).status,
    401,
    'a second use ends the sign-in',
  )
  t.equal(
    (await http(url, 'GET', '/api/auth/me', { token: login.body.refresh_token })).status,
    401,
    'a refresh token is no access token',
  )

  // ride-backend-enhancements.md, "How to Use New Features", behind its gateway on port 80.
  // `otp.test.ts` tests the answers to right codes, because there the messages can be read.
  const gateway = (command: string, filled: Record<string, string> = {}) =>
    shell(command.replaceAll('http://localhost/', 'http://localhost:8000/'), filled)
  t.match(
    await gateway(`curl -X POST http://localhost/api/v1/auth/otp/request \\
  -H "Content-Type: application/json" \\
  -d '{"phone": "+1234567890"}'`),
    { status: 200, body: { message: 'OTP sent successfully' } },
  )
  t.match(
    await gateway(`curl -X POST http://localhost/api/v1/auth/otp/verify \\
  -H "Content-Type: application/json" \\
  -d '{"phone": "+1234567890", "otp": "123456"}'`),
    { status: 400, body: { code: 'code_wrong' } },
    'a guessed code is refused',
  )
  const again = await shell(
    `curl -X POST "http://localhost:8000/api/auth/login" -H "Content-Type: application/json" -d '{"email": "user@example.com", "password": "password123"}'`,
  )
  t.match(
    await gateway(
      `curl -X POST http://localhost/api/v1/auth/refresh \\
  -H "Content-Type: application/json" \\
  -d '{"refresh_token": "your_refresh_token_here"}'`,
      { your_refresh_token_here: again.body.refresh_token },
    ),
    { status: 200, body: { access_token: String, refresh_token: String } },
  )
  t.equal((await gateway('curl http://localhost/api/v1/pricing/calculate')).status, 200)
  t.equal((await gateway('curl http://localhost/health')).body.status, 'healthy')
  t.equal(
    (await gateway('curl http://localhost/api/v1/auth/signup')).status,
    405,
    'a sign-up by GET is refused; openapi.test.ts sends it by POST',
  )
  t.equal((await gateway('curl http://localhost/api/v1/trips/request')).status, 200)
  // Left out on purpose: the ports of its services. The mongo, pip and uvicorn commands of all
  // documents start the systems that this one replaces.

  // sanjevani-broadcast.md, endpoints 3 to 7.
  const customer = await http(url, 'POST', '/customer/register/', {
    body: {
      email: 'customer@example.com',
      password: 'securepassword123',
      name: 'John Doe',
      phone_number: '9841234567',
    },
  })
  t.equal(customer.status, 201)
  t.match(customer.body, {
    message: 'Customer registration successful',
    user: { id: String, email: 'customer@example.com', name: 'John Doe', role: 'CUSTOMER' },
  })
  const unified = await http(url, 'POST', '/login', {
    body: { email: 'customer@example.com', password: 'securepassword123' },
  })
  t.match(unified.body, {
    refresh: String,
    access: String,
    role: 'CUSTOMER',
    user_id: customer.body.user.id,
    name: 'John Doe',
  })
  const city = await newPharmacy(url, 'City Pharmacy', 27.7, 85.32)
  const cityLogin = await http(url, 'POST', '/login', { body: { email: city.email, password } })
  t.match(cityLogin.body, { role: 'PHARMACY', name: 'City Pharmacy' })

  const me = new Listener(url, `/ws/customer/?token=${unified.body.access}`)
  t.match(await me.next('connection'), {
    type: 'connection',
    message: 'Connected to customer channel',
    user_id: customer.body.user.id,
    user_name: 'John Doe',
  })
  const screen = new Listener(url, `/ws/pharmacy/?token=${cityLogin.body.access}`)
  t.match(await screen.next('connection'), {
    message: 'Connected to pharmacy channel',
    pharmacy_id: city.pharmacyId,
    pharmacy_name: 'City Pharmacy',
    location: { lat: 27.7, lng: 85.32 },
  })
  writeFileSync(join(dataDir, 'prescription.jpg'), Buffer.from(jpeg, 'base64'))
  const request = await shell(
    `curl.exe -X POST http://localhost:8000/medicine/request/ \\
  -H "Authorization: Bearer $token" \\
  -F "patient_lat=27.7172" \\
  -F "patient_lng=85.3240" \\
  -F "radius_km=10.0" \\
  -F "quantity=10" \\
  -F "image=@prescription.jpg"`,
    { $token: unified.body.access },
  )
  t.equal(request.status, 201)
  t.match(request.body, {
    message: 'Medicine request sent to 1 nearby pharmacy',
    pharmacies_notified: 1,
    data: {
      patient_name: 'John Doe',
      patient_lat: 27.7172,
      patient_lng: 85.324,
      radius_km: 10,
      quantity: 10,
      status: 'PENDING',
      pharmacy: null,
      pharmacy_name: null,
    },
  })
  await screen.next('new_request')
  const answer = await shell(
    `curl.exe -X POST http://localhost:8000/medicine/response/ \\
  -H "Authorization: Bearer $token" \\
  -H "Content-Type: application/json" \\
  -d '{"request_id": "REQUEST", "response_type": "ACCEPTED", "text_message": "We have this medicine in stock!", "audio": null}'`,
    { $token: cityLogin.body.access, REQUEST: request.body.request_id },
  )
  t.equal(answer.status, 201)
  t.match(answer.body, {
    id: String,
    request_id: request.body.request_id,
    pharmacy_id: city.pharmacyId,
    pharmacy_name: 'City Pharmacy',
    response_type: 'ACCEPTED',
    text_message: 'We have this medicine in stock!',
    audio: null,
    responded_at: String,
    message: 'Response recorded. Customer will be notified.',
  })
  await me.next('pharmacy_response')
  const list = await http(url, 'GET', '/medicine/request/', { token: unified.body.access })
  t.match(list.body, {
    count: 1,
    requests: [
      {
        id: request.body.request_id,
        patient_name: 'John Doe',
        pharmacy_name: 'City Pharmacy',
        status: 'ACCEPTED',
        quantity: 10,
        image: String,
        created_at: String,
      },
    ],
  })
  for (const socket of [me, screen]) socket.close()
})

/** A one-pixel JPEG. */
const jpeg =
  '/9j/4AAQSkZJRgABAQEASABIAAD/2wBDAP//////////////////////////////////////////////////////////////////////////////////////wgALCAABAAEBAREA/8QAFBABAAAAAAAAAAAAAAAAAAAAAP/aAAgBAQABPxD/2Q=='
