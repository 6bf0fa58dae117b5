/**
 * Malformed messages and clients that misbehave. Each kind gets its code, and each costs only its
 * own connection.
 */
import t from 'tap'
import { encodeFrame } from '../../protocol/river/frames.ts'
import { closeCodes } from '../../protocol/kernel/errors.ts'
import { limits } from '../../protocol/kernel/limits.ts'
import { addDriver, addPharmacy, newId, startFixture, type TestSocket } from '../sockets/fixture.ts'
import { socketLimits } from './limits.ts'

const f = await startFixture()
t.teardown(() => f.stop())
const userId = newId()
const pharmacyId = newId()
const driverUser = newId()
const driverId = newId()
await addPharmacy(f.database, { userId, pharmacyId })
await addDriver(f.database, { userId: driverUser, driverId, pharmacyId })
const paths = {
  pharmacy: `/ws/pharmacy/?token=${await f.token('vendor', { userId, pharmacyId })}`,
  customer: `/ws/customer/?token=${await f.token('user')}`,
  driver: `/ws/driver?token=${await f.token('driver', { userId: driverUser, driverId })}`,
}
async function connect(kind: keyof typeof paths): Promise<TestSocket> {
  const socket = f.connect(paths[kind])
  await socket.next('connection')
  return socket
}

t.test('a malformed message gets its code, and the connection stays open', async t => {
  const rows: [kind: keyof typeof paths, message: unknown, code: string, about?: RegExp][] = [
    ['customer', '{', 'invalid_json'],
    ['customer', '', 'invalid_json'],
    ['customer', '"text"', 'message_malformed'],
    ['customer', 'null', 'message_malformed'],
    ['customer', '[]', 'message_malformed'],
    ['customer', { no: 'type' }, 'message_malformed', /type/],
    ['customer', { type: 7 }, 'message_malformed', /type/],
    ['customer', { type: 'respond' }, 'message_unknown_type'],
    ['customer', { type: '__proto__' }, 'message_unknown_type'],
    ['customer', Uint8Array.of(0x90), 'message_malformed', /text/],
    ['customer', `"${'x'.repeat(socketLimits.messageBytesMax)}"`, 'body_too_large'],
    ['customer', `${'['.repeat(8000)}${']'.repeat(8000)}`, 'message_malformed'],
    [
      'pharmacy',
      { type: 'respond', request_id: 'x', response_type: 'ACCEPTED' },
      'message_malformed',
      /request_id/,
    ],
    [
      'pharmacy',
      { type: 'respond', request_id: newId(), response_type: 'MAYBE' },
      'message_malformed',
      /response_type/,
    ],
    ['pharmacy', { type: 'respond', request_id: newId() }, 'message_malformed', /response_type/],
    [
      'pharmacy',
      { type: 'respond', request_id: newId(), response_type: 'ACCEPTED', extra: 1 },
      'message_malformed',
      /extra/,
    ],
    [
      'pharmacy',
      {
        type: 'respond',
        request_id: newId(),
        response_type: 'ACCEPTED',
        text_message: 'x'.repeat(limits.textCharactersMax + 1),
      },
      'message_malformed',
      /text_message/,
    ],
    [
      'driver',
      { type: 'offer_response', offer_id: newId(), accept: 'yes' },
      'message_malformed',
      /accept/,
    ],
    [
      'driver',
      { type: 'offer_response', offer_id: '', accept: true },
      'message_malformed',
      /offer_id/,
    ],
    ['driver', { type: 'status', status: 'busy' }, 'message_malformed', /status/],
    ['driver', Uint8Array.of(), 'frame_malformed'],
  ]
  for (const [kind, message, code, about] of rows) {
    const socket = await connect(kind)
    socket.send(message)
    const name = `${kind} ${message instanceof Uint8Array ? 'bytes' : JSON.stringify(message).slice(0, 60)}`
    t.match(await socket.next(), { type: 'error', code, message: about ?? /./ }, name)
    socket.send({ type: 'ping' })
    t.match(await socket.next(), { type: 'pong' }, 'the connection stays open')
    socket.ws.close()
  }
})

