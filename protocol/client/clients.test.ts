/**
 * The clients of terminal, driver, customer, public link and fleet, at an edge that the test plays.
 */
import { unpack } from 'msgpackr'
import t from 'tap'
import type { LocationFrame } from '../river/frames.ts'
import { limits } from '../kernel/limits.ts'
import type { ConnectOptions } from './connection.ts'
import { connectDriver, type DriverOptions } from './driver.ts'
import { FakeSocket, onVirtualTime, settled } from './fixture-socket.ts'
import { connectTerminal } from './terminal.ts'
import { connectCustomer, connectFleet, connectTracker } from './watchers.ts'
import { clientLimits } from './limits.ts'

const options: ConnectOptions = { url: 'http://edge', WebSocket: FakeSocket }
/** Messages that a terminal emits as they come. */
const passedOn = ['new_order', 'status', 'driver_search_ended', 'approval', 'error'] as const
const names = [
  'open',
  'closed',
  'new_request',
  'request_closed',
  ...passedOn,
  'offer',
  'offer_withdrawn',
  'assigned',
  'ack',
  'pharmacy_response',
  'request_expired',
  'location',
  'state',
  'fleet',
  'locations',
]

/** Notes every event that a client emits. */
function heard(client: {
  on(name: never, listener: (event: never) => void): unknown
}): [name: string, event: object][] {
  const list: [string, object][] = []
  for (const name of names)
    client.on(name as never, (event: object) => {
      list.push([name, event])
    })
  return list
}

t.test('a terminal knows its open requests, also after a reconnection', t =>
  onVirtualTime(async time => {
    const terminal = connectTerminal(options)
    const list = heard(terminal)
    await settled()
    t.equal(FakeSocket.last.url, 'ws://edge/ws/pharmacy/')
    t.notOk(terminal.isOpen)
    FakeSocket.last.says({ type: 'connection' })
    t.ok(terminal.isOpen)
    const open = (...ids: string[]): void => {
      for (const request_id of ids) FakeSocket.last.says({ type: 'new_request', request_id })
    }
    open('a', 'b', 'c', 'd', 'e', 'a')
    t.same([...terminal.openRequests.keys()], ['a', 'b', 'c', 'd', 'e'])
    t.equal(list.filter(([name]) => name === 'new_request').length, 5, 'each request once')
    list.length = 0
    for (const [type, request_id] of [
      ['request_taken', 'a'],
      ['request_expired', 'b'],
      ['request_cancelled', 'c'],
      ['request_taken', 'a'],
    ])
      FakeSocket.last.says({ type, request_id })
    t.same(list, [
      ['request_closed', { request_id: 'a', reason: 'taken' }],
      ['request_closed', { request_id: 'b', reason: 'expired' }],
      ['request_closed', { request_id: 'c', reason: 'cancelled' }],
    ])
    list.length = 0
    for (const type of [...passedOn, 'response_result']) FakeSocket.last.says({ type })
    t.same(
      list.map(([name]) => name),
      passedOn,
    )
    list.length = 0
    FakeSocket.last.ends()
    await time.pass(clientLimits.reconnectMsMin)
    FakeSocket.last.says({ type: 'connection' })
    open('d', 'f')
    await time.pass(clientLimits.resyncGraceMs - 1)
    t.same([...terminal.openRequests.keys()], ['d', 'e', 'f'])
    await time.pass(1)
    t.same(
      list
        .filter(([name]) => name !== 'open')
        .map(([name, event]) => [
          name,
          (event as { request_id?: string }).request_id,
          (event as { reason?: string }).reason,
        ]),
      [
        ['closed', undefined, ''],
        ['new_request', 'f', undefined],
        ['request_closed', 'e', 'ended'],
      ],
      'a request that is not repeated after the reconnection is over',
    )
    FakeSocket.last.ends()
    await time.pass(2 * clientLimits.reconnectMsMin)
    FakeSocket.last.says({ type: 'connection' })
    await time.pass(clientLimits.resyncGraceMs - 1)
    FakeSocket.last.ends()
    await time.pass(1)
    t.same(
      [...terminal.openRequests.keys()],
      ['d', 'f'],
      'no request is over when the connection is lost before the repeats had time to come',
    )
    terminal.close()
    t.same(list.at(-1), ['closed', { code: 1000, reason: 'closed by the client', final: true }])
  }),
)

t.test('a request that comes after the first greeting stays open', t =>
  onVirtualTime(async time => {
    const terminal = connectTerminal(options)
    await settled()
    FakeSocket.last.says({ type: 'connection' })
    FakeSocket.last.says({ type: 'new_request', request_id: 'a' })
    await time.pass(clientLimits.resyncGraceMs)
    t.same([...terminal.openRequests.keys()], ['a'])
    terminal.close()
  }),
)

