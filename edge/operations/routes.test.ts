/**
 * Health and metrics, as strangers, administrators and programs of this machine may see them, and
 * the times that lists take.
 */
import t from 'tap'
import { encodeBody } from '../../protocol/bus/codec.ts'
import { subjects } from '../../protocol/bus/subjects.ts'
import { startFixture } from '../acceptance/fixture-edge.ts'

const edge = await startFixture({ METRICS_TOKEN: 'a-token-for-Prometheus' })
t.teardown(() => edge.stop())
/**
 * Headers with which a proxy passes on a request from elsewhere. A request without them comes from
 * a program of this machine.
 */
const elsewhere: Record<string, string>[] = [
  { 'x-forwarded-for': '192.0.2.1' },
  { forwarded: 'for=192.0.2.1' },
  { via: '1.1 proxy' },
  { 'x-real-ip': '192.0.2.1' },
]

t.test('a stranger sees the health of the server and no counters', async t => {
  for (const path of ['/api/health', '/health']) {
    for (const headers of elsewhere) {
      const { status, body } = await edge.call('GET', path, { headers })
      t.equal(status, 200)
      t.same(
        Object.keys(body).filter(
          name =>
            !['status', 'dependencies', 'bench_allowed', 'registration', 'encryption'].includes(
              name,
            ),
        ),
        [],
        JSON.stringify(headers),
      )
    }
    const customer = await edge.customer()
    t.notOk(
      'engine' in
        (await edge.call('GET', path, { token: customer.token, headers: elsewhere[0]! })).body,
    )
    const admin = await edge.admin()
    t.ok(
      'engine' in
        (await edge.call('GET', path, { token: admin.token, headers: elsewhere[0]! })).body,
    )
    t.ok(
      'engine' in (await edge.call('GET', path)).body,
      'a program of this machine is an operator',
    )
  }
})

t.test('health checks at the same time share one look', async t => {
  let asked = 0
  const subscription = edge.bus.subscribe(subjects.queryHealth, message => {
    asked++
    message.respond?.(encodeBody({ engine_id: 'e', frames: {} }))
  })
  edge.clock.stoppedAtMs = Date.now() + 1_000
  const answers = await Promise.all(
    Array.from({ length: 50 }, () => edge.call('GET', '/api/health')),
  )
  t.ok(
    answers.every(
      answer => answer.status === 200 && answer.body.status === answers[0]!.body.status,
    ),
  )
  t.equal(asked, 1)
  edge.clock.stoppedAtMs += 1_000
  await edge.call('GET', '/api/health')
  t.equal(asked, 2, 'a later check looks again')
  edge.clock.stoppedAtMs = null
  subscription.unsubscribe()
})

t.test('only this machine and callers with the token read metrics', async t => {
  t.match((await edge.call('GET', '/metrics')).body, /caduceus_http_requests_total/)
  for (const headers of elsewhere) {
    t.equal((await edge.call('GET', '/metrics', { headers })).status, 401, JSON.stringify(headers))
    t.equal(
      (await edge.call('GET', '/metrics', { headers, token: 'a-token-for-Prometheut' })).status,
      401,
    )
    t.match(
      (await edge.call('GET', '/metrics', { headers, token: 'a-token-for-Prometheus' })).body,
      /caduceus_http_requests_total/,
    )
  }
})

t.test('lists accept valid times and refuse others with the rule', async t => {
  const { token } = await edge.admin()
  const good = [
    '2016-12-31T23:59:60Z',
    '0001-01-01T00:00:00Z',
    '9999-12-31T23:59:59.999Z',
    '2026-01-31T09:30:00%2B05:45',
    '2026-01-31t09:30:00z',
  ]
  const bad = [
    '0000-01-01T00:00:00Z',
    '10000-01-01T00:00:00Z',
    '2026-02-30T00:00:00Z',
    '2026-01-31T24:00:00Z',
    '2026-01-31T09:30:00',
    '2026-01-31T09:30:00Z[Europe/Paris]',
    'now',
    '2026-01-31T09:30:00+05:45',
  ]
  const lists: [path: string, names: string[], days: boolean][] = [
    ['/api/orders', ['created_from', 'created_to'], true],
    ['/api/requests', ['created_from', 'created_to'], true],
    ['/api/admin/audit', ['from', 'until'], false],
  ]
  for (const [path, names, days] of lists)
    for (const name of names) {
      for (const value of [...good, ...(days ? ['9999-12-31', '0001-01-01'] : [])])
        t.equal(
          (await edge.call('GET', `${path}?${name}=${value}`, { token })).status,
          200,
          `${path}?${name}=${value}`,
        )
      for (const value of [...bad, '0000-01-01', '2026-02-30']) {
        const { status, body } = await edge.call('GET', `${path}?${name}=${value}`, { token })
        t.equal(status, 400, `${path}?${name}=${value}`)
        t.match(body.detail, new RegExp(`^${name} must be `))
      }
    }
})

t.test('an engine that counts in another currency is no engine for this edge', async t => {
  let currency = 'USD'
  const answers = edge.bus.subscribe(subjects.queryHealth, ({ respond }) =>
    respond?.(encodeBody({ engine_id: 'e', currency })),
  )
  t.teardown(() => answers.unsubscribe())
  const health = async () => {
    // The answer to the last question is kept for a moment.
    edge.clock.skewMs += 1_000
    return (await edge.call('GET', '/api/health')).body
  }
  t.match(await health(), { dependencies: { engine: 'up' } })
  currency = 'JPY'
  t.match(await health(), { status: 'degraded', dependencies: { engine: 'down' } })
})
