/** The TypeScript client against real sockets, with the failures that networks have. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import t, { type Test } from 'tap'
import { WebSocket } from 'ws'
import {
  connectCustomer,
  connectDriver,
  connectFleet,
  connectTerminal,
  connectTracker,
  type Customer,
  type Driver,
  type WebSocketConstructor,
} from '../../protocol/client/index.ts'
import type { Emitter } from '../../protocol/client/emitter.ts'
import { LocationBatchReader } from '../../protocol/river/location-batch.ts'
import { requestEnded, type NewRequestBody } from '../../protocol/orders/messages.ts'
import type { OrderView } from '../../protocol/orders/view.ts'
import { subjects } from '../../protocol/bus/subjects.ts'
import { addDriver, addOrder, addPharmacy, newId, pause, startFixture } from './fixture.ts'
import { clientLimits } from '../../protocol/client/limits.ts'

const f = await startFixture()
t.teardown(() => f.stop())
const url = `http://127.0.0.1:${f.port}`
const pharmacyId = newId()
const pharmacyUser = newId()
const userId = newId()
const driverId = newId()
await addPharmacy(f.database, { userId: pharmacyUser, pharmacyId })
await addDriver(f.database, { userId, driverId, pharmacyId })

/** A network for one client. It can be cut, and stays cut until it is mended. */
function network() {
  const open = new Set<WebSocket>()
  const state = { up: true, attempts: 0 }
  class Wire extends WebSocket {
    constructor(address: string, protocols?: string[]) {
      state.attempts++
      super(state.up ? address : 'ws://127.0.0.1:1', protocols)
      open.add(this)
    }
  }
  return {
    state,
    WebSocket: Wire satisfies WebSocketConstructor,
    cut() {
      state.up = false
      for (const socket of open) socket.terminate()
    },
    mend() {
      state.up = true
    },
  }
}
/** Resolves with the next event of a name, within ten seconds. */
function next<Events, Name extends keyof Events>(
  from: Emitter<Events>,
  name: Name,
): Promise<Events[Name]> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`no ${String(name)}`)), 10_000)
    const stop = from.on(name, event => {
      clearTimeout(timer)
      stop()
      resolve(event)
    })
  })
}
/** Ends the client with its test, so that a failure does not keep the process alive. */
function kept<Client extends { close(): void }>(t: Test, client: Client): Client {
  t.teardown(() => client.close())
  return client
}
/**
 * Waits until every queued frame of the driver is acknowledged and the bus has delivered its
 * messages.
 */
async function drained(driver: Driver): Promise<void> {
  for (
    const deadline = Date.now() + 20_000;
    driver.unacknowledged.length > 0 && Date.now() < deadline;
  )
    await pause(20)
  await pause(20)
}
const received: number[] = []
f.bus.subscribe(subjects.locationFilter, message => {
  const reader = new LocationBatchReader()
  reader.open(message.body, Date.now())
  while (reader.next()) received.push(reader.seq)
})
const driverToken = () => f.token('driver', { userId, driverId })

t.test('frames of a driver without a network are kept, and arrive in order afterwards', async t => {
  const wire = network()
  const saved: number[] = []
  const driver = kept(
    t,
    connectDriver({
      url,
      token: driverToken,
      WebSocket: wire.WebSocket,
      sequence: { load: () => 10, save: n => saved.push(n) },
    }),
  )
  await next(driver, 'open')
  driver.sendLocation({ latitude: 27.7, longitude: 85.3 })
  t.same(await next(driver, 'ack'), { seq: 10, waiting: 0 })
  wire.cut()
  t.match(await next(driver, 'closed'), { final: false })
  for (let i = 0; i < 200; i++) driver.sendLocation({ latitude: 27.7, longitude: 85.3 })
  t.equal(driver.unacknowledged.length, 200)
  t.throws(() => driver.sendLocation({ latitude: 91, longitude: 0 }), /frame_out_of_range/)
  wire.mend()
  await next(driver, 'open')
  await drained(driver)
  t.same(
    received,
    Array.from({ length: 201 }, (_, i) => 10 + i),
  )
  t.same(saved, [10 + clientLimits.sequenceStride], 'numbers are reserved in strides')
})

