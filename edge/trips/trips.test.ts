/** Trips over HTTP on a real server: asking, reading and cancelling, and every refusal. */
import t from 'tap'
import type { Who } from '../acceptance/access-world.ts'
import { newId } from '../acceptance/fixture-edge.ts'
import { newCustomer, terminal } from '../acceptance/people.ts'
import { door, tripParties } from './fixture-trips.ts'

const { world, url, call, request, acceptedTrip, assign, start, complete } = await tripParties(t)
const { customer, vendor, driver } = world

t.test('a trip without a pharmacy is a request to those nearby', async t => {
  const screen = await terminal(url, vendor)
  t.teardown(() => screen.close())
  const headers = { 'idempotency-key': newId() }
  const body = {
    ...door,
    dropoff_address: '456 Home Ave',
    items: [{ name: 'Aspirin', quantity: 2 }],
    quantity: 2,
    notes: 'Ring twice',
    radius_km: 5,
    expires_in_seconds: 600,
  }
  const { status, body: trip, headers: answered } = await request('customer', body, headers)
  t.equal(status, 201)
  t.equal(answered.get('location'), `/api/v1/trips/${trip.id}`)
  t.match(trip, {
    trip_id: trip.id,
    status: 'requested',
    order_status: 'pending',
    user_id: customer.id,
    driver_id: null,
    vendor_id: null,
    ...door,
    dropoff_address: '456 Home Ave',
    pharmacies_notified: 1,
    assigned_at: null,
    completed_at: null,
  })
  await screen.next('new_request', ({ request_id }) => request_id === trip.id)
  t.same((await request('customer', body, headers)).body, trip, 'a repeat makes no second trip')
  t.match(await request('customer', door, headers), {
    status: 422,
    body: { code: 'idempotency_key_reused' },
  })
  t.match((await call('customer', 'GET', `/api/orders/${trip.id}`)).body, {
    kind: 'broadcast',
    notes: 'Ring twice',
    radius_km: 5,
  })
})

t.test('a trip to a named pharmacy is an order', async t => {
  const body = { ...door, vendor_id: vendor.pharmacyId, dropoff_address: '456 Home Ave' }
  const { status, body: trip } = await request('customer', body)
  t.equal(status, 201)
  t.match(trip, { status: 'requested', vendor_id: vendor.pharmacyId, vendor_name: 'Near' })
  t.match((await call('vendor', 'GET', `/api/orders/${trip.id}`)).body, { kind: 'direct' })
})

t.test('the row that the document calls by GET says how to ask', async t => {
  const { status, body } = await call('stranger', 'GET', '/api/v1/trips/request')
  t.equal(status, 200)
  t.equal((await request('customer', body.example)).status, 201, 'its example works')
})

