/**
 * Links that open one file for one reader: how long they work, and the changes that make them
 * invalid.
 */
import { randomUUID } from 'node:crypto'
import t from 'tap'
import { preparedDatabase } from '../../migrations/database/prepared.ts'
import { uploadUrl } from '../../protocol/uploads/url.ts'
import { uploadLimits } from './limits.ts'
import { readerOf, signedUrl, type LinkContext, type LinkQuery } from './links.ts'

const files = [randomUUID(), randomUUID()] as const

t.test('a link opens its file for its reader until it expires or is changed', async t => {
  const database = await preparedDatabase()
  t.teardown(() => database.close())
  const reader = randomUUID()
  await database.kysely
    .insertInto('users')
    .values({
      id: reader,
      email: `${reader}@example.com`,
      full_name: 'Ann',
      phone: '',
      role: 'user',
      password_hash: 'none',
    })
    .execute()
  let nowMs = 1_800_000_000_000
  let endedAtMs = 0
  const config = {
    jwtSecret: 'a secret of more than thirty-two characters',
  } as LinkContext['config']
  let access: 'full' | 'none' = 'full'
  const ctx: LinkContext = {
    standings: {
      of: async () => ({ access, why: 'the pharmacy was suspended' }),
    } as unknown as LinkContext['standings'],
    config,
    database,
    nowMs: () => nowMs,
    endedAccess: {
      hasEnded: ({ userId, issuedAtMs = 0 }: { userId: string; issuedAtMs?: number }) =>
        userId === reader && issuedAtMs <= endedAtMs,
    } as LinkContext['endedAccess'],
  }
  const queryOf = (url: string): Required<LinkQuery> => {
    const { searchParams } = new URL(url, 'http://edge')
    return {
      reader: searchParams.get('reader')!,
      expires: Number(searchParams.get('expires')),
      signature: searchParams.get('signature')!,
    }
  }
  const url = signedUrl(ctx, reader, uploadUrl(files[0]))
  t.ok(
    url.startsWith(
      `${uploadUrl(files[0])}?reader=${reader}&expires=${nowMs / 1_000 + uploadLimits.linkSeconds}&signature=`,
    ),
  )
  t.equal(signedUrl(ctx, reader, url), url, 'a signed link is signed again to the same link')
  for (const text of ['https://elsewhere.org/a.png', '', '/api/uploads/file/x'])
    t.equal(signedUrl(ctx, reader, text), text, 'an address of no upload is not signed')
  const good = queryOf(url)
  t.match(await readerOf(ctx, files[0], good), {
    userId: reader,
    role: 'user',
    name: 'Ann',
    pharmacyId: null,
    driverId: null,
    issuedAtMs: nowMs,
    expiresAtMs: good.expires * 1_000,
  })
  const refused = (query: LinkQuery, file: string = files[0]) =>
    t.rejects(readerOf(ctx, file, query), { code: 'token_invalid' })
  await refused(good, files[1])
  for (const change of [
    { reader: randomUUID() },
    { reader: 'x' },
    { expires: good.expires + 1 },
    { signature: good.signature.slice(1) },
    { signature: '' },
    { signature: `${good.signature}A` },
    { signature: 'A'.repeat(good.signature.length) },
  ])
    await refused({ ...good, ...change })
  for (const { [0]: name } of Object.entries(good))
    await refused(Object.fromEntries(Object.entries(good).filter(([other]) => other !== name)))
  await t.rejects(
    readerOf(
      { ...ctx, config: { ...config, jwtSecret: 'another secret of thirty-two characters' } },
      files[0],
      good,
    ),
    { code: 'token_invalid' },
  )
  const stranger = randomUUID()
  await refused(queryOf(signedUrl(ctx, stranger, uploadUrl(files[0]))))
  access = 'none'
  await t.rejects(readerOf(ctx, files[0], good), {
    code: 'driver_not_member',
    message: 'the pharmacy was suspended',
  })
  access = 'full'
  endedAtMs = nowMs
  await refused(good)
  endedAtMs = nowMs - 1
  nowMs += uploadLimits.linkSeconds * 1_000 - 1
  t.match(await readerOf(ctx, files[0], good), { userId: reader })
  nowMs++
  await refused(good)
  nowMs--
  await database.kysely
    .updateTable('users')
    .set({ is_active: false })
    .where('id', '=', reader)
    .execute()
  await refused(good)
})
