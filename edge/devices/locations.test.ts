/**
 * Drivers and their positions under the names of the rides backend, on a real server: who sends,
 * who reads, and what is refused.
 */
import { rmSync } from 'node:fs'
import { pino } from 'pino'
import t from 'tap'
import { preparedDataDir } from '../../migrations/database/prepared.ts'
import { createWorld, type Who } from '../acceptance/access-world.ts'
import { newId } from '../acceptance/fixture-edge.ts'
import { eventually, newDriver } from '../acceptance/people.ts'
import { startEmbedded } from '../embedded.ts'

const dataDir = await preparedDataDir()
const embedded = await startEmbedded(
  { DATA_DIR: dataDir, PORT: '0', REGISTRATION: 'open' },
  { log: pino({ level: 'silent' }) },
)
t.teardown(async () => {
  await embedded.stop()
  rmSync(dataDir, { recursive: true, force: true })
})
const world = await createWorld(embedded)
const { call, driver } = world
const send = (who: Who, body: object) => call(who, 'POST', '/api/v1/locations', body)
const where = (who: Who, driverId = driver.driverId) =>
  call(who, 'GET', `/api/v1/locations/${driverId}`)
/** A few metres from the place where the driver was; a jump would be refused by the engine. */
const place = { latitude: 27.71722, longitude: 85.32402 }

t.test('a driver sends a position, and those who manage the driver read it', async t => {
  const body = { ...place, heading: null, speed: 8, accuracy: 5 }
  t.match(await send('driver', body), {
    status: 202,
    body: { driver_id: driver.driverId, ...place, at: String },
  })
  for (const who of ['driver', 'vendor', 'admin'] as const) {
    const found = await eventually(
      () => where(who),
      ({ body: { latitude } }) => latitude === place.latitude,
    )
    t.match(found, { status: 200, body: { driver_id: driver.driverId, ...place } })
    const { locations } = (await call(who, 'GET', '/api/v1/locations')).body
    t.ok(locations.some((one: { driver_id: string }) => one.driver_id === driver.driverId))
  }
  for (const who of ['otherPharmacy', 'otherDriver'] as const) {
    t.match(await where(who), { status: 404, body: { code: 'driver_not_found' } })
    const { locations } = (await call(who, 'GET', '/api/v1/locations')).body
    t.notOk(locations.some((one: { driver_id: string }) => one.driver_id === driver.driverId))
  }
  t.equal((await where('admin', newId())).status, 404)
  for (const [who, status] of [
    ['customer', 403],
    ['stranger', 401],
  ] as const) {
    t.equal((await where(who)).status, status)
    t.equal((await call(who, 'GET', '/api/v1/locations')).status, status)
    t.equal((await send(who, place)).status, status)
  }
  t.equal((await send('vendor', place)).status, 403)
})

t.test('a position that cannot be is refused', async t => {
  for (const [given, code] of [
    [{ ...place, latitude: 90.5 }, 'invalid_request'],
    [{ latitude: 1 }, 'invalid_request'],
    [{ ...place, driver_id: driver.driverId }, 'invalid_request'],
    [{ ...place, timestamp: 'now' }, 'invalid_request'],
    [{ ...place, timestamp: '2100-01-01T00:00:00Z' }, 'frame_in_future'],
  ] as const)
    t.match(await send('driver', given), { status: 400, body: { code } }, JSON.stringify(given))
  t.equal((await call('vendor', 'GET', '/api/v1/locations?limit=0')).status, 400)
})

t.test('a pharmacy follows a driver who has left no further', async t => {
  const leaver = await newDriver(world.url, world.vendor.pharmacyId)
  t.equal((await where('vendor', leaver.driverId)).status, 200)
  await call('vendor', 'PATCH', `/api/v1/drivers/${leaver.driverId}`, { is_active: false })
  t.equal((await where('vendor', leaver.driverId)).status, 404)
  const { locations } = (await call('vendor', 'GET', '/api/v1/locations?limit=100')).body
  t.notOk(locations.some((one: { driver_id: string }) => one.driver_id === leaver.driverId))
  t.equal((await where('admin', leaver.driverId)).status, 200)
})

t.test('drivers have the same answers under both names', async t => {
  for (const path of ['drivers', `drivers/${driver.driverId}`])
    for (const who of ['vendor', 'otherPharmacy', 'customer', 'stranger'] as const) {
      const [now, older] = [
        await call(who, 'GET', `/api/${path}`),
        await call(who, 'GET', `/api/v1/${path}`),
      ]
      t.equal(older.status, now.status, `${who} ${path}`)
      if (now.status === 200) t.same(older.body, now.body)
      else t.equal(older.body.code, now.body.code)
    }
  t.match(
    await call('driver', 'PATCH', `/api/v1/drivers/${driver.driverId}/status`, { status: 'busy' }),
    { status: 400, body: { fields: [{ field: 'status' }] } },
    'busy follows from what happens',
  )
})
