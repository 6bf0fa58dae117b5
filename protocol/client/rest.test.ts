/**
 * The REST client at a server that fails on demand: idempotency keys, tokens, repeats, errors, and
 * files that are sent in parts.
 */
import t from 'tap'
import { CaduceusError } from '../kernel/errors.ts'
import { onVirtualTime } from './fixture-socket.ts'
import { RestClient, type RestOptions } from './rest.ts'
import type { Tokens } from './rest-shapes.ts'
import type { UploadOptions } from './uploads.ts'
import { clientLimits, uploadLimits } from './limits.ts'

interface Call {
  method: string
  path: string
  headers: Record<string, string>
  body: string | null
}
type Answer = { status?: number; body?: unknown; headers?: Record<string, string> } | Error

/** A server that gives these answers one after the other, and then repeats the last one. */
function serve(...answers: Answer[]): { calls: Call[]; fetch: typeof globalThis.fetch } {
  const calls: Call[] = []
  const fetch = async (address: unknown, init: RequestInit = {}): Promise<Response> => {
    const { body } = init
    calls.push({
      method: init.method!,
      path: String(address).replace('http://edge', ''),
      headers: { ...(init.headers as Record<string, string>) },
      body: typeof body === 'string' ? body : body instanceof Blob ? `${body.size} bytes` : null,
    })
    const answer = answers.length > 1 ? answers.shift()! : answers[0]!
    if (answer instanceof Error) throw answer
    const { status = 200, headers = {} } = answer
    return new Response(answer.body === undefined ? null : JSON.stringify(answer.body), {
      status,
      headers,
    })
  }
  return { calls, fetch: fetch as typeof globalThis.fetch }
}

/** A token that ends after `ms` by the clock of the test. */
const tokenFor = (ms: number, name = 'user_?>'): string =>
  `h.${Buffer.from(JSON.stringify({ sub: name, exp: (Date.now() + ms) / 1_000 })).toString('base64url')}.s`
const tokens = (ms = 3_600_000): Tokens => ({ access_token: tokenFor(ms), refresh_token: 'r' })
const clientOf = (
  server: { fetch: typeof globalThis.fetch },
  options: Partial<RestOptions> = {},
): RestClient => new RestClient({ url: 'http://edge/', fetch: server.fetch, ...options })
const codeOf = async (run: Promise<unknown>): Promise<string> =>
  run.then(
    () => 'fulfilled',
    (error: CaduceusError) => error.code,
  )