t.test('an answer of a terminal resolves with its outcome', t =>
  onVirtualTime(async () => {
    const terminal = connectTerminal(options)
    const list = heard(terminal)
    await settled()
    FakeSocket.last.says({ type: 'connection' })
    for (const [outcome, reason] of [
      ['won', 'won'],
      ['expired', 'expired'],
      ['cancelled', 'cancelled'],
      ['lost', 'taken'],
      ['recorded', null],
    ] as const) {
      FakeSocket.last.says({ type: 'new_request', request_id: outcome })
      list.length = 0
      const answer = terminal.respond(outcome, 'ACCEPTED', { text_message: 'in stock' })
      const asked = FakeSocket.last.messages.at(-1)!
      t.match(asked, {
        type: 'respond',
        request_id: outcome,
        response_type: 'ACCEPTED',
        text_message: 'in stock',
      })
      FakeSocket.last.says({ type: 'response_result', id: asked.id, request_id: outcome, outcome })
      t.match(await answer, { type: 'response_result', outcome })
      t.same(list, reason === null ? [] : [['request_closed', { request_id: outcome, reason }]])
    }
    const refused = terminal.respond('x', 'REJECTED')
    FakeSocket.last.says({
      type: 'error',
      id: FakeSocket.last.messages.at(-1)!.id,
      code: 'forbidden',
      message: 'no',
    })
    t.same(await refused, {
      type: 'response_result',
      request_id: 'x',
      outcome: 'error',
      code: 'forbidden',
      message: 'no',
    })
    terminal.close()
  }),
)

const here = { latitude: 52.5, longitude: 13.4 }
const sentFrames = (socket: FakeSocket): LocationFrame[] =>
  socket.sent.flatMap(data => {
    if (typeof data === 'string') return []
    const frames = unpack(data) as number[] | number[][]
    return (Array.isArray(frames[0]) ? (frames as number[][]) : [frames as number[]]).map(
      ([seq, timestampMs, latitude, longitude, headingDeg, speedMps, accuracyM]) =>
        ({
          seq,
          timestampMs,
          latitude,
          longitude,
          headingDeg,
          speedMps,
          accuracyM,
        }) as LocationFrame,
    )
  })
const ackBytes = (seq: number): number[] => [0x92, 0xa3, 0x61, 0x63, 0x6b, seq]
const nowMs = 1_000_000_000
const greet = (server_time_ms = Date.now()): void => {
  FakeSocket.last.says({ type: 'connection', server_time_ms })
}

async function drive(more: Partial<DriverOptions> = {}) {
  const driver = connectDriver({ ...options, ...more })
  const list = heard(driver)
  await settled()
  return { driver, list }
}

t.test("a driver's positions are sent in messages, and kept until they are acknowledged", t =>
  onVirtualTime(async time => {
    const { driver, list } = await drive()
    t.equal(FakeSocket.last.url, 'ws://edge/ws/driver')
    driver.sendLocation(here)
    await time.pass(clientLimits.batchMs)
    t.same(FakeSocket.last.sent, [], 'nothing is sent before the greeting')
    greet()
    driver.sendLocation({ ...here, headingDeg: 90, speedMps: 5, accuracyM: 8, timestampMs: 7_000 })
    await time.pass(clientLimits.batchMs - 1)
    t.same(FakeSocket.last.sent, [])
    await time.pass(1)
    t.equal(FakeSocket.last.sent.length, 1)
    t.match(sentFrames(FakeSocket.last), [
      {
        seq: 1_000_000,
        timestampMs: nowMs,
        ...here,
        headingDeg: null,
        speedMps: null,
        accuracyM: null,
      },
      { seq: 1_000_001, timestampMs: 7_000, headingDeg: 90, speedMps: 5, accuracyM: 8 },
    ])
    t.equal(driver.unacknowledged.length, 2)
    FakeSocket.last.says({ type: 'ack', seq: 1_000_000 })
    FakeSocket.last.says({ type: 'ack', seq: 1_000_000 })
    t.same(
      list.filter(([name]) => name === 'ack'),
      [['ack', { seq: 1_000_000, waiting: 1 }]],
    )
    FakeSocket.last.saysBytes([1])
    t.throws(() => driver.sendLocation({ latitude: 91, longitude: 0 }), /frame_out_of_range.*91/)
    t.equal(driver.unacknowledged.length, 1)
    driver.sendLocation(here)
    driver.close()
    t.equal(sentFrames(FakeSocket.last).length, 3, 'positions that wait are sent before the end')
    t.same(list.at(-1), ['closed', { code: 1000, reason: 'closed by the client', final: true }])
  }),
)

