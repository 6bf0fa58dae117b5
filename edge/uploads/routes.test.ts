/**
 * Uploads over HTTP: [OWASP API1] who may read which file, [ASVS V12] lying names, traversal, size,
 * and what a browser is told of a file; the object store; idempotency; orphans.
 */
import { createHash } from 'node:crypto'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { fileLimits } from './storage/file-limits.ts'
import { endedStatuses } from '../../protocol/orders/statuses.ts'
import { startS3 } from './storage/s3-server.ts'
import { deleteOrphans } from './orphans.ts'
import { jpeg, jpegOf, mp3, pdf, png, pngOf, webm } from './samples.ts'
import { newId, place, startFixture, viewOf } from '../acceptance/fixture-edge.ts'

type Fixture = Awaited<ReturnType<typeof startFixture>>
const form = (bytes: Uint8Array, filename = 'photo.png', type = 'image/png') => {
  const data = new FormData()
  data.append('file', new Blob([bytes as Uint8Array<ArrayBuffer>], { type }), filename)
  return data
}
/** Files below a folder, without those that are being written. */
const filesIn = (folder: string): string[] =>
  existsSync(folder)
    ? readdirSync(folder, { recursive: true, withFileTypes: true })
        .filter(entry => entry.isFile())
        .map(entry => join(entry.parentPath, entry.name))
    : []

async function people(edge: Fixture) {
  const vendor = await edge.vendor()
  const otherVendor = await edge.vendor()
  return {
    admin: await edge.admin(),
    customer: await edge.customer(),
    stranger: await edge.customer(),
    vendor,
    otherVendor,
    asked: await edge.vendor(),
    driver: await edge.driver(vendor.id),
    otherDriver: await edge.driver(vendor.id),
    foreignDriver: await edge.driver(otherVendor.id),
  }
}

