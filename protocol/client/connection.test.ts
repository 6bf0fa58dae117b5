/**
 * A connection that connects again by itself: its pauses, its tokens, the codes that end it, and
 * the requests that were under way.
 */
import t from 'tap'
import { CaduceusError } from '../kernel/errors.ts'
import { Connection, type ConnectOptions } from './connection.ts'
import { FakeSocket, onVirtualTime, settled } from './fixture-socket.ts'
import { clientLimits } from './limits.ts'

const {
  reconnectMsMin: pauseMsMin,
  reconnectMsMax: pauseMsMax,
  pingIntervalMs,
  pongTimeoutMs,
} = clientLimits
const greeting = { type: 'connection', id: 'none' }

function connect(options: Partial<ConnectOptions> = {}) {
  const connection = new Connection<{ type: string }>('/ws/x', {
    url: 'https://edge.example.org/',
    WebSocket: FakeSocket,
    ...options,
  })
  const seen: unknown[] = []
  connection.on('open', message => seen.push(['open', message.type]))
  connection.on('closed', ({ code, final }) => seen.push([final ? 'over' : 'closed', code]))
  connection.on('message', message => seen.push(message.type))
  connection.on('binary', bytes => seen.push([...bytes]))
  return { connection, seen }
}

t.test('the address is a WebSocket URL, and the token is a subprotocol', t =>
  onVirtualTime(async () => {
    for (const [url, address] of [
      ['https://a.org/', 'wss://a.org/ws/x'],
      ['http://a.org', 'ws://a.org/ws/x'],
      ['ws://a.org/http', 'ws://a.org/http/ws/x'],
    ] as const) {
      const { connection } = connect({ url, token: 'secret' })
      await settled()
      t.same(
        [FakeSocket.last.url, FakeSocket.last.protocols, FakeSocket.last.binaryType],
        [address, ['bearer', 'secret'], 'arraybuffer'],
      )
      connection.close()
    }
    const { connection } = connect()
    await settled()
    t.same(FakeSocket.last.protocols, [])
    connection.close()
    const { WebSocket } = globalThis as { WebSocket?: unknown }
    delete (globalThis as { WebSocket?: unknown }).WebSocket
    t.throws(() => new Connection('/ws/x', { url: 'http://a.org' }), /there is no WebSocket/)
    Object.assign(globalThis, { WebSocket: FakeSocket })
    const made = FakeSocket.all.length
    const plain = new Connection('/ws/x', { url: 'http://a.org' })
    await settled()
    t.equal(FakeSocket.all.length, made + 1, 'the WebSocket of the platform is used')
    plain.close()
    Object.assign(globalThis, { WebSocket })
  }),
)

t.test('messages are emitted after the greeting, and nothing is sent or emitted after close', t =>
  onVirtualTime(async () => {
    const { connection, seen } = connect()
    await settled()
    t.notOk(connection.isOpen)
    t.notOk(connection.send({ type: 'early' }), 'a message before the greeting is not kept')
    FakeSocket.last.says(greeting)
    t.ok(connection.isOpen)
    FakeSocket.last.says({ type: 'pong' })
    FakeSocket.last.says({ type: 'news' })
    FakeSocket.last.saysBytes([1, 2])
    t.same(seen, [['open', 'connection'], 'connection', 'news', [1, 2]])
    t.ok(connection.sendRaw(Uint8Array.of(7)))
    FakeSocket.last.readyState = 2
    t.notOk(connection.send({ type: 'late' }))
    t.same(FakeSocket.last.sent, [Uint8Array.of(7)])
    connection.close()
    t.same(FakeSocket.last.closedWith, [[1000, 'closed by the client']])
    FakeSocket.last.says({ type: 'after' })
    connection.close()
    t.same(seen.slice(4), [['over', 1000]], 'the end is emitted once, and no message after it')
    t.notOk(connection.isOpen)
  }),
)

