/**
 * Maps with the operator's tiles and without: pictures come from the one origin that the policy
 * opens, their owners are named, and a map without streets has the outline of the world.
 */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import t from 'tap'
import { http, newCustomer } from '../acceptance/people.ts'
import { png } from '../uploads/samples.ts'
import { browserMissing, desk, faultsOf, openStage } from './fixture.ts'

t.test('maps have streets where the operator has tiles', { skip: browserMissing }, async t => {
  const asked: string[] = []
  const tiles = createServer((request, response) => {
    asked.push(request.url!)
    response.writeHead(200, {
      'content-type': 'image/png',
      'cross-origin-resource-policy': 'cross-origin',
    })
    response.end(png)
  })
  await new Promise<void>(resolve => {
    tiles.listen(0, '127.0.0.1', resolve)
  })
  t.teardown(() => tiles.close())
  const origin = `http://127.0.0.1:${(tiles.address() as AddressInfo).port}`
  const stage = await openStage(t, { MAP_TILES_URL: `${origin}/{z}/{x}/{y}.png` })

  await t.test('the policy opens that origin for pictures alone', async t => {
    const { headers } = await http(stage.url, 'GET', '/live', { headers: { accept: 'text/html' } })
    const policy = headers.get('content-security-policy')!
    t.match(policy, `img-src 'self' data: blob: ${origin};`)
    t.equal(policy.split(origin).length, 2, 'and for nothing else')
    const api = await http(stage.url, 'GET', '/api/map')
    t.notMatch(
      api.headers.get('content-security-policy'),
      origin,
      'answers that are no pages keep theirs',
    )
  })

  await t.test('a map asks for the tiles that it shows, and names their owners', async t => {
    const customer = await newCustomer(stage.url)
    const map = await stage.openSignedIn('/customer', customer, undefined, { viewport: desk })
    const link = map.getByRole('link', { name: '© OpenStreetMap contributors' })
    await link.waitFor()
    t.equal(await link.getAttribute('href'), 'https://www.openstreetmap.org/copyright')
    t.same(await faultsOf(map, 'streets'), [])
    t.ok(asked.length > 0)
    for (const url of asked) t.match(url, /^\/\d+\/\d+\/\d+\.png$/)
  })
  t.same(
    stage.troubles.filter(line => !line.includes(origin)),
    [],
    'nothing else was asked of another server',
  )
})

t.test('the outline of the world is served to maps without streets', async t => {
  const { worldOutline } = await import('../streets/outline.ts')
  const lines = worldOutline()
  t.ok(lines.length > 100)
  t.ok(lines.every(line => line.length % 2 === 0 && line.every(Number.isFinite)))
})
