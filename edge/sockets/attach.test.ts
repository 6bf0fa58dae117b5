/**
 * The way into the sockets: the close codes of refusals, and the first messages of each kind of
 * socket.
 */
import { connect } from 'node:net'
import t from 'tap'
import { closeCodes } from '../../protocol/kernel/errors.ts'
import { limits } from '../../protocol/kernel/limits.ts'
import { issueTicket } from '../accounts/tickets.ts'
import type { WebSocketBehavior } from '../kernel/uws.ts'
import type { SocketRow } from '../kernel/socket.ts'
import { attachSockets } from './attach.ts'
import { originAllowed, type SocketParts, type UpgradedData } from './handshake.ts'
import { addDriver, addOrder, addPharmacy, newId, pause, startFixture } from './fixture.ts'
import { socketLimits } from '../kernel/limits.ts'

const f = await startFixture({ CORS_ORIGINS: 'https://app.example.org' })
t.teardown(() => f.stop())
const userId = newId()
const pharmacyId = newId()
const driverUser = newId()
const driverId = newId()
await addPharmacy(f.database, { userId, pharmacyId })
await addDriver(f.database, { userId: driverUser, driverId, pharmacyId })
const customer = await f.token('user', { userId: newId(), name: 'John Doe' })
const pharmacyToken = await f.token('vendor', { userId, pharmacyId })
const driver = await f.token('driver', { userId: driverUser, driverId })
const admin = await f.token('admin')

t.test('each refusal has its close code and leaves no session', async t => {
  const withoutRow = await f.token('vendor', { pharmacyId: newId() })
  const withoutPharmacy = await f.token('vendor')
  const driverWithoutRow = await f.token('driver', { driverId: newId() })
  const rows: [path: string, code: number][] = [
    ['/ws/customer/', closeCodes.unauthenticated],
    ['/ws/customer/?token=nonsense', closeCodes.unauthenticated],
    ['/ws/pharmacy/?ticket=nonsense', closeCodes.unauthenticated],
    [`/ws/pharmacy/?token=${customer}`, closeCodes.wrongRole],
    [`/ws/customer/?token=${pharmacyToken}`, closeCodes.wrongRole],
    [`/ws/customer?token=${admin}`, closeCodes.wrongRole],
    [`/ws/driver?token=${pharmacyToken}`, closeCodes.wrongRole],
    [`/ws/driver/${newId()}?token=${driver}`, closeCodes.wrongRole],
    [`/ws/vendor/${pharmacyId}?token=${customer}`, closeCodes.wrongRole],
    [`/ws/vendor/${newId()}?token=${pharmacyToken}`, closeCodes.wrongRole],
    [`/ws/vendor/${pharmacyId}`, closeCodes.unauthenticated],
    [`/ws/pharmacy/?token=${withoutRow}`, closeCodes.noSuchRecord],
    [`/ws/pharmacy/?token=${withoutPharmacy}`, closeCodes.noSuchRecord],
    [`/ws/driver?token=${driverWithoutRow}`, closeCodes.noSuchRecord],
    [`/ws/vendor/${newId()}?token=${admin}`, closeCodes.noSuchRecord],
    [`/ws/vendor/nonsense?token=${admin}`, closeCodes.noSuchRecord],
    ['/ws/tracking/nonsense', closeCodes.noSuchRecord],
  ]
  for (const [path, code] of rows)
    t.equal((await f.connect(path).closed).code, code, path.slice(0, 60))
  t.equal(f.hub.size, 0, 'no session is left')
})

t.test('the greetings are those of the documents, with and without the last slash', async t => {
  for (const path of ['/ws/pharmacy/', '/ws/pharmacy']) {
    const terminal = f.connect(`${path}?token=${pharmacyToken}`)
    t.same(await terminal.next(), {
      type: 'connection',
      message: 'Connected to pharmacy channel',
      pharmacy_id: pharmacyId,
      pharmacy_name: 'City Pharmacy',
      location: { lat: 27.7172, lng: 85.324 },
    })
    terminal.ws.close()
  }
  const id = newId()
  const person = f.connect(
    `/ws/customer/?token=${await f.token('user', { userId: id, name: 'John Doe' })}`,
  )
  t.same(await person.next(), {
    type: 'connection',
    message: 'Connected to customer channel',
    user_id: id,
    user_name: 'John Doe',
  })
  for (const path of ['/ws/driver', `/ws/driver/${driverUser}`, `/ws/driver/${driverId}/`]) {
    const app = f.connect(`${path}?token=${driver}`)
    t.match(await app.next(), {
      type: 'connection',
      driver_id: driverId,
      vendor_id: pharmacyId,
      status: 'available',
    })
    app.ws.close()
  }
})

