import { connect, type Socket } from 'node:net'
import t from 'tap'
import { pino } from 'pino'
import Type from 'typebox'
import { App, us_listen_socket_close, us_socket_local_port } from '../kernel/uws.ts'
import { CaduceusError } from '../../protocol/kernel/errors.ts'
import { limits } from '../../protocol/kernel/limits.ts'
import type { Identity } from '../kernel/identity.ts'
import { createMetrics } from '../kernel/metrics.ts'
import { route, type AnyRoute } from '../kernel/route.ts'
import { attachHttp } from './server.ts'

const closed = <P extends Type.TProperties>(properties: P) =>
  Type.Object(properties, { additionalProperties: false })
const pause = (ms: number) =>
  new Promise(resolve => {
    setTimeout(resolve, ms)
  })
/** Tests run beside others on a busy machine: they wait for what they need and not for a time. */
const until = async (holds: () => boolean) => {
  while (!holds()) await pause(5)
}
const identity: Identity = {
  userId: 'u',
  role: 'user',
  name: 'Ann',
  vendorId: null,
  driverId: null,
  expiresAtMs: 0,
}

async function start(routes: AnyRoute[], options: { corsOrigins?: string[] } = {}) {
  const logged: string[] = []
  const log = pino(
    { level: 'debug' },
    {
      write: (line: string) => {
        logged.push(line)
      },
    },
  )
  const app = App()
  const server = attachHttp(app, {
    routes,
    log,
    metrics: createMetrics(),
    corsOrigins: options.corsOrigins ?? [],
    uploadBytesMax: 1024 * 1024,
    trustedProxies: 0,
    publicUrl: null,
    rates: null,
    audit: { note() {} },
    nowMs: Date.now,
    random: Math.random,
    after,
    authenticate: async token => {
      if (token === 'slow') await pause(30)
      else if (token !== 'good') throw new CaduceusError('token_invalid')
      return identity
    },
  })
  const listening = await new Promise<Parameters<typeof us_listen_socket_close>[0]>(resolve => {
    app.listen('127.0.0.1', 0, s => {
      if (s) resolve(s)
    })
  })
  const port = us_socket_local_port(listening as never)
  return {
    server,
    port,
    logged,
    url: (path: string) => `http://127.0.0.1:${port}${path}`,
    raw: () =>
      new Promise<Socket>(resolve => {
        const socket = connect(port, '127.0.0.1', () => resolve(socket))
      }),
    stop: () => {
      us_listen_socket_close(listening)
      app.close()
    },
  }
}

const echo = route({
  method: 'POST',
  path: '/echo',
  operationId: 'echo',
  summary: '',
  tags: [],
  auth: 'none',
  body: closed({ text: Type.String() }),
  responses: {},
  handler: ({ body }) => ({ status: 200, body }),
})
const guarded = route({
  method: 'POST',
  path: '/guarded',
  operationId: 'guarded',
  summary: '',
  tags: [],
  auth: ['user'],
  body: closed({ text: Type.String() }),
  responses: {},
  handler: ({ body, principal }) => ({ status: 200, body: { ...body, by: principal } }),
})
const vendorsOnly = route({
  method: 'GET',
  path: '/vendors-only',
  operationId: 'vendorsOnly',
  summary: '',
  tags: [],
  auth: ['vendor'],
  responses: {},
  handler: () => ({ status: 200 }),
})
const thing = route({
  method: 'GET',
  path: '/things/:id',
  operationId: 'thing',
  summary: '',
  tags: [],
  auth: 'none',
  query: closed({ limit: Type.Optional(Type.Integer({ maximum: 5 })) }),
  responses: {},
  handler: ({ params, query }) => ({ status: 200, body: { ...params, ...query } }),
})
const broken = route({
  method: 'GET',
  path: '/broken',
  operationId: 'broken',
  summary: '',
  tags: [],
  auth: 'none',
  responses: {},
  handler: () => {
    throw new Error('the password is hunter2')
  },
})
const slow = route({
  method: 'GET',
  path: '/slow',
  operationId: 'slow',
  summary: '',
  tags: [],
  auth: 'none',
  responses: {},
  handler: async () => {
    await pause(100)
    return { status: 200, body: { done: true } }
  },
})
const upload = route({
  method: 'POST',
  path: '/upload',
  operationId: 'upload',
  summary: '',
  tags: [],
  auth: 'none',
  responses: {},
  multipart: {
    fields: closed({ note: Type.Optional(Type.String()), count: Type.Optional(Type.Integer()) }),
    files: { file: { required: true, description: '' } },
    raw: 'file',
  },
  handler: ({ body, parts }) => ({
    status: 200,
    body: { ...body, bytes: parts[0]!.data.byteLength },
  }),
})
const all = [echo, guarded, vendorsOnly, thing, broken, slow, upload]

