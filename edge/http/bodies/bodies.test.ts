/**
 * Bodies over real sockets. Slow bodies arrive, bodies of strangers are not kept, and the bodies of
 * one account have a bound. Real time passes only where uWebSockets uses its own clock; elsewhere
 * the test has a clock.
 */
import { connect, type Socket } from 'node:net'
import t, { type Test } from 'tap'
import { pino } from 'pino'
import Type from 'typebox'
import { App, us_listen_socket_close, us_socket_local_port } from '../../kernel/uws.ts'
import { CaduceusError } from '../../../protocol/kernel/errors.ts'
import { createMetrics } from '../../kernel/metrics.ts'
import { route } from '../../kernel/route.ts'
import { attachHttp } from '../server.ts'
import { httpLimits } from '../../kernel/http-limits.ts'
import { BodyClock } from './clock.ts'
import { IncomingBody } from './incoming.ts'
import { bodyLimits } from './limits.ts'
import { BodyRoom } from './room.ts'

const uploadBytesMax = 10 * 1024 * 1024
const pause = (ms: number) =>
  new Promise(resolve => {
    setTimeout(resolve, ms)
  })
const until = async (holds: () => boolean) => {
  while (!holds()) await pause(5)
}

/** More than the operating system buffers for a reader that does not read. */
const largeBytes = 16 * 1024 * 1024
const answers = {
  '/large': () => new Uint8Array(largeBytes),
  '/text': () => 'x'.repeat(largeBytes),
  '/stream': () =>
    (async function* () {
      for (let i = 0; i < largeBytes; i += 1024 * 1024) yield new Uint8Array(1024 * 1024)
    })(),
}

const rows = [
  ...Object.entries(answers).map(([path, body]) =>
    route({
      method: 'GET',
      path,
      operationId: path.slice(1),
      summary: '',
      tags: [],
      auth: 'none',
      responses: {},
      handler: () => ({ status: 200, body: body(), headers: { 'content-type': 'text/plain' } }),
    }),
  ),
  route({
    method: 'POST',
    path: '/upload',
    operationId: 'upload',
    summary: '',
    tags: [],
    auth: ['user'],
    responses: {},
    multipart: {
      fields: Type.Object({}),
      files: { file: { required: true, description: '' } },
      raw: 'file',
    },
    handler: ({ parts, begunAtMs }) => ({
      status: 201,
      body: {
        bytes: parts[0]!.data.length,
        sum: parts[0]!.data.reduce((sum, byte) => (sum + byte) % 65_521, 0),
        begunAtMs,
      },
    }),
  }),
  route({
    method: 'POST',
    path: '/order',
    operationId: 'order',
    summary: '',
    tags: [],
    auth: ['user'],
    body: Type.Unknown(),
    responses: {},
    handler: ({ body }) => ({ status: 201, body }),
  }),
  route({
    method: 'POST',
    path: '/open',
    operationId: 'open',
    summary: '',
    tags: [],
    auth: 'none',
    body: Type.Unknown(),
    bodyBytesMax: httpLimits.signedBodyBytesMax,
    responses: {},
    handler: ({ body }) => ({ status: 201, body }),
  }),
]

