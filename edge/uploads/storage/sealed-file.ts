/**
 * The form of an encrypted file. A head of 40 bytes: the mark `CDF1`, the bytes of a chunk, the id
 * of the upload, and a random salt. Then chunks of 64 KiB, each encrypted with AES-256-GCM of
 * node:crypto and followed by its tag of 16 bytes. The key is derived from the key of the file and
 * the whole head, so a changed head opens nothing and a nonce never meets the same key twice. The
 * nonce is the number of the chunk and a mark for the last one: chunks that are exchanged, repeated,
 * left out or cut off do not open. An empty file has one empty chunk.
 *
 * The chunks are read by their number, so a range of a file needs only the chunks that it touches.
 * Rejected: one tag for the whole file. A reader would have to hold all of it before the first byte
 * may be believed.
 */
import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto'
import { keyBytes, tagBytes } from '../../keys/envelope.ts'
import type { ByteRange } from '../../http/ranges.ts'

export const chunkBytes = 64 * 1024
const mark = Buffer.from('CDF1')
const saltBytes = 16
export const headBytes = mark.length + 4 + 16 + saltBytes

/** The bytes that are stored are not those that were written. */
export class AlteredFile extends Error {
  constructor() {
    super('a stored file was altered, or its key is another one')
  }
}

const chunksOf = (plainBytes: number): number => Math.max(1, Math.ceil(plainBytes / chunkBytes))
const chunkKey = (key: Uint8Array, head: Uint8Array): Buffer =>
  Buffer.from(
    hkdfSync('sha256', key, '', Buffer.concat([Buffer.from('caduceus file'), head]), keyBytes),
  )

function nonceOf(index: number, isLast: boolean): Buffer {
  const nonce = Buffer.alloc(12)
  nonce[0] = isLast ? 1 : 0
  nonce.writeUInt32BE(index, 8)
  return nonce
}

function headOf(uploadId: string, salt: Uint8Array): Buffer {
  const head = Buffer.alloc(headBytes)
  mark.copy(head)
  head.writeUInt32BE(chunkBytes, 4)
  Buffer.from(uploadId.replaceAll('-', ''), 'hex').copy(head, 8)
  head.set(salt, 24)
  return head
}

/** The pieces of the encrypted file, made one at a time. `salt` is random; only a test names one. */
export function* sealFile(
  key: Uint8Array,
  uploadId: string,
  data: Uint8Array,
  salt: Uint8Array = randomBytes(saltBytes),
): Generator<Buffer, void> {
  const head = headOf(uploadId, salt)
  const fileKey = chunkKey(key, head)
  const count = chunksOf(data.byteLength)
  yield head
  for (let index = 0; index < count; index++) {
    const cipher = createCipheriv('aes-256-gcm', fileKey, nonceOf(index, index === count - 1))
    const chunk = data.subarray(index * chunkBytes, (index + 1) * chunkBytes)
    yield Buffer.concat([cipher.update(chunk), cipher.final(), cipher.getAuthTag()])
  }
}

export interface SealedFile {
  key: Uint8Array
  uploadId: string
  /** Bytes of the file before it was encrypted. */
  plainBytes: number
  /** The stored bytes, from the first to the last one of the range; null: all of them. */
  read(range: ByteRange | null): AsyncIterable<Uint8Array>
}

/**
 * The bytes of the file, or those of `range`, which must be within it. Holds one chunk at a time.
 * The iteration rejects with `AlteredFile` before a byte of an altered chunk is given.
 */
export async function* unsealFile(
  { key, uploadId, plainBytes, read }: SealedFile,
  range: ByteRange | null,
): AsyncGenerator<Uint8Array, void> {
  const count = chunksOf(plainBytes)
  const first = range === null ? 0 : Math.floor(range.from / chunkBytes)
  const last = range === null ? count - 1 : Math.floor(range.to / chunkBytes)
  const sealedStart = (index: number): number => headBytes + index * (chunkBytes + tagBytes)
  const sealedEnd = (index: number): number =>
    index < count - 1 ? sealedStart(index + 1) : headBytes + plainBytes + count * tagBytes
  // From the first chunk on the head comes with the chunks.
  const stored = taking(
    range === null
      ? read(null)
      : read({ from: first === 0 ? 0 : sealedStart(first), to: sealedEnd(last) - 1 }),
  )
  try {
    const head =
      first === 0
        ? await stored.take(headBytes)
        : await wholeOf(read({ from: 0, to: headBytes - 1 }))
    const expected = head === null ? null : headOf(uploadId, head.subarray(-saltBytes))
    if (head === null || !expected!.equals(head)) throw new AlteredFile()
    const fileKey = chunkKey(key, head)
    for (let index = first; index <= last; index++) {
      const sealed = await stored.take(sealedEnd(index) - sealedStart(index))
      if (sealed === null) throw new AlteredFile()
      const chunk = unsealChunk(fileKey, nonceOf(index, index === count - 1), sealed)
      const from = range === null ? 0 : Math.max(0, range.from - index * chunkBytes)
      const to = range === null ? chunk.length : range.to + 1 - index * chunkBytes
      if (index === last && range === null && !(await stored.isAtEnd())) throw new AlteredFile()
      if (chunk.length > 0) yield chunk.subarray(from, to)
    }
  } finally {
    await stored.end()
  }
}

function unsealChunk(key: Buffer, nonce: Buffer, sealed: Buffer): Buffer {
  const decipher = createDecipheriv('aes-256-gcm', key, nonce, {
    authTagLength: tagBytes,
  }).setAuthTag(sealed.subarray(-tagBytes))
  try {
    return Buffer.concat([decipher.update(sealed.subarray(0, -tagBytes)), decipher.final()])
  } catch {
    throw new AlteredFile()
  }
}

async function wholeOf(pieces: AsyncIterable<Uint8Array>): Promise<Buffer | null> {
  const source = taking(pieces)
  try {
    const bytes = await source.take(headBytes)
    return bytes !== null && (await source.isAtEnd()) ? bytes : null
  } finally {
    await source.end()
  }
}

/** Pieces of any size, taken in sizes that the reader names. */
function taking(pieces: AsyncIterable<Uint8Array>) {
  const iterator = pieces[Symbol.asyncIterator]()
  let held: Uint8Array[] = []
  let heldBytes = 0
  const more = async (): Promise<boolean> => {
    const next = await iterator.next()
    if (next.done === true) return false
    held.push(next.value)
    heldBytes += next.value.byteLength
    return true
  }
  return {
    /** Null when the source ends before. */
    async take(bytes: number): Promise<Buffer | null> {
      const isEnough = () => heldBytes >= bytes
      while (!isEnough()) if (!(await more())) return null
      const all = Buffer.concat(held)
      held = [all.subarray(bytes)]
      heldBytes = all.length - bytes
      return all.subarray(0, bytes)
    },
    async isAtEnd(): Promise<boolean> {
      const isEmpty = () => heldBytes === 0
      while (isEmpty()) if (!(await more())) return true
      return false
    },
    async end(): Promise<void> {
      await iterator.return?.()
    },
  }
}