t.test('every call has its method, path, body and token, and a key unless it reads', async t => {
  const server = serve({ body: { orders: [] } })
  const api = clientOf(server, { tokens: tokens() })
  const some = { a: 1 } as never
  for (const [run, method, path, body] of [
    [() => api.me(), 'GET', '/api/auth/me', null],
    [() => api.createRequest(some), 'POST', '/api/requests', '{"a":1}'],
    [() => api.getRequest('x'), 'GET', '/api/requests/x', null],
    [() => api.listRequests(), 'GET', '/api/requests', null],
    [
      () => api.listRequests({ status: 'pending', limit: 2 }),
      'GET',
      '/api/requests?status=pending&limit=2',
      null,
    ],
    [() => api.cancelRequest('x'), 'DELETE', '/api/requests/x', null],
    [
      () => api.respond('x', { response_type: 'ACCEPTED' }),
      'POST',
      '/api/requests/x/responses',
      '{"response_type":"ACCEPTED"}',
    ],
    [() => api.createOrder(some), 'POST', '/api/orders', '{"a":1}'],
    [() => api.rate(some), 'POST', '/api/ratings', '{"a":1}'],
    [() => api.listRatings({ status: 'removed' }), 'GET', '/api/ratings?status=removed', null],
    [() => api.appealRating('x', 'no'), 'POST', '/api/ratings/x/appeal', '{"reason":"no"}'],
    [
      () => api.visits.listServices('v', { main_service_id: 'm' }),
      'GET',
      '/api/vendors/v/services?main_service_id=m',
      null,
    ],
    [() => api.visits.getService('s'), 'GET', '/api/services/s', null],
    [
      () => api.visits.availability('s', { from: '2027-01-01' }),
      'GET',
      '/api/services/s/availability?from=2027-01-01',
      null,
    ],
    [() => api.visits.createService('v', some), 'POST', '/api/vendors/v/services', '{"a":1}'],
    [() => api.visits.updateService('s', some), 'PATCH', '/api/services/s', '{"a":1}'],
    [() => api.visits.book(some), 'POST', '/api/appointments', '{"a":1}'],
    [() => api.visits.list({ status: 'ongoing' }), 'GET', '/api/appointments?status=ongoing', null],
    [() => api.visits.get('x'), 'GET', '/api/appointments/x', null],
    [() => api.visits.confirm('x'), 'POST', '/api/appointments/x/confirm', '{"settles":[]}'],
    [
      () => api.visits.reschedule('x', { start: 't' }),
      'POST',
      '/api/appointments/x/reschedule',
      '{"start":"t"}',
    ],
    [() => api.visits.cancel('x', 'ill'), 'POST', '/api/appointments/x/cancel', '{"reason":"ill"}'],
    [() => api.visits.checkIn('x', 'c'), 'POST', '/api/appointments/x/check-in', '{"code":"c"}'],
    [
      () => api.visits.completeStep('x', 'y'),
      'POST',
      '/api/appointments/x/steps/y',
      '{"outcome":"done"}',
    ],
    [() => api.visits.complete('x'), 'POST', '/api/appointments/x/complete', '{}'],
    [() => api.visits.noShow('x'), 'POST', '/api/appointments/x/no-show', '{}'],
    [() => api.visits.wait(some), 'POST', '/api/waitlist', '{"a":1}'],
    [() => api.visits.stopWaiting('x'), 'DELETE', '/api/waitlist/x', null],
    [
      () => api.visits.createCalendarLink({ kind: 'user' }),
      'POST',
      '/api/calendar-feeds',
      '{"kind":"user"}',
    ],
    [() => api.visits.endCalendarLink('x'), 'DELETE', '/api/calendar-feeds/x', null],
    [() => api.openConversation(some), 'POST', '/api/conversations', '{"a":1}'],
    [() => api.listConversations({ unread: true }), 'GET', '/api/conversations?unread=true', null],
    [() => api.getConversation('x'), 'GET', '/api/conversations/x', null],
    [
      () => api.listMessages('x', { after: 7 }),
      'GET',
      '/api/conversations/x/messages?after=7',
      null,
    ],
    [() => api.sendMessage('x', some), 'POST', '/api/conversations/x/messages', '{"a":1}'],
    [() => api.takeBackMessage('x', 'm'), 'DELETE', '/api/conversations/x/messages/m', null],
    [() => api.markRead('x', 7), 'PUT', '/api/conversations/x/read', '{"number":7}'],
    [
      () => api.searchMessages({ text: 'ready' }),
      'GET',
      '/api/conversations/search?text=ready',
      null,
    ],
    [() => api.reportConversation('x', some), 'POST', '/api/conversations/x/report', '{"a":1}'],
    [() => api.getOrder('x'), 'GET', '/api/orders/x', null],
    [() => api.listOrders(), 'GET', '/api/orders', null],
    [
      () => api.listOrders({ cursor: 'a b', limit: undefined as never }),
      'GET',
      '/api/orders?cursor=a+b',
      null,
    ],
    [() => api.acceptOrder('x'), 'POST', '/api/orders/x/accept', '{}'],
    [() => api.rejectOrder('x'), 'POST', '/api/orders/x/reject', '{}'],
    [() => api.rejectOrder('x', 'closed'), 'POST', '/api/orders/x/reject', '{"reason":"closed"}'],
    [() => api.assignDriver('x', 'd'), 'POST', '/api/orders/x/assign-driver', '{"driver_id":"d"}'],
    [() => api.findDriver('x'), 'POST', '/api/orders/x/find-driver', '{}'],
    [
      () => api.findDriver('x', { offer_seconds: 5 }),
      'POST',
      '/api/orders/x/find-driver',
      '{"offer_seconds":5}',
    ],
    [
      () => api.updateOrder('x', { status: 'picked_up' }),
      'PATCH',
      '/api/orders/x',
      '{"status":"picked_up"}',
    ],
    [() => api.cancelOrder('x'), 'DELETE', '/api/orders/x', null],
    [() => api.track('a/b'), 'GET', '/api/tracking/a%2Fb', null],
  ] as const) {
    t.same(await run(), { orders: [] })
    const call = server.calls.at(-1)!
    t.match(call, { method, path, body }, `${method} ${path}`)
    t.equal(call.headers['authorization'], `Bearer ${api.tokens!.access_token}`)
    t.equal(call.headers['content-type'], body === null ? undefined : 'application/json')
    t.equal(call.headers['idempotency-key'] !== undefined, method !== 'GET')
  }
  await api.createRequest(some, 'k1')
  await api.respond('x', some, 'k2')
  await api.createOrder(some, 'k3')
  t.same(
    server.calls.slice(-3).map(call => call.headers['idempotency-key']),
    ['k1', 'k2', 'k3'],
  )
  t.not(server.calls[1]!.headers['idempotency-key'], server.calls[5]!.headers['idempotency-key'])
})

