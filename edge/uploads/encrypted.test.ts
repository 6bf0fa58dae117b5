/**
 * Files at rest: noise for whoever has the folder or the parts in the database, whole and in ranges
 * for those who may read them, and lost for ever with the key of an erased person.
 */
import { cpSync, readFileSync } from 'node:fs'
import t from 'tap'
import { eraseDue } from '../privacy/erase.ts'
import { newId, viewOf } from '../acceptance/fixture-edge.ts'
import { encryptStored } from './convert.ts'
import { bytesOf, filesIn, type Fixture } from './fixture-files.ts'
import { startDisk } from './fixture-disk.ts'
import { mp3, pdf, png } from './samples.ts'
import { readFile } from './stored-files.ts'
import { fileLimits } from './storage/file-limits.ts'
import { unsealFile } from './storage/sealed-file.ts'

const run = { signal: new AbortController().signal }
const dayMs = 24 * 3_600_000
const rowOf = (edge: Fixture, id: string) =>
  edge.edge.parts.database.kysely
    .selectFrom('uploads')
    .selectAll()
    .where('id', '=', id)
    .executeTakeFirstOrThrow()

t.test('who has the folder has noise, and who may read has the file', async t => {
  const { edge, upload, who } = await startDisk(t)
  const { parts } = edge.edge
  const folder = parts.config.uploadDir
  const samples = {
    prescription: pdf,
    proof: png,
    signature: png,
    picture: png,
    document: pdf,
    audio: mp3,
  }
  for (const [kind, sample] of Object.entries(samples)) {
    const { token } = kind === 'audio' ? who.pharmacy : who.customer
    const { body } = await upload(kind, token, sample)
    const get = (headers: Record<string, string> = {}) =>
      fetch(`http://127.0.0.1:${edge.edge.port}${body.url}`, {
        headers: { authorization: `Bearer ${token}`, ...headers },
      })
    const whole = await get()
    t.equal(whole.headers.get('accept-ranges'), 'bytes')
    const bytes = Buffer.from(await whole.arrayBuffer())
    t.equal(bytes.length, body.bytes, kind)
    t.ok(Buffer.from(sample).subarray(0, bytes.length).equals(bytes) || kind !== 'prescription')
    for (const [range, from, to] of [
      ['bytes=0-0', 0, 1],
      ['bytes=3-20', 3, 21],
      ['bytes=-5', bytes.length - 5, bytes.length],
      ['bytes=7-', 7, bytes.length],
      ['bytes=7-99999999', 7, bytes.length],
    ] as const) {
      const part = await get({ range })
      t.equal(part.status, 206, range)
      t.equal(part.headers.get('content-range'), `bytes ${from}-${to - 1}/${bytes.length}`)
      t.ok(Buffer.from(await part.arrayBuffer()).equals(bytes.subarray(from, to)))
    }
    for (const headers of [
      { range: 'bytes=99999999-' },
      { range: 'bytes=9-3' },
      { range: 'bytes=0-1,4-5' },
      { range: 'lines=1-2' },
      { range: 'bytes=0-1', 'if-range': '"x"' },
    ]) {
      const answer = await get(headers)
      t.equal(answer.status, 200, 'the whole file where no range can be given')
      await answer.arrayBuffer()
    }
  }
  const files = filesIn(folder)
  t.equal(files.length, Object.keys(samples).length)
  for (const file of files) {
    const stored = readFileSync(file)
    t.equal(stored.subarray(0, 4).toString(), 'CDF1')
    for (const sample of [pdf, png, mp3])
      t.notOk(stored.includes(Buffer.from(sample.subarray(0, 16))), 'nothing of the file in it')
  }
})

t.test('files from before the key are encrypted, also when a run ends half way', async t => {
  const { edge, upload, who, read } = await startDisk(t)
  const { parts } = edge.edge
  const { token } = who.customer
  const urls: string[] = []
  for (let at = 0; at < 4; at++) {
    const { body } = await upload('picture', token, png)
    urls.push(body.url)
    const path = `picture/${newId()}.png`
    const bytes = await bytesOf(await readFile(parts, await rowOf(edge, body.id)))
    // The last one was damaged on the disk long ago.
    await parts.storages.of('disk')!.put(path, at === 3 ? bytes.subarray(1) : bytes, 'image/png')
    await edge.database.pool.query(`update uploads set store = 'disk', path = $2 where id = $1`, [
      body.id,
      path,
    ])
    await edge.database.pool.query('delete from file_keys where upload_id = $1', [body.id])
  }
  const storeCount = async (store: string): Promise<number> =>
    (await edge.database.pool.query('select from uploads where store = $1', [store])).rowCount!
  const stop = new AbortController()
  const { storages } = parts
  const real = storages.of
  let puts = 0
  const dies = {
    ...parts,
    storages: {
      ...storages,
      of: (name: string) => ({
        ...real(name)!,
        put: async (...of: Parameters<NonNullable<ReturnType<typeof real>>['put']>) => {
          if (++puts > 1) throw new Error('the process dies here')
          await real(name)!.put(...of)
        },
      }),
    },
  }
  await t.rejects(encryptStored(dies, { signal: stop.signal }), { message: /dies here/ })
  t.equal(await storeCount('disk/c1'), 1)
  t.same(await encryptStored(parts, run), { encrypted: 2, failed: 1 })
  t.equal(await storeCount('disk'), 1, 'a damaged file stays as it is')
  for (const url of urls.slice(0, 3)) t.equal(await read(url, token), 200)
  edge.clock.skewMs += fileLimits.plainCopyMs + 60_000
  await encryptStored(parts, run)
  edge.clock.skewMs = 0
  const { rows } = await edge.database.pool.query<{ path: string }>('select path from uploads')
  const plain = filesIn(parts.config.uploadDir).filter(
    file => readFileSync(file).subarray(0, 4).toString() !== 'CDF1',
  )
  t.equal(plain.length, 1, 'the plain copies are gone, without that of the damaged file')
  for (const { path } of rows)
    t.ok(filesIn(parts.config.uploadDir).some(file => file.endsWith(path)))
  t.equal((await edge.database.pool.query('select from stale_files')).rowCount, 0)
})

