/**
 * Settings of pharmacies, quotes, addresses without coordinates, and public links at the edge, with
 * a scripted engine.
 */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import t from 'tap'
import { decodeBody } from '../../protocol/bus/codec.ts'
import { pricingLimits } from '../pricing/limits.ts'
import type { DirectoryPharmacy } from '../../protocol/dispatch/directory.ts'
import { subjects } from '../../protocol/bus/subjects.ts'
import { features } from '../features.ts'
import { doAllJobs } from '../kernel/fixture-jobs.ts'
import { newId, place, startFixture, viewOf } from '../acceptance/fixture-edge.ts'

const geocoder = createServer((request, response) => {
  const known = request.url!.includes('Home')
  response.end(JSON.stringify(known ? [{ lat: '40.758', lon: '-73.9855', place_rank: 30 }] : []))
})
await new Promise<void>(resolve => {
  geocoder.listen(0, '127.0.0.1', resolve)
})
const edge = await startFixture({
  NOMINATIM_URL: `http://127.0.0.1:${(geocoder.address() as AddressInfo).port}`,
  TRACKING_LINK_HOURS: '2',
  JWT_ACCESS_TOKEN_EXPIRE_MINUTES: '600',
})
t.teardown(async () => {
  await edge.stop()
  geocoder.close()
})
const { call, clock } = edge
const customer = await edge.customer()
const stranger = await edge.customer()
const pharmacy = await edge.pharmacy()
const otherPharmacy = await edge.pharmacy()
const delivery = { delivery_latitude: 40.758, delivery_longitude: -73.9855 }
const home = { delivery_address: '456 Home Ave' }
const orderBody = {
  vendor_id: pharmacy.id,
  ...home,
  ...delivery,
  customer_name: 'John Doe',
  customer_phone: '+1234567890',
  items: [],
}
const tariff = {
  base_fee: 1,
  minimum_fee: 2.5,
  bands: [
    { up_to_km: 5, per_km: 0.5 },
    { up_to_km: null, per_km: 0.25 },
  ],
}
const settings = (body: object, token = pharmacy.token, id = pharmacy.id) =>
  call('PATCH', `/api/vendors/${id}`, { token, body })
const quote = (body: object, token = customer.token, path = '/api/pricing/quote') =>
  call('POST', path, { token, body })
const lastCommand = () => edge.commands.at(-1)!

