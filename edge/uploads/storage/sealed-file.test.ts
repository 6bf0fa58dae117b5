/**
 * The form of encrypted files: a vector that must never change, every range of a file, and each way
 * to alter one.
 */
import { createHash } from 'node:crypto'
import t from 'tap'
import { seededRandom } from '../../../protocol/kernel/chance.ts'
import { bytesOf } from '../fixture-files.ts'
import { AlteredFile, chunkBytes, headBytes, sealFile, unsealFile } from './sealed-file.ts'
import type { ByteRange } from '../../http/ranges.ts'

const id = '0190a5c8-7c1e-7000-8000-00000000abcd'
const other = '0190a5c8-7c1e-7000-8000-00000000abce'
const key = Buffer.from(Array.from({ length: 32 }, (_, i) => i))
const salt = Buffer.alloc(16, 0xa5)
const sealedChunkBytes = chunkBytes + 16
const refusal = { message: 'a stored file was altered, or its key is another one' }
const random = seededRandom(20_260)
const noise = (length: number): Buffer =>
  Buffer.from(Uint8Array.from({ length }, () => Math.floor(random() * 256)))
const sealed = (data: Uint8Array): Buffer => Buffer.concat([...sealFile(key, id, data)])

/** A store that gives its bytes in pieces of any size. */
const from = (stored: Buffer) =>
  async function* (range: ByteRange | null): AsyncGenerator<Buffer> {
    const bytes = range === null ? stored : stored.subarray(range.from, range.to + 1)
    for (let at = 0; at < bytes.length;) {
      const size = 1 + Math.floor(random() * 50_000)
      yield bytes.subarray(at, at + size)
      at += size
    }
  }
const open = (
  stored: Buffer,
  plainBytes: number,
  range: ByteRange | null = null,
  uploadId = id,
  withKey: Uint8Array = key,
): Promise<Buffer> =>
  bytesOf(unsealFile({ key: withKey, uploadId, plainBytes, read: from(stored) }, range))

t.test('the form never changes', async t => {
  const short = Buffer.concat([...sealFile(key, id, Buffer.from('first of all'), salt)])
  t.equal(
    short.subarray(0, headBytes).toString('hex'),
    '43444631000100000190a5c87c1e7000800000000000abcda5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5',
  )
  t.equal(
    short.subarray(headBytes).toString('hex'),
    '426b5d46b263d1152bd2ce1f43b000b5cc04af48d8fc036ceba8549a',
  )
  const long = Buffer.alloc(2 * chunkBytes + 5, 'medicine')
  t.equal(
    createHash('sha256')
      .update(Buffer.concat([...sealFile(key, id, long, salt)]))
      .digest('hex'),
    '723ba50a9e31b221eca6284bdf4bc77c2e4eef2dc2191b9265c9fb12e2402b9b',
  )
})

const lengths = [0, 1, chunkBytes - 1, chunkBytes, chunkBytes + 1, 2 * chunkBytes, 150_000]
t.test('a file of any length comes back, whole and in ranges', async t => {
  for (const length of lengths) {
    const data = noise(length)
    const stored = sealed(data)
    t.equal(stored.length, headBytes + length + 16 * Math.max(1, Math.ceil(length / chunkBytes)))
    t.ok((await open(stored, length)).equals(data), `${length} bytes`)
    for (let times = 0; times < 12 && length > 0; times++) {
      const first = Math.floor(random() * length)
      const to = first + Math.floor(random() * (length - first))
      const part = await open(stored, length, { from: first, to })
      t.ok(part.equals(data.subarray(first, to + 1)), `bytes ${first} to ${to} of ${length}`)
    }
  }
})

t.test('equal files are stored differently', async t => {
  t.notOk(sealed(Buffer.from('same')).equals(sealed(Buffer.from('same'))))
})