t.test('an error carries the id of its message', async t => {
  const socket = await connect('pharmacy')
  socket.send({ type: 'respond', id: 'seven' })
  t.match(await socket.next(), {
    type: 'error',
    id: 'seven',
    fields: [{ field: 'request_id' }, { field: 'response_type' }],
  })
  socket.ws.close()
})

t.test(
  'ten malformed messages in a row end with 4400, and a good one starts the count again',
  async t => {
    const socket = await connect('customer')
    for (const _ of Array.from({ length: socketLimits.malformedInARowMax - 1 })) socket.send('{')
    socket.send({ type: 'ping' })
    await socket.next('pong')
    for (const _ of Array.from({ length: socketLimits.malformedInARowMax })) socket.send('{')
    t.equal((await socket.closed).code, closeCodes.malformed)
    t.equal(socket.heard.length, 2 * socketLimits.malformedInARowMax - 1, 'each was answered')
  },
)

t.test('too many messages end with 4429, before the greeting too', async t => {
  const socket = await connect('driver')
  // A machine that pauses for a second may let some blocks pass.
  let isClosed = false
  const closed = socket.closed.finally(() => {
    isClosed = true
  })
  while (!isClosed) {
    for (let i = 0; i < 2 * socketLimits.messagesPerSecondMax; i++) socket.send({ type: 'ping' })
    await Promise.race([closed, new Promise(resolve => socket.ws.once('message', resolve))])
  }
  t.equal((await closed).code, closeCodes.tooManyMessages)
  // The test holds the only database connection, which the greeting needs. So all these messages
  // arrive before the greeting.
  const held = await f.database.pool.connect()
  const early = f.connect(paths.driver)
  await early.opened
  for (let i = 0; i <= socketLimits.handshakeMessagesMax; i++) early.send({ type: 'ping' })
  t.equal((await early.closed).code, closeCodes.tooManyMessages, 'before the greeting too')
  held.release()
})

t.test('a message above the payload bound cuts the connection', async t => {
  const socket = await connect('driver')
  socket.send(new Uint8Array(socketLimits.payloadBytesMax + 1))
  t.ok([1006, 1009].includes((await socket.closed).code))
})

t.test('a client that never reads is closed with 4408 and does not harm the others', async t => {
  const user = newId()
  const socket = f.connect(`/ws/customer/?token=${await f.token('user', { userId: user })}`)
  await socket.next('connection')
  const other = f.connect(`/ws/customer/?token=${await f.token('user', { userId: user })}`)
  await other.next('connection')
  socket.ws.pause()
  const message = {
    type: 'status',
    order_id: newId(),
    status: 'cancelled',
    at: new Date().toISOString(),
    reason: 'x'.repeat(60_000),
  } as const
  // The operating system buffers several megabytes before the edge has to keep anything.
  let sent = 0
  for (; sent < 1_000 && f.hub.size > 1; sent++) {
    f.push({ kind: 'topic', topic: `customer:${user}`, message })
    await other.next('status')
  }
  t.equal(f.hub.size, 1, `closed after ${Math.round(sent * 0.06)} MB`)
  const metric = await f.ctx.metrics.pushesDropped.get()
  t.match(metric.values, [{ labels: { reason: 'slow_reader' }, value: 1 }])
  socket.ws.resume()
  t.equal(
    (await socket.closed).code,
    closeCodes.slowReader,
    'the client gets the close code when it reads on',
  )
})

t.test('a handler that fails answers internal, and the socket stays open', async t => {
  const socket = await connect('driver')
  const frame = encodeFrame({
    seq: 1,
    timestampMs: Date.now(),
    latitude: 1,
    longitude: 1,
    headingDeg: null,
    speedMps: null,
    accuracyM: null,
  })
  Object.defineProperty(f.bus, 'connected', {
    configurable: true,
    get() {
      throw new Error('injected')
    },
  })
  socket.send(frame)
  t.match(await socket.next(), { type: 'error', code: 'internal' })
  Object.defineProperty(f.bus, 'connected', { configurable: true, value: true })
  socket.send(frame)
  t.ok(await socket.nextBinary(), 'acknowledged')
})
