/**
 * Files in an object store. Encrypted files are read through the edge, older plain ones by a link
 * of the store, files of the time before the store are still read from the disk, and an upload fails
 * visibly while the store is away.
 */
import { createHash } from 'node:crypto'
import t from 'tap'
import { startS3 } from './storage/s3-server.ts'
import { jpeg, pdf, png } from './samples.ts'
import { newId, place, startFixture, viewOf } from '../acceptance/fixture-edge.ts'
import { orphans } from './fixture-orphans.ts'
import { bytesOf, form, people } from './fixture-files.ts'
import { encryptStored } from './convert.ts'
import { fileLimits } from './storage/file-limits.ts'

t.test('files in an object store', async t => {
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
      vendor_id: who.pharmacy.id,
      prescription_url: body.url,
    }),
  )
  const read = (url: unknown, headers: Record<string, string> = {}) =>
    fetch(`http://127.0.0.1:${edge.edge.port}${String(url)}`, {
      headers: { authorization: `Bearer ${who.pharmacy.token}`, ...headers },
      redirect: 'manual',
    })
  const digestOf = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')
  const sealed = await read(body.url)
  t.equal(sealed.status, 200, 'there is no link to an encrypted file')
  t.equal(sealed.headers.get('content-type'), 'application/pdf')
  t.equal(digestOf(new Uint8Array(await sealed.arrayBuffer())), digestOf(pdf))
  const part = await read(body.url, { range: 'bytes=5-9' })
  t.match(part, { status: 206 })
  t.equal(part.headers.get('content-range'), `bytes 5-9/${pdf.length}`)
  t.equal(await part.text(), Buffer.from(pdf.subarray(5, 10)).toString('latin1'))
  const { rows } = await edge.database.pool.query<{ path: string; store: string }>(
    'select path, store from uploads where id = $1',
    [body.id],
  )
  t.equal(rows[0]!.store, 's3/c1')
  const { storages } = edge.edge.parts
  const stored = await bytesOf(storages.of('s3')!.read(rows[0]!.path, null))
  t.notOk(stored.includes(Buffer.from(pdf.subarray(0, 8))), 'the store has noise')

  await t.test('a file from before the key is read by a link of the store', async t => {
    const path = `prescription/${newId()}.pdf`
    await storages.of('s3')!.put(path, pdf, 'application/pdf')
    await edge.database.pool.query(`update uploads set store = 's3', path = $2 where id = $1`, [
      body.id,
      path,
    ])
    const asked = await read(body.url)
    t.equal(asked.status, 302)
    t.equal(asked.headers.get('cache-control'), 'no-store')
    const link = asked.headers.get('location')!
    t.ok(link.startsWith(`${s3.url}/caduceus/prescription/`))
    const file = await fetch(link)
    t.equal(file.headers.get('content-type'), 'application/pdf')
    t.match(file.headers.get('content-disposition'), /^attachment; filename="[0-9a-f-]{36}\.pdf"$/)
    t.equal(digestOf(new Uint8Array(await file.arrayBuffer())), digestOf(pdf))
    const run = { signal: new AbortController().signal }
    t.match(await encryptStored(edge.edge.parts, run), { encrypted: 1, failed: 0 })
    t.equal((await fetch(link)).status, 200, 'an open link goes on for its time')
    const converted = await read(body.url)
    t.equal(converted.status, 200)
    t.equal(digestOf(new Uint8Array(await converted.arrayBuffer())), digestOf(pdf))
    // The clock cannot move a week, because the store refuses requests of another day.
    await edge.database.pool.query(
      `update stale_files set due_at = due_at - $1 * interval '1 millisecond'`,
      [fileLimits.plainCopyMs],
    )
    t.match(await encryptStored(edge.edge.parts, run), { encrypted: 0, failed: 0 })
    t.equal((await fetch(link)).status, 404, 'and the plain copy is gone')
  })
  for (const token of [who.stranger.token, who.otherPharmacy.token])
    t.equal((await edge.call('GET', body.url, { token })).status, 404, 'a stranger gets no link')

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

  await t.test('a file from before the object store is still read from the disk', async t => {
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
  await t.test('files that no order names are deleted', t => orphans(t, edge, who))
  await t.test('while the store is away an upload is refused', async t => {
    await s3.close()
    t.equal(
      (
        await edge.call('POST', '/api/uploads/proof', {
          token: who.driver.token,
          body: form(jpeg),
        })
      ).body.code,
      'unavailable',
    )
  })
})
