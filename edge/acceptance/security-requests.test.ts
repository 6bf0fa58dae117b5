/**
 * Attacks by the form of a request from the OWASP API Security Top 10 (2023) and the ASVS 4.0.3,
 * against a whole server: foreign pages, bodies that are too large, too deep or too slow, and
 * injected headers. `around.test.ts` tests rates and the audit trail.
 */
import { connect } from 'node:net'
import t from 'tap'
import { WebSocket } from 'ws'
import { http, Listener } from './people.ts'
import { startAttacked } from './fixture-attacked.ts'

const { appOrigin, url, port, world, customer } = await startAttacked(t)

/** True when the first answer in the text is whole. */
function isWhole(text: string): boolean {
  const head = text.indexOf('\r\n\r\n')
  const length = /^content-length: (\d+)\r$/im.exec(text.slice(0, head + 1))?.[1]
  return head >= 0 && length !== undefined && text.length >= head + 4 + Number(length)
}

/**
 * Sends bytes on a connection of their own. Resolves with the first answer when it is whole, or
 * with all that came when the server closes the connection.
 */
function raw(bytes: string): Promise<string> {
  return new Promise(resolve => {
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes, 'latin1'))
    let answer = ''
    socket.on('data', data => {
      answer += data.toString('latin1')
      if (isWhole(answer)) socket.destroy()
    })
    socket.on('error', () => {
      /* The close follows. */
    })
    socket.on('close', () => resolve(answer))
  })
}

// These two run beside the other tests, because the server waits for a minute before it gives up a
// slow sender.
const slow = (['head', 'body'] as const).map(
  part =>
    new Promise<string>(resolve => {
      let heard = ''
      const socket = connect(port, '127.0.0.1')
      socket.write(
        part === 'head'
          ? 'POST /api/auth/login HTTP/1.1\r\nHost: x\r\n'
          : 'POST /api/auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n',
      )
      const drip = setInterval(() => socket.write(part === 'head' ? 'x-a: b\r\n' : 'x'), 400)
      socket.on('data', data => {
        heard += String(data)
      })
      socket.on('error', () => {
        /* Writing to what the server closed. */
      })
      socket.on('close', () => {
        clearInterval(drip)
        resolve(heard)
      })
    }),
)

t.test(
  'ASVS V13.5.1, V14.5.3 cross-site WebSocket: a foreign page opens no socket, and CORS lets it read nothing',
  async t => {
    const upgrade = (origin: string | null, path = `/ws/customer/?token=${customer.token}`) =>
      new Promise<number>(resolve => {
        const socket = new WebSocket(url.replace('http', 'ws') + path, [], {
          headers: origin === null ? {} : { origin },
        })
        socket.on('open', () => {
          socket.terminate()
          resolve(101)
        })
        socket.on('unexpected-response', (_, response) => {
          response.destroy()
          resolve(response.statusCode ?? 0)
        })
        socket.on('error', () => {
          /* The handlers above resolve. */
        })
      })
    for (const [origin, status] of [
      [null, 101],
      [appOrigin, 101],
      [url, 101],
      ['https://evil.example.org', 403],
      ['null', 403],
      [`${appOrigin}.evil.org`, 403],
      ['http://app.example.org', 403],
      ['https://evil.org/https://app.example.org', 403],
    ] as const)
      t.equal(await upgrade(origin), status, String(origin))
    t.equal(
      await upgrade(
        'https://evil.example.org',
        `/ws/tracking/${(await world.assignedOrder()).tracking_token}`,
      ),
      403,
      'the public tracking socket is refused too',
    )
    const foreign = await http(url, 'GET', '/api/health', {
      headers: { origin: 'https://evil.example.org' },
    })
    t.equal(foreign.headers.get('access-control-allow-origin'), null)
    t.equal(foreign.headers.get('vary'), 'Origin')
    const ours = await http(url, 'GET', '/api/health', { headers: { origin: appOrigin } })
    t.equal(ours.headers.get('access-control-allow-origin'), appOrigin)
    t.equal(
      ours.headers.get('access-control-allow-credentials'),
      null,
      'there are no cookies to allow',
    )
  },
)

t.test(
  'API4, ASVS V13.1 oversized bodies are refused before they are kept, and deep ones are invalid',
  async t => {
    const post = (extra: string, body = '') =>
      raw(
        `POST /api/auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n${extra}\r\n${body}`,
      )
    t.match(
      await post('Content-Length: 10000000000\r\n'),
      /^HTTP\/1\.1 413 /,
      'a body is refused by its announced length',
    )
    const chunk = `4000\r\n${'x'.repeat(0x4000)}\r\n`
    t.match(
      await post('Transfer-Encoding: chunked\r\n', chunk.repeat(40)),
      /^HTTP\/1\.1 413 /,
      'a body in chunks is refused by the bytes that come',
    )
    t.equal(
      (await http(url, 'POST', '/api/auth/login', { body: '['.repeat(5_000) + ']'.repeat(5_000) }))
        .status,
      400,
    )
    t.equal(
      (
        await http(url, 'POST', '/api/auth/login', {
          body: { email: `${'a'.repeat(10_000)}@example.com`, password: 'x' },
        })
      ).status,
      400,
    )
    t.equal(
      (
        await http(url, 'POST', '/api/auth/login', {
          body: { email: customer.email, password: 'x'.repeat(10_000) },
        })
      ).status,
      400,
      'a huge password is refused without a hash',
    )
    t.equal(
      (
        await http(url, 'POST', '/api/auth/login', {
          body: { email: customer.email, password: 'x'.repeat(20_000) },
        })
      ).status,
      413,
      'a body larger than any sign-in is refused',
    )
    t.match(
      await raw(`GET /api/health HTTP/1.1\r\nHost: x\r\nX-Large: ${'x'.repeat(100_000)}\r\n\r\n`),
      /^(HTTP\/1\.1 431|$)/,
      'huge headers are refused',
    )
    const flood = new Listener(url, `/ws/customer/?token=${customer.token}`)
    await flood.next('connection')
    flood.send({ type: 'x', pad: 'x'.repeat(100_000) })
    t.ok([1006, 1009].includes(await flood.end()), 'a huge message ends the socket')
  },
)