const after = (ms: number, run: () => void) => {
  const timer = setTimeout(run, ms)
  return () => clearTimeout(timer)
}

t.test('each way to be refused has its code', async t => {
  const edge = await start(all)
  t.teardown(edge.stop)
  const json = { 'content-type': 'application/json' }
  const id = '0190b2a0-0000-7000-8000-000000000001'
  const form = (parts: Record<string, string | Blob>) => {
    const data = new FormData()
    for (const [name, value] of Object.entries(parts)) data.append(name, value)
    return data
  }
  const table: [
    name: string,
    path: string,
    init: RequestInit,
    status: number,
    code: string | null,
  ][] = [
    ['good', '/echo', { method: 'POST', headers: json, body: '{"text":"ä"}' }, 200, null],
    ['no such path', '/nowhere', {}, 404, 'not_found'],
    ['no such method', '/echo', { method: 'DELETE' }, 405, 'method_not_allowed'],
    ['not JSON', '/echo', { method: 'POST', headers: json, body: '{' }, 400, 'invalid_json'],
    [
      'not UTF-8',
      '/echo',
      { method: 'POST', headers: json, body: Buffer.from('7b2274657874223a22ff227d', 'hex') },
      400,
      'invalid_json',
    ],
    [
      'deeply nested',
      '/echo',
      { method: 'POST', headers: json, body: '['.repeat(8_000) + ']'.repeat(8_000) },
      400,
      'invalid_request',
    ],
    [
      'a body larger than its row takes',
      '/echo',
      { method: 'POST', headers: json, body: Buffer.alloc(16 * 1024 + 1, 0x20) },
      413,
      'body_too_large',
    ],
    ['no body', '/echo', { method: 'POST' }, 400, 'invalid_request'],
    [
      'another type of body',
      '/echo',
      {
        method: 'POST',
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
        body: 'text=1',
      },
      415,
      'unsupported_media_type',
    ],
    [
      '10 MB of JSON',
      '/echo',
      { method: 'POST', headers: json, body: Buffer.alloc(10_000_000, 0x20) },
      413,
      'body_too_large',
    ],
    ['no token', '/guarded', { method: 'POST', headers: json, body: '{}' }, 401, 'unauthenticated'],
    [
      'another scheme',
      '/guarded',
      { method: 'POST', headers: { ...json, authorization: 'Basic x' }, body: '{}' },
      401,
      'unauthenticated',
    ],
    [
      'a bad token',
      '/guarded',
      { method: 'POST', headers: { ...json, authorization: 'Bearer bad' }, body: '{}' },
      401,
      'token_invalid',
    ],
    [
      'a bad token hears nothing of a bad body',
      '/guarded',
      { method: 'POST', headers: { ...json, authorization: 'Bearer bad' }, body: '{' },
      401,
      'token_invalid',
    ],
    [
      '10 MB with a token that takes its time',
      '/guarded',
      {
        method: 'POST',
        headers: { ...json, authorization: 'Bearer slow' },
        body: Buffer.alloc(10_000_000, 0x20),
      },
      413,
      'body_too_large',
    ],
    [
      'another role',
      '/vendors-only',
      { headers: { authorization: 'Bearer good' } },
      403,
      'forbidden',
    ],
    ['an id that is none', '/things/1', {}, 404, 'not_found'],
    ['an id that is one', `/things/${id}?limit=5`, {}, 200, null],
    ['a query out of range', `/things/${id}?limit=6`, {}, 400, 'invalid_request'],
    ['an unknown query', `/things/${id}?x=6`, {}, 400, 'invalid_request'],
    ['a query given twice', `/things/${id}?limit=1&limit=2`, {}, 400, 'invalid_request'],
    ['a defect of ours', '/broken', {}, 500, 'internal'],
    [
      'a form',
      '/upload',
      { method: 'POST', body: form({ note: 'x', count: '3', file: new Blob(['abc']) }) },
      200,
      null,
    ],
    [
      'a raw file',
      '/upload',
      { method: 'POST', headers: { 'content-type': 'image/png' }, body: 'abc' },
      200,
      null,
    ],
    [
      'a form without its file',
      '/upload',
      { method: 'POST', body: form({ note: 'x' }) },
      400,
      'invalid_request',
    ],
    [
      'a form with an unknown field',
      '/upload',
      { method: 'POST', body: form({ other: 'x', file: new Blob(['abc']) }) },
      400,
      'invalid_request',
    ],
    [
      'a form without a boundary',
      '/upload',
      { method: 'POST', headers: { 'content-type': 'multipart/form-data' }, body: 'abc' },
      400,
      'invalid_request',
    ],
    [
      'a file too large',
      '/upload',
      {
        method: 'POST',
        headers: { 'content-type': 'image/png' },
        body: Buffer.alloc(1024 * 1024 + limits.multipartOverheadBytesMax + 1),
      },
      413,
      'body_too_large',
    ],
  ]
  for (const [name, path, init, status, code] of table) {
    const answer = await fetch(edge.url(path), init)
    const body = (await answer.json()) as Record<string, unknown>
    t.equal(answer.status, status, `${name}: status`)
    t.equal(body['code'] ?? null, code, `${name}: code`)
    if (code !== null) t.match(answer.headers.get('content-type'), 'application/problem+json', name)
  }
  t.notMatch(
    await (await fetch(edge.url('/broken'))).text(),
    /hunter2/,
    'what went wrong inside is not told',
  )
  t.match(edge.logged.join(''), /hunter2/, 'but logged')
})

