/**
 * Each terminal is told of a request and of its end exactly once [9], and edges tell engines which
 * terminals they have and which orders and fleets they watch.
 */
import t from 'tap'
import { CaduceusError, closeCodes, type ErrorCode } from '../../protocol/kernel/errors.ts'
import { publishList } from '../../protocol/bus/lists.ts'
import { limits } from '../../protocol/kernel/limits.ts'
import { topics } from '../../protocol/dispatch/pushes.ts'
import type { InterestMessage } from '../../protocol/tracking/interest.ts'
import type { TerminalsMessage } from '../../protocol/pharmacies/terminals.ts'
import { requestEnded, type NewRequestBody } from '../../protocol/orders/messages.ts'
import type { OrderView } from '../../protocol/orders/view.ts'
import { subjects } from '../../protocol/bus/subjects.ts'
import {
  addOrder,
  addPharmacy,
  newId,
  pause,
  startFixture,
  type TestSocket,
} from '../sockets/fixture.ts'
import { socketLimits } from '../kernel/limits.ts'

const f = await startFixture()
t.teardown(() => f.stop())
/** What the edge tells the engines about its terminals. */
const announced = f.listen<TerminalsMessage>(subjects.terminals)
const announcementsOf = (pharmacyId: string): number =>
  announced.flatMap(message => message.vendor_ids).filter(id => id === pharmacyId).length

const until = async (holds: () => boolean): Promise<void> => {
  while (!holds()) await pause(1)
}
/** Resolves when all that was pushed before this call has arrived at the sockets. */
async function caughtUp(...sockets: TestSocket[]): Promise<void> {
  await f.bus.flush()
  for (const socket of sockets) {
    socket.send({ type: 'ping' })
    await socket.next('pong')
  }
}

/** A new pharmacy; `connect` resolves when the engines have been told of the terminal. */
async function pharmacy(): Promise<{ id: string; connect(): Promise<TestSocket> }> {
  const userId = newId()
  const pharmacyId = newId()
  await addPharmacy(f.database, { userId, pharmacyId })
  const token = await f.token('vendor', { userId, pharmacyId })
  return {
    id: pharmacyId,
    async connect() {
      const before = announcementsOf(pharmacyId)
      const socket = f.connect(`/ws/pharmacy/?token=${token}`)
      await socket.next('connection')
      await until(() => announcementsOf(pharmacyId) > before)
      return socket
    },
  }
}
const requestBody = (request_id: string): NewRequestBody => ({
  request_id,
  patient_name: 'John Doe',
  patient_phone: '9841234567',
  patient_location: { lat: 27.7172, lng: 85.324 },
  radius_km: 10,
  quantity: 10,
  items: [],
  notes: null,
  image_url: null,
  prescription_url: null,
  timestamp: '2026-02-24T10:30:00Z',
  expires_at: '2026-02-24T10:35:00Z',
})
/** Any push that is not a request. */
const news = { type: 'driver_status', driver_id: newId(), status: 'available' } as const
const [a, b, c] = [await pharmacy(), await pharmacy(), await pharmacy()]

t.test(
  'a terminal that is asked gets a request once with its distance, and only terminals that got it hear of its end [9]',
  async t => {
    const [a1, a2, b1, c1] = [
      await a.connect(),
      await a.connect(),
      await b.connect(),
      await c.connect(),
    ]
    const id = newId()
    const request = {
      kind: 'new_request' as const,
      body: requestBody(id),
      vendor_ids: [newId(), a.id, b.id],
      distances_km: [0.1, 2.499, 0.816],
    }
    f.push(request)
    t.same(await a1.next(), { type: 'new_request', ...requestBody(id), distance_km: 2.5 })
    t.match(await a2.next(), { distance_km: 2.5 })
    t.match(await b1.next(), { distance_km: 0.82 })
    f.push(request)
    const message = requestEnded(id, 'taken')
    const closed = {
      kind: 'request_closed' as const,
      request_id: id,
      vendor_ids: [a.id, c.id],
      message,
    }
    f.push(closed)
    f.push(closed)
    t.same(await a1.next(), message, 'the repeated request is not told')
    t.same(await a2.next(), message)
    // The end overtakes this push, as with two engines: c has not seen the request and does not see
    // it now.
    f.push({ ...request, vendor_ids: [a.id, c.id], distances_km: [1, 1] })
    await caughtUp(a1, a2, b1, c1)
    t.same(
      [a1.heard, a2.heard, b1.heard, c1.heard],
      [[], [], [], []],
      'each message came once, and the winner and the pharmacy that was not told hear nothing',
    )
    for (const socket of [a1, a2, b1, c1]) socket.ws.close()
  },
)

