/**
 * Files in parts against a whole edge and its database: what tus 1.0 says, with the client that others
 * have written and with ours, over a network that is slow, stands still and breaks.
 */
import { createHash } from 'node:crypto'
import { renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import t from 'tap'
import * as tus from 'tus-js-client'
import { RestClient } from '../../protocol/client/index.ts'
import { FaultProxy } from '../../protocol/testing/proxy/proxy.ts'
import { startEdge } from '../edge.ts'
import { features } from '../features.ts'
import { keepHouse } from '../kernel/housekeeping.ts'
import { fileLimits } from './storage/file-limits.ts'
import { startFixture } from '../acceptance/fixture-edge.ts'
import { deleteOrphans } from './orphans.ts'
import { jpeg, pdf } from './samples.ts'
import { resumableLimits } from './resumable-limits.ts'

const fixture = await startFixture({ MAX_UPLOAD_SIZE_MB: '2' })
t.setTimeout(120_000)
t.teardown(() => fixture.stop())
const { edge, call, clock } = fixture
const proxy = await FaultProxy.start(edge.port)
t.teardown(() => proxy.close())
const path = '/api/uploads/resumable'
const url = `http://127.0.0.1:${edge.port}`
const ann = await fixture.customer()
const bob = await fixture.customer()

/** A document of so many bytes, each its own, so that a part in the wrong place shows. */
const document = (bytes: number): Buffer => {
  const text = Buffer.from(Array.from({ length: bytes }, (_, i) => 48 + ((i * 7 + (i >> 8)) % 10)))
  text.set(pdf.subarray(0, 9))
  text.set(Buffer.from('\n%%EOF\n'), bytes - 7)
  return text
}
const metadataOf = (kind: string): string =>
  `filename ${Buffer.from('Rezept März.pdf').toString('base64')},kind ${Buffer.from(kind).toString('base64')}`
const fileOf = async (id: string, token = ann.token): Promise<Buffer> =>
  Buffer.from(
    await (
      await fetch(`${url}/api/uploads/file/${id}`, {
        headers: { authorization: `Bearer ${token}` },
      })
    ).arrayBuffer(),
  )
const send = async (
  method: string,
  where: string,
  headers: Record<string, string>,
  body?: Uint8Array,
  token = ann.token,
) => {
  const response = await fetch(where.startsWith('http') ? where : url + where, {
    method,
    headers: { authorization: `Bearer ${token}`, 'tus-resumable': '1.0.0', ...headers },
    ...(body !== undefined && { body: body as Uint8Array<ArrayBuffer> }),
  })
  const text = await response.text()
  return {
    status: response.status,
    headers: response.headers,
    body: text === '' ? null : JSON.parse(text),
  }
}
const begin = async (bytes: number, kind = 'prescription', token = ann.token) => {
  const begun = await send(
    'POST',
    path,
    { 'upload-length': String(bytes), 'upload-metadata': metadataOf(kind) },
    undefined,
    token,
  )
  if (begun.status !== 201) throw new Error(JSON.stringify(begun.body))
  return begun.headers.get('location')!
}
const part = { 'content-type': 'application/offset+octet-stream' }
const patch = (
  where: string,
  offset: number,
  bytes: Uint8Array,
  headers: Record<string, string> = {},
  token = ann.token,
) => send('PATCH', where, { ...part, 'upload-offset': String(offset), ...headers }, bytes, token)
const offsetOf = async (where: string): Promise<number> =>
  Number((await send('HEAD', where, {})).headers.get('upload-offset'))
const until = async (holds: () => boolean | Promise<boolean>) => {
  while (!(await holds())) await pause(10)
}

/** As an app uses the client of others. */
function withTus(file: Buffer, options: tus.UploadOptions = {}) {
  let upload: tus.Upload | null = null
  const done = new Promise<string>((resolve, reject) => {
    upload = new tus.Upload(file, {
      endpoint: `http://127.0.0.1:${proxy.port}${path}`,
      metadata: { kind: 'prescription', filename: 'Rezept.pdf' },
      headers: { authorization: `Bearer ${ann.token}` },
      retryDelays: [10, 20, 50, 100, 200, 200, 200, 200],
      onError: reject,
      onSuccess: () => resolve(upload!.url!.split('/').at(-1)!),
      ...options,
    })
    upload.start()
  })
  return {
    done,
    get url() {
      return upload!.url
    },
  }
}

t.test(
  'tus-js-client: whole, begun with its bytes, in small parts, and where only POST gets through',
  async t => {
    const file = document(100_000)
    for (const options of [
      {},
      { uploadDataDuringCreation: true },
      { chunkSize: 30_000 },
      { overridePatchMethod: true, chunkSize: 60_000 },
      { parallelUploads: 1, chunkSize: 99_999 },
    ] as const) {
      const id = await withTus(file, options).done
      t.ok((await fileOf(id)).equals(file), JSON.stringify(options))
      t.match((await call('GET', `${path}/${id}`, { token: ann.token })).body, {
        offset: 100_000,
        length: 100_000,
        file: {
          id,
          file_id: id,
          url: `/api/uploads/file/${id}`,
          content_type: 'application/pdf',
          bytes: 100_000,
        },
      })
    }
  },
)

t.test(
  'a connection that breaks again and again costs what was on its way; nothing arrives twice',
  async t => {
    const file = document(400_000)
    proxy.set({ bytesPerSecond: 400_000 })
    const upload = withTus(file)
    const seen: number[] = []
    for (let cuts = 0; cuts < 4; cuts++) {
      const from = seen.at(-1) ?? 0
      await until(() => upload.url !== null)
      await pause(150)
      proxy.cut()
      await until(
        async () =>
          (await offsetOf(upload.url!.replace(String(proxy.port), String(edge.port)))) > from,
      )
      seen.push(await offsetOf(upload.url!.replace(String(proxy.port), String(edge.port))))
    }
    proxy.clear()
    t.ok((await fileOf(await upload.done)).equals(file))
    t.same(
      seen,
      [...seen].sort((a, b) => a - b),
      `it went on from ${seen.join(', ')}`,
    )
    t.ok(proxy.attempts > 4)
    t.equal(
      Number(
        (await fixture.database.pool.query<{ count: string }>('select count(*) from upload_parts'))
          .rows[0]!.count,
      ),
      0,
      'and no part is left behind',
    )
  },
)

/**
 * Bytes a second. The proxy gives them out in fiftieths of it, and the library answers 505 to a request
 * whose first line comes in two pieces of which the first ends within its HTTP/1.1: with 40 bytes that is so.
 */
const slow = 2_500

t.test('two kilobytes a second and a pause of eleven seconds, whole and in parts', async t => {
  const file = document(20_000)
  const far = await FaultProxy.start(edge.port)
  t.teardown(() => far.close())
  far.set({ bytesPerSecond: slow })
  const inParts = withTus(file, { endpoint: `http://127.0.0.1:${far.port}${path}` })
  const api = new RestClient({
    url: `http://127.0.0.1:${far.port}`,
    tokens: { access_token: ann.token, refresh_token: ann.refresh },
  })
  const ours = api.uploadFile('prescription', file)
  const plain = fetch(`http://127.0.0.1:${far.port}/api/uploads/prescription`, {
    method: 'POST',
    headers: { authorization: `Bearer ${ann.token}`, 'content-type': 'application/pdf' },
    body: file as Uint8Array<ArrayBuffer>,
  })
  await pause(2_000)
  far.set({ stalled: true })
  await pause(11_500)
  far.set({ bytesPerSecond: slow })
  const whole = await plain
  t.equal(whole.status, 201)
  const stored = (await whole.json()) as { id: string }
  t.ok((await fileOf(stored.id)).equals(file))
  t.ok((await fileOf(await inParts.done)).equals(file))
  t.ok((await fileOf((await ours).id)).equals(file))
})

t.test(
  'our client goes on after lost connections, at another run of the app, and begins anew where it must',
  async t => {
    const file = document(600_000)
    const api = new RestClient({
      url: `http://127.0.0.1:${proxy.port}`,
      tokens: { access_token: ann.token, refresh_token: ann.refresh },
    })
    proxy.set({ bytesPerSecond: 500_000 })
    let begun = ''
    let firstRun = 0
    const app = new AbortController()
    const stopped = api.uploadFile('prescription', file, {
      signal: app.signal,
      onBegun: id => {
        begun = id
      },
      onProgress: arrived => {
        firstRun = arrived
        if (arrived > 200_000) app.abort(new Error('the app is closed'))
        else proxy.cut()
      },
    })
    await t.rejects(stopped, /the app is closed/)
    proxy.clear()
    const progress: number[] = []
    const stored = await api.uploadFile(
      'prescription',
      new Blob([file as Uint8Array<ArrayBuffer>]),
      { continueId: begun, onProgress: arrived => progress.push(arrived) },
    )
    t.equal(stored.id, begun)
    t.ok(progress[0]! >= firstRun, `${progress[0]} after ${firstRun}`)
    t.ok((await fileOf(stored.id)).equals(file))
    t.same(
      await api.uploadFile('prescription', file, { continueId: begun }),
      stored,
      'what is finished is not sent again',
    )
    const anew = await api.uploadFile('prescription', file, {
      continueId: '0190a0a0-0000-7000-8000-000000000001',
    })
    t.not(anew.id, begun)
    await t.rejects(api.uploadFile('proof', Buffer.from('no picture')), {
      code: 'unsupported_media_type',
    })
    await t.rejects(api.uploadFile('signature', document(2 * 1024 * 1024 + 1)), {
      code: 'body_too_large',
    })
  },
)

t.test(
  'the file is treated as one that came whole: cleaned of what it tells, typed by its bytes, refused as such',
  async t => {
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
      t.equal((await send('HEAD', wrong, {})).status, 404, 'and there is nothing to go on with')
    }
  },
)