t.test('on the disk', async t => {
  const edge = await startFixture({
    RATE_LIMIT_UPLOAD_PER_ACCOUNT: '100000',
    MAX_UPLOAD_SIZE_MB: '6',
  })
  t.teardown(() => edge.stop())
  const { call } = edge
  const who = await people(edge)
  const upload = (kind: string, token: string, bytes: Uint8Array) =>
    call('POST', `/api/uploads/${kind}`, { token, body: form(bytes) })
  const read = async (url: string, token?: string) =>
    (await call('GET', url, token === undefined ? {} : { token })).status

  await t.test('who may read what', async t => {
    const files = {
      prescription: (await upload('prescription', who.customer.token, pdf)).body,
      proof: (await upload('proof', who.driver.token, jpeg)).body,
      signature: (await upload('signature', who.driver.token, png)).body,
      yes: (await upload('audio', who.vendor.token, mp3)).body,
      no: (await upload('audio', who.asked.token, webm)).body,
    }
    const before = await Promise.all(
      Object.values(files).map(({ url }) => read(url, who.customer.token)),
    )
    t.same(
      before,
      [200, 404, 404, 404, 404],
      "until an order names it, a file is its owner's alone",
    )
    const said = (
      vendor_id: string,
      response_type: 'ACCEPTED' | 'REJECTED',
      audio_url: string,
    ) => ({
      vendor_id,
      response_type,
      text_message: 'nul \u0000',
      audio_url,
      responded_at: new Date().toISOString(),
    })
    await edge.store(
      viewOf({
        id: newId(),
        kind: 'broadcast',
        status: 'delivered',
        user_id: who.customer.id,
        vendor_id: who.vendor.id,
        driver_id: who.driver.id,
        notes: 'nul \u0000 and lone \ud800',
        // As the older API shows it, with the host before it.
        prescription_url: `http://localhost:8000${files.prescription.url}`,
        proof_photo_url: files.proof.url,
        signature_url: files.signature.url,
        responses: [
          said(who.asked.id, 'REJECTED', files.no.url),
          said(who.vendor.id, 'ACCEPTED', files.yes.url),
        ],
      }),
      [who.vendor.id, who.asked.id],
    )
    const table: [
      reader: keyof typeof who,
      prescription: number,
      proof: number,
      signature: number,
      yes: number,
      no: number,
    ][] = [
      ['admin', 200, 200, 200, 200, 200],
      ['customer', 200, 200, 200, 200, 200],
      ['stranger', 404, 404, 404, 404, 404],
      ['vendor', 200, 200, 200, 200, 404],
      ['otherVendor', 404, 404, 404, 404, 404],
      ['asked', 404, 404, 404, 404, 200],
      ['driver', 404, 200, 200, 404, 404],
      ['otherDriver', 404, 404, 404, 404, 404],
      ['foreignDriver', 404, 404, 404, 404, 404],
    ]
    for (let again = 0; again < 2; again++)
      for (const [reader, ...expected] of table)
        t.same(
          await Promise.all(Object.values(files).map(({ url }) => read(url, who[reader].token))),
          expected,
          `${reader}${again === 0 ? '' : ', with the order remembered'}`,
        )
    for (const { url } of Object.values(files)) t.equal(await read(url), 401, 'without a token')
    t.equal(
      await read(`/api/uploads/file/${newId()}`, who.customer.token),
      404,
      'a file that does not exist is the same',
    )
  })

  await t.test('an open request shows its prescription to those asked, and ceases to', async t => {
    const { body } = await upload('prescription', who.customer.token, jpeg)
    const id = newId()
    await edge.store(
      viewOf({ id, kind: 'broadcast', user_id: who.customer.id, prescription_url: body.url }),
      [who.asked.id],
    )
    t.equal(await read(body.url, who.asked.token), 200)
    t.equal(await read(body.url, who.vendor.token), 404, 'not asked')
    await edge.database.pool.query(`update orders set status = 'expired' where id = $1`, [id])
    t.equal(await read(body.url, who.asked.token), 404, 'over')
  })

  await t.test(
    'naming a file opens nothing unless its owner is a party and the field is right',
    async t => {
      const proof = (await upload('proof', who.driver.token, jpeg)).body
      await edge.store(
        viewOf({
          id: newId(),
          user_id: who.stranger.id,
          vendor_id: who.otherVendor.id,
          proof_photo_url: proof.url,
        }),
      )
      t.equal(
        await read(proof.url, who.stranger.token),
        404,
        'the driver has no part in that order',
      )
      await edge.store(
        viewOf({
          id: newId(),
          user_id: who.stranger.id,
          vendor_id: who.vendor.id,
          driver_id: who.driver.id,
          prescription_url: proof.url,
        }),
      )
      t.equal(await read(proof.url, who.stranger.token), 404, 'a proof is no prescription')
      const sound = (await upload('audio', who.vendor.token, mp3)).body
      await edge.store(
        viewOf({
          id: newId(),
          user_id: who.stranger.id,
          responses: [
            {
              vendor_id: who.asked.id,
              response_type: 'REJECTED',
              text_message: null,
              audio_url: sound.url,
              responded_at: new Date().toISOString(),
            },
          ],
        }),
      )
      t.equal(await read(sound.url, who.stranger.token), 404, "another pharmacy's sound")
    },
  )

  await t.test('names and stated types lie; bytes decide', async t => {
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
      ['a bomb', 'proof', pngOf(50_000, 50_000), 'photo.png', 'image/png', 'image_too_large'],
      [
        'another',
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
        'more than anything may have',
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
        authorization: `Bearer ${who.vendor.token}`,
        'content-type': 'audio/webm;codecs=opus',
      },
    })
    t.equal(raw.status, 201, 'as a recorder sends it')
  })

  await t.test("no name leads out of the folder, and none of the sender's is kept", async t => {
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

  await t.test('a browser is told what it is and to run nothing', async t => {
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
        'what followed the photo is gone',
      )
    }
    const { body } = await upload('prescription', who.customer.token, jpeg)
    const head = await fetch(`http://127.0.0.1:${edge.edge.port}${body.url}`, {
      method: 'HEAD',
      headers: { authorization: `Bearer ${who.customer.token}` },
    })
    t.equal(head.status, 200)
  })

  await t.test('a repeat with its key stores nothing twice', async t => {
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

  await t.test('one account cannot fill the store', async t => {
    const glutton = await edge.customer()
    await edge.database.pool.query(
      `insert into uploads (id, owner_id, kind, content_type, bytes_count, path, stored_at)
      select gen_random_uuid(), $1, 'proof', 'image/png', 1, 'none', now() from generate_series(1, $2::integer)`,
      [glutton.id, fileLimits.looseUploadsPerAccountMax],
    )
    t.equal((await upload('proof', glutton.token, png)).body.code, 'too_many_requests')
    await edge.database.pool.query('delete from uploads where owner_id = $1', [glutton.id])
  })

  await t.test('orphans go, and what an order names stays', t => orphans(t, edge, who))
})

