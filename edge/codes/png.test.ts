/** The container of a PNG: the number of its bytes, counted pixel by pixel, and what is refused. */
import { crc32, deflateSync, inflateSync } from 'node:zlib'
import assert from 'node:assert/strict'
import t from 'tap'
import fc from '../../protocol/testing/properties.ts'
import { bilevelPng, repackedPng, unpackedBytes } from './png.ts'

const signature = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1')
const number = (value: number): Buffer => {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}
const chunk = (name: string, data: Buffer): Buffer => {
  const named = Buffer.concat([Buffer.from(name, 'latin1'), data])
  return Buffer.concat([number(data.length), named, number(crc32(named))])
}
interface Header {
  width: number
  height: number
  depth: number
  colour: number
  compression?: number
  filter?: number
  interlace: number
}
const headerOf = ({
  width,
  height,
  depth,
  colour,
  compression = 0,
  filter = 0,
  interlace,
}: Header): Buffer =>
  Buffer.concat([
    number(width),
    number(height),
    Buffer.from([depth, colour, compression, filter, interlace]),
  ])
const png = (header: Header, ...chunks: Buffer[]): Buffer =>
  Buffer.concat([signature, chunk('IHDR', headerOf(header)), ...chunks])
/** The data of a chunk; null when there is none of this name. */
function dataOf(bytes: Uint8Array, wanted: string): Buffer | null {
  const all = Buffer.from(bytes)
  assert.deepEqual(all.subarray(0, 8), signature)
  for (let at = 8; at < all.length;) {
    const length = all.readUInt32BE(at)
    const named = all.subarray(at + 4, at + 8 + length)
    assert.equal(all.readUInt32BE(at + 8 + length), crc32(named), 'its checksum')
    if (named.toString('latin1', 0, 4) === wanted) return named.subarray(4)
    at += 12 + length
  }
  return null
}

const channels: Record<number, number> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 }
/** The pass of each pixel of a square of eight, as the standard draws it. */
const passes = [
  '16462646',
  '77777777',
  '56565656',
  '77777777',
  '36463646',
  '77777777',
  '56565656',
  '77777777',
]
/** Bytes of all rows, counted from the pixels. */
function counted({ width, height, depth, colour, interlace }: Header): number {
  const rows = new Map<string, number>()
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const row = interlace === 0 ? `${y}` : `${passes[y % 8]![x % 8]} ${y}`
      rows.set(row, (rows.get(row) ?? 0) + 1)
    }
  return [...rows.values()].reduce(
    (sum, pixels) => sum + 1 + Math.ceil((pixels * channels[colour]! * depth) / 8),
    0,
  )
}
const AnyHeader = fc.record({
  width: fc.integer({ min: 1, max: 20 }),
  height: fc.integer({ min: 1, max: 20 }),
  depth: fc.constantFrom(1, 2, 4, 8, 16),
  colour: fc.constantFrom(0, 2, 3, 4, 6),
  interlace: fc.constantFrom(0, 1),
})

t.test(
  'the bytes of every picture are counted, and it is packed again with its palette',
  async () => {
    fc.assert(
      fc.property(
        AnyHeader,
        fc.boolean(),
        fc.integer({ min: 1, max: 3 }),
        (header, inColour, parts) => {
          const size = counted(header)
          const pixels = Buffer.from(Array.from({ length: size }, (_, i) => i % 251))
          const packed = deflateSync(pixels)
          const cut = Math.ceil(packed.length / parts)
          const palette = Buffer.from([1, 2, 3])
          const data = png(
            header,
            chunk('tEXt', Buffer.from('Comment\0home')),
            ...(inColour ? [chunk('PLTE', palette)] : []),
            ...Array.from({ length: parts }, (_, i) =>
              chunk('IDAT', packed.subarray(i * cut, (i + 1) * cut)),
            ),
            chunk('IEND', Buffer.alloc(0)),
            chunk('PLTE', Buffer.from('after the end')),
          )
          assert.equal(unpackedBytes(data), size)
          // The array of bytes may be a part of a larger one.
          const within = Buffer.concat([Buffer.from('before'), data])
          const view = new Uint8Array(within.buffer, within.byteOffset + 6, data.length)
          assert.equal(unpackedBytes(view), size)
          const again = repackedPng(view)
          assert.deepEqual(dataOf(again, 'IHDR'), headerOf(header))
          assert.deepEqual(dataOf(again, 'PLTE'), inColour ? palette : null)
          assert.deepEqual(inflateSync(dataOf(again, 'IDAT')!), pixels)
          assert.deepEqual(dataOf(again, 'IEND'), Buffer.alloc(0))
          assert.equal(dataOf(again, 'tEXt'), null)
        },
      ),
      { numRuns: 300, seed: 71 },
    )
  },
)

/** Refused by our own code, and not by a library that met what it did not expect. */
const isRefused = (data: Buffer): boolean => {
  try {
    repackedPng(data)
    return false
  } catch (error) {
    return (error as Error).constructor.name === 'DamagedPicture'
  }
}
const plain: Header = { width: 3, height: 2, depth: 8, colour: 0, interlace: 0 }
t.test('a header that no picture has is refused', async t => {
  const size = (given: Partial<Header>) => unpackedBytes(png({ ...plain, ...given }))
  t.equal(size({}), 8)
  for (const wrong of [
    { width: 0 },
    { height: 0 },
    { depth: 3 },
    { depth: 0 },
    { depth: 32 },
    { colour: 1 },
    { colour: 5 },
    { colour: 7 },
    { compression: 1 },
    { filter: 1 },
    { interlace: 2 },
  ])
    t.equal(size(wrong), null, JSON.stringify(wrong))
  t.equal(unpackedBytes(png(plain).subarray(0, 29)), 8)
  t.equal(unpackedBytes(png(plain).subarray(0, 28)), null)
  t.ok(isRefused(png({ ...plain, depth: 3 })))
})

t.test('pixels that are not as many as the header says are refused', async t => {
  const packed = (bytes: number) =>
    png(plain, chunk('IDAT', deflateSync(Buffer.alloc(bytes))), chunk('IEND', Buffer.alloc(0)))
  t.doesNotThrow(() => repackedPng(packed(8)))
  for (const bytes of [0, 7, 9, 100_000]) t.ok(isRefused(packed(bytes)), String(bytes))
  t.ok(isRefused(png(plain, chunk('IDAT', Buffer.from('no deflate')))))
  t.ok(isRefused(png(plain, chunk('IEND', Buffer.alloc(0)))))
  const noEnd = png(plain, chunk('IDAT', deflateSync(Buffer.alloc(8))))
  t.doesNotThrow(() => repackedPng(noEnd), 'the end may be missing')
})

t.test('a picture of black and white', async t => {
  const rows = Buffer.from([0, 0b1010_0000, 0, 0b0100_0000, 0, 0b1110_0000])
  const data = bilevelPng(3, rows)
  t.same(dataOf(data, 'IHDR'), headerOf({ width: 3, height: 3, depth: 1, colour: 0, interlace: 0 }))
  t.same(inflateSync(dataOf(data, 'IDAT')!), rows)
  t.equal(unpackedBytes(data), rows.length)
  t.equal(dataOf(data, 'PLTE'), null)
})