t.test('what the protocol says of headers, offsets, checksums and ends', async t => {
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
  t.equal(await offsetOf(where), 0, 'of what was refused nothing stays')
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
    'the answer was lost: asked again, it is the same',
  )
  t.equal((await send('DELETE', where, {})).status, 204)
  t.equal((await send('HEAD', where, {})).status, 404)
  t.ok((await fileOf(where.split('/').at(-1)!)).equals(file), 'the file that it has become stays')
})

t.test(
  'two that send the same part at once: one is taken; another edge goes on where the first one was',
  async t => {
    const file = document(700_000)
    const where = await begin(file.length)
    const both = await Promise.all([
      patch(where, 0, file.subarray(0, 300_000)),
      patch(where, 0, file.subarray(0, 300_000)),
    ])
    t.same(both.map(({ status }) => status).toSorted(), [204, 409])
    const { config } = edge.parts
    const env = {
      nowMs: Date.now,
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

    // An edge that goes away keeps what has come, and says so.
    const other = await begin(file.length)
    let push: ((bytes: Uint8Array) => void) | null = null
    const open = fetch(`http://127.0.0.1:${second.port}${other}`, {
      method: 'PATCH',
      headers: {
        authorization: `Bearer ${ann.token}`,
        'tus-resumable': '1.0.0',
        'upload-offset': '0',
        ...part,
      },
      duplex: 'half',
      body: new ReadableStream({
        start(controller) {
          push = bytes => controller.enqueue(bytes)
        },
      }),
    } as RequestInit)
    push!(file.subarray(0, 5_000))
    await pause(500)
    const draining = second.drain()
    t.equal((await open).status, 503)
    await draining
    t.equal(await offsetOf(other), 5_000)
  },
)

t.test('a store that is away loses nothing: the last part is repeated', async t => {
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

t.test('single bytes make no row each, and the file is whole', async t => {
  const file = document(20_000)
  const where = await begin(file.length)
  const sizes = [
    ...Array.from({ length: 30 }, () => 1),
    9_000,
    ...Array.from({ length: 30 }, () => 3),
    8_000,
  ]
  let at = 0
  for (const size of sizes) {
    t.equal((await patch(where, at, file.subarray(at, at + size))).status, 204)
    at += size
  }
  const { rows } = await fixture.database.pool.query<{ count: string }>(
    'select count(*) from upload_parts where upload_id = $1',
    [where.split('/').at(-1)],
  )
  t.ok(
    Number(rows[0]!.count) <= 1 + at / resumableLimits.smallPartBytes,
    `${rows[0]!.count} rows of ${sizes.length} parts`,
  )
  t.equal((await patch(where, at, file.subarray(at))).status, 204)
  t.ok((await fileOf(where.split('/').at(-1)!)).equals(file))
})

t.test(
  'parts have a bound together also when all uploads were begun before it was reached',
  async t => {
    const file = document(600_000)
    const where = await begin(file.length)
    t.equal((await patch(where, 0, file.subarray(0, 1_000))).status, 204)
    // As much as others have sent: files whose bytes nobody looks at.
    await fixture.database.pool.query(
      `
    insert into resumable_uploads (id, owner_id, kind, metadata, bytes_count, received, created_at, updated_at)
    select gen_random_uuid(), gen_random_uuid(), 'proof', '', $1 - sum(received), $1 - sum(received), now(), now() from resumable_uploads where finished_at is null`,
      [resumableLimits.partsBytesMax - 301_000],
    )
    t.equal(
      (await patch(where, 1_000, file.subarray(1_000, 300_000))).status,
      204,
      'there is room for this part',
    )
    const refused = await patch(where, 300_000, file.subarray(300_000, 590_000))
    t.match(
      [refused.status, refused.body.code, refused.headers.get('retry-after')],
      [503, 'overloaded', '60'],
    )
    t.ok((await offsetOf(where)) < 590_000, 'not all of it was kept')
    await fixture.database.pool.query(`delete from resumable_uploads where metadata = ''`)
    const from = await offsetOf(where)
    t.equal(
      (await patch(where, from, file.subarray(from))).status,
      204,
      'and it goes on when there is room',
    )
    t.ok((await fileOf(where.split('/').at(-1)!)).equals(file))
  },
)

t.test(
  'an account has a bound of unfinished uploads; forgotten ones make room, and in the end all go',
  async t => {
    const carl = await fixture.customer()
    const mine = await Promise.all(
      Array.from({ length: resumableLimits.unfinishedPerAccountMax + 3 }, () =>
        send(
          'POST',
          path,
          { 'upload-length': '1000', 'upload-metadata': metadataOf('proof') },
          undefined,
          carl.token,
        ),
      ),
    )
    t.equal(
      mine.filter(({ status }) => status === 201).length,
      resumableLimits.unfinishedPerAccountMax,
      'also when they come at once',
    )
    t.equal(
      mine.filter(({ status, headers }) => status === 429 && headers.get('retry-after') === '60')
        .length,
      3,
    )
    clock.skewMs += resumableLimits.forgottenAfterMs + 1_000
    await begin(1_000, 'proof', carl.token)
    const { rows } = await fixture.database.pool.query<{ count: string }>(
      'select count(*) from resumable_uploads where owner_id = $1',
      [carl.id],
    )
    t.equal(Number(rows[0]!.count), resumableLimits.unfinishedPerAccountMax)
    clock.skewMs += resumableLimits.lifeMs
    await keepHouse(features, { ...edge.parts, nowMs: () => Date.now() + clock.skewMs })
    t.equal(
      Number(
        (
          await fixture.database.pool.query<{ count: string }>(
            'select count(*) from resumable_uploads',
          )
        ).rows[0]!.count,
      ),
      0,
    )
    clock.skewMs = 0
  },
)

t.test('a file is as old as its beginning, and it is an orphan a day after its end', async t => {
  const file = document(2_000)
  const dora = await fixture.customer()
  const createdMs = async (id: string): Promise<number> =>
    (
      await fixture.database.pool.query<{ at: Date }>(
        'select created_at as at from uploads where id = $1',
        [id],
      )
    ).rows[0]!.at.getTime()
  const minuteMs = 60_000

  const where = await begin(file.length, 'prescription', dora.token)
  const begunMs = Date.now()
  t.equal((await patch(where, 0, file.subarray(0, 1_000), {}, dora.token)).status, 204)
  clock.skewMs += 10 * minuteMs
  t.equal((await patch(where, 1_000, file.subarray(1_000), {}, dora.token)).status, 204)
  const id = where.split('/').at(-1)!
  t.ok((await createdMs(id)) <= begunMs)
  clock.skewMs = 0
  const sweep = (afterMs: number) =>
    deleteOrphans({ ...edge.parts, nowMs: () => begunMs + fileLimits.uploadOrphanMs + afterMs })
  await sweep(9 * minuteMs)
  t.ok((await fileOf(id, dora.token)).equals(file), 'begun more than a day ago, whole for less')
  await sweep(11 * minuteMs)
  t.equal((await send('GET', `/api/uploads/file/${id}`, {}, undefined, dora.token)).status, 404)
})
