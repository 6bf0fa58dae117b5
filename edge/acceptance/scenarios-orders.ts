/**
 * The acceptance scenarios of orders, over real HTTP and sockets: the walk of the delivery
 * document, offers to drivers, and a delivery that fails. They run like the scenarios of requests.
 */
import type { Test } from 'tap'
import { encodeFrames } from '../../protocol/river/frames.ts'
import { customerSocket, eventually, http, Listener, newDriver, upload } from './people.ts'
import { city, lat, offsets, type Deployment } from './fixture-city.ts'

/** Adds the scenarios to the tests; all scenarios of a run share `deployment`. */
export function orderScenarios(t: Test, deployment: () => Deployment): void {
  let longitude = 120
  const nextLongitude = (): number => (longitude += 2)

  t.test('an order to a known pharmacy is delivered, and its watchers see each step', async t => {
    const { url, other } = deployment()
    const lng = nextLongitude()
    const { A, B, customer } = await city(url, lng)
    const driver = await newDriver(url, A.pharmacyId)
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
        vendor_id: A.pharmacyId,
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
      vendor_id: A.pharmacyId,
      estimated_distance_km: Number,
    })
    t.equal(
      (await http(url, 'GET', `/api/orders/${id}`, { token: B.token })).status,
      404,
      'another pharmacy does not see the order',
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
    const foreign = await newDriver(url, B.pharmacyId)
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
    const fleet = new Listener(other, `/ws/vendor/${A.pharmacyId}?token=${A.token}`)
    const me = await customerSocket(other, customer)
    let seq = 0
    // The frames are ten seconds apart, so that no step is impossibly fast for the late-data
    // policy.
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
      'an order that was not picked up is not delivered',
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
    // The driver is another actor, perhaps of another engine, so its totals follow a moment later.
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
    for (const [subject, subject_id] of [
      ['vendor', A.pharmacyId],
      ['driver', driver.driverId],
    ] as const) {
      const rated = await http(url, 'POST', '/api/ratings', {
        token: customer.token,
        body: { order_id: id, subject, score: 5 },
      })
      t.match(rated, { status: 201, body: { subject, subject_id, score: 5 } })
    }
    for (const socket of [wheel, watcher, fleet, me]) socket.close()
  })

  t.test('an offer that one driver declines goes to the next, who takes it', async t => {
    const { url, other } = deployment()
    const lng = nextLongitude()
    const { A, customer } = await city(url, lng)
    const drivers = await Promise.all([
      newDriver(url, A.pharmacyId, 'Near'),
      newDriver(url, A.pharmacyId, 'Far'),
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
          vendor_id: A.pharmacyId,
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
    const notAsked = await http(url, 'POST', `/api/orders/${id}/offers/${second.offer_id}/accept`, {
      token: drivers[0]!.token,
      body: {},
    })
    t.ok([403, 404].includes(notAsked.status), 'another driver cannot accept the offer')
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

  t.test('a failed delivery goes back and cannot be cancelled', async t => {
    const { url } = deployment()
    const lng = nextLongitude()
    const { A, customer } = await city(url, lng)
    const driver = await newDriver(url, A.pharmacyId)
    await http(url, 'PATCH', `/api/drivers/${driver.driverId}/status`, {
      token: driver.token,
      body: { status: 'available' },
    })
    const { body } = await http(url, 'POST', '/api/orders', {
      token: customer.token,
      body: {
        vendor_id: A.pharmacyId,
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
}