t.test('API8, ASVS V5.3.1, V14.4 header and request injection', async t => {
  for (const id of ['a%0d%0aX-Evil: 1', 'a\tX-Evil: 1', 'a\u0085X-Evil: 1']) {
    const answer = await raw(
      `GET /api/health HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-Request-Id: ${id}\r\n\r\n`,
    )
    t.match(answer, /^HTTP\/1\.1 [24]00 /, JSON.stringify(id))
    t.notMatch(answer, /x-evil/i, 'no part of a bad request id comes back')
  }
  for (const path of [
    '/api/tracking/a%0d%0aX-Evil:%201',
    '/api/orders/%0d%0aX-Evil:1',
    '/web/%0aX-Evil:1',
    '/%2e%2e/%2e%2e/etc/passwd',
    '/web/..%2f..%2fpackage.json',
    '/web/app.css%00.png',
    '/api//orders',
    '/api/orders/%ff',
  ]) {
    const answer = await raw(`GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`)
    t.match(answer, /^HTTP\/1\.1 (40[0-5])/, path)
    t.notMatch(answer.split('\r\n\r\n')[0]!, /\r\nx-evil/i, path)
  }
  const twoLengths = await raw(
    'POST /api/auth/login HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /api/health HTTP/1.1\r\nHost: x\r\n\r\n',
  )
  t.match(twoLengths, /^HTTP\/1\.1 400 /)
  t.notMatch(twoLengths, /^HTTP\/1\.1 2/m, 'no request is smuggled behind another')
  for (const method of ['TRACE', 'CONNECT', 'TRACK', 'PROPFIND']) {
    const answer = await raw(`${method} /api/health HTTP/1.1\r\nHost: x\r\n\r\n`)
    t.match(answer, /^HTTP\/1\.1 4/, method)
  }
  t.equal(
    (await http(url, 'GET', '/api/orders?limit=1&limit=2', { token: customer.token })).status,
    400,
    'a parameter that is given twice is refused',
  )
  t.equal(
    (
      await http(url, 'POST', '/api/requests', {
        token: customer.token,
        body: {},
        headers: { 'idempotency-key': 'a b' },
      })
    ).status,
    400,
  )
})

t.test(
  'API8, ASVS V14.4, V7.4.1 every answer has the protective headers, and no error shows the inside',
  async t => {
    for (const [path, isPage] of [
      ['/api/health', false],
      ['/nowhere', false],
      ['/api/orders', false],
      ['/', true],
    ] as const) {
      const { headers } = await http(url, 'GET', path)
      t.equal(headers.get('x-content-type-options'), 'nosniff', path)
      t.equal(headers.get('x-frame-options'), 'DENY', path)
      t.match(headers.get('content-security-policy'), /frame-ancestors 'none'/, path)
      t.match(headers.get('strict-transport-security'), /max-age=\d{7,}/, path)
      t.equal(headers.get('referrer-policy'), 'no-referrer', path)
      if (!isPage) t.equal(headers.get('cache-control'), 'no-store', path)
      t.equal(headers.get('set-cookie'), null, path)
      for (const name of ['x-powered-by', 'server', 'uwebsockets'])
        t.equal(headers.get(name), null, `${path} does not say what serves it`)
    }
    for (const path of ['/api/orders/x', "/api/orders?status=' or 1=1", '/api/orders?cursor=x']) {
      const answer = await http(url, 'GET', path, { token: customer.token })
      t.ok(answer.status < 500, path)
      t.notMatch(
        JSON.stringify(answer.body),
        /select|postgres|pglite|\.ts:|node_modules|at [A-Z]\w+ \(/i,
        path,
      )
    }
  },
)

t.test(
  'API4 a head that drips is cut off, a body that drips is told why, and the server still answers',
  { timeout: 300_000 },
  async t => {
    const [head, body] = await Promise.all(slow)
    t.equal(head, '', 'the sender of half a head gets no answer')
    t.match(
      body,
      /^HTTP\/1\.1 408 [^]*"code":"body_too_slow"/,
      'the sender of a body slower than any network gets 408',
    )
    t.equal((await http(url, 'GET', '/api/health')).status, 200)
  },
)