t.test('frames that the bus did not take are sent again when it is back', async t => {
  received.length = 0
  const driver = kept(
    t,
    connectDriver({
      url,
      token: driverToken,
      WebSocket: network().WebSocket,
      sequence: { load: () => 1, save: () => undefined },
    }),
  )
  await next(driver, 'open')
  f.bus.cut()
  for (let i = 0; i < 5; i++) driver.sendLocation({ latitude: 27.7, longitude: 85.3 })
  t.match(await next(driver, 'error'), { code: 'unavailable', seq: 1 })
  f.bus.mend()
  for (let i = 0; i < 5; i++) driver.sendLocation({ latitude: 27.7, longitude: 85.3 })
  await pause(clientLimits.batchMs + 50)
  t.equal(driver.unacknowledged.length, 10, 'no frame is forgotten before it is acknowledged')
  const progress: number[] = []
  driver.on('ack', ack => progress.push(ack.seq))
  await drained(driver)
  t.equal(progress.at(-1), 10)
  t.same(
    [...new Set(received)].sort((a, b) => a - b),
    [1, 2, 3, 4, 5, 6, 7, 8, 9, 10],
  )
})

t.test(
  'a client that is refused for the rate does not come again before the given time',
  async t => {
    const attemptsMs: number[] = []
    const server = createServer()
    server.on('upgrade', (_request, socket) => {
      attemptsMs.push(performance.now())
      if (attemptsMs.length === 1)
        socket.end(
          'HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nRetry-After: 2\r\n\r\n',
        )
      else socket.destroy()
    })
    await new Promise<void>(resolve => {
      server.listen(0, '127.0.0.1', resolve)
    })
    t.teardown(() => server.close())
    const client = kept(
      t,
      connectDriver({
        url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
        token: 'any',
        WebSocket,
      }),
    )
    t.match(await next(client, 'closed'), { code: 1006, final: false })
    await next(client, 'closed')
    await next(client, 'closed')
    // A busy machine makes a pause longer, never shorter.
    const first = attemptsMs[1]! - attemptsMs[0]!
    t.ok(first >= 1_999, `${first.toFixed(0)} ms`)
  },
)

t.test("the client corrects a device clock that is ahead by the server's clock", async t => {
  received.length = 0
  f.clock.skewMs = -5 * 60_000
  const driver = kept(t, connectDriver({ url, token: driverToken, WebSocket: network().WebSocket }))
  driver.sendLocation({ latitude: 27.7, longitude: 85.3 })
  await next(driver, 'open')
  driver.sendLocation({ latitude: 27.7, longitude: 85.3 })
  await drained(driver)
  t.equal(received.length, 2)
  f.clock.skewMs = 0
})

t.test('a message is sent again under the same id after a lost connection', async t => {
  const wire = network()
  const terminal = kept(
    t,
    connectTerminal({
      url,
      token: await f.token('vendor', { userId: pharmacyUser, pharmacyId }),
      WebSocket: wire.WebSocket,
    }),
  )
  await next(terminal, 'open')
  const commands: string[] = []
  f.script.order = async envelope => {
    commands.push(envelope.id)
    if (commands.length === 1) wire.cut()
    return { ok: true, order: {} as OrderView, outcome: { response: 'recorded' } }
  }
  const result = terminal.respond(newId(), 'REJECTED')
  await next(terminal, 'closed')
  wire.mend()
  t.match(await result, { outcome: 'recorded' })
  t.equal(commands.length, 2)
  t.equal(commands[0], commands[1])
})