t.test('a ticket opens one socket, and a token in the subprotocol opens a socket', async t => {
  const account = newId()
  const email = 'ticket@example.org'
  await f.database.kysely
    .insertInto('users')
    .values({
      id: account,
      email,
      full_name: 'Tick Et',
      phone: '1',
      role: 'user',
      password_hash: '',
    })
    .execute()
  const { ticket } = await issueTicket(f.ctx, account)
  t.match(await f.connect(`/ws/customer/?ticket=${ticket}`).next(), {
    type: 'connection',
    user_name: 'Tick Et',
  })
  t.equal(
    (await f.connect(`/ws/customer/?ticket=${ticket}`).closed).code,
    closeCodes.unauthenticated,
    'once',
  )

  const socket = f.connect('/ws/customer/', {}, ['bearer', customer])
  t.match(await socket.next(), { type: 'connection', user_name: 'John Doe' })
  t.equal(socket.ws.protocol, 'bearer')
})

t.test(
  'the subprotocol is read over all lines of its header, and a request with two possible ends is refused',
  async t => {
    const upgrade = (lines: string[]) =>
      new Promise<string>(resolve => {
        let heard = ''
        const socket = connect(f.port, '127.0.0.1', () =>
          socket.write(
            [
              'GET /ws/customer/ HTTP/1.1',
              `Host: 127.0.0.1:${f.port}`,
              'Connection: Upgrade',
              'Upgrade: websocket',
              'Sec-WebSocket-Version: 13',
              'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
              ...lines,
              '',
              '',
            ].join('\r\n'),
          ),
        )
        socket
          .on('data', data => {
            heard += data.toString('latin1')
            if (
              !heard.startsWith('HTTP/1.1 101') ||
              heard.includes('John Doe') ||
              heard.includes('token missing')
            )
              socket.destroy()
          })
          .on('close', () => resolve(heard))
          .on('error', () => {})
      })
    const two = await upgrade([
      'Sec-WebSocket-Protocol: bearer',
      `Sec-WebSocket-Protocol: ${customer}`,
    ])
    t.match(two, /^HTTP\/1.1 101 [^]*Sec-WebSocket-Protocol: bearer\r\n[^]*John Doe/i)
    for (const line of [`chat, bearer, ${customer}`, `,, Bearer ,, ${customer}, chat`])
      t.match(
        await upgrade([`Sec-WebSocket-Protocol: ${line}`]),
        /^HTTP\/1.1 101 [^]*Sec-WebSocket-Protocol: bearer\r\n[^]*John Doe/i,
        'wherever the name stands',
      )
    t.match(
      await upgrade([`Sec-WebSocket-Protocol: Bearer,${customer}`]),
      /Sec-WebSocket-Protocol: Bearer\r\n[^]*John Doe/,
      'the name comes back as it was written',
    )
    for (const lines of [
      ['Content-Length: 2'],
      ['Transfer-Encoding: chunked'],
      ['Content-Length: 0', 'Content-Length: 0'],
      ['Host: elsewhere'],
    ])
      t.match(await upgrade(lines), /^HTTP\/1.1 400 /, lines.join())
  },
)

t.test('a token that expires during a connection closes the socket with 4001', async t => {
  const socket = f.connect(`/ws/customer/?token=${customer}`)
  await socket.next('connection')
  f.clock.skewMs = 16 * 60_000
  t.equal((await socket.closed).code, closeCodes.unauthenticated)
  t.equal(
    (await f.connect(`/ws/customer/?token=${customer}`).closed).code,
    closeCodes.unauthenticated,
    'the token opens no other socket',
  )
  f.clock.skewMs = 0
})

t.test('a page of a foreign origin is refused at the upgrade', async t => {
  const status = (origin: string) =>
    new Promise<number>(resolve => {
      const { ws } = f.connect(`/ws/customer/?token=${customer}`, { origin })
      ws.once('unexpected-response', (_request, response) => resolve(response.statusCode!))
      ws.once('open', () => resolve(101))
    })
  t.equal(await status('https://evil.example'), 403)
  t.equal(await status('null'), 403)
  t.equal(await status('https://app.example.org'), 101, 'a listed origin')
  t.equal(await status('HTTPS://APP.example.org:443'), 101, 'a listed origin in another spelling')
  t.equal(await status('https://app.example.org:444'), 403, 'another port')
  t.equal(await status(`http://127.0.0.1:${f.port}`), 101, 'the origin of the server')
  t.ok(
    originAllowed('https://x', 'x:443', []) &&
      originAllowed('https://x:443', 'x', []) &&
      originAllowed('https://X', 'x', []),
    'a default port does not matter',
  )
  t.notOk(originAllowed('https://x', 'x:8443', []))
  t.ok(originAllowed('https://anywhere.example', 'here', ['*']))
})