t.test('what a trip cannot be is refused with its field and rule', async t => {
  const named = { ...door, vendor_id: vendor.pharmacyId, dropoff_address: 'x' }
  const rule = (field: string, text: RegExp | string) => ({
    status: 400,
    body: { code: 'invalid_request', fields: [{ field, rule: text }] },
  })
  for (const [body, expected] of [
    [{}, rule('dropoff_latitude', /is required/)],
    [{ dropoff_latitude: 27.7 }, rule('dropoff_longitude', /latitude|longitude|required/)],
    [{ ...door, dropoff_latitude: 90.1 }, rule('dropoff_latitude', /90/)],
    [{ ...door, radius_km: 0 }, rule('radius_km', /1/)],
    [{ ...door, quantity: 1.5 }, rule('quantity', /integer|whole/)],
    [{ ...door, items: [{ name: 'Aspirin', quantity: 0 }] }, rule('items.0.quantity', /1/)],
    [{ ...door, fare: 1 }, rule('fare', /unknown|not/)],
    [{ ...named, radius_km: 5 }, rule('radius_km', 'belongs to a trip without vendor_id')],
    [{ ...named, quantity: 5 }, rule('quantity', 'belongs to a trip without vendor_id')],
    [
      { ...named, expires_in_seconds: 60 },
      rule('expires_in_seconds', 'belongs to a trip without vendor_id'),
    ],
    [
      { ...door, vendor_id: vendor.pharmacyId },
      rule('dropoff_address', 'is required with vendor_id'),
    ],
    [{ ...named, vendor_id: 'near' }, rule('vendor_id', /id/)],
    [
      { ...named, vendor_id: newId() },
      { status: 404, body: { code: 'vendor_not_found' } },
    ],
    [{ dropoff_address: 'nowhere' }, { status: 422, body: { code: 'geocoding_unavailable' } }],
    [
      { ...door, quote_id: newId() },
      { status: 404, body: { code: 'quote_not_found' } },
    ],
    [
      { ...door, user_id: world.otherCustomer.id },
      { status: 403, body: { code: 'forbidden' } },
    ],
    [
      { ...named, user_id: world.otherCustomer.id },
      { status: 403, body: { code: 'forbidden' } },
    ],
  ] as const)
    t.match(await request('customer', body), expected, JSON.stringify(body))
  t.equal((await request('customer', { ...door, user_id: customer.id })).status, 201, 'oneself')
  t.match(await request('stranger', door), { status: 401, body: { code: 'unauthenticated' } })
  for (const who of ['vendor', 'driver'] as const)
    t.match(await request(who, door), { status: 403, body: { code: 'forbidden' } })
  t.equal((await call('customer', 'GET', '/api/v1/trips/1')).status, 404, 'ids are UUIDs')
})

t.test('an administrator asks for a customer, who owns the trip', async t => {
  const named = { vendor_id: vendor.pharmacyId, dropoff_address: '456 Home Ave' }
  for (const [path, body] of [
    ['/api/v1/trips/request', door],
    ['/api/v1/trips/request', { ...door, ...named }],
    ['/api/requests', { latitude: 27.72, longitude: 85.33, radius_km: 5 }],
  ] as const) {
    const somebody = await newCustomer(url, 'Sick Person')
    const ask = (user_id?: string) =>
      call('admin', 'POST', path, { ...body, ...(user_id !== undefined && { user_id }) })
    for (const user_id of [undefined, newId(), vendor.id, world.admin.id])
      t.match(await ask(user_id), {
        status: 400,
        body: { code: 'invalid_request', fields: [{ field: 'user_id' }] },
      })
    await call('admin', 'PATCH', `/api/admin/accounts/${somebody.id}`, { is_active: false })
    t.equal((await ask(somebody.id)).status, 400, 'an account that has ended')
    await call('admin', 'PATCH', `/api/admin/accounts/${somebody.id}`, { is_active: true })
    const { status, body: made } = await ask(somebody.id.toUpperCase())
    t.equal(status, 201)
    const id = made.request_id ?? made.id
    const order = (await call('admin', 'GET', `/api/orders/${id}`)).body
    t.match(order, { user_id: somebody.id, customer_name: 'Sick Person' })
    const { events } = (await call('admin', 'GET', `/api/orders/${id}/events`)).body
    t.match(events[0].by, { role: 'admin', id: world.admin.id })
  }
  t.match(
    await call('customer', 'POST', '/api/requests', {
      latitude: 27.72,
      longitude: 85.33,
      radius_km: 5,
      user_id: world.otherCustomer.id,
    }),
    { status: 403, body: { code: 'forbidden' } },
  )
  t.match(
    await call('admin', 'POST', '/api/orders', {
      vendor_id: vendor.pharmacyId,
      delivery_address: 'x',
      delivery_latitude: 27.72,
      delivery_longitude: 85.33,
      user_id: newId(),
    }),
    { status: 400, body: { fields: [{ field: 'user_id' }] } },
    'a mistake of the administrator is not an ended sign-in',
  )
})

