/**
 * Fees, opening hours, links and the history of orders through a whole system in one process. The
 * engine honours the fee that the edge quoted, a closed pharmacy is not asked, and a link that was
 * replaced disconnects its readers.
 */
import { rmSync } from 'node:fs'
import { pino } from 'pino'
import t from 'tap'
import { preparedDataDir } from '../../migrations/database/prepared.ts'
import { startEmbedded, type Embedded } from '../embedded.ts'
import { http, Listener, newDriver, newCustomer, newPharmacy, upload } from './people.ts'

const lat = 40.7128
const lng = -74.006
const dataDir = await preparedDataDir()
let system: Embedded
let url = ''
t.before(async () => {
  system = await startEmbedded({ DATA_DIR: dataDir, PORT: '0' }, { log: pino({ level: 'silent' }) })
  url = system.url
})
t.teardown(async () => {
  await system.stop()
  rmSync(dataDir, { recursive: true, force: true })
})
const home = {
  delivery_address: '456 Home Ave',
  delivery_latitude: lat + 0.03,
  delivery_longitude: lng,
}

t.test(
  'the fee that was quoted is the fee that is paid, also when the tariff has changed since',
  async t => {
    const pharmacy = await newPharmacy(url, 'Fees', lat, lng)
    const customer = await newCustomer(url)
    const driver = await newDriver(url, pharmacy.pharmacyId)
    const price = (base_fee: number) =>
      http(url, 'PATCH', `/api/vendors/${pharmacy.pharmacyId}`, {
        token: pharmacy.token,
        body: { pricing: { base_fee, minimum_fee: 1, bands: [{ up_to_km: null, per_km: 1 }] } },
      })
    await price(2)
    const quote = await http(url, 'POST', '/api/pricing/quote', {
      token: customer.token,
      body: { vendor_id: pharmacy.pharmacyId, ...home },
    })
    t.match(quote.body, { fee: 6.35, distance_km: 4.337 })
    await price(20)
    const place = (body: object) =>
      http(url, 'POST', '/api/orders', {
        token: customer.token,
        body: { vendor_id: pharmacy.pharmacyId, ...home, items: [], ...body },
      })
    const quoted = await place({ quote_id: quote.body.quote_id })
    t.match(quoted.body, { status: 'pending', delivery_fee: 6.35, estimated_distance_km: 4.337 })
    const unquoted = await place({})
    t.match(unquoted.body, { delivery_fee: 24.35 }, 'without the quote the present tariff counts')
    t.match(
      (
        await http(url, 'POST', `/api/orders/${quoted.body.id}/accept`, {
          token: pharmacy.token,
          body: {},
        })
      ).body,
      { status: 'accepted', delivery_fee: 6.35 },
    )

    await http(url, 'PATCH', `/api/drivers/${driver.driverId}/status`, {
      token: driver.token,
      body: { status: 'available' },
    })
    await http(url, 'POST', `/api/orders/${quoted.body.id}/assign-driver`, {
      token: pharmacy.token,
      body: { driver_id: driver.driverId },
    })
    for (const status of ['picked_up', 'out_for_delivery', 'delivered']) {
      const body = {
        status,
        ...(status === 'delivered' && {
          signature_url: await upload(url, driver.token, 'signature'),
        }),
      }
      t.equal(
        (await http(url, 'PATCH', `/api/orders/${quoted.body.id}`, { token: driver.token, body }))
          .status,
        200,
      )
    }
    const earned = await http(url, 'GET', `/api/drivers/${driver.driverId}/earnings`, {
      token: driver.token,
    })
    t.match(earned.body, {
      period: { deliveries: 1, earnings: 6.35 },
      per_delivery: [{ order_id: quoted.body.id, earnings: 6.35 }],
    })
    t.match(
      (
        await http(url, 'GET', `/api/drivers/${driver.driverId}/performance`, {
          token: pharmacy.token,
        })
      ).body,
      { offers: { assigned: 1 }, deliveries: { delivered: 1, on_time: 1, on_time_rate: 1 } },
    )

    const events = await http(url, 'GET', `/api/orders/${quoted.body.id}/events`, {
      token: customer.token,
    })
    t.same(
      events.body.events.map((event: { type: string }) => event.type),
      [
        'order_placed',
        'order_accepted',
        'driver_assigned',
        'picked_up',
        'out_for_delivery',
        'delivered',
      ],
    )
    t.match(events.body.events[0].data, { pharmacy_name: 'Fees', delivery_fee: 6.35 })
    const first = await http(url, 'GET', `/api/orders/${quoted.body.id}/events?limit=2`, {
      token: pharmacy.token,
    })
    const second = await http(
      url,
      'GET',
      `/api/orders/${quoted.body.id}/events?cursor=${first.body.next_cursor}`,
      { token: pharmacy.token },
    )
    t.same(
      [...first.body.events, ...second.body.events].map(event => event.type),
      [
        'order_placed',
        'order_accepted',
        'offer_made',
        'driver_assigned',
        'picked_up',
        'out_for_delivery',
        'delivered',
      ],
    )
    const stranger = await newCustomer(url)
    t.equal(
      (await http(url, 'GET', `/api/orders/${quoted.body.id}/events`, { token: stranger.token }))
        .body.code,
      'order_not_found',
      '[API1]',
    )
    const found = await http(url, 'GET', `/api/orders?text=${quoted.body.order_number}`, {
      token: customer.token,
    })
    t.same(
      found.body.orders.map((order: { id: string }) => order.id),
      [quoted.body.id],
      'the search finds the order by its number',
    )
  },
)

