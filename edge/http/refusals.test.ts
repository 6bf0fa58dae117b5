/**
 * Requests that the server refuses. Each refusal has its code, media types are read to the end, and
 * a request whose end could be seen in two places closes its connection.
 */
import t from 'tap'
import { limits } from '../../protocol/kernel/limits.ts'
import { pause, start, all } from './fixture-server.ts'

t.test('each refusal has its code, and good requests are answered', async t => {
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
    'an error inside is not shown',
  )
  t.match(edge.logged.join(''), /hunter2/, 'it is logged')
})

/**
 * The server's answer to these bytes, and whether it closes the connection. A connection that it
 * leaves open is asked once more, so nothing of its answer is missed.
 */
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
  while (state.heard === '' && !state.closed) await pause(5)
  socket.write('GET /nowhere HTTP/1.1\r\nHost: x\r\n\r\n')
  while (!/ 404 /.test(state.heard) && !state.closed) await pause(5)
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
      t.notMatch(
        followed.heard,
        /^HTTP\/1.1 (?!400)/m,
        `${name}: the bytes behind it are no request`,
      )
    }
    t.notMatch(edge.logged.join(''), /hunter2/, 'no request that was hidden behind them was served')
  },
)

t.test('media types and codings are read to their end', async t => {
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
