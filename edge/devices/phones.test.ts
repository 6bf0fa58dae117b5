/**
 * Phones with apps from the store, against a whole server: a device is made, its phone sends as its
 * app does, and the pharmacy sees the driver. A phone hears a refusal only when its device is gone
 * or when it should come again; its secret is written nowhere.
 */
import { rmSync } from 'node:fs'
import { pino } from 'pino'
import t from 'tap'
import { preparedDataDir } from '../../migrations/database/prepared.ts'
import { eventually, http, newDriver, newPharmacy, type Answer } from '../acceptance/people.ts'
import { startEmbedded } from '../embedded.ts'
import { deviceLimits } from './limits.ts'

const dataDir = await preparedDataDir()
/** Every line that the process logs, at the finest level. */
const lines: string[] = []
const embedded = await startEmbedded(
  { DATA_DIR: dataDir, PORT: '0', REGISTRATION: 'open' },
  { log: pino({ level: 'trace' }, { write: line => void lines.push(line) }) },
)
t.teardown(async () => {
  await embedded.stop()
  rmSync(dataDir, { recursive: true, force: true })
})
const { url, edge } = embedded
const { database, bus, metrics, deviceRecords } = edge.parts
const pharmacy = await newPharmacy(url, 'Near', 27.7172, 85.324)
const other = await newPharmacy(url, 'Far', -27, 20)

interface Phone {
  driverId: string
  token: string
  device: { id: string }
  secret: string
  passphrase: string | null
  urls: Record<'osmand' | 'owntracks' | 'position', string>
  setup: Record<'traccar_client' | 'owntracks' | 'gpslogger' | 'osmand', string>
}

async function newPhone(given: { encrypted?: boolean; duty?: string } = {}): Promise<Phone> {
  const { driverId, token } = await newDriver(url, pharmacy.pharmacyId)
  const status = given.duty ?? 'available'
  if (status !== 'offline')
    await http(url, 'PATCH', `/api/drivers/${driverId}/status`, { token, body: { status } })
  const { body } = await http(url, 'POST', `/api/drivers/${driverId}/devices`, {
    token,
    body: { name: 'My phone', ...(given.encrypted === true && { encrypted: true }) },
  })
  return { driverId, token, ...body }
}
const ask = async (method: string, address: string, body?: string, type = 'application/json') => {
  const response = await fetch(address, {
    method,
    ...(body !== undefined && { body, headers: { 'content-type': type } }),
  })
  return { status: response.status, text: await response.text() }
}
const form = 'application/x-www-form-urlencoded'
const seconds = (ago = 0): number => Math.floor(Date.now() / 1_000) - ago
const driverOf = (phone: Phone): Promise<Answer> =>
  http(url, 'GET', `/api/drivers/${phone.driverId}`, { token: pharmacy.token })
const at = async (phone: Phone, latitude: number): Promise<void> => {
  const { body } = await eventually(
    () => driverOf(phone),
    answer => answer.body.current_latitude === latitude,
  )
  t.equal(body.current_latitude, latitude, 'the pharmacy sees the driver there')
}
const recordOf = async (phone: Phone): Promise<Record<string, unknown>> => {
  await deviceRecords.flush()
  const { body } = await http(url, 'GET', `/api/drivers/${phone.driverId}/devices`, {
    token: phone.token,
  })
  return body.devices.find((one: { id: string }) => one.id === phone.device.id)
}
const outcomes = async (): Promise<Record<string, number>> =>
  Object.fromEntries(
    (await metrics.devicePositions.get()).values.map(({ labels, value }) => [
      `${labels['protocol']} ${labels['outcome']}`,
      value,
    ]),
  )

