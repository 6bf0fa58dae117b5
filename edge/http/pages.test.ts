/**
 * The registry of pages: a folder is a page, and browsers get only the files that a page reaches.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { Value } from 'typebox/value'
import { assetUrl } from '../../protocol/kernel/assets.ts'
import { pageFolders, readPage } from './page-folder.ts'
import { webName, WebFiles } from './page-modules.ts'
import { pageRoutes } from './pages.ts'
import type { RouteAnswer, RouteRequest } from '../kernel/route.ts'

const about = {
  version: '1.2.3',
  sockets: ['/ws/vendor/:vendor_id'],
  pictureOrigin: null,
  styleOrigin: null,
}
const ours = pageFolders()
const get = (
  rows: ReturnType<typeof pageRoutes>,
  path: string,
  request: { params?: object; headers?: Record<string, string>; queryText?: string } = {},
): RouteAnswer => {
  const row = rows.find(one => one.path === path)!
  const { params = {}, headers = { accept: 'text/html' }, queryText = '' } = request
  return row.handler({ params, headers, queryText } as RouteRequest) as RouteAnswer
}
const textOf = ({ body }: RouteAnswer): string => Buffer.from(body as Uint8Array).toString()

t.test('a new page is one folder, and a mistake in it names the file', async t => {
  const folder = join(t.testdir(), 'wards')
  mkdirSync(folder)
  const write = (name: string, text: string): void => writeFileSync(join(folder, name), text)
  write('page.html', '<span class="where">Wards</span>\n<main id="main"><h1>Wards</h1></main>\n')
  const declare = (more: object): void =>
    write('page.json', JSON.stringify({ path: '/wards/:id', title: 'Wards · Caduceus', ...more }))
  declare({ robots: 'noindex', bodyClass: 'wall' })
  const rows = pageRoutes([...ours, folder], about)
  const row = rows.find(one => one.path === '/wards/:id')!
  t.match(row, { operationId: 'wardsPage', auth: 'none', page: true })
  const { status, headers, ...answer } = get(rows, '/wards/:id')
  t.equal(status, 200)
  t.match(headers, {
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy': /script-src 'self'/,
    etag: /^"[\w-]{22}"$/,
  })
  const html = textOf({ status, ...answer })
  for (const part of [
    '<html lang="en">',
    '<title>Wards · Caduceus</title>',
    '<meta name="robots" content="noindex">',
    '<body class="wall">',
  ])
    t.ok(html.includes(part), part)
  t.match(html, /<header class="top">[^]*Wards<\/span>\n<\/header>\n<main id="main"><h1>/)
  t.notMatch(html, /<script/, 'a page without a script loads none')

  declare({ colour: 'red' })
  t.throws(() => readPage(folder), /page\.json: .*colour/, 'a mistake names the file')
  declare({})
  write('page.html', '<h1>Wards</h1>')
  t.throws(() => pageRoutes([folder], about), /page\.html has no <main>/)
  t.equal(
    readPage('edge/pages/terminal').name,
    'terminal',
    'the folder below the pages names the page',
  )
})

t.test('browsers get the files that a page reaches and no others', async t => {
  const rows = pageRoutes(ours, about)
  const html = rows
    .filter(row => row.path !== '/web/:file' && !row.path.endsWith('/worker.js'))
    .map(row => get(rows, row.path))
    .filter(answer => answer.status === 200)
    .map(textOf)
    .join('')
  const addresses = new Map(
    [...html.matchAll(/"\/web\/([^"?]+)\?v=([\w-]+)"/g)].map(([, name, v]) => [name!, v!]),
  )
  const named = new Set(addresses.keys())
  t.ok(named.size > 30, `${named.size} files`)
  const { params } = rows.find(row => row.path === '/web/:file')!
  for (const file of named) {
    t.ok(Value.Check(params!, { file }), `${file} is an address that is served`)
    const asked = { params: { file }, queryText: `v=${addresses.get(file)}` }
    const { status, headers, body } = get(rows, '/web/:file', asked)
    t.equal(status, 200, file)
    t.match(headers!['cache-control'], /immutable/, `${file} is kept for ever under its version`)
    t.match(
      get(rows, '/web/:file', { ...asked, queryText: 'v=older' }).headers!['cache-control'],
      /no-cache/,
      'another version is not',
    )
    const type = { css: 'text/css', js: 'text/javascript', svg: 'image/svg+xml' }
    t.match(headers!['content-type'], type[file.split('.').at(-1) as 'js'])
    for (const [, imported] of Buffer.from(body as Uint8Array)
      .toString()
      .matchAll(/(?:\bfrom|\bimport) ?["']\.\/([^"'?]+)\?v=/g))
      t.ok(named.has(imported!), `${imported}, which ${file} imports, is named in the page`)
  }
  t.ok(named.has('protocol-client-connection.js'), 'our own client is one of them')
  for (const file of ['edge.js', 'http-pages.js', 'protocol-sockets.js', 'nothing.js'])
    t.throws(
      () => get(rows, '/web/:file', { params: { file } }),
      { code: 'not_found' },
      `${file} is not served`,
    )
})

/** A page without its map may have this many bytes over the network. */
const pageBytesMax = 200_000