t.test('sequence numbers are stored ahead, and a full buffer drops old positions', t =>
  onVirtualTime(async time => {
    const saved: number[] = []
    const { driver } = await drive({
      sequence: { load: () => 5, save: next => saved.push(next) },
      unacknowledged: [
        { seq: 3, timestampMs: 1, ...here, headingDeg: null, speedMps: null, accuracyM: null },
      ],
      framesMax: 2,
    })
    t.same(saved, [])
    for (let i = 0; i < clientLimits.sequenceStride; i++) driver.sendLocation(here)
    t.same(saved, [5 + clientLimits.sequenceStride])
    driver.sendLocation(here)
    t.same(
      saved,
      [5, 5 + clientLimits.sequenceStride].map(n => n + clientLimits.sequenceStride),
    )
    t.equal(driver.evicted, clientLimits.sequenceStride)
    greet()
    await time.pass(clientLimits.batchMs)
    t.same(
      sentFrames(FakeSocket.last).map(one => one.seq),
      [4 + clientLimits.sequenceStride, 5 + clientLimits.sequenceStride],
    )
    FakeSocket.last.saysBytes(ackBytes(1))
    t.equal(driver.unacknowledged.length, 2)
    driver.close()
  }),
)

t.test('waiting positions are sent at a bounded rate, the oldest first', t =>
  onVirtualTime(async time => {
    const { driver } = await drive()
    const perFlush = clientLimits.messagesPerFlushMax * limits.framesPerMessageMax
    for (let i = 0; i < perFlush + 1; i++) driver.sendLocation(here)
    greet()
    await time.pass(clientLimits.batchMs)
    t.equal(FakeSocket.last.sent.length, clientLimits.messagesPerFlushMax)
    await time.pass(clientLimits.batchMs)
    t.equal(sentFrames(FakeSocket.last).length, perFlush + 1)
    await time.pass(clientLimits.batchMs)
    t.equal(FakeSocket.last.sent.length, clientLimits.messagesPerFlushMax + 1)
    FakeSocket.last.ends()
    await time.pass(clientLimits.reconnectMsMin)
    greet()
    await time.pass(clientLimits.batchMs)
    t.equal(sentFrames(FakeSocket.last)[0]!.seq, 1_000_000)
    const before = FakeSocket.last.sent.length
    FakeSocket.last.readyState = 2
    driver.sendLocation(here)
    await time.pass(clientLimits.batchMs)
    t.equal(FakeSocket.last.sent.length, before)
    FakeSocket.last.readyState = 1
    driver.sendLocation(here)
    await time.pass(clientLimits.batchMs)
    t.equal(
      sentFrames({ sent: FakeSocket.last.sent.slice(before) } as unknown as FakeSocket)[0]!.seq,
      1_000_000,
      'positions that a socket did not take are sent again with the next one',
    )
    driver.close()
  }),
)

t.test('positions without an acknowledgement are sent again, then over a new socket', t =>
  onVirtualTime(async time => {
    const { driver } = await drive()
    greet()
    driver.sendLocation(here)
    await time.pass(clientLimits.batchMs)
    const [first] = FakeSocket.all
    for (const times of [2, 3]) {
      await time.pass(clientLimits.ackStallMs + clientLimits.batchMs)
      t.equal(first!.sent.length, times)
    }
    t.same(first!.closedWith, [])
    await time.pass(clientLimits.ackStallMs + clientLimits.batchMs)
    t.same(first!.closedWith, [[1000, 'locations are not acknowledged']])
    await time.pass(clientLimits.reconnectMsMin)
    greet()
    await time.pass(clientLimits.batchMs)
    t.equal(FakeSocket.last.sent.length, 1)
    for (let i = 0; i < 4; i++) {
      await time.pass(clientLimits.ackStallMs + clientLimits.batchMs)
      FakeSocket.last.says({ type: 'error', code: 'unavailable', message: 'the bus is away' })
    }
    t.same(FakeSocket.last.closedWith, [], 'no new socket while the bus is unavailable')
    FakeSocket.last.says({ type: 'ack', seq: 1_000_000 })
    await time.pass(clientLimits.batchMs)
    const { length } = FakeSocket.last.sent.filter(data => typeof data !== 'string')
    await time.pass(clientLimits.ackStallMs * 5)
    t.equal(
      FakeSocket.last.sent.filter(data => typeof data !== 'string').length,
      length,
      'nothing is sent again after the acknowledgement',
    )
    driver.close()
  }),
)

