/**
 * What a whole edge tells about itself: the API document, the page that shows it, the root, and its
 * health.
 */
import t from 'tap'
import { startParties } from './fixture-parties.ts'

const { edge, call } = await startParties(t)

t.test('the document describes every route, and its references name its schemas', async t => {
  const { body: document } = await call('GET', '/openapi.json')
  t.equal(document.openapi, '3.1.0')
  const described = Object.entries<Record<string, { operationId: string; responses: object }>>(
    document.paths,
  ).flatMap(([path, methods]) =>
    Object.keys(methods).map(method => `${method.toUpperCase()} ${path}`),
  )
  const rows = edge.edge.routes
  const api = rows.filter(
    row =>
      !row.tags.includes('pages') && row.path !== '/openapi.json' && row.path !== '/asyncapi.json',
  )
  t.same(
    described.toSorted(),
    api.map(row => `${row.method} ${row.path.replaceAll(/:([a-z_]+)/g, '{$1}')}`).toSorted(),
  )
  t.equal(new Set(rows.map(row => row.operationId)).size, rows.length, 'operation ids are unique')
  const paths = new Set(rows.map(row => row.path.replaceAll(/:([a-z_]+)/g, '{$1}')))
  for (const row of rows)
    if (row.alias !== undefined)
      t.ok(paths.has(row.alias), `${row.path} is another name of a path that exists`)
  const references = [
    ...JSON.stringify(document).matchAll(/"\$ref":"#\/components\/schemas\/(\w+)"/g),
  ].map(match => match[1]!)
  t.ok(references.includes('Order') && references.includes('Problem'))
  for (const name of new Set(references)) t.ok(document.components.schemas[name], name)
  for (const row of api) t.ok(Object.keys(row.responses).length > 0, row.operationId)
  t.match((await call('GET', '/asyncapi.json')).body, {
    asyncapi: '3.0.0',
    channels: { ws_driver: { address: '/ws/driver' } },
  })
})

t.test('the page of the API loads no foreign file, and an unknown file is 404', async t => {
  const docs = await call('GET', '/docs')
  t.equal(docs.status, 200)
  t.match(docs.headers.get('content-type'), 'text/html')
  t.notMatch(docs.body, /(src|href)="https?:/, "it needs nobody else's server")
  t.equal((await call('GET', '/web/nothing.js')).status, 404)
  t.equal((await call('GET', '/web/..%2Fedge.ts')).status, 404)
})

t.test('the root is a page for browsers and a description for programs', async t => {
  for (const accept of [
    'application/json',
    'application/json, text/html;q=0.5',
    'Application/JSON',
  ]) {
    const { status, body, headers } = await call('GET', '/', { headers: { accept } })
    t.match(
      [status, body, headers.get('vary')],
      [
        200,
        { name: 'Caduceus', version: String, openapi: '/openapi.json', health: '/api/health' },
        'Accept',
      ],
      accept,
    )
    for (const path of ['openapi', 'asyncapi', 'health', 'documentation'])
      t.equal((await call('GET', body[path])).status, 200, path)
  }
  for (const accept of [
    '*/*',
    'text/html',
    'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8',
    'text/html, application/json',
    'application/json;q=0',
  ])
    t.match(
      (await call('GET', '/', { headers: { accept } })).headers.get('content-type'),
      /^text\/html/,
      accept,
    )
})

t.test('health names the dependency that is down', async t => {
  const { status, body } = await call('GET', '/health')
  t.equal(status, 200)
  t.match(body, {
    status: 'degraded',
    dependencies: { database: 'up', bus: 'up', claims: 'up', engine: 'down' },
    bench_allowed: false,
  })
  t.match(
    (await call('GET', '/metrics')).body,
    /caduceus_http_requests_total\{route="\/health",status="200"\} 1/,
  )
})
