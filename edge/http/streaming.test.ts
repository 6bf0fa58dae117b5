/**
 * Streamed answers. They are made no faster than the client reads, arrive whole or visibly broken,
 * and never go on without a reader.
 */
import { createHash } from 'node:crypto'
import { connect, type Socket } from 'node:net'
import { pino } from 'pino'
import t, { type Test } from 'tap'
import { App, us_listen_socket_close, us_socket_local_port } from '../kernel/uws.ts'
import { CaduceusError } from '../../protocol/kernel/errors.ts'
import { createMetrics } from '../kernel/metrics.ts'
import { route } from '../kernel/route.ts'
import { attachHttp } from './server.ts'

const pause = (ms: number) =>
  new Promise(resolve => {
    setTimeout(resolve, ms)
  })
const until = async (holds: () => boolean) => {
  while (!holds()) await pause(5)
}
const chunkBytes = 256 * 1024

async function start(t: Test, chunks: () => AsyncGenerator<Uint8Array>) {
  const logged: string[] = []
  const app = App()
  const server = attachHttp(app, {
    routes: [
      route({
        method: 'GET',
        path: '/stream',
        operationId: 'stream',
        summary: '',
        tags: [],
        auth: 'none',
        responses: {},
        handler: () => ({ status: 200, headers: { 'content-type': 'text/csv' }, body: chunks() }),
      }),
    ],
    log: pino(
      { level: 'error' },
      {
        write: (line: string) => {
          logged.push(line)
        },
      },
    ),
    metrics: createMetrics(),
    corsOrigins: [],
    uploadBytesMax: 1,
    trustedProxies: 0,
    isTls: false,
    publicUrl: null,
    rates: null,
    audit: { note() {} },
    nowMs: Date.now,
    random: Math.random,
    after,
    authenticate: async () => {
      throw new CaduceusError('token_invalid')
    },
  })
  const listening = await new Promise<Parameters<typeof us_listen_socket_close>[0]>(resolve => {
    app.listen('127.0.0.1', 0, socket => {
      if (socket) resolve(socket)
    })
  })
  t.teardown(() => {
    us_listen_socket_close(listening)
    app.close()
  })
  const port = us_socket_local_port(listening as never)
  return {
    server,
    logged,
    url: `http://127.0.0.1:${port}/stream`,
    raw: () =>
      new Promise<Socket>(resolve => {
        const socket = connect(port, '127.0.0.1', () => resolve(socket))
      }),
  }
}

/**
 * A source of chunks; `state` counts the chunks that were asked for and tells whether the source
 * was closed.
 */
function source(count: number, failAt = -1) {
  const state = { made: 0, closed: false, hash: createHash('sha256') }
  return {
    state,
    async *chunks(): AsyncGenerator<Uint8Array> {
      try {
        for (let i = 0; i < count; i++) {
          if (i === failAt) throw new Error('the source broke')
          const chunk = new Uint8Array(chunkBytes).fill(i)
          state.made++
          state.hash.update(chunk)
          yield chunk
        }
      } finally {
        state.closed = true
      }
    },
  }
}

const after = (ms: number, run: () => void) => {
  const timer = setTimeout(run, ms)
  return () => clearTimeout(timer)
}

t.test('a stream arrives whole', async t => {
  const { state, chunks } = source(40)
  const { url } = await start(t, chunks)
  const response = await fetch(url)
  t.equal(response.headers.get('content-type'), 'text/csv')
  t.equal(response.headers.get('content-length'), null)
  const body = Buffer.from(await response.arrayBuffer())
  t.equal(body.length, 40 * chunkBytes)
  t.equal(createHash('sha256').update(body).digest('hex'), state.hash.digest('hex'))
  t.ok(state.closed)
})

t.test('an empty stream and empty chunks arrive as they are', async t => {
  for (const chunks of [
    [],
    [new Uint8Array()],
    [new Uint8Array(), Buffer.from('a'), new Uint8Array(), Buffer.from('b')],
  ]) {
    const { url } = await start(t, async function* () {
      yield* chunks
    })
    t.equal(await (await fetch(url)).text(), Buffer.concat(chunks).toString())
  }
})

t.test(
  'a source waits for a client that does not read, and the client gets all when it reads on',
  async t => {
    const total = 400
    const { state, chunks } = source(total)
    const { raw } = await start(t, chunks)
    const socket = await raw()
    socket.pause()
    socket.write('GET /stream HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n')
    let before = -1
    // The buffers of the operating system take some chunks; then no more are asked for.
    while (state.made !== before) {
      before = state.made
      await pause(300)
    }
    t.ok(
      state.made < total / 2,
      `${state.made} of ${total} chunks were made for a client that reads none`,
    )
    const memory = process.memoryUsage().rss
    let received = 0
    socket.on('data', data => {
      received += data.length
    })
    socket.resume()
    await until(() => received >= total * chunkBytes)
    t.equal(state.made, total)
    t.ok(
      process.memoryUsage().rss - memory < (total * chunkBytes) / 2,
      'the stream was never whole in memory',
    )
    socket.destroy()
  },
)

t.test('a client that leaves ends the source', async t => {
  const { state, chunks } = source(10_000)
  const { server, raw } = await start(t, chunks)
  const socket = await raw()
  socket.write('GET /stream HTTP/1.1\r\nhost: x\r\n\r\n')
  await until(() => state.made > 2)
  socket.destroy()
  await until(() => state.closed)
  t.ok(state.made < 10_000)
  t.equal(server.inFlight, 0)
})

t.test(
  'a source that fails at first gives a problem document, and one that fails later breaks the connection',
  async t => {
    const early = await start(t, source(3, 0).chunks)
    const answer = await fetch(early.url)
    t.equal(answer.status, 500)
    t.match(await answer.json(), { code: 'internal' })

    const late = await start(t, source(5, 3).chunks)
    const response = await fetch(late.url)
    t.equal(response.status, 200)
    await t.rejects(response.arrayBuffer(), 'the body has no end')
    t.match(
      late.logged.join(),
      /an answer broke off.*the source broke|the source broke.*an answer broke off/,
    )
    t.equal(late.server.inFlight, 0)
  },
)

t.test('HEAD gets the headers alone and closes the source', async t => {
  const { state, chunks } = source(5)
  const { url } = await start(t, chunks)
  const response = await fetch(url, { method: 'HEAD' })
  t.equal(response.status, 200)
  t.equal(response.headers.get('content-type'), 'text/csv')
  await until(() => state.closed)
  t.ok(state.made <= 1)
})
