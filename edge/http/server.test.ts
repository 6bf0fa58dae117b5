/**
 * The work of the server around its handlers: headers of every answer, connections that go on or
 * break, a drain, the access log, and the page for a path that does not exist.
 */
import t from 'tap'
import { route } from '../kernel/route.ts'
import { pause, until, start, all } from './fixture-server.ts'

t.test('HEAD, OPTIONS and CORS are answered, and every answer has its headers', async t => {
  const edge = await start(all, { corsOrigins: ['https://app.example.org'] })
  t.teardown(edge.stop)
  const id = '0190b2a0-0000-7000-8000-000000000001'
  const head = await fetch(edge.url(`/things/${id}`), { method: 'HEAD' })
  t.equal(head.status, 200)
  t.equal(Number(head.headers.get('content-length')), JSON.stringify({ id }).length)
  t.equal(await head.text(), '')
  const preflight = await fetch(edge.url('/echo'), {
    method: 'OPTIONS',
    headers: { origin: 'https://app.example.org', 'access-control-request-method': 'POST' },
  })
  t.equal(preflight.status, 204)
  t.equal(preflight.headers.get('access-control-allow-origin'), 'https://app.example.org')
  t.match(preflight.headers.get('access-control-allow-methods'), /POST/)
  const stranger = await fetch(edge.url('/echo'), {
    method: 'OPTIONS',
    headers: { origin: 'https://evil.example.org', 'access-control-request-method': 'POST' },
  })
  t.equal(stranger.headers.get('access-control-allow-origin'), null)
  t.equal((await fetch(edge.url('/echo'), { method: 'PUT' })).headers.get('allow'), 'POST, OPTIONS')
  const given = await fetch(edge.url('/nowhere'), { headers: { 'x-request-id': 'abc-1' } })
  t.equal(given.headers.get('x-request-id'), 'abc-1')
  t.equal(given.headers.get('x-content-type-options'), 'nosniff')
  t.match(((await given.json()) as { instance: string }).instance, /abc-1/)
  t.match(
    (await fetch(edge.url('/nowhere'), { headers: { 'x-request-id': 'a b' } })).headers.get(
      'x-request-id',
    ),
    /^[0-9a-f-]{36}$/,
    'an id that could forge a log line is replaced',
  )
})

t.test(
  'a connection goes on after HEAD, after an answer without a body, and after a refusal',
  async t => {
    const edge = await start(all)
    t.teardown(edge.stop)
    const socket = await edge.raw()
    let heard = ''
    socket.on('data', data => {
      heard += data.toString()
    })
    const id = '0190b2a0-0000-7000-8000-000000000001'
    for (const [i, [line, status]] of (
      [
        [`HEAD /things/${id}`, 200],
        ['OPTIONS /echo', 204],
        ['HEAD /nowhere', 404],
        [`HEAD /things/${id}`, 200],
        [`GET /things/${id}`, 200],
      ] as const
    ).entries()) {
      socket.write(`${line} HTTP/1.1\r\nHost: x\r\n\r\n`)
      await until(() => socket.destroyed || (heard.match(/HTTP\/1\.1 /g) ?? []).length > i)
      t.match(heard.split(/(?=HTTP\/1\.1 )/)[i], new RegExp(`^HTTP/1.1 ${status} `), line)
    }
    socket.destroy()
  },
)

