/** A small deployment with something to see on every page: people of each role and an order under way. */
import { rmSync } from 'node:fs'
import { pino } from 'pino'
import { makeAdministrator } from '../../edge/accounts/administrator.ts'
import {
  http,
  newCustomer,
  newDriver,
  newPharmacy,
  password,
  upload,
} from '../../edge/acceptance/people.ts'
import { startEmbedded } from '../../edge/embedded.ts'
import { preparedDataDir } from '../../migrations/database/prepared.ts'
import type { PageSessionName } from '../../protocol/accounts/page-sessions.ts'

const shop = { latitude: 27.7172, longitude: 85.324 }
const door = { latitude: 27.724, longitude: 85.331 }

/** Starts it, and makes its people and orders over HTTP. Call `stop` at the end. */
export async function startWorld() {
  const dataDir = await preparedDataDir()
  const server = await startEmbedded(
    { PORT: '0', DATA_DIR: dataDir },
    { log: pino({ level: 'silent' }) },
  )
  const { url } = server
  const { database, nowMs, random } = server.edge.parts
  const admin = { email: 'ada@example.org' }
  await makeAdministrator(
    database.kysely,
    { nowMs, random },
    { ...admin, name: 'Ada Administrator', phone: '', password },
  )
  const pharmacy = await newPharmacy(url, 'City Pharmacy', shop.latitude, shop.longitude)
  const customer = await newCustomer(url, 'Asha Customer')
  const driver = await newDriver(url, pharmacy.pharmacyId, 'Dora Driver', { capacity: 3 })
  await http(url, 'PATCH', `/api/drivers/${driver.driverId}/status`, {
    token: driver.token,
    body: { status: 'available' },
  })
  const place = async (name: string): Promise<{ id: string; tracking_token: string }> => {
    const { body } = await http(url, 'POST', '/api/orders', {
      token: customer.token,
      body: {
        vendor_id: pharmacy.pharmacyId,
        delivery_address: '7 Long Lane',
        delivery_latitude: door.latitude,
        delivery_longitude: door.longitude,
        items: [{ name, quantity: 1 }],
      },
    })
    return body
  }
  const accept = (id: string) =>
    http(url, 'POST', `/api/orders/${id}/accept`, { token: pharmacy.token, body: {} })
  const assign = (id: string) =>
    http(url, 'POST', `/api/orders/${id}/assign-driver`, {
      token: pharmacy.token,
      body: { driver_id: driver.driverId },
    })
  const report = (id: string, body: object) =>
    http(url, 'PATCH', `/api/orders/${id}`, { token: driver.token, body })

  const done = await place('Paracetamol 500 mg')
  await accept(done.id)
  await assign(done.id)
  await report(done.id, { status: 'picked_up' })
  await report(done.id, { status: 'out_for_delivery' })
  await report(done.id, {
    status: 'delivered',
    signature_url: await upload(url, driver.token, 'signature'),
  })
  const underWay = await place('Amoxicillin 250 mg')
  await accept(underWay.id)
  await assign(underWay.id)
  await report(underWay.id, { status: 'picked_up' })
  await place('Insulin')

  const people: Readonly<Record<PageSessionName, { email: string }>> = {
    customer,
    terminal: pharmacy,
    pharmacy,
    driver,
    live: admin,
    admin,
  }
  return {
    url,
    people,
    password,
    trackingToken: underWay.tracking_token,
    async stop(): Promise<void> {
      await server.stop()
      rmSync(dataDir, { recursive: true, force: true })
    },
  }
}