t.test('a request keeps its quoted fee, and a closed pharmacy is not asked', async t => {
  const [open, closed] = await Promise.all([
    newPharmacy(url, 'Open', lat + 5, lng),
    newPharmacy(url, 'Closed', lat + 5.001, lng),
  ])
  const customer = await newCustomer(url)
  t.match(
    (
      await http(url, 'PATCH', `/api/vendors/${closed.pharmacyId}`, {
        token: closed.token,
        body: { opening_hours: {}, time_zone: 'America/New_York' },
      })
    ).body,
    { is_open: false },
  )
  const there = { latitude: lat + 5.02, longitude: lng }
  const quote = await http(url, 'POST', '/api/pricing/quote', {
    token: customer.token,
    body: {
      vendor_id: open.pharmacyId,
      delivery_latitude: there.latitude,
      delivery_longitude: there.longitude,
    },
  })
  const request = await http(url, 'POST', '/api/requests', {
    token: customer.token,
    body: { ...there, radius_km: 9, quote_id: quote.body.quote_id },
  })
  t.match(request.body, { pharmacies_notified: 1, data: { delivery_fee: quote.body.fee } })
  const refused = await http(url, 'POST', `/api/requests/${request.body.request_id}/responses`, {
    token: closed.token,
    body: { response_type: 'ACCEPTED' },
  })
  t.ok(refused.status === 403 || refused.status === 404)
  const won = await http(url, 'POST', `/api/requests/${request.body.request_id}/responses`, {
    token: open.token,
    body: { response_type: 'ACCEPTED' },
  })
  t.match(won.body, { outcome: 'won', order: { delivery_fee: quote.body.fee } })
  await http(url, 'PATCH', `/api/vendors/${closed.pharmacyId}`, {
    token: closed.token,
    body: { opening_hours: null },
  })
  t.match(
    (
      await http(url, 'POST', '/api/requests', {
        token: customer.token,
        body: { ...there, radius_km: 9 },
      })
    ).body,
    { pharmacies_notified: 2 },
  )
})

t.test(
  'a link that was replaced opens nothing and its readers are disconnected; the new link works',
  async t => {
    const pharmacy = await newPharmacy(url, 'Links', lat + 10, lng)
    const customer = await newCustomer(url)
    const { body: order } = await http(url, 'POST', '/api/orders', {
      token: customer.token,
      body: { vendor_id: pharmacy.pharmacyId, ...home, items: [] },
    })
    const follow = async (token: string) => {
      const socket = new Listener(url, `/ws/tracking/${token}`)
      await socket.next('state')
      return socket
    }
    const old = await follow(order.tracking_token)
    const anew = (token: string) =>
      http(url, 'POST', `/api/orders/${order.id}/tracking-token`, { token, body: {} })
    const reissued = await anew(customer.token)
    t.equal(reissued.status, 201)
    t.match(reissued.body, {
      order_id: order.id,
      tracking_token: /^[0-9a-f]{32}$/,
      expires_at: null,
    })
    t.not(reissued.body.tracking_token, order.tracking_token)
    t.equal(await old.end(), 4004)
    t.equal((await http(url, 'GET', `/api/tracking/${order.tracking_token}`)).status, 404)
    t.equal((await http(url, 'GET', `/api/tracking/${reissued.body.tracking_token}`)).status, 200)
    t.equal(
      (await http(url, 'GET', `/api/orders/${order.id}`, { token: customer.token })).body
        .tracking_token,
      reissued.body.tracking_token,
    )

    const again = await follow(reissued.body.tracking_token)
    t.equal((await anew(pharmacy.token)).status, 201, 'the pharmacy may replace it too')
    t.equal(await again.end(), 4004)
    const [stranger, other] = await Promise.all([
      newCustomer(url),
      newPharmacy(url, 'Other', lat + 11, lng),
    ])
    for (const token of [stranger.token, other.token])
      t.equal((await anew(token)).body.code, 'order_not_found', '[API1]')

    await http(url, 'DELETE', `/api/orders/${order.id}`, { token: customer.token })
    const over = await anew(customer.token)
    t.equal(over.status, 201, 'also when the order is over, until its link expires')
    t.ok(Date.parse(over.body.expires_at) > Date.now() + 23 * 3_600_000)
    t.match((await http(url, 'GET', `/api/tracking/${over.body.tracking_token}`)).body.order, {
      status: 'cancelled',
      delivery_address: null,
    })
  },
)

t.test('an address without coordinates is refused where no geocoder is configured', async t => {
  const pharmacy = await newPharmacy(url, 'Maps', lat + 15, lng)
  const customer = await newCustomer(url)
  const { status, body } = await http(url, 'POST', '/api/orders', {
    token: customer.token,
    body: { vendor_id: pharmacy.pharmacyId, delivery_address: '456 Home Ave', items: [] },
  })
  t.same([status, body.code], [422, 'geocoding_unavailable'])
  t.match(body.detail, /GOOGLE_MAPS_API_KEY or NOMINATIM_URL/)
})