t.test('each role sees its own trips, and those of others as if they did not exist', async t => {
  const id = await acceptedTrip()
  await assign(id)
  const get = (who: Who, trip: string) => call(who, 'GET', `/api/v1/trips/${trip}`)
  for (const who of ['customer', 'vendor', 'driver', 'admin'] as const) {
    t.match(await get(who, id), {
      status: 200,
      body: { id, status: 'assigned', driver_id: driver.driverId, driver_name: 'Driver Name' },
    })
    const { trips } = (await call(who, 'GET', '/api/v1/trips?limit=100')).body
    t.ok(trips.some((trip: { id: string }) => trip.id === id))
  }
  t.equal((await get('driver', id)).body.user_id, '', 'a driver need not know the account')
  for (const who of ['otherCustomer', 'otherPharmacy', 'otherDriver'] as const) {
    const { status, body } = await get(who, id)
    t.match({ status, body }, { status: 404, body: { code: 'order_not_found' } })
    t.equal(body.detail, (await get(who, newId())).body.detail)
    const { trips } = (await call(who, 'GET', '/api/v1/trips?limit=100')).body
    t.notOk(trips.some((trip: { id: string }) => trip.id === id))
  }
  for (const path of ['/api/v1/trips', `/api/v1/trips/${id}`])
    t.equal((await call('stranger', 'GET', path)).status, 401)

  const open = (await request('customer', door)).body
  const asked = (await get('vendor', open.id)).body
  t.match(asked, { id: open.id, user_id: '', tracking_token: '', dropoff_latitude: 27.72 })
  t.equal((await get('otherPharmacy', open.id)).status, 404, 'it was not asked')
})

t.test('a list has pages', async t => {
  const first = (await call('customer', 'GET', '/api/v1/trips?limit=1')).body
  const second = (
    await call('customer', 'GET', `/api/v1/trips?limit=1&cursor=${first.next_cursor}`)
  ).body
  t.equal(first.trips.length, 1)
  t.not(first.trips[0].id, second.trips[0].id)
  for (const query of ['limit=0', 'limit=1000', 'cursor=1', 'since=now'])
    t.equal((await call('customer', 'GET', `/api/v1/trips?${query}`)).status, 400, query)
})

t.test('a trip goes through its statuses', async t => {
  const id = await acceptedTrip()
  const status = async () => (await call('customer', 'GET', `/api/v1/trips/${id}`)).body
  t.match(await status(), { status: 'requested', order_status: 'accepted' })
  await assign(id)
  t.match(await status(), { status: 'assigned', assigned_at: String })
  await start(id)
  t.match(await status(), { status: 'started', started_at: String, completed_at: null })
  await complete(id)
  t.match(await status(), { status: 'completed', completed_at: String, ended_at: String })
})

t.test('its customer, its pharmacy and an administrator cancel a trip', async t => {
  const cancel = (who: Who, id: string, body?: object) =>
    call(who, 'POST', `/api/v1/trips/${id}/cancel`, body)
  for (const who of ['customer', 'vendor', 'admin'] as const) {
    const id = await acceptedTrip()
    for (const stranger of ['otherCustomer', 'otherPharmacy'] as const)
      t.match(await cancel(stranger, id), { status: 404, body: { code: 'order_not_found' } })
    t.equal((await cancel('driver', id)).status, 403)
    t.equal((await cancel('stranger', id)).status, 401)
    t.match(await cancel(who, id, { reason: 1 }), {
      status: 400,
      body: { fields: [{ field: 'reason' }] },
    })
    t.match(await cancel(who, id, { reason: 'ordered by mistake' }), {
      status: 200,
      body: { id, status: 'cancelled', order_status: 'cancelled' },
    })
  }
  const open = (await request('customer', door)).body
  t.equal((await cancel('customer', open.id)).body.status, 'cancelled', 'no body is needed')
  t.equal((await cancel('customer', newId())).status, 404)
  const under = await acceptedTrip()
  await assign(under)
  await start(under)
  t.match(await cancel('customer', under), {
    status: 409,
    body: { code: 'order_not_cancellable' },
  })
  await complete(under)
  t.match(await cancel('customer', under), { status: 409 })
})