t.test('the number of sockets of an account is bounded, and the newest is refused', async t => {
  const token = await f.token('user')
  const open = Array.from({ length: socketLimits.perAccountMax }, () =>
    f.connect(`/ws/customer/?token=${token}`),
  )
  for (const socket of open) await socket.next('connection')
  t.equal((await f.connect(`/ws/customer/?token=${token}`).closed).code, closeCodes.tooManyMessages)
  open[0]!.ws.close()
  await open[0]!.closed
  await pause(20)
  t.match(
    await f.connect(`/ws/customer/?token=${token}`).next(),
    { type: 'connection' },
    'a closed socket gives its place back',
  )
})

t.test('messages that a client sends before the greeting wait for it', async t => {
  const socket = f.connect(`/ws/customer/?token=${customer}`)
  await socket.opened
  socket.send({ type: 'ping' })
  t.equal((await socket.next()).type, 'connection')
  t.equal((await socket.next()).type, 'pong')
})

t.test('a socket that closes during authentication leaves no session', async t => {
  const before = f.hub.size
  const socket = f.connect(`/ws/pharmacy/?token=${pharmacyToken}`)
  socket.ws.once('open', () => socket.ws.terminate())
  await socket.closed
  await pause(100)
  t.equal(f.hub.size, before)
})

t.test('a tracking socket gets the state first, then the changes', async t => {
  const order = await addOrder(f.database, {
    id: newId(),
    user_id: newId(),
    status: 'out_for_delivery',
    driver_id: driverId,
    vendor_id: pharmacyId,
  })
  f.script.position = async () => ({
    position: {
      latitude: 27.72,
      longitude: 85.33,
      heading: 90,
      speed: 5,
      at_ms: 1_700_000_000_000,
    },
    distance_km: 1.5,
    eta_minutes: 6,
  })
  const tracker = f.connect(`/ws/tracking/${order.tracking_token}`)
  const state = await tracker.next()
  t.match(state, {
    type: 'state',
    order: { order_number: 'ORD-00000000', status: 'out_for_delivery', customer_name: 'Ann' },
    driver_location: { latitude: 27.72, longitude: 85.33, last_update: '2023-11-14T22:13:20.000Z' },
    eta_minutes: 6,
    distance_km: 1.5,
  })
  t.notMatch(JSON.stringify(state), '"98"', 'the state has no phone')
  f.pushLocations({
    orders: [
      {
        order_id: order.id,
        latitude: 27.73,
        longitude: 85.34,
        heading: null,
        speed: null,
        eta_minutes: 5,
        distance_km: 1.2,
        at_ms: 1_700_000_001_000,
      },
    ],
  })
  t.same(await tracker.next(), {
    type: 'location',
    order_id: order.id,
    latitude: 27.73,
    longitude: 85.34,
    heading: null,
    speed: null,
    eta_minutes: 5,
    distance_km: 1.2,
    at: '2023-11-14T22:13:21.000Z',
  })
  const status = {
    type: 'status',
    order_id: order.id,
    status: 'delivered',
    at: new Date().toISOString(),
  } as const
  f.push({ kind: 'topic', topic: `order:${order.id}`, message: status })
  t.same(await tracker.next(), status)
})