t.test('a terminal shows each request once, and closes those that ended meanwhile', async t => {
  const wire = network()
  const terminal = kept(
    t,
    connectTerminal({
      url,
      token: await f.token('vendor', { userId: pharmacyUser, pharmacyId }),
      WebSocket: wire.WebSocket,
    }),
  )
  await next(terminal, 'open')
  await pause(50)
  const shown: string[] = []
  terminal.on('new_request', request => shown.push(request.request_id))
  const [lasting, gone, taken] = [newId(), newId(), newId()]
  const push = (request_id: string) =>
    f.push({
      kind: 'new_request',
      vendor_ids: [pharmacyId],
      distances_km: [1],
      body: { request_id, patient_name: 'Ann' } as NewRequestBody,
    })
  for (const id of [lasting, gone, taken]) push(id)
  await pause(50)
  f.push({
    kind: 'request_closed',
    request_id: taken,
    vendor_ids: [pharmacyId],
    message: requestEnded(taken, 'taken'),
  })
  t.same(await next(terminal, 'request_closed'), { request_id: taken, reason: 'taken' })
  wire.cut()
  await next(terminal, 'closed')
  wire.mend()
  await next(terminal, 'open')
  await pause(50)
  push(lasting)
  t.same(await next(terminal, 'request_closed'), { request_id: gone, reason: 'ended' })
  t.same([...terminal.openRequests.keys()], [lasting])
  t.same(shown, [lasting, gone, taken])
})

t.test('the client does not reconnect after a final refusal', async t => {
  const rows: [() => Pick<Customer, 'on'>, number][] = []
  const wire = network()
  const customerToken = await f.token('user')
  rows.push([() => connectCustomer({ url, token: 'wrong', WebSocket: wire.WebSocket }), 4001])
  rows.push([
    () => connectTerminal({ url, token: customerToken, WebSocket: wire.WebSocket }) as never,
    4003,
  ])
  rows.push([
    () => connectTracker({ url, trackingToken: 'unknown', WebSocket: wire.WebSocket }) as never,
    4004,
  ])
  for (const [make, code] of rows)
    t.match(await next(make() as Customer, 'closed'), { code, final: true })
  const attempts = wire.state.attempts
  await pause(clientLimits.reconnectMsMin * 1.2)
  t.equal(wire.state.attempts, attempts)
})

t.test('the client replaces an expired token, and gives up without another', async t => {
  let asked = 0
  const customer = kept(
    t,
    connectCustomer({
      url,
      WebSocket: network().WebSocket,
      token: () => (asked++ === 0 ? 'expired' : f.token('user')),
    }),
  )
  t.match(await next(customer, 'closed'), { code: 4001, final: false })
  t.match(await next(customer, 'open'), { type: 'connection' })
  const hopeless = kept(
    t,
    connectCustomer({ url, WebSocket: network().WebSocket, token: () => 'expired' }),
  )
  await next(hopeless, 'closed')
  t.match(await next(hopeless, 'closed'), { code: 4001, final: true })
})

t.test(
  'a tracker and a fleet view get their messages as events, and the state again after a reconnection',
  async t => {
    const wire = network()
    const order = await addOrder(f.database, {
      id: newId(),
      user_id: newId(),
      status: 'picked_up',
      driver_id: driverId,
    })
    const tracker = kept(
      t,
      connectTracker({ url, trackingToken: order.tracking_token, WebSocket: wire.WebSocket }),
    )
    t.match(await next(tracker, 'state'), { order: { status: 'picked_up' } })
    f.pushLocations({
      orders: [
        {
          order_id: order.id,
          latitude: 1,
          longitude: 2,
          heading: null,
          speed: null,
          eta_minutes: 3,
          distance_km: 4,
          at_ms: 0,
        },
      ],
    })
    t.match(await next(tracker, 'location'), { eta_minutes: 3 })
    wire.cut()
    wire.mend()
    t.match(await next(tracker, 'state'), { order: { status: 'picked_up' } })

    const fleet = kept(
      t,
      connectFleet({
        url,
        vendorId: pharmacyId,
        token: await f.token('admin'),
        WebSocket: wire.WebSocket,
      }),
    )
    await next(fleet, 'fleet')
    f.pushLocations({
      fleet: [
        {
          vendor_id: pharmacyId,
          driver_id: driverId,
          status: 'busy',
          latitude: 1,
          longitude: 2,
          heading: null,
          speed: null,
          at_ms: 0,
        },
      ],
    })
    await next(fleet, 'locations')
    t.match(fleet.drivers.get(driverId), { full_name: 'Dee', status: 'busy', latitude: 1 })
  },
)
