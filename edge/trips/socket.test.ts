/**
 * `/ws/{user_id}` on a real server: the JavaScript of the rides backend's document as it is written,
 * the story of a trip for everybody who takes part, and everybody who does not.
 */
import t from 'tap'
import { WebSocket } from 'ws'
import { connectTrips, type WebSocketConstructor } from '../../protocol/client/index.ts'
import { newId } from '../acceptance/fixture-edge.ts'
import { Listener, newCustomer } from '../acceptance/people.ts'
import { door, tripParties } from './fixture-trips.ts'
import { tripLimits } from './limits.ts'

const { parts, world, url, call, request, acceptedTrip, assign, start, complete, connect } =
  await tripParties(t, { BENCH_ALLOWED: '1' })
const { customer, driver } = world

/** From "WebSocket Connection" of the document. Only the address and the id are filled in. */
const clientOfDocument = `
// JavaScript client example
const ws = new WebSocket('ws://localhost/ws/user_123');

ws.onopen = () => {
  // Subscribe to trip updates
  ws.send(JSON.stringify({
    type: 'subscribe_trip',
    trip_id: 1
  }));
};

ws.onmessage = (event) => {
  const data = JSON.parse(event.data);
  console.log('Received:', data);
  
  if (data.type === 'trip_assigned') {
    console.log('Driver assigned:', data.driver_id);
  }
};
`

/** Runs the client of the document; resolves with its lines once it has said the last of them. */
function run(code: string, last: (line: unknown[]) => boolean): Promise<unknown[][]> {
  const lines: unknown[][] = []
  return new Promise((resolve, reject) => {
    const sockets: WebSocket[] = []
    const timer = setTimeout(() => reject(new Error(JSON.stringify(lines))), 60_000)
    const log = (...line: unknown[]) => {
      lines.push(line)
      if (!last(line)) return
      clearTimeout(timer)
      for (const one of sockets) one.close()
      // A copy: messages that were under way may still come.
      resolve([...lines])
    }
    class Noted extends WebSocket {
      constructor(address: string) {
        super(address)
        sockets.push(this)
      }
    }
    new Function('WebSocket', 'console', code)(Noted, { log })
  })
}
const withToken = clientOfDocument.replace(
  'ws://localhost/ws/user_123',
  `${url.replace('http', 'ws')}/ws/user_123?token=${customer.token}`,
)
const typed = (type: string) => (line: unknown[]) => (line[1] as { type?: string }).type === type

t.test('the client of the document runs as it is written, with a token', async t => {
  const id = await acceptedTrip()
  const lines = run(withToken, ([words]) => words === 'Driver assigned:')
  // The number of the document names no trip here. It is refused, and the own trips are told.
  const early = await run(withToken, typed('error'))
  t.match(early.at(-1), [
    'Received:',
    { code: 'message_malformed', fields: [{ field: 'trip_id' }] },
  ])
  await assign(id)
  t.same((await lines).at(-1), ['Driver assigned:', driver.driverId])
})

t.test('with the id of a trip it is told the trip, and then its driver', async t => {
  const id = await acceptedTrip()
  const code = withToken.replace('trip_id: 1', `trip_id: '${id}'`)
  const subscribed = await run(code, typed('trip_subscribed'))
  t.match(subscribed.at(-1), ['Received:', { trip_id: id, trip: { status: 'requested' } }])
  const lines = run(code, ([words]) => words === 'Driver assigned:')
  await assign(id)
  t.match((await lines).at(-2), ['Received:', { type: 'trip_assigned', trip_id: id }])
})

