/**
 * The acceptance scenarios: the four of the broadcast document, the walk of the delivery document,
 * and the path of the spine, over real HTTP and sockets. One suite, run against the embedded process
 * and against engines and edges as processes of their own. Numbers in brackets are invariants.
 */
import type { Test } from 'tap'
import { encodeFrames } from '../../protocol/river/frames.ts'
import {
  customerSocket,
  eventually,
  http,
  Listener,
  newCourier,
  newCustomer,
  newPharmacy,
  password,
  terminal,
  upload,
} from './people.ts'

/** Where it runs: two addresses, which may be two edges of one deployment. */
export interface Deployment {
  url: string
  other: string
  stop(): Promise<void>
}

// Four pharmacies around the patient of the document; a fresh centre for each run keeps tests apart.
const lat = 27.7172
const offsets = { A: 0.0045, B: 0.018, C: 0.063, D: 0.135 } // 0.5, 2, 7 and 15 km to the north

async function city(url: string, lng: number) {
  const [A, B, C, D] = await Promise.all(
    Object.entries(offsets).map(([name, d]) => newPharmacy(url, `Pharmacy ${name}`, lat + d, lng)),
  )
  const customer = await newCustomer(url)
  const request = (radius_km: number, more: object = {}) =>
    http(url, 'POST', '/api/requests', {
      token: customer.token,
      body: { latitude: lat, longitude: lng, radius_km, quantity: 10, ...more },
    })
  return { A: A!, B: B!, C: C!, D: D!, customer, request }
}