t.test('login and registration return the account and keep the tokens', async t => {
  const server = serve({ body: { access_token: 'a', refresh_token: 'r', user: { id: 'u' } } })
  const kept: Tokens[] = []
  const api = clientOf(server, { onTokens: all => kept.push(all) })
  t.equal(api.tokens, null)
  t.equal(await codeOf(api.accessToken()), 'unauthenticated')
  const some = { email: 'ann@example.org' } as never
  for (const [run, path] of [
    [() => api.login('ann@example.org', 'password123'), '/api/auth/login'],
    [() => api.register(some), '/api/auth/register'],
    [() => api.registerVendor(some), '/api/vendors/register'],
    [() => api.registerDriver(some), '/api/drivers/register'],
    [() => api.registerMember(some), '/api/members/register'],
  ] as const) {
    t.same(await run(), { id: 'u' })
    t.match(server.calls.at(-1), { method: 'POST', path })
    t.notOk('authorization' in server.calls.at(-1)!.headers, 'without an earlier token')
  }
  t.equal(server.calls[0]!.body, '{"email":"ann@example.org","password":"password123"}')
  t.same(api.tokens, { access_token: 'a', refresh_token: 'r' })
  t.equal(kept.length, 5)
})

t.test('a token that ends soon is replaced, once for all calls that wait', t =>
  onVirtualTime(async () => {
    for (const [ms, replaced] of [
      [clientLimits.tokenReserveMs, false],
      [clientLimits.tokenReserveMs - 1_000, true],
    ] as const) {
      const fresh = tokens()
      const server = serve({ body: fresh })
      const api = clientOf(server, { tokens: tokens(ms) })
      const all = await Promise.all([api.accessToken(), api.accessToken()])
      t.same(
        all,
        Array.from({ length: 2 }, () => (replaced ? fresh : api.tokens!).access_token),
      )
      t.equal(server.calls.length, replaced ? 1 : 0)
      if (replaced)
        t.match(server.calls[0], {
          method: 'POST',
          path: '/api/auth/refresh',
          body: '{"refresh_token":"r"}',
        })
    }
    const unreadable = serve({ body: tokens() }, { body: {} })
    await clientOf(unreadable, { tokens: { access_token: 'x', refresh_token: 'r' } }).me()
    t.same(
      unreadable.calls.map(call => call.path),
      ['/api/auth/refresh', '/api/auth/me'],
    )
    const failing = serve({ status: 503, body: { code: 'overloaded' } }, { body: tokens() })
    const api = clientOf(failing, { tokens: tokens(0) })
    t.equal(await codeOf(api.accessToken()), 'overloaded')
    t.equal(await codeOf(api.accessToken()), 'fulfilled', 'a refresh that failed is tried again')
  }),
)

t.test('a sign-in ends once, when the refresh token is refused or at logout', async t => {
  const refusal = { status: 401, body: { code: 'token_invalid' } }
  let ended = 0
  const onSignedOut = (): void => {
    ended++
  }
  const refused = clientOf(serve(refusal), { tokens: tokens(0), onSignedOut })
  t.equal(await codeOf(refused.accessToken()), 'token_invalid')
  t.equal(ended, 1, 'the end is told when the refresh token is refused')
  t.equal(await codeOf(refused.accessToken()), 'unauthenticated')
  t.equal(ended, 1, 'the end is told once')

  const server = serve({ body: {} })
  const leaving = clientOf(server, { tokens: tokens(), onSignedOut })
  const out = leaving.logout()
  t.equal(leaving.tokens, null, 'the tokens are forgotten at once')
  await out
  t.equal(ended, 2)
  t.match(server.calls[0], { path: '/api/auth/logout', body: '{"refresh_token":"r"}' })
  await leaving.logout()
  t.equal(server.calls.length, 1, 'the server is told once')
  await clientOf(serve(new Error('offline')), { tokens: tokens(), onSignedOut }).logout()
  t.equal(ended, 3, 'also without a network')
})

t.test('an access token alone is used until the server refuses it', async t => {
  const { access_token } = tokens(0)
  const server = serve({ body: { id: 'o' } }, { status: 401, body: { code: 'token_invalid' } })
  const api = clientOf(server, { tokens: { access_token } })
  t.same(await api.getOrder('x'), { id: 'o' })
  t.equal(await codeOf(api.getOrder('x')), 'unauthenticated')
  t.equal(server.calls.length, 2)
})

