/** The variables of the street map: a mistake is one line, and one origin is opened to the pages. */
import t from 'tap'
import { readStreetsConfig } from './config.ts'

t.test('tiles are those of the operator, with the words of their owners', async t => {
  t.same(readStreetsConfig({}), { tiles: null, pictureOrigin: null })
  const url = 'https://tiles.example.org/{z}/{x}/{y}.png?key=1'
  const config = readStreetsConfig({ MAP_TILES_URL: url })
  t.match(config.tiles, { url, attribution: '© OpenStreetMap contributors', max_zoom: 19 })
  t.equal(config.pictureOrigin, 'https://tiles.example.org', 'the origin alone')
  t.match(readStreetsConfig({ MAP_TILES_URL: url, MAP_ATTRIBUTION: 'The city' }).tiles, {
    attribution: 'The city',
    attribution_url: null,
  })
  for (const [environment, line] of [
    [{ MAP_TILES_URL: 'https://tiles.example.org/{z}/{x}.png' }, /^MAP_TILES_URL is not a URL/],
    [{ MAP_TILES_URL: 'ftp://tiles.example.org/{z}/{x}/{y}' }, /^MAP_TILES_URL is not a URL/],
    [{ MAP_TILES_URL: 'https://{s}.example.org/{z}/{x}/{y}' }, /^MAP_TILES_URL is not a URL/],
    [{ MAP_TILES_URL: "https://a;script-src'*'/{z}/{x}/{y}" }, /^MAP_TILES_URL is not a URL/],
    [{ MAP_ATTRIBUTION: 'The city' }, /^MAP_ATTRIBUTION is set and MAP_TILES_URL is not/],
    [{ MAP_TILES_URL: url, MAP_TILES_MAX_ZOOM: '23' }, /^MAP_TILES_MAX_ZOOM/],
  ] as const)
    t.throws(() => readStreetsConfig(environment), { message: line })
})
