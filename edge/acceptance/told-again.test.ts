/**
 * A repeated message or answer must be the same as the first: for a driver who reconnects, for a
 * pharmacy that repeats its answer, and for a list in pages. The fleet view of a pharmacy hears of
 * its orders and of each driver, also of a driver who never sent a position. A public link shows no
 * reason of a refusal.
 */
import { rmSync } from 'node:fs'
import { pino } from 'pino'
import t from 'tap'
import { preparedDataDir } from '../../migrations/database/prepared.ts'
import { startEmbedded } from '../embedded.ts'
import {
  customerSocket,
  http,
  Listener,
  newDriver,
  newCustomer,
  newPharmacy,
  terminal,
  type Answer,
} from './people.ts'

const dataDir = await preparedDataDir()
const server = await startEmbedded(
  { DATA_DIR: dataDir, PORT: '0' },
  { log: pino({ level: 'silent' }) },
)
const { url } = server
t.teardown(async () => {
  await server.stop()
  rmSync(dataDir, { recursive: true, force: true })
})
const pharmacy = await newPharmacy(url, 'Corner', 27.7172, 85.324)
const patient = await newCustomer(url)
const driver = await newDriver(url, pharmacy.pharmacyId)
const place = (body: object = {}): Promise<Answer> =>
  http(url, 'POST', '/api/orders', {
    token: patient.token,
    body: {
      vendor_id: pharmacy.pharmacyId,
      delivery_address: '1 Home',
      delivery_latitude: 27.72,
      delivery_longitude: 85.33,
      items: [],
      ...body,
    },
  })

t.test(
  'a fleet view hears of orders and of drivers, and a driver who reconnects gets the same message again',
  async t => {
    const fleet = new Listener(url, `/ws/vendor/${pharmacy.pharmacyId}?token=${pharmacy.token}`)
    await fleet.next('fleet')
    const wheel = new Listener(url, `/ws/driver?token=${driver.token}`)
    await wheel.next('connection')
    t.equal(
      (
        await http(url, 'PATCH', `/api/drivers/${driver.driverId}/status`, {
          token: driver.token,
          body: { status: 'available' },
        })
      ).status,
      200,
    )
    t.match(
      await fleet.next('driver_status'),
      { driver_id: driver.driverId, status: 'available' },
      'the fleet view hears of a driver who never sent a position',
    )
    const { id } = (await place()).body
    t.match(await fleet.next('new_order'), { order_id: id, customer_name: 'John Doe' })
    await http(url, 'POST', `/api/orders/${id}/accept`, { token: pharmacy.token, body: {} })
    t.match(await fleet.next('status'), { order_id: id, status: 'accepted' })
    await http(url, 'POST', `/api/orders/${id}/assign-driver`, {
      token: pharmacy.token,
      body: { driver_id: driver.driverId },
    })
    t.match(await fleet.next('driver_status'), { driver_id: driver.driverId, status: 'busy' })
    const pushed = await wheel.next('assigned')
    t.match(pushed, {
      order_id: id,
      status: 'driver_assigned',
      pickup: { name: 'Corner', phone: String },
      dropoff: { name: 'John Doe', phone: '9841234567' },
    })
    const again = new Listener(url, `/ws/driver?token=${driver.token}`)
    t.same(
      { ...(await again.next('assigned')) },
      { ...pushed },
      'the message is the same word for word',
    )
    for (const one of [fleet, wheel, again]) one.close()
  },
)

t.test('the customer is told the reason of a refusal, and a holder of the link is not', async t => {
  const me = await customerSocket(url, patient)
  const { id, tracking_token } = (await place()).body
  const link = new Listener(url, `/ws/tracking/${tracking_token}`)
  await link.next('state')
  await http(url, 'POST', `/api/orders/${id}/reject`, {
    token: pharmacy.token,
    body: { reason: 'none left, call 9841234567' },
  })
  t.match(await me.next('status', message => message.status === 'rejected'), {
    order_id: id,
    reason: 'none left, call 9841234567',
  })
  t.notMatch(JSON.stringify(await link.next('status')), /reason|9841234567/)
  for (const one of [me, link]) one.close()
})

t.test('the older API counts all pages, and a repeated answer has the same id', async t => {
  const desk = await terminal(url, pharmacy)
  const ids: string[] = []
  for (let i = 0; i < 3; i++)
    ids.push(
      (
        await http(url, 'POST', '/api/requests', {
          token: patient.token,
          body: { latitude: 27.72, longitude: 85.33, radius_km: 5, quantity: 1 },
        })
      ).body.request_id,
    )
  for (const person of [patient, pharmacy]) {
    const page = await http(url, 'GET', '/medicine/request/?limit=2', { token: person.token })
    t.same([page.body.count, page.body.requests.length], [3, 2])
    t.same(
      (
        await http(url, 'GET', `/medicine/request/?limit=2&cursor=${page.body.next_cursor}`, {
          token: person.token,
        })
      ).body.count,
      3,
    )
  }
  for (const response_type of ['REJECTED', 'ACCEPTED']) {
    const answer = (key: string) =>
      http(url, 'POST', '/medicine/response/', {
        token: pharmacy.token,
        body: { request_id: ids[0], response_type },
        headers: { 'idempotency-key': `${response_type}-${key}` },
      })
    const [first, second, third] = [await answer('1'), await answer('2'), await answer('3')]
    t.equal(first.status, 201)
    t.same([second.body, third.body], [first.body, first.body], response_type)
  }
  desk.close()
})
