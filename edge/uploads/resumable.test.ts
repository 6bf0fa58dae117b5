/**
 * Files in parts against a whole edge and its database, as tus 1.0 defines them: headers, offsets
 * and checksums, two senders at once, a storage that is away, and a file that is treated like one
 * that came whole.
 */
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { renameSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import t from 'tap'
import { startEdge } from '../edge.ts'
import { jpeg } from './samples.ts'
import { startResumable } from './fixture-resumable.ts'
import { resumableLimits } from './resumable-limits.ts'

const {
  fixture,
  edge,
  call,
  path,
  url,
  ann,
  bob,
  document,
  metadataOf,
  fileOf,
  send,
  begin,
  part,
  patch,
  offsetOf,
} = await startResumable(t)

t.test('a file in parts is cleaned, typed and refused like a file that came whole', async t => {
  const exif = Buffer.concat([
    jpeg.subarray(0, 2),
    Buffer.from([0xff, 0xe1, 0, 20]),
    Buffer.from('Exif\0\0home address'.slice(0, 18), 'latin1'),
    jpeg.subarray(2),
  ])
  const form = new FormData()
  form.set('file', new Blob([exif]))
  const whole = (await call('POST', '/api/uploads/proof', { token: ann.token, body: form })).body
  const where = await begin(exif.length, 'proof')
  t.match(await patch(where, 0, exif.subarray(0, 100)), { status: 204, body: null })
  const last = await patch(where, 100, exif.subarray(100), { accept: 'application/json' })
  t.equal(last.status, 200)
  t.same(
    { ...last.body.file, id: whole.id, file_id: whole.id, url: whole.url },
    whole,
    'the same record',
  )
  t.equal(last.headers.get('location'), last.body.file.url)
  t.ok((await fileOf(last.body.id)).equals(await fileOf(whole.id)))
  t.notMatch((await fileOf(last.body.id)).toString('latin1'), /home/)

  for (const [kind, bytes, code] of [
    ['proof', document(5_000), 'unsupported_media_type'],
    ['prescription', document(5_000).subarray(0, 4_000), 'file_malformed'],
  ] as const) {
    const wrong = await begin(bytes.length, kind)
    t.match(await patch(wrong, 0, bytes), { body: { code } })
    t.equal((await send('HEAD', wrong, {})).status, 404, 'a refused upload is gone')
  }
})

t.test('headers, offsets, checksums and the end of an upload follow tus 1.0', async t => {
  for (const where of [path, `${path}/0190a0a0-0000-7000-8000-000000000001`]) {
    const options = await fetch(url + where, { method: 'OPTIONS' })
    t.equal(options.status, 204)
    t.match(Object.fromEntries(options.headers), {
      'tus-resumable': '1.0.0',
      'tus-version': '1.0.0',
      'tus-max-size': String(2 * 1024 * 1024),
      'tus-extension': 'creation,creation-with-upload,termination,expiration,checksum',
      'tus-checksum-algorithm': 'sha256,sha1,md5',
    })
  }
  const good = { 'upload-length': '1000', 'upload-metadata': metadataOf('prescription') }
  const refusals: [
    name: string,
    headers: Record<string, string>,
    status: number,
    code: string,
    field?: string,
  ][] = [
    ['another version', { ...good, 'tus-resumable': '0.2.2' }, 412, 'tus_version_unsupported'],
    [
      'no length',
      { 'upload-metadata': good['upload-metadata'] },
      400,
      'invalid_request',
      'Upload-Length',
    ],
    [
      'a length that is none',
      { ...good, 'upload-length': '-1' },
      400,
      'invalid_request',
      'Upload-Length',
    ],
    ['nothing', { ...good, 'upload-length': '0' }, 400, 'invalid_request', 'Upload-Length'],
    ['too much', { ...good, 'upload-length': String(2 * 1024 * 1024 + 1) }, 413, 'body_too_large'],
    [
      'a length to come',
      { ...good, 'upload-defer-length': '1' },
      400,
      'invalid_request',
      'Upload-Defer-Length',
    ],
    [
      'a part of a file',
      { ...good, 'upload-concat': 'partial' },
      400,
      'invalid_request',
      'Upload-Concat',
    ],
    [
      'no kind',
      { ...good, 'upload-metadata': 'filename eA==' },
      400,
      'invalid_request',
      'Upload-Metadata',
    ],
    [
      'a kind by inheritance',
      { ...good, 'upload-metadata': metadataOf('constructor') },
      400,
      'invalid_request',
      'Upload-Metadata',
    ],
    [
      'metadata that is none',
      { ...good, 'upload-metadata': 'kind prüfung' },
      400,
      'invalid_request',
      'Upload-Metadata',
    ],
    [
      'a key twice',
      { ...good, 'upload-metadata': `${good['upload-metadata']},kind cHJvb2Y=` },
      400,
      'invalid_request',
      'Upload-Metadata',
    ],
    [
      'a checksum unheard of',
      { ...good, 'upload-checksum': 'crc32 AAAA' },
      400,
      'invalid_request',
      'Upload-Checksum',
    ],
  ]
  for (const [name, headers, status, code, field] of refusals) {
    const answer = await send('POST', path, headers)
    t.match(
      [answer.status, answer.body.code, answer.body.fields?.[0]?.field],
      [status, code, field],
      name,
    )
    t.equal(answer.headers.get('tus-resumable'), '1.0.0', name)
    if (status === 412) t.equal(answer.headers.get('tus-version'), '1.0.0')
  }
  t.equal(
    (await fetch(url + path, { method: 'POST', headers: { 'tus-resumable': '1.0.0', ...good } }))
      .status,
    401,
  )
  t.equal((await send('POST', path, { ...good, 'content-type': 'image/png' }, jpeg)).status, 415)

  const file = document(1_000)
  const where = await begin(1_000)
  t.equal(
    (await send('PATCH', where, { 'upload-offset': '0', 'content-type': 'application/pdf' }, file))
      .status,
    415,
  )
  t.equal((await patch(where, 0, file, { 'tus-resumable': '2.0.0' })).status, 412)
  t.match(await send('PATCH', where, part, file), {
    status: 400,
    body: { fields: [{ field: 'Upload-Offset' }] },
  })
  t.match(await patch(where, 10, file.subarray(10)), {
    status: 409,
    body: { code: 'upload_offset_conflict' },
  })
  t.match(await patch(where, 0, Buffer.concat([file, file])), {
    status: 413,
    body: { code: 'body_too_large' },
  })
  t.equal(await offsetOf(where), 0, 'no byte of a refused part stays')
  const checksum = (name: string, bytes: Uint8Array) => ({
    'upload-checksum': `${name} ${createHash(name).update(bytes).digest('base64')}`,
  })
  t.match(await patch(where, 0, file.subarray(0, 300), checksum('sha1', file)), {
    status: 460,
    body: { code: 'checksum_mismatch' },
  })
  t.equal(await offsetOf(where), 0)
  t.match(await patch(where, 0, file.subarray(0, 300), checksum('sha256', file.subarray(0, 300))), {
    status: 204,
  })
  for (const [method, token, status] of [
    ['HEAD', bob.token, 404],
    ['PATCH', bob.token, 404],
    ['DELETE', bob.token, 404],
    ['GET', bob.token, 404],
  ] as const)
    t.equal(
      (
        await send(
          method,
          where,
          method === 'PATCH' ? { ...part, 'upload-offset': '300' } : {},
          method === 'PATCH' ? file.subarray(300) : undefined,
          token,
        )
      ).status,
      status,
      `${method} of somebody else`,
    )
  const head = await send('HEAD', where, {})
  t.match(
    [
      head.status,
      head.headers.get('upload-offset'),
      head.headers.get('upload-length'),
      head.headers.get('cache-control'),
      head.headers.get('upload-metadata'),
    ],
    [200, '300', '1000', 'no-store', metadataOf('prescription')],
  )
  t.ok(Date.parse(head.headers.get('upload-expires')!) > Date.now())
  t.equal(
    (await patch(where, 300, file.subarray(300), checksum('md5', file.subarray(300)))).status,
    204,
  )
  t.equal(
    (await patch(where, 1_000, new Uint8Array(0))).status,
    204,
    'a repeat of the last part gets the same answer',
  )
  t.equal((await send('DELETE', where, {})).status, 204)
  t.equal((await send('HEAD', where, {})).status, 404)
  t.ok((await fileOf(where.split('/').at(-1)!)).equals(file), 'the finished file stays')
})

t.test(
  'of equal parts at once one is taken, another edge goes on, and a drain keeps the bytes',
  async t => {
    const file = document(700_000)
    const where = await begin(file.length)
    const both = await Promise.all([
      patch(where, 0, file.subarray(0, 300_000)),
      patch(where, 0, file.subarray(0, 300_000)),
    ])
    t.same(both.map(({ status }) => status).toSorted(), [204, 409])
    const { config } = edge.parts
    let jumpedMs = 0
    const env = {
      nowMs: () => Date.now() + jumpedMs,
      random: Math.random,
      after: (ms: number, run: () => void) => {
        const timer = setTimeout(run, ms)
        return () => clearTimeout(timer)
      },
    }
    const second = await startEdge({
      config: { ...config, port: 0 },
      log: edge.parts.log,
      database: fixture.database,
      bus: fixture.bus,
      claims: fixture.claims,
      env,
    })
    const there = `http://127.0.0.1:${second.port}${where}`
    t.equal(await offsetOf(there), 300_000)
    const last = await Promise.all([
      patch(there, 300_000, file.subarray(300_000)),
      patch(where, 300_000, file.subarray(300_000)),
    ])
    t.ok(last.some(({ status }) => status === 204))
    for (const { status } of last) t.ok([204, 409, 404].includes(status), String(status))
    t.ok((await fileOf(where.split('/').at(-1)!)).equals(file))

    // An edge that drains keeps the bytes that came and answers 503.
    const other = await begin(file.length)
    const sender = connect(second.port, '127.0.0.1')
    const write = (bytes: string | Uint8Array): Promise<void> =>
      new Promise(resolve => {
        sender.write(bytes, () => resolve())
      })
    const heads = {
      host: 'localhost',
      authorization: `Bearer ${ann.token}`,
      'tus-resumable': '1.0.0',
      'upload-offset': '0',
      'content-length': String(file.length),
      ...part,
    }
    await write(
      [
        `PATCH ${other} HTTP/1.1`,
        ...Object.entries(heads).map(([name, value]) => `${name}: ${value}`),
        '',
        '',
      ].join('\r\n'),
    )
    // This clock jumps until a byte is written: then the part is under way.
    let sent = 0
    do {
      jumpedMs += resumableLimits.partEveryMs
      await write(file.subarray(sent, ++sent))
    } while ((await offsetOf(other)) === 0)
    // A request that comes after the bytes is answered when they have arrived.
    await write(file.subarray(sent, 5_000))
    await offsetOf(`http://127.0.0.1:${second.port}${other}`)
    const answer = once(sender, 'data')
    const draining = second.drain()
    t.match(String((await answer)[0]), /^HTTP\/1.1 503 /)
    await draining
    sender.destroy()
    t.equal(await offsetOf(other), 5_000)
  },
)

t.test('without its storage the last part fails, and its repeat finishes the file', async t => {
  const file = document(10_000)
  const where = await begin(file.length)
  t.equal((await patch(where, 0, file.subarray(0, 6_000))).status, 204)
  const folder = join(edge.parts.config.uploadDir, 'prescription')
  renameSync(folder, `${folder}-away`)
  writeFileSync(folder, '')
  t.match((await patch(where, 6_000, file.subarray(6_000))).status, 500)
  t.equal(await offsetOf(where), 6_000)
  renameSync(`${folder}-away`, `${folder}-back`)
  renameSync(folder, `${folder}-file`)
  renameSync(`${folder}-back`, folder)
  t.equal((await patch(where, 6_000, file.subarray(6_000))).status, 204)
  t.ok((await fileOf(where.split('/').at(-1)!)).equals(file))
})