/** `t` skips what is missing; `deployment` is shared by all scenarios of a run. */
export function scenarios(t: Test, deployment: () => Deployment): void {
  let longitude = 80
  const nextLongitude = (): number => (longitude += 2)

  t.test('scenario 1 and 2: the radius decides who is asked', async t => {
    const { url } = deployment()
    const { request } = await city(url, nextLongitude())
    t.equal((await request(3)).body.pharmacies_notified, 2)
    t.equal((await request(10)).body.pharmacies_notified, 3)
    const all = await request(20)
    t.equal(all.status, 201)
    t.equal(all.body.pharmacies_notified, 4)
    t.match(all.body, {
      request_id: String,
      expires_at: String,
      data: { status: 'pending', kind: 'broadcast' },
    })
  })

  t.test('scenario 3: the wrong door closes with its code', async t => {
    const { url } = deployment()
    const { A, customer } = await city(url, nextLongitude())
    const code = (path: string) => new Listener(url, path).end()
    t.equal(await code(`/ws/pharmacy/?token=${customer.token}`), 4003)
    t.equal(await code(`/ws/customer/?token=${A.token}`), 4003)
    t.equal(await code('/ws/pharmacy/?token=nonsense'), 4001)
    t.equal(await code('/ws/pharmacy/'), 4001)
    t.equal(await code('/ws/tracking/ffffffffffffffffffffffffffffffff'), 4004)
    const homeless = await http(url, 'POST', '/api/auth/register', {
      body: {
        email: `vendor-without-${Date.now()}@example.com`,
        full_name: 'No Shop',
        phone: '+1234567890',
        role: 'vendor',
        password,
      },
    })
    t.equal(await code(`/ws/pharmacy/?token=${homeless.body.access_token}`), 4004)
  })

  t.test('scenario 4: two accept, one wins, all are told [1]', async t => {
    const { url, other } = deployment()
    const { A, B, C, D, customer, request } = await city(url, nextLongitude())
    const [a, b, c, d] = await Promise.all([
      terminal(url, A),
      terminal(other, B),
      terminal(other, C),
      terminal(url, D),
    ])
    const me = await customerSocket(other, customer)
    const { request_id } = (await request(10)).body
    // Measured from the area that they are told, 310 m north of the door, and to 100 m.
    for (const [socket, km] of [
      [a, 0.2],
      [b, 1.7],
      [c, 6.7],
    ] as const) {
      const message = await socket.next('new_request')
      t.equal(message.request_id, request_id)
      t.equal(message.distance_km, km)
      t.match(message, {
        patient_name: 'J. D.',
        patient_phone: '',
        notes: null,
        quantity: 10,
        patient_location: { lat: 27.72 },
        timestamp: String,
      })
    }
    const won = await http(url, 'POST', '/medicine/response/', {
      token: A.token,
      body: { request_id, response_type: 'ACCEPTED', text_message: 'Available!' },
    })
    t.equal(won.status, 201)
    t.match(won.body, {
      request_id,
      pharmacy_id: A.vendorId,
      pharmacy_name: 'Pharmacy A',
      response_type: 'ACCEPTED',
      message: 'Response recorded. Customer will be notified.',
    })
    t.match(await me.next('pharmacy_response'), {
      request_id,
      pharmacy_id: A.vendorId,
      pharmacy_name: 'Pharmacy A',
      response_type: 'ACCEPTED',
      text_message: 'Available!',
      audio_url: null,
      pharmacy_location: { lat: Number, lng: Number },
      distance_km: Number,
      responded_at: String,
    })
    for (const socket of [b, c])
      t.match(await socket.next('request_taken'), {
        request_id,
        message: 'This request has been accepted by another pharmacy',
      })
    const late = await http(other, 'POST', '/medicine/response/', {
      token: B.token,
      body: { request_id, response_type: 'ACCEPTED' },
    })
    t.equal(late.status, 400)
    t.equal(late.body.error, 'This request has already been assigned to a pharmacy')
    const lateApi = await http(url, 'POST', `/api/requests/${request_id}/responses`, {
      token: C.token,
      body: { response_type: 'ACCEPTED' },
    })
    t.equal(lateApi.status, 409)
    t.equal(lateApi.body.code, 'request_already_assigned')
    const notAsked = await http(url, 'POST', `/api/requests/${request_id}/responses`, {
      token: D.token,
      body: { response_type: 'ACCEPTED' },
    })
    t.equal(notAsked.status, 403)
    t.equal(notAsked.body.code, 'request_not_offered')
    const again = await http(url, 'POST', `/api/requests/${request_id}/responses`, {
      token: A.token,
      body: { response_type: 'ACCEPTED' },
    })
    t.equal(again.status, 201, 'the winner asking again hears the same')
    b.send({ type: 'respond', request_id, response_type: 'ACCEPTED', id: '7' })
    t.match(await b.next('response_result'), { request_id, outcome: 'lost', id: '7' })
    t.equal(a.of('request_taken').length, 0, 'the winner is not told it lost')
    t.equal(d.of('new_request').length, 0, 'the one too far away heard nothing')
    for (const socket of [a, b, c, d, me]) socket.close()
  })

  t.test(
    'a rejection with text reaches the customer; a late terminal hears of open requests [9]',
    async t => {
      const { url, other } = deployment()
      const { A, B, customer, request } = await city(url, nextLongitude())
      const a = await terminal(url, A)
      const me = await customerSocket(url, customer)
      const { request_id } = (await request(3)).body
      await a.next('new_request')
      a.send({
        type: 'respond',
        request_id,
        response_type: 'REJECTED',
        text_message: 'out of stock',
        id: 'x',
      })
      t.match(await a.next('response_result'), { outcome: 'recorded', id: 'x' })
      t.match(await me.next('pharmacy_response'), {
        response_type: 'REJECTED',
        text_message: 'out of stock',
      })
      const b = await terminal(other, B)
      t.equal((await b.next('new_request')).request_id, request_id)
      b.send({ type: 'respond', request_id, response_type: 'ACCEPTED', id: 'y' })
      t.match(await b.next('response_result'), { outcome: 'won', id: 'y' })
      for (const socket of [a, b, me]) socket.close()
    },
  )

  t.test(
    'a request ends: by its deadline, by its customer, by having nobody near [10]',
    async t => {
      const { url } = deployment()
      const { A, customer, request } = await city(url, nextLongitude())
      const a = await terminal(url, A)
      const me = await customerSocket(url, customer)
      const expiring = (await request(3, { expires_in_seconds: 5 })).body.request_id
      const cancelled = (await request(3)).body.request_id
      t.equal(
        (await http(url, 'DELETE', `/api/requests/${cancelled}`, { token: customer.token })).status,
        200,
      )
      t.match(await a.next('request_cancelled'), { request_id: cancelled })
      const over = await http(url, 'POST', `/api/requests/${cancelled}/responses`, {
        token: A.token,
        body: { response_type: 'ACCEPTED' },
      })
      t.same([over.status, over.body.code], [410, 'request_cancelled'])
      t.match(await me.next('request_expired', m => m.request_id === expiring, 15_000), {
        request_id: expiring,
      })
      t.match(await a.next('request_expired'), { request_id: expiring })
      const late = await http(url, 'POST', `/api/requests/${expiring}/responses`, {
        token: A.token,
        body: { response_type: 'ACCEPTED' },
      })
      t.same([late.status, late.body.code], [410, 'request_expired'])
      const nowhere = await http(url, 'POST', '/api/requests', {
        token: customer.token,
        body: { latitude: -40, longitude: -140, radius_km: 5 },
      })
      t.match(nowhere.body, { pharmacies_notified: 0, data: { status: 'expired' } })
      for (const socket of [a, me]) socket.close()
    },
  )

  t.test('the older broadcast path: multipart with a prescription image', async t => {
    const { url } = deployment()
    const lng = nextLongitude()
    const { A, customer } = await city(url, lng)
    const a = await terminal(url, A)
    const form = new FormData()
    form.set('patient_lat', String(lat))
    form.set('patient_lng', String(lng))
    form.set('radius_km', '10.0')
    form.set('quantity', '10')
    form.set('image', new Blob([png], { type: 'image/png' }), 'prescription.png')
    const made = await http(url, 'POST', '/medicine/request/', {
      token: customer.token,
      body: form,
    })
    t.equal(made.status, 201)
    t.match(made.body, {
      message: 'Medicine request sent to 3 nearby pharmacies',
      pharmacies_notified: 3,
      request_id: String,
      data: {
        patient_name: 'John Doe',
        patient_lat: lat,
        radius_km: 10,
        quantity: 10,
        status: 'PENDING',
        pharmacy: null,
        pharmacy_name: null,
        image: String,
      },
    })
    const heard = await a.next('new_request')
    t.type(heard.image_url, 'string')
    const image = new URL(heard.image_url, url)
    t.equal(
      (await http(url, 'GET', image.pathname, { token: A.token })).status,
      200,
      'the pharmacy asked may see the prescription',
    )
    t.equal(
      (await http(heard.image_url, 'GET', '')).status,
      200,
      'also without a token, by the link it was given, which is absolute',
    )
    t.not((await http(url, 'GET', image.pathname)).status, 200, 'a stranger may not')
    const list = await http(url, 'GET', '/medicine/request/', { token: customer.token })
    t.match(list.body, {
      count: 1,
      requests: [{ status: 'PENDING', quantity: 10, patient_name: 'John Doe' }],
    })
    a.close()
  })

  t.test('an order to a known pharmacy is delivered, live', async t => {
    const { url, other } = deployment()
    const lng = nextLongitude()
    const { A, B, customer } = await city(url, lng)
    const driver = await newCourier(url, A.vendorId)
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
    const made = await http(url, 'POST', '/api/orders', {
      token: customer.token,
      body: {
        user_id: customer.id,
        vendor_id: A.vendorId,
        pickup_address: '123 Pharmacy St',
        pickup_latitude: lat + offsets.A,
        pickup_longitude: lng,
        delivery_address: '456 Home Ave',
        delivery_latitude: lat,
        delivery_longitude: lng,
        customer_name: 'John Doe',
        customer_phone: '+1234567890',
        items: [{ name: 'Aspirin', quantity: 2 }],
        notes: 'Call before delivery',
      },
    })
    t.equal(made.status, 201)
    const { id, tracking_token } = made.body
    t.match(made.body, {
      order_number: /^ORD-[0-9A-Z]{8}$/,
      status: 'pending',
      vendor_id: A.vendorId,
      estimated_distance_km: Number,
    })
    t.equal(
      (await http(url, 'GET', `/api/orders/${id}`, { token: B.token })).status,
      404,
      'not the business of another pharmacy',
    )
    t.equal(
      (await http(url, 'POST', `/api/orders/${id}/accept`, { token: B.token, body: {} })).status,
      404,
    )
    t.equal(
      (await http(url, 'POST', `/api/orders/${id}/accept`, { token: A.token, body: {} })).body
        .status,
      'accepted',
    )
    const foreign = await newCourier(url, B.vendorId)
    t.equal(
      (
        await http(url, 'POST', `/api/orders/${id}/assign-driver`, {
          token: A.token,
          body: { driver_id: foreign.driverId },
        })
      ).body.code,
      'driver_not_of_vendor',
    )
    const assigned = await http(url, 'POST', `/api/orders/${id}/assign-driver`, {
      token: A.token,
      body: { driver_id: driver.driverId },
    })
    t.match(assigned.body, { status: 'driver_assigned', driver_id: driver.driverId })
    t.match(await wheel.next('assigned'), { order_id: id })

    const watcher = new Listener(other, `/ws/tracking/${tracking_token}`)
    t.match(await watcher.next('state'), { order: { status: 'driver_assigned' } })
    const fleet = new Listener(other, `/ws/vendor/${A.vendorId}?token=${A.token}`)
    const me = await customerSocket(other, customer)
    let seq = 0
    // Ten seconds apart: nobody teleports, and the late-data policy would not have it.
    const startMs = Date.now() - 120_000
    const drive = (...places: [number, number][]) =>
      wheel.send(
        encodeFrames(
          places.map(([latitude, longitude]) => ({
            seq: ++seq,
            timestampMs: startMs + seq * 10_000,
            latitude,
            longitude,
            headingDeg: 180,
            speedMps: 8,
            accuracyM: 5,
          })),
        ),
      )
    drive([lat + 0.006, lng], [lat + 0.0055, lng])
    t.equal((await wheel.next('binary')).data.length > 0, true, 'frames are acknowledged')
    t.match(await watcher.next('location'), {
      order_id: id,
      latitude: lat + 0.0055,
      eta_minutes: Number,
      distance_km: Number,
    })
    t.match(await me.next('location'), { order_id: id })
    t.match(await fleet.next('locations'), {
      drivers: [{ driver_id: driver.driverId, latitude: lat + 0.0055 }],
    })
    drive([lat + offsets.A, lng])
    t.match(await watcher.next('status', m => m.arrived_at === 'pickup'), { order_id: id })

    const step = (body: object, token = driver.token) =>
      http(url, 'PATCH', `/api/orders/${id}`, { token, body })
    t.equal(
      (await step({ status: 'delivered', signature_url: '/s.png' })).body.code,
      'order_state_conflict',
      'not before its time',
    )
    const early = await upload(url, driver.token, 'proof')
    t.equal((await step({ status: 'picked_up' })).body.status, 'picked_up')
    t.equal((await step({ status: 'out_for_delivery' })).body.status, 'out_for_delivery')
    drive([lat + 0.002, lng])
    const seen = await watcher.next('location', m => Math.abs(m.latitude - lat - 0.002) < 1e-9)
    t.ok(seen.distance_km < 0.3)
    const page = await http(other, 'GET', `/api/tracking/${tracking_token}`)
    t.match(page.body, {
      order: {
        order_number: made.body.order_number,
        status: 'out_for_delivery',
        customer_name: 'John',
        delivery_latitude: lat,
        created_at: String,
        estimated_delivery_time: String,
      },
      driver_location: { latitude: lat + 0.002, longitude: lng, last_update: String },
      eta_minutes: Number,
    })
    drive([lat + 0.0001, lng])
    t.match(await watcher.next('status', m => m.arrived_at === 'dropoff'), { order_id: id })
    t.same([(await step({ status: 'delivered' })).body.code], ['proof_required'])
    t.match(
      (await step({ status: 'delivered', proof_photo_url: '/uploads/proof/photo.jpg' })).body,
      { code: 'proof_invalid', detail: /^proof_photo_url must be the url of an upload/ },
    )
    t.match((await step({ status: 'delivered', proof_photo_url: early })).body, {
      code: 'proof_invalid',
      detail: /before the pick-up/,
    })
    t.match(
      (
        await step({
          status: 'delivered',
          proof_photo_url: await upload(url, customer.token, 'proof'),
        })
      ).body,
      { code: 'proof_invalid', detail: /names no upload of who reports/ },
    )
    const photo = await upload(url, driver.token, 'proof')
    const delivered = await step({ status: 'delivered', proof_photo_url: photo })
    t.match(delivered.body, {
      status: 'delivered',
      proof_photo_url: photo,
      reason: null,
      delivery_flag: null,
      delivered_at: String,
      accepted_at: String,
      picked_up_at: String,
      out_for_delivery_at: String,
    })
    t.match(await watcher.next('status', m => m.status === 'delivered'), { order_id: id })
    // The driver's books are another actor's, perhaps another engine's: they follow a moment later.
    const earnings = await eventually(
      () => http(url, 'GET', `/api/drivers/${driver.driverId}/earnings`, { token: driver.token }),
      a => a.body.total_deliveries === 1,
    )
    t.match(earnings.body, { total_earnings: delivered.body.delivery_fee, total_deliveries: 1 })
    t.equal(
      (await http(url, 'GET', `/api/drivers/${driver.driverId}`, { token: driver.token })).body
        .status,
      'available',
    )
    for (const socket of [wheel, watcher, fleet, me]) socket.close()
  })

  t.test('offers go out by themselves, are declined and taken', async t => {
    const { url, other } = deployment()
    const lng = nextLongitude()
    const { A, customer } = await city(url, lng)
    const drivers = await Promise.all([
      newCourier(url, A.vendorId, 'Near'),
      newCourier(url, A.vendorId, 'Far'),
    ])
    const sockets = await Promise.all(
      drivers.map(async (driver, i) => {
        const socket = new Listener(i === 0 ? url : other, `/ws/driver?token=${driver.token}`)
        await socket.next('connection')
        socket.send({ type: 'status', status: 'available' })
        socket.send({ type: 'location', latitude: lat + 0.01 * (i + 1), longitude: lng })
        await socket.next('ack')
        return socket
      }),
    )
    const order = async () => {
      const { body } = await http(url, 'POST', '/api/orders', {
        token: customer.token,
        body: {
          vendor_id: A.vendorId,
          delivery_address: 'home',
          delivery_latitude: lat,
          delivery_longitude: lng,
          customer_name: 'J',
          customer_phone: '+1234567890',
          items: [{ name: 'x', quantity: 1 }],
        },
      })
      await http(url, 'POST', `/api/orders/${body.id}/accept`, { token: A.token, body: {} })
      t.equal(
        (
          await http(url, 'POST', `/api/orders/${body.id}/find-driver`, {
            token: A.token,
            body: { policy: 'offer' },
          })
        ).status,
        200,
      )
      return body.id as string
    }
    const id = await order()
    const first = await sockets[0]!.next('offer')
    t.match(first, {
      order_id: id,
      offer_id: String,
      pickup: { latitude: Number },
      dropoff: { latitude: Number },
      distance_km: Number,
      fee: Number,
      expires_at: String,
    })
    sockets[0]!.send({ type: 'offer_response', offer_id: first.offer_id, accept: false })
    const second = await sockets[1]!.next('offer')
    t.equal(second.order_id, id)
    const stranger = await http(url, 'POST', `/api/orders/${id}/offers/${second.offer_id}/accept`, {
      token: drivers[0]!.token,
      body: {},
    })
    t.ok([403, 404].includes(stranger.status), "an offer is its driver's alone")
    const taken = await http(url, 'POST', `/api/orders/${id}/offers/${second.offer_id}/accept`, {
      token: drivers[1]!.token,
      body: {},
    })
    t.match(taken.body, { status: 'driver_assigned', driver_id: drivers[1]!.driverId })
    await sockets[1]!.next('assigned')
    const cancel = await http(url, 'DELETE', `/api/orders/${id}`, { token: customer.token })
    t.equal(cancel.body.status, 'cancelled')
    t.match(await http(url, 'DELETE', `/api/orders/${await order()}`, { token: customer.token }), {
      body: { status: 'cancelled' },
    })
    for (const socket of sockets) socket.close()
  })

  t.test('a delivery can fail and go back', async t => {
    const { url } = deployment()
    const lng = nextLongitude()
    const { A, customer } = await city(url, lng)
    const driver = await newCourier(url, A.vendorId)
    await http(url, 'PATCH', `/api/drivers/${driver.driverId}/status`, {
      token: driver.token,
      body: { status: 'available' },
    })
    const { body } = await http(url, 'POST', '/api/orders', {
      token: customer.token,
      body: {
        vendor_id: A.vendorId,
        delivery_address: 'home',
        delivery_latitude: lat,
        delivery_longitude: lng,
        customer_name: 'J',
        customer_phone: '+1234567890',
        items: [],
      },
    })
    await http(url, 'POST', `/api/orders/${body.id}/accept`, { token: A.token, body: {} })
    await http(url, 'POST', `/api/orders/${body.id}/assign-driver`, {
      token: A.token,
      body: { driver_id: driver.driverId },
    })
    const statuses = []
    for (const step of [
      { status: 'picked_up' },
      { status: 'out_for_delivery' },
      { status: 'failed', reason: 'nobody at home' },
      { status: 'returning' },
      { status: 'returned' },
    ])
      statuses.push(
        (await http(url, 'PATCH', `/api/orders/${body.id}`, { token: driver.token, body: step }))
          .body.status,
      )
    t.same(statuses, ['picked_up', 'out_for_delivery', 'failed', 'returning', 'returned'])
    t.equal(
      (await http(url, 'DELETE', `/api/orders/${body.id}`, { token: customer.token })).body.code,
      'order_not_cancellable',
    )
  })

  t.test('the same idempotency key gets the first answer [3]', async t => {
    const { url, other } = deployment()
    const lng = nextLongitude()
    const { customer } = await city(url, lng)
    const body = { latitude: lat, longitude: lng, radius_km: 5, quantity: 1 }
    const headers = { 'idempotency-key': `key-${Date.now()}` }
    const first = await http(url, 'POST', '/api/requests', { token: customer.token, body, headers })
    const again = await http(other, 'POST', '/api/requests', {
      token: customer.token,
      body,
      headers,
    })
    t.same(again.body, first.body)
    const reused = await http(url, 'POST', '/api/requests', {
      token: customer.token,
      body: { ...body, quantity: 2 },
      headers,
    })
    t.same([reused.status, reused.body.code], [422, 'idempotency_key_reused'])
  })

  t.test('bad input has its code, and names the field', async t => {
    const { url } = deployment()
    const lng = nextLongitude()
    const { customer, A } = await city(url, lng)
    const good = { latitude: lat, longitude: lng, radius_km: 5 }
    const rows: [string, unknown, number, string, string?][] = [
      ['radius too small', { ...good, radius_km: 0.5 }, 400, 'invalid_request', 'radius_km'],
      ['radius too large', { ...good, radius_km: 51 }, 400, 'invalid_request', 'radius_km'],
      ['off the globe', { ...good, latitude: 90.1 }, 400, 'invalid_request', 'latitude'],
      ['NaN is no JSON', `{"latitude":NaN,"longitude":${lng},"radius_km":5}`, 400, 'invalid_json'],
      ['a number as text', { ...good, latitude: '27' }, 400, 'invalid_request', 'latitude'],
      ['unknown field', { ...good, colour: 'blue' }, 400, 'invalid_request', 'colour'],
      ['missing field', { latitude: lat, longitude: lng }, 400, 'invalid_request', 'radius_km'],
      [
        'a note that no database keeps',
        { ...good, notes: 'a\0b' },
        400,
        'invalid_request',
        'notes',
      ],
      [
        'half a surrogate pair',
        `{"latitude":${lat},"longitude":${lng},"radius_km":5,"notes":"\\ud83d"}`,
        400,
        'invalid_request',
        'notes',
      ],
      ['not JSON', '{', 400, 'invalid_json'],
      ['ten megabytes', `{"notes":"${'x'.repeat(10_000_000)}"}`, 413, 'body_too_large'],
    ]
    for (const [what, body, status, code, field] of rows) {
      const answer = await http(url, 'POST', '/api/requests', { token: customer.token, body })
      t.same([answer.status, answer.body.code], [status, code], what)
      t.match(answer.headers.get('content-type'), 'application/problem+json')
      t.equal(answer.body.error, answer.body.detail)
      if (field !== undefined)
        t.equal(answer.body.fields?.[0]?.field, field, `${what} names ${field}`)
    }
    t.equal((await http(url, 'POST', '/api/requests', { body: good })).status, 401)
    t.equal((await http(url, 'POST', '/api/requests', { token: 'x', body: good })).status, 401)
    t.equal((await http(url, 'POST', '/api/requests', { token: A.token, body: good })).status, 403)
    t.equal(
      (
        await http(url, 'GET', '/api/orders/01890000-0000-7000-8000-000000000000', {
          token: customer.token,
        })
      ).status,
      404,
    )
    t.equal((await http(url, 'GET', '/api/orders/nonsense', { token: customer.token })).status, 404)
    t.equal((await http(url, 'GET', '/api/nothing')).status, 404)
    t.equal((await http(url, 'PUT', '/api/requests')).status, 405)
  })
}

/** The smallest valid PNG: one transparent pixel. */
const png = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==',
  'base64',
)