t.test('each protocol moves the driver on the map', async t => {
  const phone = await newPhone()
  const { urls } = phone
  t.same(
    await ask('GET', `${urls.osmand}?id=1&lat=27.7001&lon=85.3&timestamp=${seconds(60)}&speed=10`),
    { status: 200, text: '' },
  )
  await at(phone, 27.7001)
  const location = (latitude: number, ago: number) => ({
    location: {
      timestamp: new Date(seconds(ago) * 1_000).toISOString(),
      coords: { latitude, longitude: 85.3, speed: -1, heading: -1 },
      battery: { level: 0.42 },
    },
    device_id: '1',
  })
  t.same(await ask('POST', urls.osmand, JSON.stringify(location(27.7002, 50))), {
    status: 200,
    text: '',
  })
  await at(phone, 27.7002)
  t.same(
    await ask('POST', `${urls.osmand}/`, `lat=27.7003&lon=85.3&timestamp=${seconds(40)}`, form),
    { status: 200, text: '' },
  )
  await at(phone, 27.7003)
  t.same(
    await ask(
      'POST',
      urls.owntracks,
      JSON.stringify({ _type: 'location', lat: 27.7004, lon: 85.3, tst: seconds(30) }),
    ),
    { status: 200, text: '[]' },
  )
  await at(phone, 27.7004)
  const gpsLogger = phone.setup.gpslogger
    .replace('%LAT', '27.7005')
    .replace('%LON', '85.3')
    .replace('%TIMESTAMP', String(seconds(20)))
    .replace(/%[A-Z]+/g, '')
  t.same(await ask('GET', gpsLogger), { status: 200, text: '{"taken":1,"ignored":{}}' })
  await at(phone, 27.7005)
  const osmAnd = phone.setup.osmand
    .replace('{0}', '27.7006')
    .replace('{1}', '85.3')
    .replace('{2}', String(seconds(10) * 1_000))
    .replace('{5}', '3.5')
    .replace('{6}', '90.0')
  t.same(await ask('GET', osmAnd), { status: 200, text: '{"taken":1,"ignored":{}}' })
  await at(phone, 27.7006)
  t.match(await recordOf(phone), {
    positions_count: 6,
    simulated_count: 0,
    battery_percent: 42,
    last_protocol: 'position',
  })
})