/** `hurry`: the factor by which the timers of the server run faster. */
async function start(t: Test, { hurry = 1 } = {}) {
  const clock = { skewMs: 0 }
  const app = App()
  let checking: Promise<unknown> = Promise.resolve()
  const server = attachHttp(app, {
    routes: rows,
    log: pino({ level: 'silent' }),
    metrics: createMetrics(),
    corsOrigins: [],
    uploadBytesMax,
    trustedProxies: 0,
    isTls: false,
    publicUrl: null,
    rates: null,
    audit: { note() {} },
    nowMs: () => Date.now() + clock.skewMs,
    random: Math.random,
    after(ms, run) {
      const timer = setTimeout(run, ms / hurry)
      return () => clearTimeout(timer)
    },
    authenticate: async token => {
      await checking
      if (token === 'bad') throw new CaduceusError('token_invalid')
      return {
        userId: token,
        role: 'user',
        name: 'Ann',
        pharmacyId: null,
        driverId: null,
        expiresAtMs: 0,
      }
    },
  })
  const listening = await new Promise<Parameters<typeof us_listen_socket_close>[0]>(resolve => {
    app.listen('127.0.0.1', 0, s => {
      if (s) resolve(s)
    })
  })
  const port = us_socket_local_port(listening as never)
  const sockets: Socket[] = []
  t.teardown(() => {
    for (const socket of sockets) socket.destroy()
    us_listen_socket_close(listening)
    app.close()
  })
  /** Sends the head and the beginning of a body, and keeps the answer. */
  const send = async (
    path: string,
    options: {
      token?: string
      length: number
      type?: string
      body?: Uint8Array | string
      method?: string
    },
  ) => {
    const socket = connect(port, '127.0.0.1')
    sockets.push(socket)
    const state = { heard: '', bytes: 0, closed: false }
    socket.on('data', data => {
      state.bytes += data.length
      if (state.heard.length < 10_000) state.heard += data.toString('latin1')
    })
    socket.on('error', () => undefined)
    socket.on('close', () => {
      state.closed = true
    })
    socket.write(
      `${options.method ?? 'POST'} ${path} HTTP/1.1\r\nHost: x\r\nContent-Type: ${options.type ?? 'application/json'}\r\n${options.token === undefined ? '' : `Authorization: Bearer ${options.token}\r\n`}Content-Length: ${options.length}\r\n\r\n`,
    )
    if (options.body !== undefined) socket.write(options.body)
    return {
      socket,
      state,
      write: (bytes: Uint8Array | string) => socket.write(bytes),
      answer: async () => {
        await until(() => state.closed || state.heard.includes('\r\n\r\n'))
        return state.heard
      },
    }
  }
  return {
    server,
    clock,
    send,
    holdSignIn: (work: Promise<unknown>) => {
      checking = work
    },
  }
}

t.test(
  'bodies with a long pause and slow bodies arrive, and an idle connection stays as long as its header promises',
  async t => {
    const { send } = await start(t)
    const photo = Uint8Array.from({ length: 24_000 }, (_, i) => i & 255)
    const sum = photo.reduce((total, byte) => (total + byte) % 65_521, 0)
    const pausing = await send('/upload', {
      token: 'ann',
      type: 'image/png',
      length: photo.length,
      body: photo.subarray(0, 5_000),
    })
    const pausingOrder = await send('/order', { token: 'bob', length: 12, body: '{"a":' })
    const silentAtFirst = await send('/open', { length: 2 })
    const slow = await send('/upload', { token: 'cy', type: 'image/png', length: photo.length })
    const idle = await send('/open', { length: 2, body: '{}' })
    t.match(await idle.answer(), /connection: keep-alive\r\nkeep-alive: timeout=8\r\n/i)
    for (let at = 0; at < photo.length; at += 2_000) {
      slow.write(photo.subarray(at, at + 2_000))
      if (at === 10_000) {
        // About five seconds have passed, and the connection was promised eight.
        t.equal(idle.state.closed, false)
        idle.state.heard = ''
        idle.write(
          'POST /open HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}',
        )
      }
      await pause(at < 10_000 ? 1_000 : 1_500)
    }
    t.match(
      await slow.answer(),
      new RegExp(`^HTTP/1.1 201 [^]*"bytes":24000,"sum":${sum}`),
      'at two thousand bytes a second',
    )
    pausing.write(photo.subarray(5_000))
    pausingOrder.write('"slow"}')
    silentAtFirst.write('{}')
    t.match(await pausing.answer(), new RegExp(`^HTTP/1.1 201 [^]*"bytes":24000,"sum":${sum}`))
    t.match(await pausingOrder.answer(), /^HTTP\/1.1 201 [^]*{"a":"slow"}/)
    t.match(await silentAtFirst.answer(), /^HTTP\/1.1 201 /)
    await until(() => idle.state.closed)
    t.match(idle.state.heard, /^HTTP\/1.1 201 /, 'an idle connection is used again')
    t.notMatch(
      idle.state.heard,
      /keep-alive/i,
      'a connection that was asked to end does not promise to stay',
    )
  },
)

t.test('a request is as old as its headers, however long its body takes', async t => {
  const { send, server, clock } = await start(t)
  const slow = await send('/upload', { token: 'ann', type: 'image/png', length: 2, body: 'a' })
  await until(() => server.inFlight === 1)
  const beforeMs = Date.now()
  clock.skewMs += 2_000
  slow.write('b')
  t.ok(Number(/"begunAtMs":(\d+)/.exec(await slow.answer())?.[1]) <= beforeMs)
})

