/**
 * The sockets that benches use: kept connections, sockets held by other processes, source
 * addresses.
 */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import t from 'tap'
import { startServerChild } from './child.ts'
import { sourceAddress } from './dial.ts'
import { startHolders } from './holders.ts'
import { settled } from './parallel.ts'
import { RawHttp } from './raw-http.ts'

t.test('a connection is kept while it is in use, and is closed after it was idle', async t => {
  const connections = new Set<unknown>()
  const server = createServer((request, answer) => {
    connections.add(request.socket)
    request.resume().on('end', () => answer.end('{}'))
  })
  await new Promise<void>(resolve => {
    server.listen(0, '127.0.0.1', resolve)
  })
  const http = new RawHttp(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, 200)
  t.teardown(() => {
    http.close()
    server.close()
  })
  const post = async (): Promise<number> => {
    t.match(await http.post('/', 'none', '{}'), { status: 200, body: '{}' })
    return connections.size
  }
  t.same([await post(), await post()], [1, 1], 'the connection is kept')
  await new Promise<void>(resolve => {
    setTimeout(resolve, 300)
  })
  t.equal(await post(), 2)
  t.ok(await settled(() => http.connections === 1, 2_000), 'the idle one is closed')
})

t.test(
  'sockets in other processes are opened, and those that the server closes are counted',
  async t => {
    const closers: (() => unknown)[] = []
    const context = {
      defer: (close: () => unknown) => {
        closers.push(close)
      },
    }
    t.teardown(async () => {
      for (const close of closers.reverse()) await close()
    })
    const server = await startServerChild(new URL('./bare-server.js', import.meta.url))
    t.teardown(() => server.stop())
    const holders = await startHolders(context, 30)
    await holders.open({
      url: server.url,
      path: '/ws/customer/',
      count: 30,
      tokens: ['a', 'b', 'c'],
      socketsPerToken: 10,
    })
    t.equal(await holders.closed(), 0)
    await server.stop()
    let closed = 0
    for (let tries = 0; tries < 50 && closed < 30; tries++) closed = await holders.closed()
    t.equal(closed, 30)
    await holders.end()
    t.equal(await holders.closed(), 0, 'no socket is left to close')
    await t.rejects(
      holders.open({
        url: server.url,
        path: '/ws/customer/',
        count: 30,
        tokens: [],
        socketsPerToken: 10,
      }),
      /ECONNREFUSED/,
    )
  },
)

t.test(
  'many sockets to the loopback interface come from many addresses',
  { skip: process.platform === 'linux' ? false : 'only Linux has them' },
  async t => {
    const addresses = new Set(Array.from({ length: 20_000 }, () => sourceAddress('127.0.0.1')))
    t.ok(addresses.size >= 4, `${addresses.size} addresses`)
    for (const address of addresses) t.match(address, /^127\.\d+\.\d+\.\d+$/)
    t.equal(sourceAddress('dispatch.example'), undefined)
  },
)