t.test('a client that leaves is not waited for, and a slow body arrives', async t => {
  const edge = await start(all)
  t.teardown(edge.stop)
  const quitter = await edge.raw()
  quitter.write('GET /slow HTTP/1.1\r\nHost: x\r\n\r\n')
  await until(() => edge.server.inFlight === 1)
  quitter.destroy()
  const half = await edge.raw()
  half.write(
    'POST /echo HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"te',
  )
  await until(() => edge.server.inFlight >= 1)
  half.destroy()
  await until(() => edge.server.inFlight === 0)
  t.equal(edge.server.inFlight, 0, 'no request of a client that left is in flight')

  const slowly = await edge.raw()
  const heard = new Promise<string>(resolve => {
    slowly.once('data', data => resolve(data.toString()))
  })
  const body = '{"text":"slow"}'
  slowly.write(
    `POST /echo HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n`,
  )
  for (const character of body) {
    slowly.write(character)
    await pause(2)
  }
  t.match(await heard, /200 OK[^]*\{"text":"slow"\}/)
  slowly.destroy()

  const chunked = await fetch(edge.url('/echo'), {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    duplex: 'half',
    body: new ReadableStream({
      start(controller) {
        controller.enqueue(Buffer.from('{"text":'))
        controller.enqueue(Buffer.from('"chunked"}'))
        controller.close()
      },
    }),
  } as RequestInit)
  t.same(await chunked.json(), { text: 'chunked' })
  t.equal(
    (
      await fetch(edge.url('/echo'), {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: '{"text":"alive"}',
      })
    ).status,
    200,
  )
})

t.test('a drain answers the requests in flight and refuses new ones', async t => {
  const edge = await start(all)
  t.teardown(edge.stop)
  const inFlight = fetch(edge.url('/slow'))
  await until(() => edge.server.inFlight === 1)
  const drained = edge.server.drain()
  const late = await fetch(edge.url('/things/x'))
  t.equal(late.status, 503)
  t.equal(late.headers.get('retry-after'), '1')
  t.equal((await inFlight).status, 200)
  await drained
  t.equal(edge.server.inFlight, 0)
})

t.test('the access log names the row and never the path, which may carry a secret', async t => {
  const secret = route({
    method: 'GET',
    path: '/track/:token',
    operationId: 'x',
    summary: '',
    tags: [],
    auth: 'none',
    responses: {},
    handler: () => ({ status: 200 }),
  })
  const edge = await start([secret])
  t.teardown(edge.stop)
  await fetch(edge.url('/track/s3cret'))
  t.match(edge.logged.join(''), /"route":"\/track\/:token"/)
  t.notMatch(edge.logged.join(''), /s3cret/)
})

t.test(
  'a browser gets a page for an unknown path, and parameters that others add to a link are ignored',
  async t => {
    const page = route({
      method: 'GET',
      path: '/page/:name',
      operationId: 'page',
      summary: '',
      tags: [],
      auth: 'none',
      page: true,
      responses: {},
      handler: ({ query }) => ({ status: 200, body: query }),
    })
    const own = route({
      method: 'GET',
      path: '/own',
      operationId: 'own',
      summary: '',
      tags: [],
      auth: ['user'],
      responses: {},
      handler: () => ({ status: 200, body: {} }),
    })
    const edge = await start([...all, page, own])
    t.teardown(edge.stop)
    for (const [accept, type] of [
      ['text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8', 'text/html'],
      ['TEXT/HTML', 'text/html'],
      ['application/json', 'application/problem+json'],
      ['*/*', 'application/problem+json'],
      ['application/json, text/html;q=0.5', 'application/problem+json'],
      ['text/html;q=0', 'application/problem+json'],
    ] as const) {
      const answer = await fetch(edge.url('/nowhere'), { headers: { accept } })
      t.equal(answer.status, 404, accept)
      t.match(answer.headers.get('content-type'), type, accept)
    }
    const id = '0190b2a0-0000-7000-8000-000000000001'
    t.equal((await fetch(edge.url('/page/a?fbclid=x&anything=1&anything=2'))).status, 200)
    t.same(
      await (
        await fetch(edge.url(`/things/${id}?utm_source=mail&fbclid=x&fbclid=y&gclid=z&limit=5`))
      ).json(),
      { id, limit: 5 },
    )
    t.equal(
      (await fetch(edge.url(`/things/${id}?unknown=1`))).status,
      400,
      'an unknown parameter is still refused',
    )
    t.equal(
      (await fetch(edge.url('/own?fbclid=1'), { headers: { authorization: 'Bearer good' } }))
        .status,
      400,
      'a route that needs a sign-in refuses added parameters too',
    )
  },
)
