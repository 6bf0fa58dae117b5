/** The router: the row for a method and a path, the methods of a path, and rows that collide. */
import t from 'tap'
import { createRouter, type Match } from './router.ts'
import type { AnyRoute, Method } from '../kernel/route.ts'

const row = (method: Method, path: string): AnyRoute => ({
  method,
  path,
  operationId: `${method} ${path}`,
  summary: '',
  tags: [],
  auth: 'none',
  responses: {},
  handler: () => ({ status: 200 }),
})

const router = createRouter([
  row('GET', '/'),
  row('GET', '/a'),
  row('POST', '/a'),
  row('GET', '/a/:id'),
  row('POST', '/a/register'),
  row('PATCH', '/a/:id/status'),
  row('POST', '/a/:id/offers/:offer_id/accept'),
])
const said = (match: Match): unknown =>
  match.found === 'route'
    ? [match.route.operationId, match.params]
    : match.found === 'path'
      ? match.allow
      : 'nothing'

t.test('a method and a path find their row, or the methods that the path allows', async t => {
  const table: [method: string, path: string, expected: unknown][] = [
    ['GET', '/', ['GET /', {}]],
    ['GET', '/a/', ['GET /a', {}]],
    ['HEAD', '/a', ['GET /a', {}]],
    ['GET', '/a/x%20y', ['GET /a/:id', { id: 'x y' }]],
    ['POST', '/a/register', ['POST /a/register', {}]],
    ['PATCH', '/a/register/status', ['PATCH /a/:id/status', { id: 'register' }]],
    [
      'POST',
      '/a/1/offers/2/accept',
      ['POST /a/:id/offers/:offer_id/accept', { id: '1', offer_id: '2' }],
    ],
    ['PUT', '/a', ['GET', 'POST', 'HEAD', 'OPTIONS']],
    ['OPTIONS', '/a/1/status', ['PATCH', 'OPTIONS']],
    ['GET', '/b', 'nothing'],
    ['GET', '/a//', 'nothing'],
    ['GET', '/a/%', 'nothing'],
    ['GET', '/a/1/2/3', 'nothing'],
  ]
  for (const [method, path, expected] of table)
    t.same(said(router.match(method, path)), expected, `${method} ${path}`)
})

t.test('two rows for one method and path are refused at start', async t => {
  t.throws(() => createRouter([row('GET', '/a/:id'), row('GET', '/a/:other')]), /two routes/)
})

t.test('a page may have the path of a row for programs', async t => {
  const page = (name: string): AnyRoute => ({ ...row('GET', '/a'), operationId: name, page: true })
  const both = createRouter([row('GET', '/a'), row('POST', '/a'), page('people')])
  const asked = (method: string, wants: boolean) => said(both.match(method, '/a', () => wants))
  t.same(asked('GET', true), ['people', {}])
  t.same(asked('HEAD', true), ['people', {}])
  t.same(asked('GET', false), ['GET /a', {}])
  t.same(asked('POST', true), ['POST /a', {}])
  t.same(said(both.match('GET', '/a')), ['GET /a', {}])
  t.throws(() => createRouter([page('one'), page('two')]), /two routes/)
  t.throws(() => createRouter([row('GET', '/a'), page('one'), page('two')]), /two routes/)
  t.throws(() => createRouter([page('one'), row('GET', '/a')]), /two routes/)
})