t.test('a device whose clock is an hour ahead does not refresh before every call', async t => {
  const times = { iat: Date.now() / 1_000 - 3_600, exp: Date.now() / 1_000 - 2_700 }
  const access_token = `h.${Buffer.from(JSON.stringify(times)).toString('base64url')}.s`
  const server = serve({ body: { access_token, refresh_token: 'r', user: { id: 'u' } } })
  const api = clientOf(server)
  await api.login('ann@example.org', 'password123')
  t.equal(await api.accessToken(), access_token)
  t.equal(server.calls.length, 1)
})

t.test('a file is downloaded, also when the token has to be replaced', async t => {
  const server = serve(
    { status: 401, body: { code: 'token_invalid' } },
    { body: tokens() },
    { body: 'bytes', headers: { 'content-type': 'image/png' } },
    { status: 404, body: { code: 'not_found', detail: 'no such file' } },
  )
  const api = clientOf(server, { tokens: tokens() })
  const file = await api.downloadFile('/api/uploads/file/f')
  t.same([file.type, await file.text()], ['image/png', '"bytes"'])
  t.equal(await codeOf(api.downloadFile('/api/uploads/file/f')), 'not_found')
})

t.test('an answer that is not JSON of our server is an error with its status', async t => {
  const fetch = async (): Promise<Response> =>
    new Response('<h1>Bad gateway</h1>', { status: 502, headers: { 'retry-after': '7' } })
  await t.rejects(clientOf({ fetch: fetch as typeof globalThis.fetch }).getOrder('x'), {
    code: 'internal',
    message: 'HTTP 502',
    retryAfterSeconds: 7,
  })
})

t.test('a refused token is replaced, and the call is repeated under its key', async t => {
  const fresh = tokens()
  const server = serve(
    { status: 401, body: { code: 'unauthenticated' } },
    { body: fresh },
    { body: { id: 'o' } },
  )
  const api = clientOf(server, {
    tokens: { ...tokens(), access_token: tokenFor(7_200_000, 'other') },
  })
  t.same(await api.acceptOrder('x'), { id: 'o' })
  t.same(
    server.calls.map(call => call.path),
    ['/api/orders/x/accept', '/api/auth/refresh', '/api/orders/x/accept'],
  )
  t.equal(server.calls[2]!.headers['authorization'], `Bearer ${fresh.access_token}`)
  t.equal(server.calls[0]!.headers['idempotency-key'], server.calls[2]!.headers['idempotency-key'])
  const stranger = serve({ status: 401, body: { code: 'unauthenticated' } })
  t.equal(await codeOf(clientOf(stranger).me()), 'unauthenticated')
  t.equal(stranger.calls.length, 1)
})

t.test('errors have code and text, and a call without an answer is repeated once', async t => {
  const problem = { code: 'invalid_request', detail: 'no', fields: [{ field: 'a', rule: 'b' }] }
  for (const [answer, expected] of [
    [
      { status: 422, body: problem },
      { code: 'invalid_request', message: 'no', fields: problem.fields },
    ],
    [
      { status: 500, body: { code: 'of a newer release' } },
      { code: 'internal', message: 'HTTP 500' },
    ],
    [{ status: 502 }, { code: 'internal', message: 'HTTP 502' }],
  ] as const)
    await clientOf(serve(answer as Answer))
      .me()
      .then(
        () => t.fail('no error'),
        (error: unknown) => t.match(error, expected),
      )
  const server = serve(new Error('reset'), { body: { id: 'u' } })
  t.same(await clientOf(server).createOrder({} as never), { id: 'u' }, 'the call is repeated once')
  t.equal(server.calls[0]!.headers['idempotency-key'], server.calls[1]!.headers['idempotency-key'])
  const away = serve(new Error('reset'))
  await clientOf(away)
    .me()
    .then(
      () => t.fail('no error'),
      (error: unknown) => t.match(error, { code: 'unavailable', message: /reset/ }),
    )
  t.equal(away.calls.length, 2)
  t.equal(await clientOf(serve({ status: 204 })).cancelOrder('x'), null)
})

const file = { id: 'f', file_id: 'f', url: '/api/uploads/f', content_type: 'image/png', bytes: 9 }
const kb = 1_024
const at = (offset: number, done = false): Answer => ({
  body: { id: 'u', offset, file: done ? file : null },
})
const refusedBy = (status: number, code: string, headers = {}): Answer => ({
  status,
  body: { code, detail: code },
  headers,
})