t.test('a copy of the folder from before an erasure is noise', async t => {
  const { edge, upload, who } = await startDisk(t)
  const { parts } = edge.edge
  const { pool } = edge.database
  const { id, token } = who.customer
  const [picture, kept] = [
    (await upload('picture', token, png)).body,
    (await upload('prescription', token, pdf)).body,
  ]
  const others = (await upload('picture', who.stranger.token, png)).body
  const order = viewOf({
    id: newId(),
    user_id: id,
    vendor_id: who.pharmacy.id,
    status: 'delivered',
    prescription_url: kept.url,
    ended_at: new Date(Date.now() - dayMs).toISOString(),
  })
  await edge.store(order)
  const old = t.testdir()
  cpSync(parts.config.uploadDir, old, { recursive: true })
  const before = await rowOf(edge, picture.id)
  const copy = readFileSync(`${old}/${before.path}`)
  const openedWith = async (key: Uint8Array): Promise<boolean> => {
    const read = async function* (): AsyncGenerator<Buffer> {
      yield copy
    }
    return bytesOf(
      unsealFile({ key, uploadId: picture.id, plainBytes: before.bytes_count, read }, null),
    ).then(
      () => true,
      () => false,
    )
  }
  t.ok(await openedWith((await parts.vault.fileKey(picture.id))!), 'the key opens the copy')

  await edge.call('DELETE', '/api/auth/me', { token })
  edge.clock.skewMs = 31 * dayMs
  t.match(await eraseDue(parts, run), { passes: 1, failed: 0 })
  t.equal(await parts.vault.fileKey(picture.id), null)
  t.equal((await pool.query('select from person_keys where account_id = $1', [id])).rowCount, 0)
  t.equal(await parts.vault.personKey(id), null, 'and none is made again')
  const keys = await pool.query<{ upload_id: string }>('select upload_id from file_keys')
  t.ok(keys.rows.length >= 2)
  for (const { upload_id } of keys.rows)
    t.equal(await openedWith((await parts.vault.fileKey(upload_id))!), false, 'no key opens it')

  const prescription = await bytesOf(await readFile(parts, await rowOf(edge, kept.id)))
  t.ok(prescription.equals(Buffer.from(pdf)), 'what a law keeps is read by the pharmacy still')
  t.ok((await bytesOf(await readFile(parts, await rowOf(edge, others.id)))).length > 0)
  edge.clock.skewMs = 800 * dayMs
  await eraseDue(parts, run)
  t.equal(await parts.vault.fileKey(kept.id), null, 'and its key goes when its time is over')
  edge.clock.skewMs = 0
})

t.test('the parts of a file that has not arrived are noise too', async t => {
  const { edge, who } = await startDisk(t)
  const { pool } = edge.database
  const { token } = who.customer
  const path = '/api/uploads/resumable'
  const send = (method: string, url: string, headers: Record<string, string>, body?: Uint8Array) =>
    fetch(`http://127.0.0.1:${edge.edge.port}${url}`, {
      method,
      headers: { authorization: `Bearer ${token}`, 'tus-resumable': '1.0.0', ...headers },
      ...(body !== undefined && { body: body as Uint8Array<ArrayBuffer> }),
    })
  const begun = await send('POST', path, {
    'upload-length': String(pdf.length),
    'upload-metadata': `kind ${Buffer.from('prescription').toString('base64')}`,
  })
  const { id } = (await begun.json()) as { id: string }
  const part = (from: number, to: number) =>
    send(
      'PATCH',
      `${path}/${id}`,
      { 'upload-offset': String(from), 'content-type': 'application/offset+octet-stream' },
      Buffer.from(pdf).subarray(from, to),
    )
  const half = Math.floor(pdf.length / 2)
  t.equal((await part(0, 3)).status, 204)
  t.equal((await part(3, half)).status, 204)
  const { rows } = await pool.query<{ bytes: Buffer }>('select bytes from sealed_parts')
  t.equal(rows.length, 1, 'a small part grows')
  t.notOk(rows[0]!.bytes.includes(Buffer.from(pdf.subarray(3, 16))))
  t.equal((await pool.query('select from upload_parts')).rowCount, 0)
  // A part of an edge of the release before is read too.
  const older = half + 4
  await pool.query('insert into upload_parts (upload_id, at, bytes) values ($1, $2, $3)', [
    id,
    half,
    Buffer.from(pdf).subarray(half, older),
  ])
  await pool.query('update resumable_uploads set received = $2 where id = $1', [id, older])
  t.equal((await part(older, pdf.length)).status, 204)
  const file = await fetch(`http://127.0.0.1:${edge.edge.port}/api/uploads/file/${id}`, {
    headers: { authorization: `Bearer ${token}` },
  })
  t.ok(Buffer.from(await file.arrayBuffer()).equals(Buffer.from(pdf)))
  t.equal((await pool.query('select from sealed_parts')).rowCount, 0)
})