t.test('HEAD, OPTIONS, CORS, request ids and the headers of every answer', async t => {
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

t.test('a client that leaves, and one that is slow', async t => {
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
  t.pass('neither is waited for')

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

t.test('a drain answers what is in flight and refuses what comes', async t => {
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

/** What the server says to these bytes, and whether it closes the connection; it is given a while to say more. */
async function told(
  edge: Awaited<ReturnType<typeof start>>,
  text: string,
): Promise<{ heard: string; closed: boolean }> {
  const socket = await edge.raw()
  const state = { heard: '', closed: false }
  socket
    .on('data', data => {
      state.heard += data.toString('latin1')
    })
    .on('close', () => {
      state.closed = true
    })
    .on('error', () => {})
  socket.write(text, 'latin1')
  for (let i = 0; i < 400 && state.heard === '' && !state.closed; i++) await pause(5)
  await pause(50)
  socket.destroy()
  return state
}

t.test(
  'a request whose end could be seen in two places is refused, and its connection closed',
  async t => {
    const edge = await start(all)
    t.teardown(edge.stop)
    const post = (headers: string, body: string) =>
      `POST /echo HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n${headers}\r\n${body}`
    const hidden = 'GET /broken HTTP/1.1\r\nHost: x\r\n\r\n'
    const json = '{"text":"a"}'
    const chunked = `c\r\n${json}\r\n0\r\n\r\n`
    t.match(
      (await told(edge, post('Transfer-Encoding: Chunked\r\n', chunked))).heard,
      /^HTTP\/1.1 200 /,
      'chunks are read',
    )
    const table: [name: string, request: string][] = [
      ['two lengths', post('Content-Length: 12\r\nContent-Length: 40\r\n', json + hidden)],
      [
        'the same length twice',
        post('Content-Length: 12\r\nContent-Length: 12\r\n', json + hidden),
      ],
      ['a list of lengths', post('Content-Length: 12, 12\r\n', json)],
      ['a length with a sign', post('Content-Length: +12\r\n', json)],
      ['an empty length', post('Content-Length: \r\n', json)],
      [
        'a length beside chunks',
        post('Content-Length: 4\r\nTransfer-Encoding: chunked\r\n', chunked),
      ],
      [
        'a length after chunks',
        post('Transfer-Encoding: chunked\r\nContent-Length: 4\r\n', chunked),
      ],
      ...[
        'xchunked',
        'identity',
        'gzip, chunked',
        'chunked, identity',
        'chunked;q=1',
        '"chunked"',
        '',
      ].map(
        coding =>
          [
            `transfer-encoding ${JSON.stringify(coding)}`,
            post(`Transfer-Encoding: ${coding}\r\n`, chunked + hidden),
          ] as [string, string],
      ),
      [
        'two transfer-encodings',
        post('Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n', chunked + hidden),
      ],
      ['two hosts', `GET /slow HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n${hidden}`],
      [
        'two credentials',
        `GET /slow HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer good\r\nAuthorization: Bearer other\r\n\r\n${hidden}`,
      ],
    ]
    for (const [name, request] of table) {
      const alone = await told(edge, request.replace(hidden, ''))
      t.match(alone.heard, /^HTTP\/1.1 400 /, `${name}: 400`)
      t.ok(alone.closed, `${name}: closed`)
      const followed = await told(edge, request.includes(hidden) ? request : request + hidden)
      t.ok(followed.closed, `${name}: closed with what follows`)
      t.notMatch(followed.heard, /^HTTP\/1.1 (?!400)/m, `${name}: what follows is no request`)
    }
    t.notMatch(edge.logged.join(''), /hunter2/, 'none of what was hidden behind them was served')
  },
)

t.test('media types and codings are read to the end', async t => {
  const edge = await start(all)
  t.teardown(edge.stop)
  const form = (
    boundary: string,
    disposition = 'Content-Disposition: form-data; name="file"; filename="a.png"',
  ) =>
    `--${boundary}\r\nContent-Disposition: form-data; name="note"\r\n\r\nnaïve\r\n--${boundary}\r\n${disposition}\r\nContent-Type: image/png\r\n\r\nabc\r\n--${boundary}--\r\n`
  const taken: [type: string, body: string][] = [
    ['multipart/form-data; boundary=b1', form('b1')],
    ['multipart/form-data; boundary="b1"', form('b1')],
    ['multipart/form-data; boundary="b 1:?"', form('b 1:?')],
    ['multipart/form-data; charset=utf-8; boundary=b1', form('b1')],
    ['multipart/form-data; boundary=b1; charset=utf-8', form('b1')],
    ['Multipart/Form-Data;BOUNDARY=b1', form('b1')],
    [
      'multipart/form-data; boundary=b1',
      form('b1', 'CONTENT-DISPOSITION: form-data; NAME=file; filename=a.png'),
    ],
    [
      'multipart/form-data; boundary=b1',
      form(
        'b1',
        'content-disposition: form-data; filename="a.png"; filename*=UTF-8\'\'%e2%82%ac.png; name="file"',
      ),
    ],
    ['multipart/form-data; boundary=b1', `a preamble\r\n${form('b1')}an epilogue`],
  ]
  for (const [type, body] of taken) {
    const answer = await fetch(edge.url('/upload'), {
      method: 'POST',
      headers: { 'content-type': type },
      body,
    })
    t.same([answer.status, await answer.json()], [200, { note: 'naïve', bytes: 3 }], type)
  }
  const refused: [type: string, body: string, status: number][] = [
    ['multipart/form-data; boundary="b1', form('b2'), 400],
    ['multipart/form-data', form('b1'), 400],
    ['multipart/form-data; boundary=', form('b1'), 400],
    ['multipart/form-data; boundary=b1', form('b1').slice(0, -20), 400],
    [
      'multipart/form-data; boundary=b1',
      `${Array.from({ length: 5_000 }, (_, i) => `--b1\r\nContent-Disposition: form-data; name="f${i}"\r\n\r\nx\r\n`).join('')}--b1--`,
      400,
    ],
    [
      'multipart/form-data; boundary=b1',
      `--b1\r\nContent-Disposition: form-data; name="note"\r\n\r\n${'x'.repeat(40_000)}\r\n--b1--`,
      413,
    ],
  ]
  for (const [type, body, status] of refused)
    t.equal(
      (
        await fetch(edge.url('/upload'), {
          method: 'POST',
          headers: { 'content-type': type },
          body,
        })
      ).status,
      status,
      `${type} ${body.length}`,
    )

  const echoed = async (
    headers: Record<string, string>,
    body: RequestInit['body'] = '{"text":"a"}',
  ) => {
    const answer = await fetch(edge.url('/echo'), { method: 'POST', headers, body: body ?? null })
    return { status: answer.status, body: (await answer.json()) as Record<string, unknown> }
  }
  for (const type of [
    'application/json',
    'APPLICATION/JSON',
    'application/json; charset=utf-8',
    'application/json;charset="UTF-8"',
    'application/vnd.api+json',
  ])
    t.equal((await echoed({ 'content-type': type })).status, 200, type)
  t.equal((await echoed({ 'content-type': 'application/json; charset=utf-16' })).status, 415)
  for (const coding of ['gzip', 'GZIP', 'br', 'gzip, identity', 'x-unknown']) {
    const answer = await echoed(
      { 'content-type': 'application/json', 'content-encoding': coding },
      new Uint8Array([0x1f, 0x8b, 8, 0]),
    )
    t.same([answer.status, answer.body['code']], [415, 'unsupported_media_type'], coding)
    t.match(answer.body['detail'], /content-encoding/)
  }
  t.equal(
    (await echoed({ 'content-type': 'application/json', 'content-encoding': 'identity' })).status,
    200,
  )
})

t.test(
  'a page that does not exist is a page to a browser, and what was added to a link is not read',
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
      'a mistake of a caller is still told',
    )
    t.equal(
      (await fetch(edge.url('/own?fbclid=1'), { headers: { authorization: 'Bearer good' } }))
        .status,
      400,
      'as it is where nobody comes by a link',
    )
  },
)
