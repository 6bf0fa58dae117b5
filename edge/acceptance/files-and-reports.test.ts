/**
 * Files and figures through the real engine: a prescription goes out with a request, the answer is
 * spoken, and the delivery is photographed. Each file is read only by the people whom it is for,
 * and the day's report counts the delivery.
 */
import { rmSync } from 'node:fs'
import { pino } from 'pino'
import t from 'tap'
import { preparedDataDir } from '../../migrations/database/prepared.ts'
import { startEmbedded } from '../embedded.ts'
import { jpeg, pdf, png, webm } from '../uploads/samples.ts'
import { http, newDriver, newCustomer, newPharmacy } from './people.ts'

t.test("an order's files are read by their parties, and the report counts it", async t => {
  const dataDir = await preparedDataDir()
  const { url, stop } = await startEmbedded(
    { PORT: '0', DATA_DIR: dataDir, LOG_LEVEL: 'silent' },
    { log: pino({ level: 'silent' }) },
  )
  t.teardown(async () => {
    await stop()
    rmSync(dataDir, { recursive: true, force: true })
  })
  const [latitude, longitude] = [27.7172, 85.324]
  const [winner, refuser, far] = [
    await newPharmacy(url, 'Near', latitude, longitude),
    await newPharmacy(url, 'Nearer', latitude, longitude),
    await newPharmacy(url, 'Far', latitude + 3, longitude),
  ]
  const customer = await newCustomer(url)
  const driver = await newDriver(url, winner.pharmacyId)
  const upload = async (kind: string, token: string, bytes: Uint8Array): Promise<string> => {
    const form = new FormData()
    form.append('file', new Blob([bytes as Uint8Array<ArrayBuffer>]), 'file')
    const { status, body } = await http(url, 'POST', `/api/uploads/${kind}`, {
      token,
      body: form,
    })
    t.equal(status, 201, kind)
    return body.url
  }
  const readers = async (file: string) => {
    const people = { customer, winner, refuser, far, driver }
    const seen = await Promise.all(
      Object.entries(people).map(
        async ([name, { token }]) =>
          [name, (await http(url, 'GET', file, { token })).status] as const,
      ),
    )
    return seen.filter(([, status]) => status === 200).map(([name]) => name)
  }

  const prescription = await upload('prescription', customer.token, pdf)
  const asked = await http(url, 'POST', '/api/requests', {
    token: customer.token,
    body: { latitude, longitude, radius_km: 5, prescription_url: prescription },
  })
  t.match(asked, { status: 201, body: { pharmacies_notified: 2 } })
  const id = asked.body.request_id as string
  t.same(
    await readers(prescription),
    ['customer', 'winner', 'refuser'],
    'while the request is open, its customer and the pharmacies that were asked',
  )

  const no = await upload('audio', refuser.token, webm)
  const yes = await upload('audio', winner.token, webm)
  const answer = (token: string, response_type: string, audio_url: string) =>
    http(url, 'POST', `/api/requests/${id}/responses`, {
      token,
      body: { response_type, audio_url },
    })
  t.equal((await answer(refuser.token, 'REJECTED', no)).status, 201)
  t.equal((await answer(winner.token, 'ACCEPTED', yes)).status, 201)
  const request = await http(url, 'GET', `/api/requests/${id}`, { token: customer.token })
  t.same(
    request.body.responses.map((response: { audio_url: string }) => response.audio_url),
    [no, yes],
  )
  t.same(
    [await readers(prescription), await readers(no), await readers(yes)],
    [
      ['customer', 'winner'],
      ['customer', 'refuser'],
      ['customer', 'winner'],
    ],
  )

  await http(url, 'PATCH', `/api/drivers/${driver.driverId}/status`, {
    token: driver.token,
    body: { status: 'available' },
  })
  t.equal(
    (
      await http(url, 'POST', `/api/orders/${id}/assign-driver`, {
        token: winner.token,
        body: { driver_id: driver.driverId },
      })
    ).body.status,
    'driver_assigned',
  )
  for (const body of [{ status: 'picked_up' }, { status: 'out_for_delivery' }])
    t.equal(
      (await http(url, 'PATCH', `/api/orders/${id}`, { token: driver.token, body })).body.status,
      body.status,
    )
  const [photo, signature] = [
    await upload('proof', driver.token, jpeg),
    await upload('signature', driver.token, png),
  ]
  t.same(await readers(photo), ['driver'])
  for (const body of [{ status: 'delivered', proof_photo_url: photo, signature_url: signature }])
    t.equal(
      (await http(url, 'PATCH', `/api/orders/${id}`, { token: driver.token, body })).body.status,
      body.status,
    )
  t.same(
    [await readers(photo), await readers(signature)],
    [
      ['customer', 'winner', 'driver'],
      ['customer', 'winner', 'driver'],
    ],
  )

  const report = await http(url, 'GET', `/api/reports/vendors/${winner.pharmacyId}`, {
    token: winner.token,
  })
  const order = (await http(url, 'GET', `/api/orders/${id}`, { token: winner.token })).body
  t.match(report.body.total, {
    orders_received: 1,
    orders_accepted: 1,
    orders_delivered: 1,
    delivered_on_time: 1,
    orders_cancelled: 0,
    delivery_fees: order.delivery_fee,
  })
  const drivers = await http(url, 'GET', `/api/reports/vendors/${winner.pharmacyId}/drivers`, {
    token: winner.token,
  })
  t.match(drivers.body.drivers, [
    { driver_id: driver.driverId, deliveries: 1, earnings: order.delivery_fee, offers_made: 0 },
  ])
  const csv = await http(url, 'POST', `/api/vendors/${winner.pharmacyId}/export-csv`, {
    token: winner.token,
    body: {},
  })
  t.equal(csv.body.split('\r\n').length, 3)
  t.match(csv.body, `"${order.order_number}","${id}","broadcast","delivered"`)
})