t.test('pushes of one turn leave in one write, in order, and before a close', async t => {
  const a1 = await a.connect()
  const before = f.writes.count
  const ids = Array.from({ length: 20 }, newId)
  f.push(
    ...ids.map(id => ({
      kind: 'new_request' as const,
      body: requestBody(id),
      vendor_ids: [a.id],
      distances_km: [1],
    })),
  )
  f.push(
    { kind: 'topic', topic: topics.pharmacy(a.id), message: news },
    ...ids.map(id => ({
      kind: 'request_closed' as const,
      request_id: id,
      vendor_ids: [a.id],
      message: requestEnded(id, 'expired'),
    })),
  )
  const heard = []
  for (let i = 0; i < 41; i++) heard.push(await a1.next())
  t.same(
    heard.map(m => m['request_id'] ?? m.type),
    [...ids, 'driver_status', ...ids],
  )
  t.equal(f.writes.count - before, 1)
  const topic = topics.pharmacy(a.id)
  f.push({ kind: 'topic', topic, message: news })
  await f.bus.flush()
  a1.ws.send('{')
  t.same([(await a1.next()).type, (await a1.next()).type], ['driver_status', 'error'])
  // This subscription is later than the hub's, so it closes the socket in the turn of the push.
  const closing = f.bus.subscribe(subjects.pushAll, () =>
    f.hub.forEach(session => session.close(closeCodes.goingAway, 'closed by the test')),
  )
  f.push({ kind: 'topic', topic, message: news })
  t.equal((await a1.closed).code, closeCodes.goingAway)
  t.same(a1.heard, [news])
  closing.unsubscribe()
})

t.test(
  'requests of one turn keep their bodies, and each terminal gets its own distances, of any length',
  async t => {
    const [a1, b1] = [await a.connect(), await b.connect()]
    const kilometres = [
      [10, 0.004],
      [9.999, 49.99],
      [0.555, 7],
      [12_345.678, 3.1],
    ] as const
    const bodies = kilometres.map((_, i) => ({ ...requestBody(newId()), notes: 'é'.repeat(i) }))
    f.push(
      ...bodies.map((body, i) => ({
        kind: 'new_request' as const,
        body,
        vendor_ids: [a.id, b.id],
        distances_km: [...kilometres[i]!],
      })),
    )
    for (const [socket, of] of [
      [a1, 0],
      [b1, 1],
    ] as const)
      for (const [i, body] of bodies.entries())
        t.same(await socket.next(), {
          type: 'new_request',
          ...body,
          distance_km: Math.round(kilometres[i]![of] * 100) / 100,
        })
    for (const socket of [a1, b1]) socket.ws.close()
  },
)

t.test(
  'the edge asks for the open requests of a new terminal, and of all terminals after the bus reconnects [9]',
  async t => {
    const asked = f.listen<TerminalsMessage>(subjects.terminals)
    const [a1, b1] = await Promise.all([a.connect(), b.connect()])
    t.same(asked.flatMap(m => m.vendor_ids).sort(), [a.id, b.id].sort())
    a1.ws.close()
    await a1.closed
    await until(() => f.hub.size === 1)
    asked.length = 0
    f.bus.cut()
    f.bus.mend()
    await f.bus.flush()
    t.same(
      asked.flatMap(m => m.vendor_ids),
      [b.id],
      'only the terminal that is still connected',
    )
    b1.ws.close()
  },
)

t.test('a lost end of a request is found after the bus reconnects [9]', async t => {
  const [a1, b1] = [await a.connect(), await b.connect()]
  const outcomes = [
    ['accepted', b.id, 'request_taken'],
    ['expired', null, 'request_expired'],
    ['cancelled', null, 'request_cancelled'],
    ['cancelled', b.id, 'request_taken'],
    ['pending', null, null],
  ] as const
  for (const [status, vendor_id] of outcomes) {
    const { id } = await addOrder(f.database, { id: newId(), user_id: newId(), status, vendor_id })
    f.push({
      kind: 'new_request',
      body: requestBody(id),
      vendor_ids: [a.id, b.id],
      distances_km: [1, 2],
    })
  }
  for (const socket of [a1, b1]) for (const _ of outcomes) await socket.next('new_request')
  f.bus.cut()
  f.bus.mend()
  const heard = [await a1.next(), await a1.next(), await a1.next(), await a1.next()].map(
    m => m.type,
  )
  t.same(
    heard,
    outcomes.map(o => o[2]).filter(type => type !== null),
  )
  t.same([(await b1.next()).type, (await b1.next()).type], ['request_expired', 'request_cancelled'])
  await caughtUp(a1, b1)
  t.same([a1.heard, b1.heard], [[], []], 'the winner is not told that it lost')
  for (const socket of [a1, b1]) socket.ws.close()
})

