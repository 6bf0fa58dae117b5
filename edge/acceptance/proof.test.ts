/**
 * The proof of a delivery over HTTP, as drivers and pharmacies use it: which files prove it, who
 * acted, the flag of a delivery without a position and a reason, and a driver's new phone.
 */
import { rmSync } from 'node:fs'
import { pino } from 'pino'
import t from 'tap'
import { preparedDataDir } from '../../migrations/database/prepared.ts'
import { startEmbedded } from '../embedded.ts'
import { png } from '../uploads/samples.ts'
import { eventually, http, newDriver, newCustomer, newPharmacy, upload } from './people.ts'

t.test('a file proves one delivery, after its pick-up', { timeout: 120_000 }, async t => {
  const dataDir = await preparedDataDir()
  const server = await startEmbedded(
    { REGISTRATION: 'open', DATA_DIR: dataDir, PORT: '0' },
    { log: pino({ level: 'silent' }) },
  )
  t.teardown(async () => {
    await server.stop()
    rmSync(dataDir, { recursive: true, force: true })
  })
  const { url } = server
  const home = { delivery_address: 'home', delivery_latitude: 27.72, delivery_longitude: 85.33 }
  const pharmacy = await newPharmacy(url, 'Proofs', 27.71, 85.33)
  const customer = await newCustomer(url)
  const driver = await newDriver(url, pharmacy.pharmacyId)
  const patch = (id: string, token: string, body: object) =>
    http(url, 'PATCH', `/api/orders/${id}`, { token, body })
  const onTheWay = async (bringing = driver) => {
    await http(url, 'PATCH', `/api/drivers/${bringing.driverId}/status`, {
      token: bringing.token,
      body: { status: 'available' },
    })
    const {
      body: { id },
    } = await http(url, 'POST', '/api/orders', {
      token: customer.token,
      body: { vendor_id: pharmacy.pharmacyId, ...home, items: [] },
    })
    await http(url, 'POST', `/api/orders/${id}/accept`, { token: pharmacy.token, body: {} })
    t.equal(
      (
        await http(url, 'POST', `/api/orders/${id}/assign-driver`, {
          token: pharmacy.token,
          body: { driver_id: bringing.driverId },
        })
      ).body.status,
      'driver_assigned',
    )
    for (const status of ['picked_up', 'out_for_delivery'])
      t.equal((await patch(id, bringing.token, { status })).status, 200)
    return id as string
  }
  const first = await onTheWay()
  for (const proof_photo_url of [
    'x',
    'https://photos.example/1.jpg',
    '/api/uploads/file/01a1f000-0000-7000-8000-000000000020',
    await upload(url, customer.token, 'proof'),
    await upload(url, driver.token, 'signature'),
  ])
    for (const token of [driver.token, pharmacy.token])
      t.match(
        await patch(first, token, { status: 'delivered', proof_photo_url }),
        { status: 422, body: { code: 'proof_invalid', detail: /^proof_photo_url / } },
        proof_photo_url,
      )

  await http(url, 'PATCH', `/api/drivers/${driver.driverId}`, {
    token: driver.token,
    body: { phone: '+9779800000222' },
  })
  const shown = await eventually(
    () => http(url, 'GET', `/api/orders/${first}`, { token: customer.token }),
    ({ body }) => body.driver_phone === '+9779800000222',
  )
  t.equal(shown.body.driver_phone, '+9779800000222', 'the customer is shown the new phone')

  const photo = await upload(url, driver.token, 'proof')
  t.match(await patch(first, driver.token, { status: 'delivered', proof_photo_url: photo }), {
    status: 200,
    body: { status: 'delivered', delivery_flag: null },
  })
  const seen = async (token: string) =>
    (await http(url, 'GET', `/api/orders/${first}`, { token })).body
  t.match(
    await seen(pharmacy.token),
    { delivery_flag: 'position_unknown', actual_distance_km: null },
    'the driver sent no position, and nobody gave a reason',
  )
  t.match(await seen(customer.token), { delivery_flag: null })
  const { events } = (
    await http(url, 'GET', `/api/orders/${first}/events`, { token: pharmacy.token })
  ).body
  t.same(
    events.map((event: any) => [event.type, event.by.role]),
    [
      ['order_placed', 'customer'],
      ['order_accepted', 'vendor'],
      ['offer_made', 'vendor'],
      ['driver_assigned', 'system'],
      ['picked_up', 'driver'],
      ['out_for_delivery', 'driver'],
      ['assigned_driver_updated', 'system'],
      ['delivered', 'driver'],
    ],
  )
  t.match(events.at(-1), { by: { id: driver.driverId }, data: { flag: 'position_unknown' } })
  const crumbs = await http(url, 'GET', `/api/orders/${first}/breadcrumbs`, {
    token: customer.token,
  })
  t.match(crumbs.body, { order_id: first, next_cursor: null })
  t.same(crumbs.body.breadcrumbs, [])

  const second = await onTheWay()
  t.match(
    await patch(second, driver.token, { status: 'delivered', proof_photo_url: photo }),
    { status: 422, body: { code: 'proof_invalid' } },
    'a file that proves another order is refused',
  )
  t.match(
    await patch(second, pharmacy.token, {
      status: 'delivered',
      signature_url: await upload(url, driver.token, 'signature'),
      reason: 'the phone is dead',
    }),
    { status: 200, body: { reason: 'the phone is dead', delivery_flag: null } },
  )

  // The upload begins before the pick-up and ends after it.
  const inParts = (
    method: string,
    path: string,
    headers: Record<string, string>,
    body?: Uint8Array<ArrayBuffer>,
  ) =>
    fetch(url + path, {
      method,
      headers: { authorization: `Bearer ${driver.token}`, 'tus-resumable': '1.0.0', ...headers },
      ...(body !== undefined && { body }),
    })
  const picture = new Uint8Array(png)
  const begun = await inParts('POST', '/api/uploads/resumable', {
    'upload-length': String(picture.length),
    'upload-metadata': `kind ${btoa('proof')}`,
  })
  const path = begun.headers.get('location')!
  const third = await onTheWay()
  const finished = await inParts(
    'PATCH',
    path,
    { 'upload-offset': '0', 'content-type': 'application/offset+octet-stream' },
    picture,
  )
  t.equal(finished.status, 204)
  t.match(
    await patch(third, driver.token, {
      status: 'delivered',
      proof_photo_url: finished.headers.get('location'),
    }),
    { status: 422, body: { code: 'proof_invalid', detail: /before the pick-up/ } },
    'a file that was begun before the pick-up is refused',
  )

  const fourth = await onTheWay(await newDriver(url, pharmacy.pharmacyId))
  const [proof_photo_url, signature_url] = [
    await upload(url, pharmacy.token, 'proof'),
    await upload(url, pharmacy.token, 'signature'),
  ]
  const both = await Promise.all(
    [third, fourth].map(id =>
      patch(id, pharmacy.token, { status: 'delivered', proof_photo_url, signature_url }),
    ),
  )
  t.same(
    both.map(({ status }) => status).toSorted(),
    [200, 422],
    'one file proves one of two deliveries at the same moment',
  )
})