t.test('a file is sent in parts, and continues after faults where the server has it', t =>
  onVirtualTime(async time => {
    const size = 200 * kb
    const send = (answers: Answer[], options: UploadOptions = {}) => {
      const server = serve(...answers)
      const progress: number[] = []
      const begun: string[] = []
      const sending = clientOf(server, { tokens: tokens() }).uploadFile(
        'proof',
        new Uint8Array(size),
        { onProgress: bytes => progress.push(bytes), onBegun: id => begun.push(id), ...options },
      )
      const short = (): string[] =>
        server.calls.map(({ method, headers, body }) =>
          [method, headers['upload-offset'], body]
            .filter(part => part !== undefined && part !== null)
            .join(' '),
        )
      return { server, progress, begun, sending, short }
    }
    const whole = send([at(0), at(64 * kb), at(192 * kb), at(size, true)])
    t.same(await whole.sending, file)
    t.same(
      whole.short(),
      [
        'POST',
        'PATCH 0 65536 bytes',
        'PATCH 65536 131072 bytes',
        `PATCH ${192 * kb} ${8 * kb} bytes`,
      ],
      'after a quick part the next part is twice as large',
    )
    t.same([whole.progress, whole.begun], [[64 * kb, 192 * kb, size], ['u']])
    t.match(whole.server.calls[0]!.headers, {
      'upload-length': String(size),
      'upload-metadata': `kind ${btoa('proof')}`,
      'tus-resumable': '1.0.0',
      accept: 'application/json',
    })
    t.match(whole.server.calls[1]!.headers, { 'content-type': 'application/offset+octet-stream' })
    t.same(
      whole.server.calls.map(call => call.path),
      ['/api/uploads/resumable', ...Array.from({ length: 3 }, () => '/api/uploads/resumable/u')],
    )

    const broken = send([at(0), new Error('reset'), at(32 * kb), at(size, true)])
    await time.pass(clientLimits.reconnectMsMin - 125)
    t.same(broken.short(), ['POST', 'PATCH 0 65536 bytes'])
    await time.pass(125)
    t.same(await broken.sending, file)
    t.same(
      broken.short().slice(2),
      ['GET', `PATCH ${32 * kb} 65536 bytes`],
      'the client asks how much has arrived',
    )

    const earlier = send([at(100 * kb), at(size, true)], { continueId: 'u' })
    t.same(await earlier.sending, file)
    t.same(earlier.short(), ['GET', `PATCH ${100 * kb} 65536 bytes`])
    t.same(earlier.begun, [])
    const arrived = send([at(size, true)], { continueId: 'u' })
    t.same(await arrived.sending, file, 'the answer to the last part was lost')
    const gone = send([refusedBy(404, 'not_found'), at(0), at(size, true)], { continueId: 'old' })
    await time.pass(clientLimits.reconnectMsMin)
    t.same(await gone.sending, file)
    t.same(gone.begun, ['u'], 'the upload begins again when the server has forgotten it')

    const conflict = send([at(0), refusedBy(409, 'upload_offset_conflict'), at(10), at(size, true)])
    t.same(await conflict.sending, file, 'there is no pause after a conflict')
    const replaced = send([
      at(0),
      refusedBy(401, 'unauthenticated'),
      { body: tokens() },
      at(10),
      at(size, true),
    ])
    t.same(await replaced.sending, file, 'there is no pause when a token is replaced')
    t.same(
      replaced.server.calls.map(call => call.path.split('/').at(-1)),
      ['resumable', 'u', 'refresh', 'u', 'u'],
    )
    const told = send([
      at(0),
      refusedBy(503, 'unavailable', { 'retry-after': '7' }),
      at(10),
      at(size, true),
    ])
    await time.pass(7_000 - 125)
    t.equal(told.server.calls.length, 2)
    await time.pass(125)
    t.same(await told.sending, file)

    for (const code of ['body_too_large', 'forbidden'])
      t.equal(await codeOf(send([refusedBy(400, code)]).sending), code)
    t.equal(
      await codeOf(send([refusedBy(404, 'not_found')]).sending),
      'not_found',
      'an upload that cannot begin is not tried again',
    )

    const never = send([new Error('reset')])
    const end = codeOf(never.sending)
    for (let i = 0; i < uploadLimits.failuresInARowMax; i++)
      await time.pass(Math.min(clientLimits.reconnectMsMax, clientLimits.reconnectMsMin * 2 ** i))
    t.equal(await end, 'unavailable')
    t.equal(never.server.calls.length, uploadLimits.failuresInARowMax + 1)

    const stop = new AbortController()
    const stopped = send([new Error('reset')], { signal: stop.signal })
    await time.pass(125)
    stop.abort(new Error('the user went away'))
    await stopped.sending.then(
      () => t.fail('no error'),
      (error: Error) => t.equal(error.message, 'the user went away'),
    )
  }),
)