t.test('every page is small, compressed, and in the language of its visitor', async t => {
  const rows = pageRoutes(ours, about)
  const compressed = { accept: 'text/html', 'accept-encoding': 'gzip, deflate, br' }
  for (const { path } of rows.filter(row => row.operationId.endsWith('Page'))) {
    const page = get(rows, path, { headers: compressed })
    t.match(page.headers, { 'content-encoding': 'br', vary: /Accept-Encoding/ }, path)
    const files = [...textOf(get(rows, path)).matchAll(/"\/web\/([^"?]+)\?/g)].map(([, f]) => f!)
    let bytes = (page.body as Uint8Array).byteLength
    for (const file of new Set(files)) {
      const { body } = get(rows, '/web/:file', { params: { file }, headers: compressed })
      bytes += (body as Uint8Array).byteLength
    }
    // The API page has a library for developers.
    if (path !== '/docs') t.ok(bytes < pageBytesMax, `${path}: ${bytes} bytes`)
    t.comment(`${path}: ${bytes} bytes`)
  }
  const driver = (headers: Record<string, string>): string =>
    textOf(get(rows, '/driver', { headers }))
  t.match(driver({ 'accept-language': 'de, ar-EG;q=0.8, en;q=0.5' }), /<html lang="ar" dir="rtl">/)
  t.match(driver({ 'accept-language': 'de' }), /<html lang="en">/)
  t.match(
    driver({ 'accept-language': 'ar', cookie: 'a=b; caduceus_language=en' }),
    /<html lang="en">/,
    'a choice wins',
  )
  t.match(driver({ cookie: 'caduceus_language=xx' }), /<html lang="en">/)
  t.match(
    Buffer.from(
      get(rows, '/driver', { headers: { 'accept-encoding': 'gzip;q=1, br;q=0' } })
        .body as Uint8Array,
    ).subarray(0, 2),
    Buffer.from([0x1f, 0x8b]),
    'a coding that the client does not want is not used',
  )
})

t.test('a page for phones has a manifest, and a script that works without a network', async t => {
  const rows = pageRoutes(ours, about)
  const manifest = JSON.parse(textOf(get(rows, '/driver/manifest.webmanifest'))) as object
  t.match(manifest, { start_url: '/driver', scope: '/driver', display: 'standalone' })
  const worker = get(rows, '/driver/worker.js')
  t.match(worker.headers, { 'service-worker-allowed': '/driver', 'content-type': /javascript/ })
  t.notMatch(textOf(worker), /^(import|export) /m, 'it runs where modules do not')
})

t.test('a browser that has the current file gets 304', async t => {
  const rows = pageRoutes(ours, about)
  for (const [path, params] of [
    ['/terminal', {}],
    ['/', {}],
    ['/web/:file', { file: 'shared-app.css' }],
  ] as const) {
    const { etag } = get(rows, path, { params }).headers as { etag: string }
    for (const [tags, status] of [
      [etag, 304],
      [`W/${etag}`, 304],
      [`"other", ${etag}`, 304],
      ['"other"', 200],
    ] as const) {
      const headers = { accept: 'text/html', 'if-none-match': tags }
      const answer = get(rows, path, { params, headers })
      t.equal(answer.status, status, `${path} ${tags}`)
      t.equal(answer.headers!['etag'], etag)
      if (status === 304) t.notOk('body' in answer)
    }
  }
})

t.test('a script that no browser can run stops the start', async t => {
  t.throws(
    () => new WebFiles().addScript('edge/http/page-folder.ts'),
    /page-folder\.ts imports node:fs, which no browser can load/,
  )
  t.throws(() => new WebFiles().addScript('protocol/dispatch/commands.ts'), /typebox/)
  t.throws(() => new WebFiles().addScript('edge/pages/index/nothing.ts'), { code: 'ENOENT' })
  const files = new WebFiles()
  files.addAsset('edge/pages/shared/app.css')
  t.equal(webName('edge/orders/page/orders.ts'), 'orders-page-orders.js')
  t.same(files.names, ['shared-app.css'])
  t.equal(
    Buffer.from(files.get('shared-app.css')!.body).toString(),
    readFileSync(assetUrl('edge/pages/shared/app.css'), 'utf8'),
  )
})
