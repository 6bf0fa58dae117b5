/**
 * The readers of each file [OWASP API1]: its owner, and the parties of an order that names it in
 * the right field.
 */
import t from 'tap'
import { jpeg, mp3, pdf, png, webm } from './samples.ts'
import { newId, viewOf } from '../acceptance/fixture-edge.ts'
import { startDisk } from './fixture-disk.ts'

const { edge, who, upload, read } = await startDisk(t)

t.test('a file is read by its owner and by the parties of the order that names it', async t => {
  const files = {
    prescription: (await upload('prescription', who.customer.token, pdf)).body,
    proof: (await upload('proof', who.driver.token, jpeg)).body,
    signature: (await upload('signature', who.driver.token, png)).body,
    yes: (await upload('audio', who.pharmacy.token, mp3)).body,
    no: (await upload('audio', who.asked.token, webm)).body,
  }
  const before = await Promise.all(
    Object.values(files).map(({ url }) => read(url, who.customer.token)),
  )
  t.same(before, [200, 404, 404, 404, 404], "until an order names it, a file is its owner's alone")
  const said = (vendor_id: string, response_type: 'ACCEPTED' | 'REJECTED', audio_url: string) => ({
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
      vendor_id: who.pharmacy.id,
      driver_id: who.driver.id,
      notes: 'nul \u0000 and lone \ud800',
      // The older API shows the address with its host.
      prescription_url: `http://localhost:8000${files.prescription.url}`,
      proof_photo_url: files.proof.url,
      signature_url: files.signature.url,
      responses: [
        said(who.asked.id, 'REJECTED', files.no.url),
        said(who.pharmacy.id, 'ACCEPTED', files.yes.url),
      ],
    }),
    [who.pharmacy.id, who.asked.id],
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
    ['pharmacy', 200, 200, 200, 200, 404],
    ['otherPharmacy', 404, 404, 404, 404, 404],
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
    'a file that does not exist gets the same answer',
  )
})

t.test('asked pharmacies read the prescription while the request is open', async t => {
  const { body } = await upload('prescription', who.customer.token, jpeg)
  const id = newId()
  await edge.store(
    viewOf({ id, kind: 'broadcast', user_id: who.customer.id, prescription_url: body.url }),
    [who.asked.id],
  )
  t.equal(await read(body.url, who.asked.token), 200)
  t.equal(await read(body.url, who.pharmacy.token), 404, 'a pharmacy that was not asked')
  await edge.database.pool.query(`update orders set status = 'expired' where id = $1`, [id])
  t.equal(await read(body.url, who.asked.token), 404, 'the request is over')
})

t.test(
  'naming a file opens nothing unless its owner is a party and the field is right',
  async t => {
    const proof = (await upload('proof', who.driver.token, jpeg)).body
    await edge.store(
      viewOf({
        id: newId(),
        user_id: who.stranger.id,
        vendor_id: who.otherPharmacy.id,
        proof_photo_url: proof.url,
      }),
    )
    t.equal(await read(proof.url, who.stranger.token), 404, 'the driver has no part in that order')
    await edge.store(
      viewOf({
        id: newId(),
        user_id: who.stranger.id,
        vendor_id: who.pharmacy.id,
        driver_id: who.driver.id,
        prescription_url: proof.url,
      }),
    )
    t.equal(await read(proof.url, who.stranger.token), 404, 'a proof is no prescription')
    const sound = (await upload('audio', who.pharmacy.token, mp3)).body
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
