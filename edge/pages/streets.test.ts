/**
 * Maps with streets and without: pictures, shapes and styles come from the one origin that the
 * policy opens or from a file of ours, their owners are named, and a map without streets has the
 * outline of the world.
 */
import { createServer } from 'node:http'
import { writeFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { decode } from 'jpeg-js'
import type { Page } from 'playwright-core'
import t from 'tap'
import { http, newCustomer } from '../acceptance/people.ts'
import { archiveOf } from '../streets/samples.ts'
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

/** WebGL by software, and none at all. */
const withWebGl = ['--use-angle=swiftshader', '--enable-unsafe-swiftshader']
const withoutWebGl = ['--disable-3d-apis']
const placeArchive = (kind: 'vector' | 'raster') => (dataDir: string) =>
  writeFileSync(join(dataDir, 'map.pmtiles'), archiveOf(kind))

/** A minute, while one look takes no time. */
const looksMax = 600
const lookMs = 100

type Colour = readonly [red: number, green: number, blue: number]
/** The middle of the map's left half, which has no marks, as a person sees it. */
async function colourOf(page: Page): Promise<Colour> {
  const { data, width, height } = decode(
    await page.locator('#map').screenshot({ type: 'jpeg', quality: 100 }),
  )
  const at = 4 * (Math.floor(height * 0.6) * width + Math.floor(width * 0.23))
  return [data[at]!, data[at + 1]!, data[at + 2]!]
}
/** True when the map gets this colour there. */
async function becomes(page: Page, colour: Colour): Promise<boolean> {
  for (let looks = 0; looks < looksMax; looks++) {
    const seen = await colourOf(page)
    if (seen.every((part, at) => Math.abs(part - colour[at]!) < 8)) return true
    await page.waitForTimeout(lookMs)
  }
  return false
}

t.test('shapes of a file of tiles are drawn below the marks', { skip: browserMissing }, async t => {
  const stage = await openStage(t, {}, { prepare: placeArchive('vector'), flags: withWebGl })
  const customer = await newCustomer(stage.url)
  const map = await stage.openSignedIn('/customer', customer, undefined, { viewport: desk })
  const link = map.getByRole('link', { name: '© The surveyors' })
  await link.waitFor()
  t.equal(await link.getAttribute('href'), 'https://example.org/licence', 'as the file says')
  t.ok(await becomes(map, [0xa9, 0xcf, 0xe0]), 'water in the light theme')
  await map.emulateMedia({ colorScheme: 'dark' })
  t.ok(await becomes(map, [0x14, 0x37, 0x4a]), 'water in the dark theme')
  t.same(await faultsOf(map, 'shapes'), [])
  t.same(stage.troubles, [], 'the policy holds, and no other server is asked')
})

t.test('a browser without WebGL has the outline', { skip: browserMissing }, async t => {
  const stage = await openStage(t, {}, { prepare: placeArchive('vector'), flags: withoutWebGl })
  const customer = await newCustomer(stage.url)
  const map = await stage.openSignedIn('/customer', customer, undefined, { viewport: desk })
  await map.getByText('The streets could not be drawn in this browser.').waitFor()
  t.equal(await map.locator('.shapes').count(), 0)
  await map.getByRole('button', { name: 'Zoom in' }).click()
  t.same(await faultsOf(map, 'no-webgl'), [])
  t.same(stage.troubles, [])
})

t.test('pictures of a file of tiles need no WebGL', { skip: browserMissing }, async t => {
  const stage = await openStage(t, {}, { prepare: placeArchive('raster'), flags: withoutWebGl })
  const customer = await newCustomer(stage.url)
  const parts: string[] = []
  const map = await stage.openSignedIn(
    '/customer',
    customer,
    async page => {
      page.on('response', answer => {
        if (answer.url().endsWith('/api/map/archive'))
          parts.push(`${answer.status()} ${answer.headers()['content-range']}`)
      })
    },
    { viewport: desk },
  )
  await map.getByRole('link', { name: '© OpenStreetMap contributors' }).waitFor()
  for (let looks = 0; parts.length < 2 && looks < looksMax; looks++)
    await map.waitForTimeout(lookMs)
  t.ok(parts.length > 1)
  for (const part of parts) t.match(part, /^206 bytes /)
  t.same(stage.troubles, [])
})

t.test('a style of the operator is drawn from its origin', { skip: browserMissing }, async t => {
  const asked: string[] = []
  const styles = createServer((request, response) => {
    asked.push(request.url!)
    response.writeHead(200, {
      'content-type': 'application/json',
      'access-control-allow-origin': '*',
    })
    response.end(
      JSON.stringify({
        version: 8,
        sources: {},
        layers: [{ id: 'all', type: 'background', paint: { 'background-color': '#cc3399' } }],
      }),
    )
  })
  await new Promise<void>(resolve => {
    styles.listen(0, '127.0.0.1', resolve)
  })
  t.teardown(() => styles.close())
  const origin = `http://127.0.0.1:${(styles.address() as AddressInfo).port}`
  const environment = { MAP_STYLE_URL: `${origin}/day.json`, MAP_ATTRIBUTION: 'The city' }
  const stage = await openStage(t, environment, { flags: withWebGl })
  const customer = await newCustomer(stage.url)
  const map = await stage.openSignedIn('/customer', customer, undefined, { viewport: desk })
  await map.getByText('The city', { exact: true }).waitFor()
  t.ok(await becomes(map, [0xcc, 0x33, 0x99]))
  t.same([...new Set(asked)], ['/day.json'])
  const { headers } = await http(stage.url, 'GET', '/live', { headers: { accept: 'text/html' } })
  const policy = headers.get('content-security-policy')!
  t.match(policy, `connect-src 'self' ${origin};`)
  t.equal(policy.split(origin).length, 2, 'and for nothing else')
  t.same(
    stage.troubles.filter(line => !line.includes(origin)),
    [],
  )
})

t.test('the outline of the world is served to maps without streets', async t => {
  const { worldOutline } = await import('../streets/outline.ts')
  const lines = worldOutline()
  t.ok(lines.length > 100)
  t.ok(lines.every(line => line.length % 2 === 0 && line.every(Number.isFinite)))
})