t.test('everybody who takes part hears the trip in order and once', async t => {
  const parties = [
    await connect(t, 'customer'),
    await connect(t, 'vendor', world.vendor.pharmacyId),
    await connect(t, 'driver', driver.driverId),
    await connect(t, 'admin', 'user_1'),
  ]
  const id = await acceptedTrip()
  const [mine, , , admin] = parties
  for (const one of [mine!, admin!]) {
    one.send({ type: 'subscribe_trip', trip_id: id.toUpperCase(), id: 'x' })
    const { trip } = await one.next('trip_subscribed', message => message.id === 'x')
    t.match(trip, { id, status: 'requested', user_id: customer.id, driver_id: null })
  }
  await assign(id)
  for (const one of parties)
    t.match(await one.next('trip_assigned', message => message.trip_id === id), {
      driver_id: driver.driverId,
      driver_name: 'Driver Name',
      driver_phone: '+1234567890',
      at: String,
    })
  const phone = new Listener(url, `/ws/driver?token=${driver.token}`)
  t.teardown(() => phone.close())
  await phone.next('connection')
  phone.send({ type: 'location', latitude: 27.7173, longitude: 85.3241 })
  await mine!.next('location', one => one.order_id === id && one.latitude === 27.7173)
  await start(id)
  for (const one of parties) await one.next('trip_started', message => message.trip_id === id)
  await complete(id)
  for (const one of parties) {
    await one.next('trip_completed', message => message.trip_id === id)
    const told = one.heard.filter(message => message.trip_id === id && message.at !== undefined)
    t.same(
      told.map(({ type }) => type).filter(type => type !== 'trip_requested'),
      ['trip_assigned', 'trip_started', 'trip_completed'],
    )
  }
  // After its end a trip is told as it is, and its driver is not followed.
  mine!.send({ type: 'subscribe_trip', trip_id: id, id: 'after' })
  const { trip } = await mine!.next('trip_subscribed', message => message.id === 'after')
  t.equal(trip.status, 'completed')
  const before = mine!.of('location').length
  phone.send({ type: 'location', latitude: 27.7174, longitude: 85.3242 })
  await phone.next('ack', ({ seq }) => seq > 0)
  mine!.send({ type: 'ping' })
  await mine!.next('pong')
  t.equal(mine!.of('location').length, before)
})

t.test('a trip of somebody else cannot be followed, nor told from one that is not', async t => {
  const open = (await request('customer', door)).body.id
  const assigned = await acceptedTrip()
  await assign(assigned)
  const offered = await world.offeredOrder()
  const mine = await connect(t, 'customer')
  const refused = [
    [await connect(t, 'otherCustomer'), [open, assigned]],
    [await connect(t, 'otherPharmacy'), [open, assigned]],
    [await connect(t, 'otherDriver'), [open, assigned, offered.id]],
    // Who was only asked or offered knows less than the trip says.
    [await connect(t, 'vendor'), [open]],
    [await connect(t, 'driver'), [open, offered.id]],
  ] as const
  for (const [socket, trips] of refused) {
    for (const trip_id of [...trips, newId()]) {
      socket.send({ type: 'subscribe_trip', trip_id, id: trip_id })
      const { code, message } = await socket.next('error', ({ id }) => id === trip_id)
      t.same([code, message], ['order_not_found', 'no such trip'])
    }
  }
  await start(assigned)
  await complete(assigned)
  await mine.next('trip_completed', ({ trip_id }) => trip_id === assigned)
  for (const [socket, trips] of refused.slice(0, 3))
    t.same(
      socket.heard.filter(({ trip_id, order_id }) =>
        [...trips].includes((trip_id ?? order_id) as never),
      ),
      [],
    )
  await call('customer', 'DELETE', `/api/orders/${offered.id}`)
})

t.test('a driver who gave the trip back hears its end and follows it no more', async t => {
  const id = await acceptedTrip()
  const socket = await connect(t, 'driver')
  await assign(id)
  await socket.next('trip_assigned', ({ trip_id }) => trip_id === id)
  socket.send({ type: 'subscribe_trip', trip_id: id })
  await socket.next('trip_subscribed')
  const mine = await connect(t, 'customer')
  const { status } = await call('customer', 'POST', `/api/v1/trips/${id}/cancel`, {
    reason: 'ordered by mistake',
  })
  t.equal(status, 200)
  for (const one of [socket, mine])
    t.match(await one.next('trip_cancelled', ({ trip_id }) => trip_id === id), { at: String })
  t.equal(mine.of('trip_cancelled').at(-1).reason, 'ordered by mistake')
})

