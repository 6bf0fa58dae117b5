/**
 * The acceptance scenarios of broadcast requests, over real HTTP and sockets: the four of the
 * broadcast document, and the ways in which a request ends. They run against the embedded process
 * and against engines and edges as processes of their own. Numbers in brackets are the invariants
 * of SPEC.md.
 */
import type { Test } from 'tap'
import { customerSocket, http, Listener, password, terminal } from './people.ts'
import { png } from '../uploads/samples.ts'
import { city, lat, type Deployment } from './fixture-city.ts'

/** Adds the scenarios to the tests; all scenarios of a run share `deployment`. */
export function requestScenarios(t: Test, deployment: () => Deployment): void {
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

  t.test('scenario 3: a socket that the token does not open closes with its code', async t => {
    const { url } = deployment()
    const { A, customer } = await city(url, nextLongitude())
    const code = (path: string) => new Listener(url, path).end()
    t.equal(await code(`/ws/pharmacy/?token=${customer.token}`), 4003)
    t.equal(await code(`/ws/customer/?token=${A.token}`), 4003)
    t.equal(await code('/ws/pharmacy/?token=nonsense'), 4001)
    t.equal(await code('/ws/pharmacy/'), 4001)
    t.equal(await code('/ws/tracking/ffffffffffffffffffffffffffffffff'), 4004)
    const withoutPharmacy = await http(url, 'POST', '/api/auth/register', {
      body: {
        email: `vendor-without-${Date.now()}@example.com`,
        full_name: 'No Pharmacy',
        phone: '+1234567890',
        role: 'vendor',
        password,
      },
    })
    t.equal(await code(`/ws/pharmacy/?token=${withoutPharmacy.body.access_token}`), 4004)
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
    // Pharmacies are told a rounded place, 310 m north of the address; distances count from there
    // and are rounded to 100 m.
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
      pharmacy_id: A.pharmacyId,
      pharmacy_name: 'Pharmacy A',
      response_type: 'ACCEPTED',
      message: 'Response recorded. Customer will be notified.',
    })
    t.match(await me.next('pharmacy_response'), {
      request_id,
      pharmacy_id: A.pharmacyId,
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
    t.equal(again.status, 201, 'a repeat of the winning accept gets the same answer')
    b.send({ type: 'respond', request_id, response_type: 'ACCEPTED', id: '7' })
    t.match(await b.next('response_result'), { request_id, outcome: 'lost', id: '7' })
    t.equal(a.of('request_taken').length, 0, 'the winner is not told that it lost')
    t.equal(d.of('new_request').length, 0, 'the pharmacy that is too far away heard nothing')
    for (const socket of [a, b, c, d, me]) socket.close()
  })

  t.test(
    'a rejection with text reaches the customer, and a terminal that connects later hears of open requests [9]',
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
    'a request ends by its deadline, by its customer, or because no pharmacy is near [10]',
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

  t.test('the older broadcast path takes a form with a prescription image', async t => {
    const { url } = deployment()
    const lng = nextLongitude()
    const { A, customer } = await city(url, lng)
    const a = await terminal(url, A)
    const form = new FormData()
    form.set('patient_lat', String(lat))
    form.set('patient_lng', String(lng))
    form.set('radius_km', '10.0')
    form.set('quantity', '10')
    form.set(
      'image',
      new Blob([png as Uint8Array<ArrayBuffer>], { type: 'image/png' }),
      'prescription.png',
    )
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
      'the pharmacy that was asked may see the prescription',
    )
    t.equal(
      (await http(heard.image_url, 'GET', '')).status,
      200,
      'the absolute link in the message opens without a token',
    )
    t.not(
      (await http(url, 'GET', image.pathname)).status,
      200,
      'the address without its signature opens nothing without a token',
    )
    const list = await http(url, 'GET', '/medicine/request/', { token: customer.token })
    t.match(list.body, {
      count: 1,
      requests: [{ status: 'PENDING', quantity: 10, patient_name: 'John Doe' }],
    })
    a.close()
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

  t.test('each bad input has its code and names the field', async t => {
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
        'a note with a character that no database keeps',
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
