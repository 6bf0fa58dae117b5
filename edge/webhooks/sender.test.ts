/** One attempt to deliver against real servers, with the answers and failures of receivers. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer as createTlsServer } from 'node:https'
import { createServer as createTcpServer, type AddressInfo, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { makeCertificate, type MadeCertificate } from '../../protocol/testing/certificate.ts'
import { webhookLimits } from './limits.ts'
import { answerStatus, startReceiver } from './receiver.ts'
import { createSender, type SenderOptions } from './sender.ts'

const after = (ms: number, run: () => void) => {
  const timer = setTimeout(run, ms)
  return () => clearTimeout(timer)
}
const never = new AbortController().signal
const senderOf = (options: Partial<SenderOptions> = {}) =>
  createSender({ allowPrivate: true, after, timeoutMs: 300, ...options })
const send = (url: string, options: Partial<SenderOptions> = {}, signal = never) =>
  senderOf(options)(url, { 'webhook-id': '1.2' }, '{"a":"ü"}', signal)

t.test('the answer of a receiver becomes the outcome, and a redirect is not followed', async t => {
  const receiver = await startReceiver()
  t.teardown(() => receiver.close())
  t.match(await send(receiver.url), {
    outcome: { kind: 'answered', status: 200, retryAfterMs: null },
    response: 'thank you',
  })
  t.match(receiver.received[0], {
    path: '/hook',
    body: '{"a":"ü"}',
    headers: {
      'webhook-id': '1.2',
      'content-type': 'application/json',
      'content-length': '10',
      host: `127.0.0.1:${receiver.port}`,
      connection: 'close',
    },
  })

  const elsewhere = await startReceiver()
  t.teardown(() => elsewhere.close())
  for (const status of [301, 302, 303, 307, 308]) {
    receiver.behaviour = answerStatus(status, { location: elsewhere.url })
    t.match(
      await send(receiver.url),
      { outcome: { kind: 'answered', status } },
      `${status} is an answer`,
    )
  }
  t.equal(elsewhere.received.length, 0, 'no redirect is followed')

  receiver.behaviour = answerStatus(429, { 'retry-after': '7' })
  t.match(await send(receiver.url), { outcome: { status: 429, retryAfterMs: 7_000 } })
  receiver.behaviour = answerStatus(503, { 'retry-after': 'Wed, 21 Oct 2065 07:28:00 GMT' })
  t.match(await send(receiver.url), { outcome: { status: 503, retryAfterMs: null } })

  receiver.behaviour = response => {
    response.writeHead(200).end(Buffer.alloc(5_000_000, 'x'))
  }
  const large = await send(receiver.url)
  t.equal(
    large.response!.length,
    webhookLimits.webhookResponseBytesMax,
    'only the beginning of a large answer is read',
  )
  receiver.behaviour = response => {
    response.writeHead(200).end('a\0b')
  }
  t.match(
    await send(receiver.url),
    { response: 'ab' },
    'a character that no database holds is left out',
  )
  receiver.behaviour = response => {
    response.writeHead(200).write('partly')
  }
  t.match(
    await send(receiver.url),
    { outcome: { kind: 'answered', status: 200 }, response: 'partly' },
    'the status of an answer without an end counts',
  )
})

t.test('a missing answer becomes a failure with a reason', async t => {
  const receiver = await startReceiver(() => {})
  t.teardown(() => receiver.close())
  t.match(
    await send(receiver.url),
    { outcome: { kind: 'failed', error: 'no answer within 300 ms' }, response: null },
    'silence',
  )
  receiver.behaviour = response => {
    response.socket!.destroy()
  }
  t.match(
    await send(receiver.url),
    { outcome: { kind: 'failed', error: /ECONNRESET/ } },
    'a connection that is cut',
  )

  const sockets = new Set<Socket>()
  const drip = createTcpServer(socket => {
    sockets.add(socket)
    const timer = setInterval(() => socket.write('H'), 20)
    socket.on('error', () => {}).on('close', () => clearInterval(timer))
  })
  await new Promise<void>(resolve => {
    drip.listen(0, '127.0.0.1', resolve)
  })
  t.teardown(() => {
    for (const socket of sockets) socket.destroy()
    drip.close()
  })
  t.match(
    await send(`http://127.0.0.1:${(drip.address() as AddressInfo).port}/`),
    { outcome: { kind: 'failed' } },
    'an answer that is no HTTP and comes byte by byte',
  )
  t.match(
    await send('http://127.0.0.1:1/'),
    { outcome: { kind: 'failed', error: /ECONNREFUSED/ } },
    'no server at the port',
  )

  const leaving = new AbortController()
  receiver.behaviour = () => leaving.abort('this edge is going away')
  t.match(
    await send(receiver.url, { timeoutMs: 5_000 }, leaving.signal),
    { outcome: { kind: 'failed', error: 'this edge is going away' } },
    'an attempt that this edge aborts',
  )
})

t.test('no name leads to a private address (OWASP API7)', async t => {
  const receiver = await startReceiver()
  t.teardown(() => receiver.close())
  const asked: string[] = []
  const named = (...addresses: string[]) => ({
    allowPrivate: false,
    resolve: async (host: string) => {
      asked.push(host)
      return addresses
    },
  })
  const refused = {
    outcome: {
      kind: 'failed',
      error: /not a host of the public internet|must name a host of the public internet/,
    },
  }
  for (const address of [
    '127.0.0.1',
    '::1',
    '10.0.0.1',
    '169.254.169.254',
    '::ffff:127.0.0.1',
    'fd00::1',
  ])
    t.match(
      await send(`https://hook.example.com:${receiver.port}/`, named(address)),
      refused,
      `a name of ${address}`,
    )
  t.match(
    await send('https://hook.example.com/', named('1.1.1.1', '127.0.0.1')),
    refused,
    'a name with a public and a private address',
  )
  t.match(await send('https://hook.example.com/', named()), {
    outcome: { kind: 'failed', error: /no address/ },
  })
  t.match(
    await send(receiver.url, named()),
    { outcome: { kind: 'failed', error: /https/ } },
    'a URL without encryption',
  )
  t.match(await send('https://127.0.0.1/', named()), refused)
  t.equal(receiver.received.length, 0, 'no private address was called')

  asked.length = 0
  let answers = 0
  const rebinding = {
    allowPrivate: true,
    resolve: async () => (answers++ === 0 ? ['127.0.0.1'] : ['127.0.0.99']),
  }
  t.match(await send(`http://rebind.example.com:${receiver.port}/`, rebinding), {
    outcome: { status: 200 },
  })
  t.equal(answers, 1, 'a name is resolved once, and the connection goes to that address')
  t.equal(receiver.received[0]!.headers.host, `rebind.example.com:${receiver.port}`)

  const hanging = { allowPrivate: false, resolve: () => new Promise<string[]>(() => {}) }
  t.match(
    await send('https://hook.example.com/', hanging),
    { outcome: { kind: 'failed', error: /no answer within/ } },
    'a resolver that hangs',
  )
  const failing = {
    allowPrivate: false,
    resolve: () =>
      Promise.reject(Object.assign(new Error('getaddrinfo ENOTFOUND x'), { code: 'ENOTFOUND' })),
  }
  t.match(await send('https://hook.example.com/', failing), {
    outcome: { kind: 'failed', error: /ENOTFOUND/ },
  })
})

t.test('the addresses of a name are tried until one accepts the connection', async t => {
  const receiver = await startReceiver()
  t.teardown(() => receiver.close())
  const { port } = receiver
  const named = (...addresses: string[]) => ({ resolve: async () => addresses, timeoutMs: 3_000 })
  const lists = [
    ['::1', '127.0.0.1'],
    ['127.0.0.1', '::1'],
    ['127.0.0.2', '127.0.0.1'],
    ['127.0.0.2', '::1', '127.0.0.3', '127.0.0.1'],
    ['::ffff:127.0.0.2', '::ffff:127.0.0.1'],
  ]
  for (const [i, addresses] of lists.entries()) {
    t.match(
      await send(`http://hook.example.com:${port}/`, named(...addresses)),
      { outcome: { kind: 'answered', status: 200 } },
      addresses.join(', '),
    )
    t.match(receiver.received[i], { headers: { host: `hook.example.com:${port}` } })
  }
  t.match(
    await send(`http://hook.example.com:${port}/`, named('127.0.0.2', '127.0.0.3')),
    { outcome: { kind: 'failed', error: /ECONNREFUSED/ } },
    'no server at any address',
  )
  t.match(
    await send(`http://localhost:${port}/`, { timeoutMs: 3_000 }),
    { outcome: { kind: 'answered', status: 200 } },
    'a name of the resolver of the system',
  )
  t.equal(receiver.received.length, lists.length + 1, 'each attempt was delivered once')
})

t.test('TLS verifies the name of the URL although the connection goes to an address', async t => {
  const dir = mkdtempSync(join(tmpdir(), 'caduceus-tls-'))
  t.teardown(() => rmSync(dir, { recursive: true, force: true }))
  let made: MadeCertificate
  try {
    made = makeCertificate(dir, 'DNS:hook.example.com')
  } catch (error) {
    const line = `openssl cannot make a certificate: ${String(error)}`
    if (process.env['REQUIRE_SERVICES'] === '1') t.fail(line)
    else t.comment(line)
    return
  }
  let served = 0
  const server = createTlsServer(
    { key: readFileSync(made.key), cert: readFileSync(made.cert) },
    (request, response) => {
      served++
      request.resume().on('end', () => response.writeHead(202).end(request.headers.host))
    },
  )
  await new Promise<void>(resolve => {
    server.listen(0, '127.0.0.1', resolve)
  })
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  const trusted = {
    resolve: async () => ['127.0.0.1'],
    ca: readFileSync(made.cert, 'utf8'),
    timeoutMs: 3_000,
  }
  t.match(await send(`https://hook.example.com:${port}/`, trusted), {
    outcome: { kind: 'answered', status: 202 },
    response: `hook.example.com:${port}`,
  })
  t.match(
    await send(`https://other.example.com:${port}/`, trusted),
    { outcome: { kind: 'failed', error: /ALTNAME/ } },
    'a certificate of another name',
  )
  t.match(
    await send(`https://hook.example.com:${port}/`, { resolve: trusted.resolve, timeoutMs: 3_000 }),
    { outcome: { kind: 'failed', error: /SELF_SIGNED/ } },
    'a certificate that no authority signed',
  )
  t.equal(served, 1)
})
