/**
 * The bounds of unfinished uploads against a whole edge and its database: rows, bytes, number and
 * age.
 */
import t from 'tap'
import { features } from '../features.ts'
import { doAllJobs } from '../kernel/fixture-jobs.ts'
import { fileLimits } from './storage/file-limits.ts'
import { deleteOrphans } from './orphans.ts'
import { resumableLimits } from './resumable-limits.ts'
import { startResumable } from './fixture-resumable.ts'

const { fixture, edge, clock, path, document, metadataOf, fileOf, send, begin, patch, offsetOf } =
  await startResumable(t)

t.test('many small parts make few rows, and the file is whole', async t => {
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
  'all parts together have a bound, also for uploads that began before it was reached',
  async t => {
    const file = document(600_000)
    const where = await begin(file.length)
    t.equal((await patch(where, 0, file.subarray(0, 1_000))).status, 204)
    // The rows of other senders, whose bytes nobody reads.
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
    t.ok((await offsetOf(where)) < 590_000, 'not all bytes of the refused part were kept')
    await fixture.database.pool.query(`delete from resumable_uploads where metadata = ''`)
    const from = await offsetOf(where)
    t.equal(
      (await patch(where, from, file.subarray(from))).status,
      204,
      'the upload goes on when there is room',
    )
    t.ok((await fileOf(where.split('/').at(-1)!)).equals(file))
  },
)

t.test(
  'the number of unfinished uploads of an account is bounded, forgotten ones make room, and old ones are deleted',
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
      'the bound holds also when they come at once',
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
    await doAllJobs(features, { ...edge.parts, nowMs: () => Date.now() + clock.skewMs })
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

t.test('a file is as old as its beginning, and may be deleted a day after its end', async t => {
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
  t.ok(
    (await fileOf(id, dora.token)).equals(file),
    'it began more than a day ago and ended less than a day ago',
  )
  await sweep(11 * minuteMs)
  t.equal((await send('GET', `/api/uploads/file/${id}`, {}, undefined, dora.token)).status, 404)
})