t.test('a pharmacy sees a fleet of the largest size with the longest names', async t => {
  for (const [name, least] of [
    ['😀'.repeat(limits.nameCharactersMax), 50],
    ['\u0001'.repeat(limits.nameCharactersMax), 50],
    ['Dee', 3],
  ] as const) {
    const large = { userId: newId(), pharmacyId: newId() }
    await addPharmacy(f.database, large)
    const ids = Array.from({ length: socketLimits.fleetDriversMax }, newId)
    await f.database.pool.query(
      `insert into drivers (id, user_id, vendor_id, full_name, phone, vehicle_type, status)
       select id, id, $2, $3, '+1234567890', 'bike', 'available' from unnest($1::uuid[]) as id`,
      [ids, large.pharmacyId, name],
    )
    const fleet = f.connect(
      `/ws/vendor/${large.pharmacyId}?token=${await f.token('vendor', large)}`,
    )
    const { drivers } = (await fleet.next('fleet')) as unknown as {
      drivers: { driver_id: string; full_name: string }[]
    }
    t.same(drivers.map(driver => driver.driver_id).sort(), ids.sort(), 'every driver')
    t.ok(
      drivers.every(
        driver => name.startsWith(driver.full_name) && driver.full_name.length >= least,
      ),
      'each name is cut to the room that there is',
    )
    f.pushLocations({
      fleet: [
        {
          vendor_id: large.pharmacyId,
          driver_id: ids[0]!,
          status: 'busy',
          latitude: 1,
          longitude: 2,
          heading: 3,
          speed: 4,
          at_ms: 0,
        },
      ],
    })
    t.match(
      await fleet.next('locations'),
      { drivers: [{ driver_id: ids[0]! }] },
      'the fleet view still gets positions',
    )
    fleet.ws.close()
    await fleet.closed
  }
})

t.test('a fleet view gets the whole fleet first, then the drivers that moved', async t => {
  for (const token of [pharmacyToken, admin]) {
    const fleet = f.connect(`/ws/vendor/${pharmacyId}?token=${token}`)
    t.match(await fleet.next(), {
      type: 'fleet',
      vendor_id: pharmacyId,
      drivers: [{ driver_id: driverId, status: 'available', latitude: 27.72 }],
    })
    f.pushLocations({
      fleet: [
        {
          vendor_id: pharmacyId,
          driver_id: driverId,
          status: 'busy',
          latitude: 1,
          longitude: 2,
          heading: 3,
          speed: 4,
          at_ms: 0,
        },
      ],
    })
    t.same(await fleet.next(), {
      type: 'locations',
      vendor_id: pharmacyId,
      drivers: [
        {
          driver_id: driverId,
          status: 'busy',
          latitude: 1,
          longitude: 2,
          heading: 3,
          speed: 4,
          at: '1970-01-01T00:00:00.000Z',
        },
      ],
    })
    fleet.ws.close()
    await fleet.closed
  }
})

t.test('a defect in a session ends neither the process nor the handling of its socket', async t => {
  const lines: string[] = []
  const behaviors: WebSocketBehavior<UpgradedData>[] = []
  const removed: unknown[] = []
  attachSockets(
    { ws: (_path: string, behavior: unknown) => behaviors.push(behavior as never) } as never,
    [{ path: '/ws/defect', role: 'user' } as unknown as SocketRow],
    {
      ...f.ctx,
      log: { error: (_fields: object, line: string) => lines.push(line) },
      hub: { remove: (session: unknown) => removed.push(session) },
    } as unknown as SocketParts,
  )
  const defect = (): never => {
    throw new Error('a defect')
  }
  const session = { receive: defect, flush: defect, closed: defect }
  const ws = { getUserData: () => ({ session }) } as never
  const [behavior] = behaviors
  behavior!.message!(ws, new ArrayBuffer(1), true)
  behavior!.drain!(ws)
  behavior!.close!(ws, 1000, new ArrayBuffer(0))
  t.same(lines, [
    'message of a socket failed',
    'drain of a socket failed',
    'close of a socket failed',
  ])
  t.same(removed, [session], 'the session is forgotten all the same')
})

t.test('a socket that closes while it opens ends its handler', async t => {
  const behaviors: WebSocketBehavior<UpgradedData>[] = []
  let open = (): void => undefined
  const opening = new Promise<void>(resolve => {
    open = resolve
  })
  const ended = new Promise<string>(resolve => {
    const row = {
      path: '/ws/slow',
      role: 'user',
      open: async () => {
        await opening
        return { handler: { onText() {}, onClose: () => resolve('ended') }, greeting: [] }
      },
    }
    attachSockets(
      { ws: (_path: string, behavior: unknown) => behaviors.push(behavior as never) } as never,
      [row as unknown as SocketRow],
      f.ctx as unknown as SocketParts,
    )
  })
  const data = { handshake: { parameter: '', address: '127.0.0.1', identity: null, userAgent: '' } }
  const ws = { getUserData: () => data } as never
  behaviors[0]!.open!(ws)
  behaviors[0]!.close!(ws, 1006, new ArrayBuffer(0))
  open()
  t.equal(await ended, 'ended')
})
