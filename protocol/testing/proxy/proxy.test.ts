/**
 * The fault proxy on real sockets: each fault does what its name says, and without a fault every
 * byte arrives.
 */
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { FaultProxy } from './proxy.ts'

/** An echo server behind a proxy, and clients that keep the bytes that they received. */
async function start(t: Test) {
  const atServer = new Set<Socket>()
  const server = createServer({ allowHalfOpen: true }, socket => {
    atServer.add(socket)
    socket.on('error', () => undefined)
    socket.on('close', () => atServer.delete(socket))
    socket.pipe(socket)
  })
  await new Promise<void>(resolve => {
    server.listen(0, '127.0.0.1', resolve)
  })
  const proxy = await FaultProxy.start((server.address() as AddressInfo).port)
  const clients: Socket[] = []
  t.teardown(async () => {
    for (const client of clients) client.destroy()
    await proxy.close()
    for (const socket of atServer) socket.destroy()
    await new Promise(resolve => {
      server.close(resolve)
    })
  })
  const open = async () => {
    const socket = connect(proxy.port, '127.0.0.1')
    clients.push(socket)
    const heard: Buffer[] = []
    const state = { error: '', closed: false, ended: false }
    socket.on('data', data => heard.push(data))
    socket.on('error', (error: NodeJS.ErrnoException) => {
      state.error = error.code ?? error.message
    })
    socket.on('close', () => {
      state.closed = true
    })
    socket.on('end', () => {
      state.ended = true
    })
    await once(socket, 'connect')
    const bytes = () => Buffer.concat(heard)
    const hears = async (count: number) => {
      for (
        const giveUpMs = performance.now() + 10_000;
        bytes().length < count && performance.now() < giveUpMs;
      )
        await sleep(5)
      return bytes()
    }
    return { socket, state, bytes, hears }
  }
  return { proxy, open, atServer }
}

const closed = async (client: { state: { closed: boolean } }) => {
  for (
    const giveUpMs = performance.now() + 10_000;
    !client.state.closed && performance.now() < giveUpMs;
  )
    await sleep(5)
  return client.state.closed
}

t.test('no fault: every byte arrives in order, and one side may end first', async t => {
  const { proxy, open } = await start(t)
  const client = await open()
  const sent = Buffer.from(Array.from({ length: 3_000_000 }, (_, i) => (i * 31 + (i >> 8)) & 0xff))
  client.socket.write(sent)
  t.ok((await client.hears(sent.length)).equals(sent))
  client.socket.end('the end')
  t.equal(
    (await client.hears(sent.length + 7)).subarray(sent.length).toString(),
    'the end',
    'bytes that were under way at the end arrive',
  )
  t.ok(await closed(client))
  t.equal(client.state.error, '')
  await sleep(20)
  t.equal(proxy.connections, 0)
})

t.test('cut: both ends are closed, and the next connection works', async t => {
  const { proxy, open, atServer } = await start(t)
  const client = await open()
  client.socket.write('a')
  await client.hears(1)
  proxy.cut()
  t.ok(await closed(client))
  await sleep(50)
  t.equal(atServer.size, 0)
  const next = await open()
  next.socket.write('b')
  t.equal((await next.hears(1)).toString(), 'b')
})

t.test('stall: no byte arrives, no byte is lost, and the sender must wait', async t => {
  const { proxy, open } = await start(t)
  const client = await open()
  proxy.set({ stalled: true })
  const sent = Buffer.alloc(20_000_000, 'x')
  client.socket.write(sent)
  await sleep(150)
  t.equal(client.bytes().length, 0)
  t.ok(
    client.socket.writableLength > 0,
    'the buffers are full, because the proxy does not read without end',
  )
  t.equal(client.state.closed, false)
  proxy.clear()
  t.equal((await client.hears(sent.length)).length, sent.length)
})

t.test('delay: each way takes at least so long, and bytes keep their order', async t => {
  const { proxy, open } = await start(t)
  const client = await open()
  proxy.set({ delayMs: 60 })
  const fromMs = performance.now()
  for (let i = 0; i < 10; i++) client.socket.write(String(i))
  t.equal((await client.hears(10)).toString(), '0123456789')
  t.ok(performance.now() - fromMs >= 118, 'there and back')
})

t.test(
  'half-open: the caller gets no answer, the server sees the end, and the connection stays dead after the fault',
  async t => {
    const { proxy, open, atServer } = await start(t)
    const client = await open()
    client.socket.write('a')
    await client.hears(1)
    proxy.set({ swallowing: true })
    const late = await open()
    for (const one of [client, late]) one.socket.write('b')
    await sleep(100)
    t.equal(atServer.size, 0, 'the server has no connection left')
    proxy.clear()
    client.socket.write('c')
    await sleep(100)
    t.equal(client.bytes().toString(), 'a')
    for (const one of [client, late])
      t.same(one.state, { error: '', closed: false, ended: false }, 'the callers do not know it')
    const next = await open()
    next.socket.write('d')
    t.equal((await next.hears(1)).toString(), 'd')
  },
)

t.test('refuse: new connections are closed at once, and open ones stay', async t => {
  const { proxy, open } = await start(t)
  const client = await open()
  client.socket.write('a')
  await client.hears(1)
  proxy.set({ refusing: true })
  const refused = await open().catch((error: Error) => ({
    state: { closed: true, error: error.message },
  }))
  t.ok(await closed(refused))
  client.socket.write('b')
  t.equal((await client.hears(2)).toString(), 'ab')
})

t.test('bandwidth: bytes do not arrive faster', async t => {
  const { proxy, open } = await start(t)
  const client = await open()
  proxy.set({ bytesPerSecond: 100_000 })
  const fromMs = performance.now()
  client.socket.write(Buffer.alloc(20_000, 'x'))
  t.equal((await client.hears(20_000)).length, 20_000)
  t.ok(performance.now() - fromMs >= 150, '20 KB at 100 KB/s')
})

t.test('a server that does not run: the connection of the caller is closed', async t => {
  const server = createServer()
  await new Promise<void>(resolve => {
    server.listen(0, '127.0.0.1', resolve)
  })
  const { port } = server.address() as AddressInfo
  await new Promise(resolve => {
    server.close(resolve)
  })
  const proxy = await FaultProxy.start(port)
  t.teardown(() => proxy.close())
  const socket = connect(proxy.port, '127.0.0.1')
  socket.on('error', () => undefined)
  socket.resume()
  await once(socket, 'close')
  t.pass('closed')
})