t.test("a device's clock that is too wrong is corrected by the server's", t =>
  onVirtualTime(async time => {
    const stamp = async (aheadMs: number): Promise<number> => {
      const { driver } = await drive()
      greet(nowMs + aheadMs)
      driver.sendLocation(here)
      const { timestampMs } = driver.unacknowledged[0]!
      driver.close()
      return timestampMs - nowMs
    }
    const { clockErrorMs: allowedMs } = clientLimits
    for (const [aheadMs, corrected] of [
      [allowedMs, 0],
      [allowedMs + 1, allowedMs + 1],
      [-allowedMs, 0],
      [-allowedMs - 1, -allowedMs - 1],
    ] as const)
      t.equal(await stamp(aheadMs), corrected, `${aheadMs}`)
    const { driver, list } = await drive()
    greet()
    driver.sendLocation(here)
    await time.pass(clientLimits.batchMs)
    FakeSocket.last.says({
      type: 'error',
      code: 'frame_in_future',
      message: 'x',
      server_time_ms: Date.now() - 60_000,
    })
    await time.pass(clientLimits.batchMs)
    t.equal(FakeSocket.last.sent.length, 2, 'the refused message is sent again')
    t.equal(sentFrames(FakeSocket.last)[1]!.timestampMs, nowMs - 60_000)
    for (const error of [{ code: 'frame_in_future' }, { code: 'other', server_time_ms: 0 }])
      FakeSocket.last.says({ type: 'error', message: 'x', ...error })
    await time.pass(clientLimits.batchMs)
    t.equal(FakeSocket.last.sent.length, 2)
    t.equal(list.filter(([name]) => name === 'error').length, 3)
    driver.close()
  }),
)

t.test("a driver's client emits offers and assignments, and sends answers and the status", t =>
  onVirtualTime(async () => {
    const { driver, list } = await drive()
    greet()
    list.length = 0
    for (const type of [
      'offer',
      'offer_withdrawn',
      'assigned',
      'error',
      'offer_result',
      'status_result',
    ])
      FakeSocket.last.says({ type })
    t.same(
      list.map(([name]) => name),
      ['offer', 'offer_withdrawn', 'assigned', 'error'],
    )
    void driver.respondToOffer('o', true).catch(() => undefined)
    void driver.respondToOffer('o', false, 'too far').catch(() => undefined)
    void driver.setStatus('available').catch(() => undefined)
    t.same(
      FakeSocket.last.messages.map(({ id: _, ...rest }) => rest),
      [
        { type: 'offer_response', offer_id: 'o', accept: true },
        { type: 'offer_response', offer_id: 'o', accept: false, reason: 'too far' },
        { type: 'status', status: 'available' },
      ],
    )
    driver.close()
  }),
)

t.test('the clients of customer, public link and fleet emit the messages of their sockets', t =>
  onVirtualTime(async () => {
    for (const [connect, address, types] of [
      [
        () => connectCustomer(options),
        'ws://edge/ws/customer/',
        ['pharmacy_response', 'request_expired', 'status', 'location', 'error'],
      ],
      [
        () => connectTracker({ ...options, trackingToken: 'a/b' }),
        'ws://edge/ws/tracking/a%2Fb',
        ['state', 'status', 'location', 'error'],
      ],
    ] as const) {
      const client = connect()
      const list = heard(client as never)
      await settled()
      t.equal(FakeSocket.last.url, address)
      t.notOk(client.isOpen)
      FakeSocket.last.says({ type: types[0] })
      t.ok(client.isOpen)
      for (const type of types.slice(1)) FakeSocket.last.says({ type })
      t.same(
        list.map(([name]) => name).filter(name => name !== 'open'),
        types,
      )
      t.equal(
        list.some(([name]) => name === 'open'),
        address.includes('customer'),
      )
      client.close()
      t.same(list.at(-1), ['closed', { code: 1000, reason: 'closed by the client', final: true }])
    }
    const fleet = connectFleet({ ...options, vendorId: 'v/1' })
    await settled()
    t.equal(FakeSocket.last.url, 'ws://edge/ws/vendor/v%2F1')
    FakeSocket.last.says({
      type: 'fleet',
      drivers: [
        { driver_id: 'a', driver_name: 'Ann' },
        { driver_id: 'b', driver_name: 'Ben' },
      ],
    })
    FakeSocket.last.says({
      type: 'locations',
      drivers: [
        { driver_id: 'a', latitude: 1 },
        { driver_id: 'c', latitude: 2 },
      ],
    })
    t.same(
      [...fleet.drivers.values()],
      [
        { driver_id: 'a', driver_name: 'Ann', latitude: 1 },
        { driver_id: 'b', driver_name: 'Ben' },
        { driver_id: 'c', latitude: 2 },
      ],
    )
    for (const driver_id of ['a', 'z'])
      FakeSocket.last.says({ type: 'driver_status', driver_id, status: 'busy' })
    t.match(fleet.drivers.get('a'), { latitude: 1, status: 'busy' })
    t.notOk(fleet.drivers.has('z'), 'a status alone does not add a driver')
    FakeSocket.last.says({ type: 'fleet', drivers: [{ driver_id: 'b', driver_name: 'Ben' }] })
    t.same([...fleet.drivers.keys()], ['b'])
    fleet.close()
  }),
)