t.test('every single bit that is changed is refused', async t => {
  const data = noise(40)
  const stored = sealed(data)
  let refused = 0
  for (let bit = 0; bit < stored.length * 8; bit++) {
    const changed = Buffer.from(stored)
    changed[bit >> 3]! ^= 1 << (bit & 7)
    await open(changed, data.length).then(
      () => t.fail(`bit ${bit} was changed and nobody saw it`),
      (error: unknown) => {
        if (error instanceof AlteredFile) refused++
      },
    )
  }
  t.equal(refused, stored.length * 8)
  const long = noise(150_000)
  const whole = sealed(long)
  for (let times = 0; times < 60; times++) {
    const bit = Math.floor(random() * whole.length * 8)
    const changed = Buffer.from(whole)
    changed[bit >> 3]! ^= 1 << (bit & 7)
    await t.rejects(open(changed, long.length), refusal, `bit ${bit}`)
  }
})

t.test('chunks that are exchanged, repeated, left out or cut off are refused', async t => {
  const length = 3 * chunkBytes + 100
  const stored = sealed(noise(length))
  const head = stored.subarray(0, headBytes)
  const chunks = [0, 1, 2, 3].map(index =>
    stored.subarray(
      headBytes + index * sealedChunkBytes,
      headBytes + (index + 1) * sealedChunkBytes,
    ),
  )
  const put = (order: number[]): Buffer => Buffer.concat([head, ...order.map(at => chunks[at]!)])
  await t.resolves(open(put([0, 1, 2, 3]), length))
  for (const order of [
    [1, 0, 2, 3],
    [0, 2, 1, 3],
    [0, 0, 2, 3],
    [0, 1, 1, 2, 3],
    [0, 1, 2, 3, 3],
    [0, 1, 2, 3, 0],
    [0, 1, 3],
    [1, 2, 3],
    [0, 1, 2],
    [],
  ])
    await t.rejects(open(put(order), length), refusal, order.join(' '))
  for (const cut of [1, 16, 99, 116, sealedChunkBytes, stored.length - 1, stored.length])
    await t.rejects(open(stored.subarray(0, stored.length - cut), length), refusal, `cut ${cut}`)
  await t.rejects(open(Buffer.concat([stored, Buffer.alloc(1)]), length), refusal, 'one more')
  await t.rejects(
    open(put([0, 1, 2]), 3 * chunkBytes),
    refusal,
    'a shorter file of whole chunks, also where the row says so',
  )
  await t.rejects(open(put([1, 0, 2, 3]), length, { from: 5, to: 9 }), refusal, 'in a range')
  await t.rejects(
    open(put([0, 2, 1, 3]), length, { from: chunkBytes + 5, to: chunkBytes + 9 }),
    refusal,
    'in a range that begins later',
  )
})

t.test('a file of another upload, another key or another file does not open', async t => {
  const data = noise(100)
  const stored = sealed(data)
  await t.rejects(open(stored, 100, null, other), refusal)
  await t.rejects(open(stored, 100, null, id, Buffer.alloc(32, 9)), refusal)
  const second = sealed(data)
  await t.rejects(
    open(Buffer.concat([stored.subarray(0, headBytes), second.subarray(headBytes)]), 100),
    refusal,
    'the chunks of the same upload that was stored again',
  )
})

t.test('a reader that leaves ends the source, and holds one chunk', async t => {
  const data = noise(10 * chunkBytes)
  const stored = sealed(data)
  let given = 0
  let ended = false
  const read = async function* (): AsyncGenerator<Buffer> {
    try {
      for (let at = 0; at < stored.length; at += 1_000) {
        given = at
        yield stored.subarray(at, at + 1_000)
      }
    } finally {
      ended = true
    }
  }
  for await (const chunk of unsealFile(
    { key, uploadId: id, plainBytes: data.length, read },
    null,
  )) {
    t.equal(chunk.length, chunkBytes)
    break
  }
  t.ok(ended)
  t.ok(given < sealedChunkBytes + headBytes + 1_000, 'nothing was read ahead')
})