t.test('the token says who connects, and the path may not say somebody else', async t => {
  const at = (path: string) => {
    const listener = new Listener(url, path)
    t.teardown(() => listener.close())
    return listener
  }
  const { token } = customer
  for (const [path, code] of [
    [`/ws/${customer.id}`, 4001],
    [`/ws/user_123?token=nonsense`, 4001],
    [`/ws/${world.otherCustomer.id}?token=${token}`, 4003],
    [`/ws/${world.vendor.pharmacyId}?token=${token}`, 4003],
    [`/ws/${newId()}?token=${token}`, 4003],
    [`/ws/somebody?token=${token}`, 4004],
    [`/ws/user_?token=${token}`, 4004],
    [`/ws/user_12345678901234567890?token=${token}`, 4004],
  ] as const)
    t.equal(await at(path).end(), code, path)
  for (const named of [customer.id, customer.id.toUpperCase(), 'user_123', '123'])
    t.match(await at(`/ws/${named}?token=${token}`).next('connection'), {
      user_id: customer.id,
      user_name: 'John Doe',
    })
  t.match(await at(`/ws/${customer.id}/?token=${token}`).next('connection'), {}, 'with a slash')
  // The words of other sockets are not names of people.
  t.match(await at(`/ws/customer?token=${token}`).next('connection'), {
    message: 'Connected to customer channel',
  })
})

t.test('a sign-in that ends closes the socket', async t => {
  const somebody = await newCustomer(url)
  const socket = new Listener(url, `/ws/${somebody.id}?token=${somebody.token}`)
  await socket.next('connection')
  await call('admin', 'DELETE', `/api/admin/accounts/${somebody.id}`)
  t.equal(await socket.end(), 4001)
})

t.test('what is no message is refused by its code, and ten in a row end it', async t => {
  const socket = await connect(t, 'customer')
  socket.send({ type: 'ping' })
  await socket.next('pong')
  for (const [message, expected] of [
    [{ type: 'subscribe' }, { code: 'message_unknown_type', message: /subscribe_trip, ping/ }],
    [{ type: 'subscribe_trip' }, { code: 'message_malformed', fields: [{ field: 'trip_id' }] }],
    [
      { type: 'subscribe_trip', trip_id: 7, id: 'a' },
      { code: 'message_malformed', id: 'a' },
    ],
    [['subscribe_trip'], { code: 'message_malformed' }],
    [new Uint8Array([1]), { code: 'message_malformed' }],
  ] as const) {
    socket.send(message)
    t.match(await socket.next('error'), expected)
  }
  for (let i = 0; i < 10; i++) socket.send({})
  t.equal(await socket.end(), 4400)
})

t.test('what an administrator follows is in the audit trail', async t => {
  const trip_id = (await request('customer', door)).body.id
  const socket = await connect(t, 'admin')
  socket.send({ type: 'subscribe_trip', trip_id })
  await socket.next('trip_subscribed')
  while (parts.audit.waiting > 0)
    await new Promise(resolve => {
      setTimeout(resolve, 10)
    })
  const { entries } = (await call('admin', 'GET', '/api/admin/audit?limit=20')).body
  t.match(
    entries.find((entry: { operation: string }) => entry.operation === 'socket.subscribe_trip'),
    { actor_id: world.admin.id, target_kind: 'orders', target_id: trip_id, status: 200 },
  )
})

t.test('a connection follows a bounded number of trips', async t => {
  const like = (await request('customer', door)).body.id
  const { rows } = await parts.database.pool.query<{ id: string }>(
    `insert into orders select (jsonb_populate_record(null::orders, to_jsonb(o) || jsonb_build_object(
       'id', gen_random_uuid(), 'tracking_token', md5(n::text), 'order_number', 'ORD-' || n))).*
     from orders o, generate_series(1, $2::integer) n where o.id = $1 returning id`,
    [like, tripLimits.followedMax],
  )
  for (const who of ['admin', 'customer'] as const) {
    const socket = await connect(t, who)
    for (const { id } of rows) {
      socket.send({ type: 'subscribe_trip', trip_id: id })
      await socket.next('trip_subscribed')
    }
    socket.send({ type: 'subscribe_trip', trip_id: like })
    t.match(await socket.next('error'), { code: 'too_many_requests' })
    socket.send({ type: 'subscribe_trip', trip_id: rows[0]!.id })
    await socket.next('trip_subscribed')
  }
})

t.test('the client of the package follows a trip', async t => {
  const id = await acceptedTrip()
  const trips = connectTrips({
    url,
    token: customer.token,
    userId: customer.id,
    WebSocket: WebSocket as unknown as WebSocketConstructor,
  })
  t.teardown(() => trips.close())
  const first = new Promise(resolve => {
    trips.on('trip_subscribed', resolve)
  })
  const assigned = new Promise<{ driver_id: string | null }>(resolve => {
    trips.on('trip_assigned', resolve)
  })
  trips.follow(id)
  t.match(await first, { trip_id: id })
  await assign(id)
  t.equal((await assigned).driver_id, driver.driverId)
})
