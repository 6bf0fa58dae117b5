/**
 * The kept bytes of a file, and the headers with which a browser gets them [ASVS V12]: false names
 * and types, traversal, size, repeats, and files that no order names.
 */
import t from 'tap'
import { fileLimits } from './storage/file-limits.ts'
import { jpeg, jpegOf, mp3, pdf, png, pngOf, webm } from './samples.ts'
import { orphans } from './fixture-orphans.ts'
import { form, filesIn } from './fixture-files.ts'
import { startDisk } from './fixture-disk.ts'

const { edge, call, who, upload } = await startDisk(t)

t.test('the bytes of a file decide, not its name and not its stated type', async t => {
  for (const [name, kind, bytes, filename, type, expected] of [
    [
      'a script called photo',
      'proof',
      Buffer.from('<script>alert(1)</script>'),
      'photo.jpg',
      'image/jpeg',
      'unsupported_media_type',
    ],
    [
      'SVG',
      'proof',
      Buffer.from('<svg onload=alert(1)>'),
      'photo.png',
      'image/png',
      'unsupported_media_type',
    ],
    ['a PDF as a proof', 'proof', pdf, 'photo.jpg', 'image/jpeg', 'unsupported_media_type'],
    [
      'a sound as a signature',
      'signature',
      mp3,
      'signature.png',
      'image/png',
      'unsupported_media_type',
    ],
    ['a photo as a sound', 'audio', jpeg, 'voice.mp3', 'audio/mpeg', 'unsupported_media_type'],
    ['half a photo', 'proof', jpeg.subarray(0, 100), 'photo.jpg', 'image/jpeg', 'file_malformed'],
    [
      'a PNG that unpacks to too many pixels',
      'proof',
      pngOf(50_000, 50_000),
      'photo.png',
      'image/png',
      'image_too_large',
    ],
    [
      'a JPEG that unpacks to too many pixels',
      'prescription',
      jpegOf(65_535, 65_535),
      'photo.jpg',
      'image/jpeg',
      'image_too_large',
    ],
    [
      'a long sound',
      'audio',
      Buffer.concat([mp3, new Uint8Array(fileLimits.audioBytesMax)]),
      'a.mp3',
      'audio/mpeg',
      'body_too_large',
    ],
    [
      'a large signature',
      'signature',
      Buffer.concat([png, new Uint8Array(fileLimits.signatureBytesMax)]),
      'a.png',
      'image/png',
      'body_too_large',
    ],
    [
      'a file larger than any may be',
      'proof',
      new Uint8Array(7 * 1024 * 1024),
      'a.png',
      'image/png',
      'body_too_large',
    ],
  ] as const) {
    const answer = await call('POST', `/api/uploads/${kind}`, {
      token: who.driver.token,
      body: form(bytes, filename, type),
    })
    t.equal(answer.body.code, expected, name)
  }
  const honest = await call('POST', '/api/uploads/proof', {
    token: who.driver.token,
    body: form(jpeg, 'invoice.pdf.exe', 'text/html'),
  })
  t.match(honest, { status: 201, body: { content_type: 'image/jpeg', bytes: jpeg.length } })
  const raw = await fetch(`http://127.0.0.1:${edge.edge.port}/api/uploads/audio`, {
    method: 'POST',
    body: webm as Uint8Array<ArrayBuffer>,
    headers: {
      authorization: `Bearer ${who.pharmacy.token}`,
      'content-type': 'audio/webm;codecs=opus',
    },
  })
  t.equal(raw.status, 201, 'a sound as a recorder sends it')
})