async function orphans(
  t: Test,
  edge: Fixture,
  who: Awaited<ReturnType<typeof people>>,
): Promise<void> {
  const context = edge.edge.parts
  const send = async (kind: string, token: string, bytes: Uint8Array) =>
    (await edge.call('POST', `/api/uploads/${kind}`, { token, body: form(bytes) })).body
  const files = {
    loose: await send('proof', who.driver.token, jpeg),
    proof: await send('proof', who.driver.token, jpeg),
    yes: await send('audio', who.vendor.token, mp3),
    no: await send('audio', who.asked.token, mp3),
  }
  const said = (vendor_id: string, response_type: 'ACCEPTED' | 'REJECTED', audio_url: string) => ({
    vendor_id,
    response_type,
    text_message: null,
    audio_url,
    responded_at: new Date().toISOString(),
  })
  await edge.store(
    viewOf({
      id: newId(),
      user_id: who.customer.id,
      vendor_id: who.vendor.id,
      driver_id: who.driver.id,
      proof_photo_url: files.proof.url,
      responses: [
        said(who.vendor.id, 'ACCEPTED', files.yes.url),
        said(who.asked.id, 'REJECTED', files.no.url),
      ],
    }),
  )
  const ended: string[] = []
  for (const status of endedStatuses) {
    const proof = await send('proof', who.driver.token, jpeg)
    ended.push(proof.id)
    await edge.store(
      viewOf({
        id: newId(),
        status,
        user_id: who.customer.id,
        vendor_id: who.vendor.id,
        driver_id: who.driver.id,
        proof_photo_url: proof.url,
        ended_at: new Date().toISOString(),
      }),
    )
  }
  const {
    rows: [cut],
  } = await edge.database.pool.query<{ id: string }>(
    `insert into uploads (id, owner_id, kind, content_type, bytes_count, path, store)
    values (gen_random_uuid(), $1, 'proof', 'image/png', 1, $2, $3) returning id`,
    [who.driver.id, `proof/${newId()}.png`, context.storages.current.name],
  )
  const left = async () =>
    new Set(
      (await edge.database.pool.query<{ id: string }>('select id from uploads')).rows.map(
        row => row.id,
      ),
    )

  t.equal(await deleteOrphans(context), 0, 'not on their first day')
  const later = { ...context, nowMs: () => context.nowMs() + fileLimits.uploadOrphanMs + 1_000 }
  t.ok((await deleteOrphans(later)) >= 3)
  const rows = await left()
  t.notOk(rows.has(files.loose.id), 'a file that nobody named')
  t.notOk(rows.has(files.no.id), 'the spoken refusal of a request that another took')
  t.notOk(rows.has(cut!.id), 'an upload that was cut off')
  t.ok(rows.has(files.proof.id) && rows.has(files.yes.id), 'what an order names')
  t.same(
    ended.filter(id => !rows.has(id)),
    [],
    'the proofs of orders that are over, for those are the ones that somebody will ask for',
  )
  t.equal((await edge.call('GET', files.proof.url, { token: who.customer.token })).status, 200)
  t.equal((await edge.call('GET', files.loose.url, { token: who.driver.token })).status, 404)
  t.equal(await deleteOrphans(later), 0, 'nothing more')
  if (context.storages.current.name === 'disk')
    t.equal(filesIn(context.config.uploadDir).length, rows.size, 'no file without a row')
}

