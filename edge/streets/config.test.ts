/** The variables of the street map: a mistake is one line, and one origin is opened to the pages. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { readStreetsConfig } from './config.ts'
import { archiveOf } from './samples.ts'

const none = { tiles: null, style: null, archive: null, pictureOrigin: null, styleOrigin: null }

t.test('tiles are those of the operator, with the words of their owners', async t => {
  const dataDir = t.testdir()
  const read = (environment: Record<string, string>) => readStreetsConfig(environment, { dataDir })
  t.same(read({}), none)
  const url = 'https://tiles.example.org/{z}/{x}/{y}.png?key=1'
  const config = read({ MAP_TILES_URL: url })
  t.match(config.tiles, { url, attribution: '© OpenStreetMap contributors', max_zoom: 19 })
  t.equal(config.pictureOrigin, 'https://tiles.example.org', 'the origin alone')
  t.equal(config.styleOrigin, null)
  t.match(read({ MAP_TILES_URL: url, MAP_ATTRIBUTION: 'The city' }).tiles, {
    attribution: 'The city',
    attribution_url: null,
  })
  const style = 'https://maps.example.org/styles/day.json?key=1'
  t.match(read({ MAP_STYLE_URL: style }), {
    ...none,
    style: { url: style },
    styleOrigin: 'https://maps.example.org',
  })
  for (const [environment, line] of [
    [{ MAP_TILES_URL: 'https://tiles.example.org/{z}/{x}.png' }, /^MAP_TILES_URL is not a URL/],
    [{ MAP_TILES_URL: 'ftp://tiles.example.org/{z}/{x}/{y}' }, /^MAP_TILES_URL is not a URL/],
    [{ MAP_TILES_URL: 'https://{s}.example.org/{z}/{x}/{y}' }, /^MAP_TILES_URL is not a URL/],
    [{ MAP_TILES_URL: "https://a;script-src'*'/{z}/{x}/{y}" }, /^MAP_TILES_URL is not a URL/],
    [{ MAP_STYLE_URL: 'file:///etc/style.json' }, /^MAP_STYLE_URL is not a URL/],
    [{ MAP_STYLE_URL: "https://a;script-src'*'/style" }, /^MAP_STYLE_URL is not a URL/],
    [{ MAP_STYLE_URL: style, MAP_TILES_URL: url }, /are both set; unset one/],
    [{ MAP_ATTRIBUTION: 'The city' }, /^MAP_ATTRIBUTION is set, and neither/],
    [{ MAP_TILES_URL: url, MAP_TILES_MAX_ZOOM: '23' }, /^MAP_TILES_MAX_ZOOM/],
  ] as const)
    t.throws(() => read(environment), { message: line })
})

t.test('a file of tiles is found in DATA_DIR, and its kind is read from it', async t => {
  const dataDir = t.testdir()
  const path = join(dataDir, 'map.pmtiles')
  for (const kind of ['vector', 'raster'] as const) {
    writeFileSync(path, archiveOf(kind))
    t.match(readStreetsConfig({}, { dataDir }), {
      ...none,
      archive: { path, kind, min_zoom: 0, max_zoom: 14 },
    })
  }
  const other = { MAP_STYLE_URL: 'https://maps.example.org/style.json' }
  t.equal(readStreetsConfig(other, { dataDir }).archive, null, 'a variable goes before the file')
  const older = archiveOf('raster')
  older[7] = 2
  const unknown = archiveOf('raster')
  unknown[99] = 0
  for (const bytes of [Buffer.from('PMTiles'), older, unknown, Buffer.from('{}')]) {
    writeFileSync(path, bytes)
    t.throws(() => readStreetsConfig({}, { dataDir }), {
      message: /map\.pmtiles is no PMTiles file/,
    })
  }
  const folder = t.testdir({ inner: {} })
  mkdirSync(join(folder, 'map.pmtiles'))
  t.throws(() => readStreetsConfig({}, { dataDir: folder }), { message: /cannot be read/ })
})
