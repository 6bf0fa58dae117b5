/** The file of the street map over HTTP: parts of it by RFC 9110, and the format's own reader. */
import { renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { PMTiles } from 'pmtiles'
import t from 'tap'
import { startFixture } from '../acceptance/fixture-edge.ts'
import { partBytesMax } from './archive.ts'
import { archiveOf } from './samples.ts'

t.test('a file of tiles is served by parts', async t => {
  const dataDir = t.testdir()
  const path = join(dataDir, 'map.pmtiles')
  const bytes = archiveOf('vector')
  writeFileSync(path, bytes)
  const edge = await startFixture({ DATA_DIR: dataDir })
  t.teardown(() => edge.stop())
  const origin = `http://127.0.0.1:${edge.edge.port}`
  const address = `${origin}/api/map/archive`
  const ask = async (headers: Record<string, string> = {}, method = 'GET') => {
    const answer = await fetch(address, { method, headers })
    return { answer, body: Buffer.from(await answer.arrayBuffer()) }
  }

  const whole = await ask()
  t.equal(whole.answer.status, 200)
  t.same(whole.body, bytes)
  const etag = whole.answer.headers.get('etag')!
  t.match(etag, /^"[0-9a-z]+-[0-9a-z]+"$/, 'a strong tag')
  t.equal(whole.answer.headers.get('accept-ranges'), 'bytes')

  const part = await ask({ range: 'bytes=7-99' })
  t.equal(part.answer.status, 206)
  t.equal(part.answer.headers.get('content-range'), `bytes 7-99/${bytes.length}`)
  t.equal(part.answer.headers.get('content-length'), '93')
  t.same(part.body, bytes.subarray(7, 100))
  t.same((await ask({ range: 'bytes=-5' })).body, bytes.subarray(-5))

  const beyond = await ask({ range: `bytes=${bytes.length}-` })
  t.equal(beyond.answer.status, 416)
  t.equal(beyond.answer.headers.get('content-range'), `bytes */${bytes.length}`)
  t.equal((await ask({ range: 'bytes=0-1,4-5' })).answer.status, 200, 'several parts are ignored')
  t.equal((await ask({ range: 'bytes=0-1', 'if-range': etag })).answer.status, 206)
  t.equal((await ask({ range: 'bytes=0-1', 'if-range': '"other"' })).answer.status, 200)
  t.equal((await ask({ range: 'bytes=0-1', 'if-range': `W/${etag}` })).answer.status, 200)
  t.equal((await ask({ 'if-none-match': etag, range: 'bytes=0-1' })).answer.status, 304)
  t.equal((await ask({}, 'HEAD')).body.length, 0)

  const archive = new PMTiles(address)
  t.match(await archive.getHeader(), { specVersion: 3, tileType: 1, minZoom: 0, maxZoom: 14 })
  t.match(await archive.getMetadata(), { vector_layers: [{ id: 'water' }] })
  t.ok((await archive.getZxy(14, 12_073, 6_889))!.data.byteLength > 20, 'a tile of Kathmandu')

  const big = Buffer.concat([bytes, Buffer.alloc(partBytesMax + 1)])
  writeFileSync(`${path}.new`, big)
  renameSync(`${path}.new`, path)
  const cut = await ask({ range: 'bytes=0-' })
  t.equal(cut.answer.headers.get('content-range'), `bytes 0-${partBytesMax - 1}/${big.length}`)
  t.not(cut.answer.headers.get('etag'), etag, 'a replaced file has another tag')
  t.same((await ask()).body, big, 'a large file comes in pieces')

  for (const other of ['/api/map/archive/..%2fx', '/api/map/..%2fpasswd', '/api/map/map.pmtiles'])
    t.equal((await fetch(origin + other)).status, 404, other)
  rmSync(path)
  t.equal((await ask()).answer.status, 404)
})