t.test(
  'a reader with a long pause gets the whole answer, and a reader that never reads is cut off',
  async t => {
    const patient = await start(t)
    const hurried = await start(t, { hurry: 200 })
    const get = async (edge: typeof patient, path: string) => {
      const one = await edge.send(path, { length: 0, method: 'GET' })
      one.socket.pause()
      return one
    }
    const slow = await Promise.all(['/large', '/text', '/stream'].map(path => get(patient, path)))
    await Promise.all(['/large', '/stream'].map(path => get(hurried, path)))
    await until(() => hurried.server.inFlight === 2)
    hurried.clock.skewMs += bodyLimits.readerIdleMsMax + 1_000
    await until(() => hurried.server.inFlight < 2)
    t.equal(hurried.server.inFlight, 1, 'an answer in memory is given up sooner than a stream')
    hurried.clock.skewMs += bodyLimits.streamReaderIdleMsMax
    await until(() => hurried.server.inFlight === 0)
    await pause(13_000)
    for (const one of slow) one.socket.resume()
    for (const one of slow) await until(() => one.state.closed || one.state.bytes >= largeBytes)
    for (const one of slow) t.ok(one.state.bytes >= largeBytes, `${one.state.bytes} bytes`)
    await until(() => patient.server.inFlight === 0)
  },
)

t.test(
  'a body that stops or is too slow is refused, and the refusal names resumable uploads',
  async t => {
    const { server, clock, send } = await start(t, { hurry: 200 })
    const gone = await send('/upload', {
      token: 'ann',
      type: 'image/png',
      length: 9_000_000,
      body: 'x'.repeat(1_000),
    })
    const goneOrder = await send('/order', { token: 'bob', length: 100, body: '{' })
    await until(() => server.bodies.holders === 2)
    clock.skewMs += bodyLimits.idleMsMax - 1_000
    await pause(100)
    t.equal(gone.state.heard, '', 'a body is not refused before the bound')
    const dripping = await send('/upload', {
      token: 'cy',
      type: 'image/png',
      length: 9_000_000,
      body: 'x',
    })
    clock.skewMs += 2_000
    t.match(
      await gone.answer(),
      /^HTTP\/1.1 408 Request Timeout\r\n[^]*"code":"body_too_slow"[^]*\/api\/uploads\/resumable/,
    )
    t.match(await goneOrder.answer(), /^HTTP\/1.1 408 Request Timeout\r\n/)
    t.notMatch(goneOrder.state.heard, /resumable|keep-alive/)
    await until(() => gone.state.closed && goneOrder.state.closed)
    for (let second = 0; second < 20 && dripping.state.heard === ''; second++) {
      clock.skewMs += 10_000
      dripping.write('x')
      await pause(30)
    }
    t.match(await dripping.answer(), /^HTTP\/1.1 408 [^]*slower than 1024 bytes a second/)
    await until(() => server.bodies.bytes === 0)
  },
)

t.test(
  'bytes of a sender who is not signed in are not kept while the token is checked',
  async t => {
    const { server, send, holdSignIn } = await start(t)
    const much = Buffer.alloc(10_000_000, 'x')
    const without = await send('/upload', { type: 'image/png', length: much.length, body: much })
    t.match(await without.answer(), /^HTTP\/1.1 401 /)
    let decide = () => {}
    holdSignIn(
      new Promise<void>(resolve => {
        decide = resolve
      }),
    )
    const bad = await Promise.all(
      Array.from({ length: 20 }, () =>
        send('/upload', { token: 'bad', type: 'image/png', length: much.length, body: much }),
      ),
    )
    await until(() => server.inFlight === bad.length)
    await pause(200)
    // The library reads up to half a megabyte at once, with the headers, and passes it on before it
    // can be told to wait.
    t.ok(
      server.bodies.bytes <= bad.length * (512 * 1024 + bodyLimits.bytesPerBodyMin),
      `${server.bodies.bytes} bytes of ${bad.length * much.length}`,
    )
    decide()
    for (const one of bad) t.match(await one.answer(), /^HTTP\/1.1 401 /)
    await until(() => server.bodies.bytes === 0 && server.bodies.holders === 0)
  },
)