t.test('in an object store', async t => {
  const s3 = await startS3()
  const edge = await startFixture(s3.environment)
  t.teardown(async () => {
    await edge.stop()
    await s3.close()
  })
  const who = await people(edge)
  const { body } = await edge.call('POST', '/api/uploads/prescription', {
    token: who.customer.token,
    body: form(pdf),
  })
  await edge.store(
    viewOf({
      id: newId(),
      user_id: who.customer.id,
      vendor_id: who.vendor.id,
      prescription_url: body.url,
    }),
  )
  const asked = await fetch(`http://127.0.0.1:${edge.edge.port}${body.url}`, {
    headers: { authorization: `Bearer ${who.vendor.token}` },
    redirect: 'manual',
  })
  t.equal(asked.status, 302)
  t.equal(asked.headers.get('cache-control'), 'no-store')
  const link = asked.headers.get('location')!
  t.ok(link.startsWith(`${s3.url}/caduceus/prescription/`))
  const file = await fetch(link)
  t.equal(file.headers.get('content-type'), 'application/pdf')
  t.match(file.headers.get('content-disposition'), /^attachment; filename="[0-9a-f-]{36}\.pdf"$/)
  t.equal(
    createHash('sha256')
      .update(Buffer.from(await file.arrayBuffer()))
      .digest('hex'),
    createHash('sha256').update(pdf).digest('hex'),
  )
  const followed = await fetch(`http://127.0.0.1:${edge.edge.port}${body.url}`, {
    headers: { authorization: `Bearer ${who.vendor.token}` },
  })
  t.equal(followed.status, 200, 'a client that follows leaves its token at home')
  await followed.arrayBuffer()
  for (const token of [who.stranger.token, who.otherVendor.token])
    t.equal((await edge.call('GET', body.url, { token })).status, 404, 'no link for a stranger')

  edge.script.answer = command => ({
    ok: true,
    order: viewOf({
      ...(command.data as object),
      id: command.actor_id,
      kind: 'broadcast',
      pharmacies_notified: 3,
    }),
    outcome: {},
  })
  const medicine = new FormData()
  for (const [name, value] of Object.entries({
    patient_lat: String(place.latitude),
    patient_lng: String(place.longitude),
    radius_km: '10.0',
  }))
    medicine.append(name, value)
  medicine.append('image', new Blob([jpeg as Uint8Array<ArrayBuffer>]), 'prescription.jpg')
  const request = await edge.call('POST', '/medicine/request/', {
    token: who.customer.token,
    body: medicine,
  })
  t.match(request, { status: 201, body: { data: { image: /\/api\/uploads\/file\// } } })
  t.match(edge.commands.at(-1)!.data, { prescription_url: /^\/api\/uploads\/file\// })

  await t.test('a file of the disk days is still read from the disk', async t => {
    await edge.edge.parts.storages.of('disk')!.put(`proof/${body.id}.png`, png, 'image/png')
    const {
      rows: [old],
    } = await edge.database.pool.query<{ id: string }>(
      `insert into uploads (id, owner_id, kind, content_type, bytes_count, path, stored_at)
      values (gen_random_uuid(), $1, 'proof', 'image/png', $2, $3, now()) returning id`,
      [who.customer.id, png.length, `proof/${body.id}.png`],
    )
    t.equal(
      (await edge.call('GET', `/api/uploads/file/${old!.id}`, { token: who.customer.token }))
        .status,
      200,
    )
  })
  await t.test('orphans', t => orphans(t, edge, who))
  await t.test('away', async t => {
    await s3.close()
    t.equal(
      (await edge.call('POST', '/api/uploads/proof', { token: who.driver.token, body: form(jpeg) }))
        .body.code,
      'unavailable',
    )
  })
})