t.test('it connects again after longer and longer pauses, and soon after a stable connection', t =>
  onVirtualTime(async time => {
    const { connection, seen } = connect()
    await settled()
    const pauses = [1, 2, 4, 8, 16, 32, 64, 128].map(n => Math.min(pauseMsMax, n * pauseMsMin))
    for (const pauseMs of pauses) {
      const before = FakeSocket.all.length
      FakeSocket.last.ends()
      await time.pass(pauseMs - 1)
      t.equal(FakeSocket.all.length, before)
      await time.pass(1)
      t.equal(FakeSocket.all.length, before + 1, `after ${pauseMs} ms`)
    }
    t.same(
      seen,
      pauses.map(() => ['closed', 1006]),
    )
    for (const [openMs, pauseMs] of [
      [clientLimits.stableMs - 1, pauseMsMax],
      [clientLimits.stableMs, pauseMsMin],
    ] as const) {
      FakeSocket.last.says(greeting)
      await time.pass(openMs)
      const before = FakeSocket.all.length
      FakeSocket.last.ends()
      await time.pass(pauseMs - 1)
      t.equal(FakeSocket.all.length, before, `open for ${openMs} ms`)
      await time.pass(1)
      t.equal(FakeSocket.all.length, before + 1)
    }
    const made = FakeSocket.all.length
    FakeSocket.all[0]!.ends()
    FakeSocket.all[0]!.says(greeting)
    t.notOk(connection.isOpen, 'events of an old socket are ignored')
    FakeSocket.last.ends()
    connection.close()
    await time.pass(pauseMsMax)
    t.equal(
      FakeSocket.all.length,
      made,
      'a connection that is closed during a pause does not connect again',
    )
  }),
)

t.test('an edge that refuses a socket says with retry-after when to connect again', t =>
  onVirtualTime(async time => {
    const { connection } = connect()
    await settled()
    for (const [told, pauseMs] of [
      ['4', 4_000],
      ['9999', pauseMsMax],
      ['soon', pauseMsMin * 4],
      [undefined, pauseMsMin * 8],
    ] as const) {
      const before = FakeSocket.all.length
      FakeSocket.last.refuse!(null, { headers: { 'retry-after': told } })
      t.same(FakeSocket.last.closedWith, [[undefined, undefined]])
      FakeSocket.last.ends()
      await time.pass(pauseMs - 1)
      t.equal(FakeSocket.all.length, before)
      await time.pass(1)
      t.equal(FakeSocket.all.length, before + 1, `told ${told}`)
    }
    FakeSocket.last.ends()
    await time.pass(pauseMsMin * 16)
    t.equal(FakeSocket.all.length, 6, 'retry-after counts once')
    connection.close()
  }),
)

t.test('after a close code that says that another try is of no use, it does not connect again', t =>
  onVirtualTime(async time => {
    for (const [code, token, comesBack] of [
      [4001, 'same', false],
      [4003, 'same', false],
      [4004, undefined, false],
      [1001, 'same', true],
      [4408, 'same', true],
      [4003, () => 'same', false],
    ] as const) {
      const { connection, seen } = connect(token === undefined ? {} : { token })
      await settled()
      const before = FakeSocket.all.length
      FakeSocket.last.ends(code)
      t.same(seen, [[comesBack ? 'closed' : 'over', code]])
      await time.pass(pauseMsMin)
      t.equal(FakeSocket.all.length > before, comesBack, `${code}`)
      connection.close()
    }
  }),
)

t.test('after a refused token it connects again only with another token', t =>
  onVirtualTime(async time => {
    let token = 'old'
    let fails = 0
    const { connection, seen } = connect({
      token: () => (fails-- > 0 ? Promise.reject(new Error('offline')) : Promise.resolve(token)),
    })
    await settled()
    FakeSocket.last.ends(4001)
    token = 'new'
    await time.pass(pauseMsMin)
    t.same(FakeSocket.last.protocols, ['bearer', 'new'])
    fails = 2
    FakeSocket.last.ends()
    await time.pass(pauseMsMin * 2)
    await time.pass(pauseMsMin * 4)
    t.equal(FakeSocket.all.length, 2)
    await time.pass(pauseMsMin * 8)
    t.equal(FakeSocket.all.length, 3, 'the token function is called again after it failed')
    FakeSocket.last.ends(4001)
    await time.pass(pauseMsMin * 16)
    t.equal(FakeSocket.all.length, 3)
    t.same(seen.at(-1), ['over', 4001], 'the same token would be refused again')
    connection.close()
    const refusals: boolean[] = []
    const asked = connect({ token: refused => `token ${refusals.push(refused)}` })
    await settled()
    FakeSocket.last.ends(4001)
    await time.pass(pauseMsMin)
    FakeSocket.last.says(greeting)
    FakeSocket.last.ends()
    await time.pass(pauseMsMin * 2)
    t.same(refusals, [false, true, false], 'the function is told that its last token was refused')
    asked.connection.close()
    const signedOut = connect({
      token: () => Promise.reject(new CaduceusError('unauthenticated', 'sign in first')),
    })
    await settled()
    t.same(signedOut.seen, [['over', 4001]], 'nobody is signed in, so another try is of no use')
    const sockets = FakeSocket.all.length
    const slow = connect({
      token: () =>
        new Promise(resolve => {
          setTimeout(() => resolve('late'), 10)
        }),
    })
    slow.connection.close()
    await time.pass(10)
    t.equal(FakeSocket.all.length, sockets, 'closed before the token came')
  }),
)