t.test('the settings of a pharmacy are stored, shown and sent to the engines', async t => {
  const told: DirectoryPharmacy[] = []
  const subscription = edge.bus.subscribe(subjects.directory, message => {
    told.push(decodeBody(message.body) as DirectoryPharmacy)
  })
  const opening_hours = {
    mon: [{ open: '09:00', close: '18:00' }],
    sat: [{ open: '22:00', close: '02:00' }],
  }
  const { status, body } = await settings({
    time_zone: 'Asia/Kolkata',
    opening_hours,
    pricing: tariff,
    description: 'By the river',
    website: 'https://medpharm.example',
    delivery_promise_minutes: 45,
  })
  t.equal(status, 200)
  t.match(body, {
    time_zone: 'Asia/Kolkata',
    opening_hours,
    is_open: Boolean,
    pricing: { ...tariff, currency: 'USD' },
    description: 'By the river',
    website: 'https://medpharm.example',
    delivery_promise_minutes: 45,
  })
  t.match(told.at(-1), {
    vendor_id: pharmacy.id,
    time_zone: 'Asia/Kolkata',
    opening_hours,
    tariff: {
      base_minor: 100,
      minimum_minor: 250,
      bands: [
        { up_to_km: 5, per_km_minor: 50 },
        { up_to_km: null, per_km_minor: 25 },
      ],
    },
  })
  subscription.unsubscribe()
  t.match(
    (await call('GET', `/api/vendors/${pharmacy.id}`, { token: customer.token })).body,
    { opening_hours, pricing: tariff, time_zone: 'Asia/Kolkata' },
    'a customer sees the opening hours',
  )
  t.match((await settings({ opening_hours: {} })).body, { is_open: false })
  t.match((await settings({ opening_hours: null })).body, { is_open: true, opening_hours: null })
  t.match((await call('GET', `/api/vendors/${otherPharmacy.id}`, { token: customer.token })).body, {
    time_zone: 'UTC',
    opening_hours: null,
    is_open: true,
    pricing: { base_fee: 2.5, minimum_fee: 3 },
  })

  const table: [name: string, body: object, field: string][] = [
    ['an offset', { time_zone: '+05:30' }, 'time_zone'],
    ['no such zone', { time_zone: 'Mars/Olympus' }, 'time_zone'],
    ['a day that is none', { opening_hours: { noday: [] } }, 'opening_hours.noday'],
    [
      "25 o'clock",
      { opening_hours: { mon: [{ open: '25:00', close: '26:00' }] } },
      'opening_hours.mon.0.open',
    ],
    [
      'bands with an end',
      { pricing: { ...tariff, bands: [{ up_to_km: 5, per_km: 1 }] } },
      'pricing.bands',
    ],
    [
      'bands that go back',
      {
        pricing: {
          ...tariff,
          bands: [
            { up_to_km: 5, per_km: 1 },
            { up_to_km: 4, per_km: 1 },
            { up_to_km: null, per_km: 1 },
          ],
        },
      },
      'pricing.bands',
    ],
    ['parts of a cent', { pricing: { ...tariff, base_fee: 0.125 } }, 'pricing.base_fee'],
    ['less than nothing', { pricing: { ...tariff, minimum_fee: -1 } }, 'pricing.minimum_fee'],
    ['a script for a website', { website: 'javascript:alert(1)' }, 'website'],
  ]
  for (const [name, body, field] of table) {
    const answer = await settings(body)
    t.same([answer.status, answer.body.code], [400, 'invalid_request'], name)
    t.ok(
      answer.body.fields.some((one: { field: string }) => one.field === field),
      `${name} names ${field}: ${JSON.stringify(answer.body.fields)}`,
    )
  }
  t.equal(
    (await settings({ pricing: tariff }, otherPharmacy.token)).status,
    404,
    "[API1] another pharmacy's tariff",
  )
})