t.test(
  'an account may send four files at once; the fifth is refused unread, and the four arrive',
  async t => {
    const { server, send } = await start(t)
    const half = Buffer.alloc(uploadBytesMax / 2, 'x')
    const first = await Promise.all(
      Array.from({ length: 4 }, () =>
        send('/upload', { token: 'ann', type: 'image/png', length: uploadBytesMax, body: half }),
      ),
    )
    await until(() => server.bodies.bytes >= 4 * half.length)
    const more = await Promise.all(
      Array.from({ length: 30 }, () =>
        send('/upload', { token: 'ann', type: 'image/png', length: uploadBytesMax, body: half }),
      ),
    )
    for (const one of more)
      t.match(await one.answer(), /^HTTP\/1.1 429 [^]*retry-after: 5\r\n[^]*too_many_requests/i)
    t.equal(
      server.bodies.bytes,
      4 * (half.length + bodyLimits.bytesPerBodyMin),
      'no byte of a refused body is kept',
    )
    const honest = await send('/upload', {
      token: 'bob',
      type: 'image/png',
      length: 3,
      body: 'abc',
    })
    t.match(await honest.answer(), /^HTTP\/1.1 201 /, 'another account can send a file')
    t.match(
      await (await send('/order', { token: 'ann', length: 2, body: '{}' })).answer(),
      /^HTTP\/1.1 201 /,
      'this account can send orders',
    )
    first[0]!.socket.destroy()
    await until(() => server.bodies.bytes < 4 * half.length)
    const next = await send('/upload', { token: 'ann', type: 'image/png', length: 3, body: 'abc' })
    t.match(
      await next.answer(),
      /^HTTP\/1.1 201 /,
      'a file that was given up gives its room back at once',
    )
    first[1]!.write(half)
    t.match(await first[1]!.answer(), /^HTTP\/1.1 201 [^]*"bytes":10485760/)
  },
)

t.test('a connection whose body arrived in spite of the pause is not left paused', async t => {
  // uWebSockets does this when its buffer of 512 kB was full: the rest comes in the same turn,
  // paused or not.
  for (const wanted of ['whole', 'in pieces', 'not at all'] as const) {
    let paused = false
    let take: (chunk: ArrayBuffer, isLast: boolean) => void = () => {}
    const clock = new BodyClock({ nowMs: () => 0, after: () => () => {} })
    const room = new BodyRoom(uploadBytesMax)
    const body = new IncomingBody(
      {
        onData(run) {
          take = run
        },
        pause() {
          paused = true
        },
        resume() {
          paused = false
        },
      },
      {
        bytesMax: uploadBytesMax,
        declaredBytes: 540_000,
        seat: room.enter('address a'),
        clock,
        isUpload: true,
      },
    )
    take(new ArrayBuffer(524_288), false)
    t.ok(paused, 'the connection is paused until a handler wants the body')
    take(new ArrayBuffer(540_000 - 524_288), true)
    t.notOk(paused, wanted)
    if (wanted === 'whole') t.equal((await body.whole()).byteLength, 540_000)
    if (wanted === 'in pieces')
      for await (const piece of body.pieces()) t.equal(piece.byteLength, 540_000)
    body.release()
    t.notOk(paused)
    t.equal(room.bytes, 0)
  }
})

t.test(
  'an announced length takes no memory, and bodies of strangers have a bound together',
  async t => {
    const { server, send } = await start(t)
    await Promise.all(
      Array.from({ length: 4 }, () =>
        send('/upload', { token: 'ann', type: 'image/png', length: uploadBytesMax, body: 'x' }),
      ),
    )
    await until(() => server.inFlight === 4)
    await pause(50)
    t.ok(server.bodies.bytes <= 4 * (1 + bodyLimits.bytesPerBodyMin))
    const half = Buffer.alloc(httpLimits.signedBodyBytesMax / 2, ' ')
    const count = Math.ceil(bodyLimits.bytesPerHolderMax / half.length) + 20
    const orders = await Promise.all(
      Array.from({ length: count }, () =>
        send('/open', { length: httpLimits.signedBodyBytesMax, body: half }),
      ),
    )
    await until(() => orders.filter(one => one.state.heard !== '').length >= 20)
    t.ok(server.bodies.bytes <= bodyLimits.bytesPerHolderMax + 4 * (1 + bodyLimits.bytesPerBodyMin))
    for (const one of orders.filter(one => one.state.heard !== ''))
      t.match(one.state.heard, /^HTTP\/1.1 429 /)
  },
)