t.test('the links set an app up', async t => {
  const plain = await newPhone()
  const link = new URL(plain.setup.traccar_client)
  t.equal(link.origin + link.pathname, plain.urls.osmand, 'Traccar Client takes this address')
  t.equal(link.searchParams.get('buffer'), 'true')
  t.equal((await ask('GET', link.href)).status, 200, 'a person who opens the link breaks nothing')
  const drawn = await fetch(`${url}/api/qr/generate`, {
    method: 'POST',
    headers: { authorization: `Bearer ${plain.token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ key: link.href }),
  })
  const picture = new FormData()
  picture.set('file', await drawn.blob(), 'code.png')
  const scanned = await http(url, 'POST', '/api/qr/scan', { token: plain.token, body: picture })
  t.match(JSON.stringify(scanned.body), link.href, 'the link fits a QR code')
  const sealed = await newPhone({ encrypted: true })
  const inline = new URL(sealed.setup.owntracks).searchParams.get('inline')!
  t.match(JSON.parse(Buffer.from(inline, 'base64').toString()), {
    _type: 'configuration',
    mode: 3,
    url: sealed.urls.owntracks,
    encryptionKey: sealed.passphrase,
  })
  t.ok(sealed.passphrase!.length <= deviceLimits.passphraseBytes)
})

t.test('a phone that repeats itself, and one that empties its buffer', async t => {
  const phone = await newPhone()
  const { position } = phone.urls
  const point = (latitude: number, ago: number) => ({
    latitude,
    longitude: 85.3,
    timestamp: seconds(ago),
  })
  const send = async (points: unknown) =>
    JSON.parse((await ask('POST', position, JSON.stringify(points))).text)
  const first = [point(27.7103, 10), point(27.7101, 30), point(27.7102, 20)]
  t.same(await send(first), { taken: 3, ignored: {} })
  await at(phone, 27.7103)
  t.same(await send(first), { taken: 0, ignored: { duplicate: 3 } })
  const twice = point(27.7104, 5)
  t.same(await send([twice, twice]), {
    taken: 1,
    ignored: { duplicate: 1 },
  })
  await at(phone, 27.7104)
  const { late } = embedded.engine.tracking.frames
  t.same(await send(point(27.7099, 600)), { taken: 1, ignored: {} })
  await eventually(
    async () => ({
      status: 200,
      body: embedded.engine.tracking.frames.late,
      headers: new Headers(),
    }),
    ({ body }) => body > late,
  )
  t.equal(
    embedded.engine.tracking.frames.late,
    late + 1,
    'the late-data policy of all frames judges it',
  )
  await at(phone, 27.7104)
})

t.test('everything that will never be used is taken with a success, and counted', async t => {
  const phone = await newPhone()
  const { urls } = phone
  const before = await outcomes()
  const point = `lat=27.7201&lon=85.3&timestamp=`
  for (const [method, address, body] of [
    ['GET', `${urls.osmand}?${point}${seconds(-600)}`],
    ['GET', `${urls.osmand}?lat=0&lon=0&timestamp=${seconds()}`],
    ['GET', `${urls.osmand}?lat=91&lon=0&timestamp=${seconds()}`],
    ['GET', `${urls.osmand}?cell=1,2&cell=3,4&unknown=%ff`],
    ['GET', `${urls.osmand}?lat=&lon=&&==`],
    ['POST', urls.osmand, '{"location":'],
    ['POST', urls.osmand, 'id=1&notificationToken=abc'],
    ['POST', urls.osmand, ''],
    ['POST', urls.osmand, 'x'.repeat(deviceLimits.bodyBytesMax + 1)],
    ['POST', urls.owntracks, '{"_type":"lwt","tst":1}'],
    ['POST', urls.owntracks, '{"_type":"encrypted","data":"AAAA"}'],
    ['POST', urls.owntracks, ''],
    ['POST', urls.owntracks, 'x'],
    ['POST', `${urls.position}?a=1&a=2`, '[1,{},null]'],
  ] as const)
    t.equal(
      (await ask(method, address, body)).status,
      200,
      `${method} ${JSON.stringify(body?.slice(0, 40))}`,
    )
  const after = await outcomes()
  const counted = Object.fromEntries(
    Object.entries(after)
      .map(([name, value]) => [name, value - (before[name] ?? 0)] as const)
      .filter(([, more]) => more > 0),
  )
  t.same(counted, {
    'osmand future': 1,
    'osmand out_of_range': 2,
    'osmand no_position': 4,
    'osmand unreadable': 2,
    'owntracks no_position': 2,
    'owntracks undecryptable': 1,
    'owntracks unreadable': 1,
    'position unreadable': 2,
    'position no_position': 1,
  })
  t.equal((await driverOf(phone)).body.current_latitude, null)
})

t.test('a driver off duty or on a break is not followed', async t => {
  for (const duty of ['offline', 'on_break']) {
    const phone = await newPhone({ duty })
    const point = `${phone.urls.position}?lat=27.73&lon=85.3&timestamp=${seconds(9)}&battery=50`
    t.same(await ask('GET', point), { status: 200, text: '{"taken":0,"ignored":{"off_duty":1}}' })
    t.match(await recordOf(phone), { positions_count: 0, battery_percent: null })
    await http(url, 'PATCH', `/api/drivers/${phone.driverId}/status`, {
      token: phone.token,
      body: { status: 'available' },
    })
    t.same(await ask('GET', point), { status: 200, text: '{"taken":1,"ignored":{}}' })
    await at(phone, 27.73)
  }
  const phone = await newPhone()
  await http(url, 'POST', `/api/vendors/${pharmacy.pharmacyId}/drivers/${phone.driverId}/end`, {
    token: pharmacy.token,
    body: {},
  })
  const left = await ask('GET', `${phone.urls.position}?lat=27.74&lon=85.3`)
  t.same(left, { status: 200, text: '{"taken":0,"ignored":{"off_duty":1}}' })
})

t.test('simulated positions move the driver, and the device tells of them', async t => {
  const phone = await newPhone()
  const of = (latitude: number, ago: number, mock: boolean) =>
    `${phone.urls.osmand}?lat=${latitude}&lon=85.3&timestamp=${seconds(ago)}&mock=${mock}`
  await ask('GET', of(27.7501, 20, false))
  t.match(await recordOf(phone), { simulated_count: 0, last_simulated_at: null })
  const simulated = of(27.7502, 10, true)
  await ask('GET', simulated)
  await ask('GET', simulated)
  await at(phone, 27.7502)
  t.match(await recordOf(phone), {
    positions_count: 2,
    simulated_count: 1,
    last_simulated_at: /^\d{4}-/,
  })
  t.match((await metrics.deviceSimulated.get()).values, [
    { labels: { protocol: 'osmand' }, value: 1 },
  ])
})

t.test('while the bus is away a phone keeps its positions, and they count once', async t => {
  const phone = await newPhone()
  const point = `${phone.urls.osmand}?lat=27.76&lon=85.3&timestamp=${seconds(5)}`
  Object.defineProperty(bus, 'connected', { configurable: true, get: () => false })
  t.equal((await ask('GET', point)).status, 503)
  Object.defineProperty(bus, 'connected', { configurable: true, get: () => true })
  t.equal((await ask('GET', point)).status, 200)
  await at(phone, 27.76)
  t.match(await recordOf(phone), { positions_count: 1 })
})

t.test('an encrypted device hears OwnTracks alone', async t => {
  const phone = await newPhone({ encrypted: true })
  const open = { _type: 'location', lat: 27.77, lon: 85.3, tst: seconds(5) }
  t.equal((await ask('POST', phone.urls.owntracks, JSON.stringify(open))).text, '[]')
  t.equal(
    (await ask('GET', `${phone.urls.position}?lat=27.77&lon=85.3`)).text,
    '{"taken":0,"ignored":{"undecryptable":1}}',
  )
  t.match(await recordOf(phone), { positions_count: 0, encrypted: true })
  const { rows } = await database.pool.query<{ row: string }>(
    'select row_to_json(d)::text as row from driver_devices d where id = $1',
    [phone.device.id],
  )
  t.notOk(rows[0]!.row.includes(phone.secret) || rows[0]!.row.includes(phone.passphrase!))
})

t.test('the driver and the pharmacy make and end devices, up to a bound', async t => {
  const phone = await newPhone()
  const path = `/api/drivers/${phone.driverId}/devices`
  const as = (token: string, method: string, at = path, body?: unknown) =>
    http(url, method, at, { token, ...(body !== undefined && { body }) })
  t.equal((await as(other.token, 'GET')).body.code, 'driver_not_found')
  t.match((await as(phone.token, 'POST', path, { name: '' })).body, {
    code: 'invalid_request',
    fields: [{ field: 'name' }],
  })
  const made = await Promise.all(
    Array.from({ length: deviceLimits.devicesPerDriverMax + 2 }, () =>
      as(pharmacy.token, 'POST', path, { name: 'Another' }),
    ),
  )
  t.same(
    made.map(one => one.status).toSorted(),
    [201, 201, 201, 201, 409, 409, 409],
    'also when they are made at once',
  )
  t.match(made.find(one => one.status === 409)!.body, { code: 'device_limit_reached' })
  const point = `${phone.urls.position}?lat=27.78&lon=85.3`
  t.equal((await ask('GET', point)).status, 200)
  const ended = await as(pharmacy.token, 'DELETE', `${path}/${phone.device.id}`)
  t.match(ended.body, { id: phone.device.id, ended_at: /^\d{4}-/ })
  t.equal((await ask('GET', point)).status, 404, 'the phone hears that its device is gone')
  t.equal((await as(phone.token, 'DELETE', `${path}/${phone.device.id}`)).status, 200)
  t.equal((await as(phone.token, 'POST', path, { name: 'A new one' })).status, 201)
  const listed = JSON.stringify((await as(phone.token, 'GET')).body)
  t.notOk(listed.includes(phone.secret) || /secret|passphrase/.test(listed))
  for (let i = 0; i < deviceLimits.endedDevicesPerDriverMax + 2; i++) {
    const { body } = await as(phone.token, 'GET')
    const open = body.devices.find((one: { ended_at: unknown }) => one.ended_at === null)
    await as(phone.token, 'DELETE', `${path}/${open.id}`)
    await as(phone.token, 'POST', path, { name: 'Another' })
  }
  const { devices } = (await as(phone.token, 'GET')).body
  t.equal(
    devices.filter((one: { ended_at: unknown }) => one.ended_at !== null).length,
    deviceLimits.endedDevicesPerDriverMax,
    'old ended devices are deleted',
  )
})

t.test('a secret reaches no log, no audit row, no metric and no answer', async t => {
  const phone = await newPhone()
  const { urls, secret } = phone
  const point = `lat=27.79&lon=85.3&timestamp=${seconds(3)}`
  const answers: string[] = []
  const note = async (...request: Parameters<typeof ask>) =>
    answers.push((await ask(...request)).text)
  await note('GET', `${urls.osmand}?${point}`)
  await note('GET', `${urls.osmand}/nothing?${point}`)
  await note('PUT', urls.owntracks, '{}')
  await note('POST', urls.position, '{')
  await note('GET', `${url}/devices/${secret}x/osmand?${point}`)
  await note('GET', `${url}/devices/${secret.slice(1)}A/osmand?${point}`)
  const query = database.kysely.selectFrom
  // A database that fails is the case in which most is logged.
  Object.assign(database.kysely, {
    selectFrom() {
      throw new Error('the database fails')
    },
  })
  t.equal((await ask('GET', `${urls.osmand}?${point}`)).status, 500)
  Object.assign(database.kysely, { selectFrom: query })
  await http(url, 'DELETE', `/api/drivers/${phone.driverId}/devices/${phone.device.id}`, {
    token: phone.token,
  })
  await note('GET', `${urls.osmand}?${point}`)
  t.ok(
    lines.some(line => line.includes('/devices/:secret/osmand') && line.includes('request failed')),
    'the failure was logged, with the path of the row',
  )
  t.ok(
    lines.some(line => line.includes('"http"') && line.includes('/devices/:secret/position')),
    'so was the access',
  )
  while (edge.parts.audit.waiting > 0) await new Promise(resolve => setTimeout(resolve, 20))
  const { rows } = await database.pool.query<{ row: string }>(
    'select row_to_json(a)::text as row from audit_log a',
  )
  t.ok(rows.some(({ row }) => row.includes('createDevice')))
  const written = [...lines, ...answers, ...rows.map(({ row }) => row)]
  t.same(
    written.filter(one => one.includes(secret.slice(1))),
    [],
  )
  t.notOk((await metrics.registry.metrics()).includes(secret.slice(1)))
})