t.test(
  "a quote uses the pharmacy's tariff, is stored, and is valid for the same route only",
  async t => {
    const made = await quote({ vendor_id: pharmacy.id, ...delivery })
    t.equal(made.status, 201)
    // 5.33 km in a straight line, 6.9 km by road: 1 + 5 km at 0.50 + 1.9 km at 0.25.
    t.match(made.body, {
      vendor_id: pharmacy.id,
      fee: 4,
      currency: 'USD',
      distance_km: Number,
      duration_minutes: Number,
      distance_source: 'estimate',
      breakdown: {
        base_fee: 1,
        minimum_applied: false,
        bands: [
          { from_km: 0, to_km: 5, per_km: 0.5, amount: 2.5 },
          { from_km: 5, per_km: 0.25 },
        ],
      },
    })
    t.ok(
      Math.abs(Date.parse(made.body.expires_at) - Date.now() - pricingLimits.quoteTtlMs) < 60_000,
    )
    const { quote_id } = made.body
    const place = await call('POST', '/api/orders', {
      token: customer.token,
      body: { ...orderBody, quote_id },
    })
    t.equal(place.status, 201)
    t.match(
      lastCommand(),
      {
        verb: 'create',
        data: { fee: { quote_id, vendor_id: pharmacy.id, fee_minor: 400, distance_km: Number } },
      },
      'the command has the fee',
    )
    t.notOk('quote_id' in (lastCommand().data as object), 'the command does not name the quote')

    const table: [name: string, token: string, body: object, status: number, code: string][] = [
      ["[API1] somebody else's quote", stranger.token, {}, 404, 'quote_not_found'],
      ['a quote that never existed', customer.token, { quote_id: newId() }, 404, 'quote_not_found'],
      ['another pharmacy', customer.token, { vendor_id: otherPharmacy.id }, 422, 'quote_mismatch'],
      ['another address', customer.token, { delivery_latitude: 40.77 }, 422, 'quote_mismatch'],
    ]
    for (const [name, token, change, status, code] of table) {
      const answer = await call('POST', '/api/orders', {
        token,
        body: { ...orderBody, quote_id, ...change },
      })
      t.same([answer.status, answer.body.code], [status, code], name)
    }
    // The customer names their own address as the pick-up, in the quote and in the order, with and
    // without a quote. The route still begins at the pharmacy.
    const atTheCustomer = {
      pickup_latitude: 40.758,
      pickup_longitude: -73.985,
      pickup_address: 'here',
    }
    const cheap = await quote({ vendor_id: pharmacy.id, ...delivery, ...atTheCustomer })
    t.match(
      cheap.body,
      { fee: 4, pickup: { latitude: 40.7128, longitude: -74.006 } },
      'a quote is for the way from the pharmacy',
    )
    for (const change of [{ quote_id: cheap.body.quote_id }, { quote_id }, {}]) {
      const placed = await call('POST', '/api/orders', {
        token: customer.token,
        body: { ...orderBody, ...atTheCustomer, ...change },
      })
      t.equal(placed.status, 201)
      t.notMatch(
        JSON.stringify(lastCommand().data),
        /pickup/,
        'an order starts at the pharmacy too',
      )
      if ('quote_id' in change) t.match(lastCommand().data, { fee: { fee_minor: 400 } })
    }
    t.equal(
      (
        await call('POST', '/api/requests', {
          token: customer.token,
          body: { latitude: 40.758, longitude: -73.9855, radius_km: 9, quote_id },
        })
      ).status,
      201,
    )
    t.match(lastCommand(), {
      verb: 'broadcast',
      data: { fee: { quote_id, vendor_id: pharmacy.id } },
    })

    clock.skewMs = pricingLimits.quoteTtlMs + 1_000
    const late = await call('POST', '/api/orders', {
      token: customer.token,
      body: { ...orderBody, quote_id },
    })
    t.same([late.status, late.body.code], [410, 'quote_expired'])
    await doAllJobs(features, edge.edge.parts)
    t.equal(
      (
        await call('POST', '/api/orders', {
          token: customer.token,
          body: { ...orderBody, quote_id },
        })
      ).body.code,
      'quote_not_found',
      'an old quote is deleted',
    )
    clock.skewMs = 0
  },
)

t.test('a pharmacy accepts with its own quote', async t => {
  const direct = viewOf({
    id: newId(),
    user_id: customer.id,
    vendor_id: pharmacy.id,
    pickup_latitude: place.latitude,
    pickup_longitude: place.longitude,
  })
  const open = viewOf({ id: newId(), user_id: customer.id, kind: 'broadcast' })
  await edge.store(direct)
  await edge.store(open, [pharmacy.id])
  const { quote_id } = (await quote({ vendor_id: pharmacy.id, ...delivery }, pharmacy.token)).body
  t.equal(
    (
      await call('POST', `/api/orders/${direct.id}/accept`, {
        token: pharmacy.token,
        body: { quote_id, text_message: 'soon' },
      })
    ).status,
    200,
  )
  t.match(lastCommand(), {
    verb: 'accept',
    data: { text_message: 'soon', fee: { quote_id, fee_minor: 400 } },
  })
  t.equal(
    (
      await call('POST', `/api/requests/${open.id}/responses`, {
        token: pharmacy.token,
        body: { response_type: 'ACCEPTED', quote_id },
      })
    ).status,
    201,
  )
  t.match(lastCommand(), {
    verb: 'respond',
    data: { response_type: 'ACCEPTED', fee: { quote_id, fee_minor: 400 } },
  })
  t.equal(
    (
      await call('POST', `/api/orders/${direct.id}/accept`, {
        token: otherPharmacy.token,
        body: { quote_id },
      })
    ).status,
    404,
  )
})