t.test(
  'a first state of megabytes comes in pieces, and its terminal is not closed as a slow reader',
  async t => {
    const notes = '😀'.repeat(10_000)
    const ids = Array.from({ length: limits.openRequestsPerTerminalMax }, newId).sort()
    // As an engine does each time that it is asked.
    let asked = 0
    const engine = f.bus.subscribe(subjects.terminals, () => {
      asked++
      publishList(
        f.bus,
        subjects.pushAll,
        ids.map(id => ({
          kind: 'new_request' as const,
          body: { ...requestBody(id), notes },
          vendor_ids: [a.id],
          distances_km: [1],
        })),
        part => part,
      )
    })
    const a1 = await a.connect()
    const told = new Set<string>()
    for (const _ of ids) {
      const message = await a1.next('new_request')
      t.notOk(told.has(message['request_id'] as string), 'each once')
      told.add(message['request_id'] as string)
    }
    t.same([...told].sort(), ids)
    t.ok(asked > 1, `8 MB in ${asked} pieces`)
    a1.ws.send('{"type":"ping"}')
    await a1.next('pong')
    // A question for `a` that was still to come would go with that of a new terminal.
    const before = announcementsOf(a.id)
    const b1 = await b.connect()
    t.equal(announcementsOf(a.id), before, 'when all is told the edge does not ask again')
    b1.ws.close()
    t.equal(a1.heard.length, 0)
    engine.unsubscribe()
    a1.ws.close()
  },
)

t.test('the number of requests that the edge remembers for a terminal is bounded', async t => {
  const a1 = await a.connect()
  const ids = Array.from({ length: limits.openRequestsPerTerminalMax + 1 }, newId)
  for (const id of ids)
    f.push({ kind: 'new_request', body: requestBody(id), vendor_ids: [a.id], distances_km: [1] })
  for (const _ of ids) await a1.next('new_request')
  const end = (id: string) =>
    f.push({
      kind: 'request_closed',
      request_id: id,
      vendor_ids: [a.id],
      message: requestEnded(id, 'expired'),
    })
  end(ids[0]!)
  end(ids.at(-1)!)
  t.match(
    await a1.next(),
    { request_id: ids.at(-1) },
    'the end of the oldest request, which was forgotten, is not told',
  )
  a1.ws.close()
})

t.test('a terminal answers requests, and a repeat is the same command [3]', async t => {
  const a1 = await a.connect()
  const rows: [ErrorCode | 'won' | 'recorded', string][] = [
    ['won', 'won'],
    ['recorded', 'recorded'],
    ['request_already_assigned', 'lost'],
    ['request_not_offered', 'not_offered'],
    ['request_expired', 'expired'],
    ['request_cancelled', 'cancelled'],
    ['unavailable', 'error'],
  ]
  for (const [reply, outcome] of rows) {
    f.script.order = async envelope => {
      t.match(envelope, {
        actor_id: id,
        verb: 'respond',
        by: { role: 'vendor', id: a.id },
        data: { response_type: 'REJECTED', text_message: 'Sorry' },
      })
      if (reply !== 'won' && reply !== 'recorded') throw new CaduceusError(reply)
      return { ok: true, order: {} as OrderView, outcome: { response: reply } }
    }
    const id = newId()
    a1.send({
      type: 'respond',
      request_id: id,
      response_type: 'REJECTED',
      text_message: 'Sorry',
      id: 'mine-1',
    })
    t.match(
      await a1.next(),
      { type: 'response_result', request_id: id, outcome, id: 'mine-1' },
      reply,
    )
  }
  const commandIds: string[] = []
  f.script.order = async envelope => {
    commandIds.push(envelope.id)
    return { ok: true, order: {} as OrderView, outcome: {} }
  }
  const id = newId()
  for (const _ of [1, 2]) {
    a1.send({ type: 'respond', request_id: id, response_type: 'REJECTED' })
    await a1.next('response_result')
  }
  t.equal(commandIds[0], commandIds[1], 'a repetition is the same command')
  a1.ws.close()
})

