/**
 * Files in an object store. They are read by a link of the store, older files are still read from
 * the disk, and an upload fails visibly while the store is away.
 */
import { createHash } from 'node:crypto'
import t from 'tap'
import { startS3 } from './storage/s3-server.ts'
import { jpeg, pdf, png } from './samples.ts'
import { newId, place, startFixture, viewOf } from '../acceptance/fixture-edge.ts'
import { orphans } from './fixture-orphans.ts'
import { form, people } from './fixture-files.ts'

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
  const asked = await fetch(`http://127.0.0.1:${edge.edge.port}${body.url}`, {
    headers: { authorization: `Bearer ${who.pharmacy.token}` },
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
    headers: { authorization: `Bearer ${who.pharmacy.token}` },
  })
  t.equal(followed.status, 200, 'a client that follows the link does not send its token there')
  await followed.arrayBuffer()
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