t.test('a quote without a pharmacy is an estimate; the older path quotes too', async t => {
  const pickup = { pickup_latitude: place.latitude, pickup_longitude: place.longitude }
  const estimate = await quote({ ...pickup, ...delivery })
  t.equal(estimate.status, 200)
  t.match(estimate.body, {
    quote_id: null,
    vendor_id: null,
    expires_at: null,
    fee: Number,
    breakdown: { base_fee: 2.5 },
  })
  const older = await quote(
    { vendor_id: pharmacy.id, ...home },
    customer.token,
    '/api/v1/pricing/calculate',
  )
  t.match(
    [older.status, older.body],
    [201, { fee: 4, delivery: { latitude: 40.758 } }],
    'the address is looked up',
  )
  t.match(
    await call('GET', '/api/v1/pricing/calculate'),
    { status: 200, body: { pricing: { base_fee: 2.5 }, estimate: null } },
    'as the document shows it',
  )
  const anybody = await call(
    'GET',
    `/api/v1/pricing/calculate?${new URLSearchParams(Object.entries({ ...pickup, ...delivery }).map(([k, v]) => [k, String(v)]))}`,
  )
  t.equal(anybody.body.estimate.fee, estimate.body.fee)
  for (const [body, field] of [
    [{ vendor_id: pharmacy.id }, 'delivery_latitude'],
    [{ vendor_id: pharmacy.id, delivery_latitude: 1 }, 'delivery_longitude'],
    [delivery, 'pickup_latitude'],
  ] as const)
    t.match((await quote(body)).body, { code: 'invalid_request', fields: [{ field }] })
  t.equal((await quote({ vendor_id: newId(), ...delivery })).body.code, 'vendor_not_found')
  t.equal((await call('POST', '/api/pricing/quote', { body: {} })).status, 401)
})

t.test('the address of an order without coordinates is looked up', async t => {
  const { delivery_latitude: _, delivery_longitude: __, ...body } = orderBody
  t.equal((await call('POST', '/api/orders', { token: customer.token, body })).status, 201)
  t.match(lastCommand().data, { delivery_address: '456 Home Ave', ...delivery })
  const vague = await call('POST', '/api/orders', {
    token: customer.token,
    body: { ...body, delivery_address: 'somewhere' },
  })
  t.same([vague.status, vague.body.code], [422, 'address_not_found'])
  t.match(
    (
      await call('POST', '/api/orders', {
        token: customer.token,
        body: { ...body, delivery_latitude: 1 },
      })
    ).body,
    { code: 'invalid_request', fields: [{ field: 'delivery_longitude' }] },
  )
})

t.test('a link shows no address once the order has ended, and expires later', async t => {
  const live = viewOf({
    id: newId(),
    user_id: customer.id,
    vendor_id: pharmacy.id,
    status: 'out_for_delivery',
    driver_name: 'Dan Driver',
  })
  await edge.store(live)
  t.match((await call('GET', `/api/tracking/${live.tracking_token}`)).body.order, {
    customer_name: 'John',
    driver_name: 'Dan',
    delivery_address: '456 Home Ave',
    delivery_latitude: 40.758,
  })
  const ended_at = new Date().toISOString()
  const over = viewOf({
    id: newId(),
    user_id: customer.id,
    vendor_id: pharmacy.id,
    status: 'delivered',
    driver_name: 'Dan Driver',
    delivered_at: ended_at,
    ended_at,
  })
  await edge.store(over)
  const shown = await call('GET', `/api/tracking/${over.tracking_token}`)
  t.match(shown.body.order, {
    status: 'delivered',
    customer_name: 'John',
    driver_name: null,
    delivery_address: null,
    delivery_latitude: 40.76,
    delivery_longitude: -73.99,
  })
  t.notMatch(JSON.stringify(shown.body), /Doe|Home Ave|Driver|1234567890/)
  clock.skewMs = 2 * 3_600_000 + 1_000
  const late = await call('GET', `/api/tracking/${over.tracking_token}`)
  t.same([late.status, late.body.code], [410, 'tracking_expired'])
  t.equal(
    (await call('GET', `/api/tracking/${live.tracking_token}`)).status,
    200,
    'the link of an order under way does not expire',
  )
  clock.skewMs = 0
})