t.test('a loser gets the end of the request and its answer in one write [1]', async t => {
  const [a1, b1] = [await a.connect(), await b.connect()]
  const id = newId()
  f.push({
    kind: 'new_request',
    body: requestBody(id),
    vendor_ids: [a.id, b.id],
    distances_km: [1, 1],
  })
  await Promise.all([a1.next(), b1.next()])
  let release = (): void => undefined
  const asked = new Promise<void>(isAsked => {
    f.script.order = async () => {
      isAsked()
      await new Promise<void>(resolve => {
        release = resolve
      })
      return { ok: true, order: {} as OrderView, outcome: { response: 'won' } }
    }
  })
  a1.send({ type: 'respond', request_id: id, response_type: 'ACCEPTED' })
  await asked
  b1.send({ type: 'respond', request_id: id, response_type: 'ACCEPTED' })
  await caughtUp(b1)
  const before = f.writes.count
  f.push({
    kind: 'request_closed',
    request_id: id,
    vendor_ids: [b.id],
    message: requestEnded(id, 'taken'),
  })
  t.match(
    [await b1.next(), await b1.next()],
    [{ type: 'request_taken' }, { type: 'response_result', outcome: 'lost' }],
  )
  t.equal(f.writes.count - before, 1)
  release()
  t.match(await a1.next(), { type: 'response_result', outcome: 'won' })
  for (const socket of [a1, b1]) socket.ws.close()
})

t.test('the number of commands of a socket in flight is bounded', async t => {
  const a1 = await a.connect()
  let release = (): void => undefined
  const held = new Promise<void>(resolve => {
    release = resolve
  })
  f.script.order = async () => {
    await held
    return { ok: true, order: {} as OrderView, outcome: {} }
  }
  for (let i = 0; i <= socketLimits.commandsInFlightMax; i++)
    a1.send({ type: 'respond', request_id: newId(), response_type: 'REJECTED' })
  t.match(await a1.next(), { type: 'response_result', outcome: 'error', code: 'overloaded' })
  release()
  for (let i = 0; i < socketLimits.commandsInFlightMax; i++) await a1.next('response_result')
  a1.ws.close()
})

t.test('an edge tells the engines which orders and fleets its sockets watch', async t => {
  const heard = f.listen<InterestMessage>(subjects.interest)
  const userId = newId()
  const open = await addOrder(f.database, { id: newId(), user_id: userId, status: 'accepted' })
  await addOrder(f.database, { id: newId(), user_id: userId, status: 'delivered' })
  const tracked = await addOrder(f.database, { id: newId(), user_id: newId() })
  const customer = f.connect(`/ws/customer/?token=${await f.token('user', { userId })}`)
  const tracker = f.connect(`/ws/tracking/${tracked.tracking_token}`)
  const fleet = f.connect(`/ws/vendor/${a.id}?token=${await f.token('admin')}`)
  await Promise.all([customer.next(), tracker.next(), fleet.next()])
  await until(() => heard.flatMap(m => [...m.order_ids, ...m.vendor_ids]).length >= 3)
  t.ok(heard.every(m => m.edge_id === 'edge-1' && !m.full))
  t.same(heard.flatMap(m => m.order_ids).sort(), [open.id, tracked.id].sort())
  t.same(
    heard.flatMap(m => m.vendor_ids),
    [a.id],
  )

  const later = newId()
  for (const [order_id, status] of [
    [later, 'pending'],
    [open.id, 'delivered'],
  ] as const) {
    const message = { type: 'status' as const, order_id, status, at: '' }
    f.push({ kind: 'topic', topic: `customer:${userId}`, message })
    t.same(await customer.next(), message)
  }
  await until(() => heard.some(message => message.order_ids.includes(later)))
  tracker.ws.close()
  await tracker.closed
  await until(() => f.hub.size === 2)
  heard.length = 0
  f.bus.cut()
  f.bus.mend()
  await f.bus.flush()
  t.same(
    heard,
    [{ edge_id: 'edge-1', full: true, order_ids: [later], vendor_ids: [a.id] }],
    'all that is still watched, in one full message',
  )
  f.pushLocations({
    orders: [
      {
        order_id: later,
        latitude: 1,
        longitude: 2,
        heading: null,
        speed: null,
        eta_minutes: 1,
        distance_km: 1,
        at_ms: 0,
      },
    ],
  })
  t.match(await customer.next(), { type: 'location', order_id: later })

  heard.length = 0
  f.hub.closeAll()
  t.same(
    (await Promise.all([customer.closed, fleet.closed])).map(end => end.code),
    [1001, 1001],
    'a drain closes with 1001',
  )
  await until(() => f.hub.size === 0)
  t.same(
    heard.map(message => message.gone),
    [true],
  )
})