t.test("no name leads out of the folder, and the sender's name is not kept", async t => {
  const { uploadDir } = edge.edge.parts.config
  const before = filesIn(uploadDir).length
  for (const name of [
    '../../../../tmp/evil.png',
    '/etc/cron.d/evil',
    '..\\..\\evil.png',
    'a\0.png',
    '.htaccess',
    'CON',
    `${'x'.repeat(5_000)}.png`,
  ])
    t.equal(
      (
        await call('POST', '/api/uploads/proof', {
          token: who.driver.token,
          body: form(png, name),
        })
      ).status,
      201,
      JSON.stringify(name.slice(0, 20)),
    )
  const files = filesIn(uploadDir)
  t.equal(files.length, before + 7)
  for (const file of files)
    t.match(
      file.slice(uploadDir.length),
      /^\/(proof|signature|prescription|audio)\/[0-9a-f-]{36}\.[a-z0-9]{3,4}$/,
    )
  for (const path of [
    '/api/uploads/file/..%2f..%2fjwt-secret',
    '/api/uploads/file/%2e%2e',
    '/api/uploads/file/../../../etc/passwd',
    '/api/uploads/proof/x',
    '/uploads/proof/photo.jpg',
  ])
    t.ok([404, 405].includes((await call('GET', path, { token: who.admin.token })).status), path)
})

t.test('a file is served with its type and with headers that let nothing run', async t => {
  for (const [kind, bytes, type, way] of [
    ['prescription', pdf, 'application/pdf', 'attachment'],
    ['prescription', Buffer.concat([jpeg, Buffer.from('<script>')]), 'image/jpeg', 'inline'],
  ] as const) {
    const { body } = await upload(kind, who.customer.token, bytes)
    const response = await fetch(`http://127.0.0.1:${edge.edge.port}${body.url}`, {
      headers: { authorization: `Bearer ${who.customer.token}` },
    })
    const served = Buffer.from(await response.arrayBuffer())
    t.equal(response.headers.get('content-type'), type)
    t.equal(
      response.headers.get('content-disposition'),
      `${way}; filename="${body.id}.${type === 'image/jpeg' ? 'jpg' : 'pdf'}"`,
    )
    t.equal(response.headers.get('x-content-type-options'), 'nosniff')
    t.match(response.headers.get('content-security-policy'), /default-src 'none'; sandbox/)
    t.match(response.headers.get('cache-control'), /^private/)
    t.ok(
      served.equals(Buffer.from(type === 'image/jpeg' ? jpeg : pdf)),
      'bytes behind the photo are removed',
    )
  }
  const { body } = await upload('prescription', who.customer.token, jpeg)
  const head = await fetch(`http://127.0.0.1:${edge.edge.port}${body.url}`, {
    method: 'HEAD',
    headers: { authorization: `Bearer ${who.customer.token}` },
  })
  t.equal(head.status, 200)
})

t.test('a repeat under its key stores no second file [3]', async t => {
  const { uploadDir } = edge.edge.parts.config
  const before = filesIn(uploadDir).length
  const send = (bytes: Uint8Array) =>
    call('POST', '/api/uploads/proof', {
      token: who.driver.token,
      body: form(bytes),
      headers: { 'idempotency-key': 'photo-1' },
    })
  const answers = await Promise.all([send(jpeg), send(jpeg), send(jpeg)])
  t.same(new Set(answers.map(answer => answer.body.id)).size, 1)
  t.same((await send(jpeg)).body, answers[0]!.body)
  t.equal((await send(png)).body.code, 'idempotency_key_reused')
  t.equal(filesIn(uploadDir).length, before + 1)
})

t.test('the number of files of an account that no order names is bounded', async t => {
  const sender = await edge.customer()
  await edge.database.pool.query(
    `insert into uploads (id, owner_id, kind, content_type, bytes_count, path, stored_at)
    select gen_random_uuid(), $1, 'proof', 'image/png', 1, 'none', now() from generate_series(1, $2::integer)`,
    [sender.id, fileLimits.looseUploadsPerAccountMax],
  )
  t.equal((await upload('proof', sender.token, png)).body.code, 'too_many_requests')
  await edge.database.pool.query('delete from uploads where owner_id = $1', [sender.id])
})

t.test('files that no order names are deleted, and the others stay', t => orphans(t, edge, who))
