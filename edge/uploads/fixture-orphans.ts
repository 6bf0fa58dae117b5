/** The test of files that no order names, for every kind of storage. */
import type { Test } from 'tap'
import { fileLimits } from './storage/file-limits.ts'
import { endedStatuses } from '../../protocol/orders/statuses.ts'
import { deleteOrphans } from './orphans.ts'
import { jpeg, mp3 } from './samples.ts'
import { newId, viewOf } from '../acceptance/fixture-edge.ts'
import { type Fixture, form, filesIn, people } from './fixture-files.ts'

/**
 * Stores files, lets a day pass and deletes those that no order names; `who` are the senders and
 * readers.
 */
export async function orphans(
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
    yes: await send('audio', who.pharmacy.token, mp3),
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
      vendor_id: who.pharmacy.id,
      driver_id: who.driver.id,
      proof_photo_url: files.proof.url,
      responses: [
        said(who.pharmacy.id, 'ACCEPTED', files.yes.url),
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
        vendor_id: who.pharmacy.id,
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

  t.equal(await deleteOrphans(context), 0, 'no file is deleted on its first day')
  const later = { ...context, nowMs: () => context.nowMs() + fileLimits.uploadOrphanMs + 1_000 }
  t.ok((await deleteOrphans(later)) >= 3)
  const rows = await left()
  t.notOk(rows.has(files.loose.id), 'a file that no order names')
  t.notOk(rows.has(files.no.id), 'the spoken refusal of a request that another took')
  t.notOk(rows.has(cut!.id), 'an upload that was cut off')
  t.ok(rows.has(files.proof.id) && rows.has(files.yes.id), 'files that an order names stay')
  t.same(
    ended.filter(id => !rows.has(id)),
    [],
    'the proofs of ended orders stay, because somebody may ask for them later',
  )
  t.equal((await edge.call('GET', files.proof.url, { token: who.customer.token })).status, 200)
  t.equal((await edge.call('GET', files.loose.url, { token: who.driver.token })).status, 404)
  t.equal(await deleteOrphans(later), 0, 'a second run deletes nothing')
  if (context.storages.current.name === 'disk')
    t.equal(filesIn(context.config.uploadDir).length, rows.size, 'no file without a row')
}
