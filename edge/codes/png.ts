/**
 * The container of a PNG: written for our codes, and rewritten for the pictures of others. A
 * picture of somebody else is unpacked under a bound and packed again, so the decoder of the
 * library only sees compressed data and chunks that we wrote. Rejected: a check before the library
 * unpacks the original, because two readers of one file may understand it differently.
 */
import { crc32, deflateSync, inflateSync } from 'node:zlib'

const signature = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1')
const headerBytes = 13
/** By colour type. */
const channels = new Map([
  [0, 1],
  [2, 3],
  [3, 1],
  [4, 2],
  [6, 4],
])
const depths = new Set([1, 2, 4, 8, 16])
/** First column, first row, and the steps of each pass of an interlaced picture. */
const adam7 = [
  [0, 0, 8, 8],
  [4, 0, 8, 8],
  [0, 4, 4, 8],
  [2, 0, 4, 4],
  [0, 2, 2, 4],
  [1, 0, 2, 2],
  [0, 1, 1, 2],
] as const

/** The picture is no PNG that our decoder can read. */
class DamagedPicture extends Error {}

/** A PNG of black and white. `rows` has one bit for each pixel, each row with its filter byte. */
export function bilevelPng(side: number, rows: Buffer): Buffer {
  const header = Buffer.alloc(headerBytes)
  header.writeUInt32BE(side, 0)
  header.writeUInt32BE(side, 4)
  header[8] = 1
  return assembled(header, null, deflateSync(rows))
}

/** Bytes to which the pixels of a PNG unpack, by its header; null for a header that is not valid. */
export function unpackedBytes(data: Uint8Array): number | null {
  const header = Buffer.from(data.buffer, data.byteOffset, data.byteLength).subarray(16, 29)
  if (header.length < headerBytes) return null
  const [width, height] = [header.readUInt32BE(0), header.readUInt32BE(4)]
  const [depth, colour, compression, filter, interlace] = header.subarray(8)
  const samples = channels.get(colour!)
  if (samples === undefined || !depths.has(depth!) || compression !== 0 || filter !== 0) return null
  if (width === 0 || height === 0 || interlace! > 1) return null
  const bytesOf = (columns: number, rows: number): number =>
    columns === 0 ? 0 : rows * (1 + Math.ceil((columns * samples * depth!) / 8))
  if (interlace === 0) return bytesOf(width, height)
  return adam7.reduce(
    (sum, [x, y, right, down]) =>
      sum + bytesOf(Math.ceil((width - x) / right), Math.ceil((height - y) / down)),
    0,
  )
}

/**
 * The same picture with our own packing: its header, its palette and its pixels. Throws
 * DamagedPicture when the pixels are not as many as the header says. `data` begins as a PNG and has
 * whole chunks.
 */
export function repackedPng(data: Uint8Array): Uint8Array {
  const expected = unpackedBytes(data)
  if (expected === null) throw new DamagedPicture()
  const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength)
  const packed: Buffer[] = []
  let palette: Buffer | null = null
  for (let at = signature.length; at + 12 <= bytes.length;) {
    const end = at + 12 + bytes.readUInt32BE(at)
    const name = bytes.toString('latin1', at + 4, at + 8)
    if (name === 'IDAT') packed.push(bytes.subarray(at + 8, end - 4))
    else if (name === 'PLTE') palette = bytes.subarray(at + 8, end - 4)
    else if (name === 'IEND') break
    at = end
  }
  let pixels: Buffer
  try {
    pixels = inflateSync(Buffer.concat(packed), {
      maxOutputLength: expected,
      chunkSize: Math.max(64, expected),
    })
  } catch {
    throw new DamagedPicture()
  }
  if (pixels.length !== expected) throw new DamagedPicture()
  return assembled(bytes.subarray(16, 16 + headerBytes), palette, deflateSync(pixels, { level: 0 }))
}

function assembled(header: Buffer, palette: Buffer | null, packed: Buffer): Buffer {
  return Buffer.concat([
    signature,
    chunk('IHDR', header),
    ...(palette === null ? [] : [chunk('PLTE', palette)]),
    chunk('IDAT', packed),
    chunk('IEND', Buffer.alloc(0)),
  ])
}

function chunk(name: string, data: Buffer): Buffer {
  const bytes = Buffer.alloc(12 + data.length)
  bytes.writeUInt32BE(data.length, 0)
  bytes.write(name, 4, 'latin1')
  data.copy(bytes, 8)
  bytes.writeUInt32BE(crc32(bytes.subarray(4, 8 + data.length)), 8 + data.length)
  return bytes
}