t.test('a connection without an answer to its ping is replaced', t =>
  onVirtualTime(async time => {
    const { connection, seen } = connect()
    await settled()
    FakeSocket.last.says(greeting)
    await time.pass(pingIntervalMs - 1)
    t.same(FakeSocket.last.messages, [])
    await time.pass(1)
    t.same(FakeSocket.last.messages, [{ type: 'ping' }])
    FakeSocket.last.says({ type: 'pong' })
    for (let ms = 0; ms < pingIntervalMs + pongTimeoutMs; ms += 500) {
      t.same(FakeSocket.last.closedWith, [])
      await time.pass(500)
    }
    t.same(FakeSocket.last.closedWith, [[1000, 'no answer']])
    t.same(seen.at(-1), ['closed', 1006])
    const before = FakeSocket.all.length
    await time.pass(pauseMsMin)
    t.equal(FakeSocket.all.length, before + 1)
    await time.pass(pingIntervalMs + pongTimeoutMs * 1.25)
    t.same(
      FakeSocket.all[before]!.closedWith,
      [[1000, 'no answer']],
      'also one that never got its greeting',
    )
    t.same(FakeSocket.all[before]!.messages, [], 'no ping is sent before the greeting')
    connection.close()
    connection.restart('no connection')
    t.same(seen.at(-1), ['over', 1000])
  }),
)

t.test('a request is sent again until it is answered or its time is over', t =>
  onVirtualTime(async time => {
    const { connection } = connect()
    const answers: unknown[] = []
    const ask = (type: string): void => {
      connection.request<{ said: number }>({ type }).then(
        ({ said }) => answers.push(said),
        (error: Error) => answers.push(error.message),
      )
    }
    ask('first')
    await settled()
    t.same(FakeSocket.last.messages, [])
    FakeSocket.last.says(greeting)
    const [first] = FakeSocket.last.messages
    t.match(first, { type: 'first', id: /-1$/ })
    ask('second')
    FakeSocket.last.ends()
    await time.pass(pauseMsMin)
    FakeSocket.last.says(greeting)
    t.same(
      FakeSocket.last.messages.map(one => one.type),
      ['first', 'second'],
      'both requests are sent again',
    )
    t.equal(FakeSocket.last.messages[0]!.id, first!.id)
    t.not(FakeSocket.last.messages[1]!.id, first!.id)
    FakeSocket.last.says({ type: 'answer', id: FakeSocket.last.messages[1]!.id, said: 2 })
    FakeSocket.last.says({ type: 'answer', id: FakeSocket.last.messages[1]!.id, said: 3 })
    FakeSocket.last.says({ type: 'answer', said: 4 })
    await settled()
    t.same(answers, [2])
    await time.pass(clientLimits.requestTimeoutMs - pauseMsMin)
    t.same(answers, [2, `no answer to first in ${clientLimits.requestTimeoutMs} ms`])
    FakeSocket.last.ends()
    await time.pass(pauseMsMin * 2)
    FakeSocket.last.says(greeting)
    t.same(
      FakeSocket.last.messages,
      [],
      'a request that was answered or given up is not sent again',
    )
    ask('third')
    connection.close()
    ask('fourth')
    await settled()
    t.same(answers.slice(2), ['the connection is closed', 'the connection is closed'])
    await time.pass(clientLimits.requestTimeoutMs)
    t.equal(answers.length, 4)
  }),
)
