/**
 * Pictures that are none, that are damaged, or that unpack to more than they say are refused by
 * code and field, and the reader goes on.
 */
import { deflateSync } from 'node:zlib'
import t from 'tap'
import { jpeg, pdf, png, webp } from '../uploads/samples.ts'
import { codeLimits } from './limits.ts'
import { CodeReader } from './reader.ts'
import { label } from './samples.ts'

const reader = new CodeReader({
  after(ms, run) {
    const timer = setTimeout(run, ms)
    return () => clearTimeout(timer)
  },
})
t.teardown(() => reader.close())

const chunk = (name: string, data: Uint8Array): Buffer => {
  const length = Buffer.alloc(4)
  length.writeUInt32BE(data.length)
  // Our reader and most others pass over the checksum.
  return Buffer.concat([length, Buffer.from(name, 'latin1'), data, Buffer.alloc(4)])
}
interface Header {
  width: number
  height: number
  depth?: number
  colour?: number
  interlace?: number
}
function pngOf(
  { width, height, depth = 8, colour = 0, interlace = 0 }: Header,
  packed: Uint8Array,
  ...between: Buffer[]
): Uint8Array {
  const header = Buffer.alloc(13)
  header.writeUInt32BE(width, 0)
  header.writeUInt32BE(height, 4)
  header.set([depth, colour, 0, 0, interlace], 8)
  return new Uint8Array(
    Buffer.concat([
      png.subarray(0, 8),
      chunk('IHDR', header),
      ...between,
      chunk('IDAT', packed),
      chunk('IEND', Buffer.alloc(0)),
    ]),
  )
}
const zeros = (bytes: number): Buffer => deflateSync(Buffer.alloc(bytes))
/** A JPEG with another size in its frame. */
function resized(width: number, height: number): Uint8Array {
  const data = Buffer.from(jpeg)
  const frame = data.indexOf(Buffer.from([0xff, 0xc0]))
  data.writeUInt16BE(height, frame + 5)
  data.writeUInt16BE(width, frame + 7)
  return new Uint8Array(data)
}
/** A JPEG whose one scan stands there so many times. */
function repeated(scans: number): Uint8Array {
  const scan = Buffer.from(jpeg).indexOf(Buffer.from([0xff, 0xda]))
  return new Uint8Array(
    Buffer.concat([
      jpeg.subarray(0, scan),
      ...Array.from({ length: scans }, () => jpeg.subarray(scan, -2)),
      jpeg.subarray(-2),
    ]),
  )
}
const small = { width: 10, height: 10 }

const refused: [name: string, code: string, picture: Uint8Array][] = [
  ['text', 'unsupported_media_type', new Uint8Array(Buffer.from('not a picture'))],
  ['one byte', 'unsupported_media_type', Uint8Array.of(0x89)],
  ['a PDF', 'unsupported_media_type', pdf],
  ['a WebP', 'unsupported_media_type', webp],
  ['half a PNG', 'file_malformed', png.subarray(0, 60)],
  ['a PNG signature alone', 'file_malformed', png.subarray(0, 8)],
  ['half a JPEG', 'file_malformed', jpeg.subarray(0, 700)],
  ['a JPEG with too few pixels', 'file_malformed', resized(4_000, 4_000)],
  ['a PNG that is not packed', 'file_malformed', pngOf(small, Buffer.alloc(110))],
  ['a PNG with too few pixels', 'file_malformed', pngOf(small, zeros(109))],
  ['a PNG of 32 MB behind a header of 100 pixels', 'file_malformed', pngOf(small, zeros(2 ** 25))],
  ['a PNG without pixels', 'file_malformed', pngOf({ width: 0, height: 10 }, zeros(10))],
  ['a PNG of a depth that is none', 'file_malformed', pngOf({ ...small, depth: 3 }, zeros(110))],
  ['a PNG of a colour that is none', 'file_malformed', pngOf({ ...small, colour: 5 }, zeros(110))],
  [
    'a palette picture without palette',
    'file_malformed',
    pngOf({ ...small, colour: 3 }, zeros(110)),
  ],
  ['an animation', 'file_malformed', pngOf(small, zeros(110), chunk('acTL', Buffer.alloc(8)))],
  [
    'a PNG that is wide',
    'image_too_large',
    pngOf({ width: codeLimits.pictureSidePixelsMax + 1, height: 1 }, zeros(1)),
  ],
  ['a PNG of 2^62 pixels', 'image_too_large', pngOf({ width: 2 ** 31, height: 2 ** 31 }, zeros(1))],
  [
    'a PNG of 16 bits a colour',
    'image_too_large',
    pngOf({ width: 4_000, height: 4_000, depth: 16, colour: 6 }, zeros(1)),
  ],
  ['a JPEG of 101 scans', 'image_too_large', repeated(codeLimits.jpegScansMax + 1)],
  ['a JPEG of 4 billion pixels', 'image_too_large', resized(0xffff, 0xffff)],
]

t.test('a picture that is none is refused by code and field', async t => {
  for (const [name, code, picture] of refused)
    await t.rejects(
      reader.read('account', picture),
      { code, fields: [{ field: 'file', rule: /./ }] },
      name,
    )
  t.match(await reader.read('account', label), [{ symbology: 'data_matrix' }], 'the reader lives')
})

t.test('chunks that our decoder does not need do not reach it', async t => {
  // Apple's chunk makes the library's decoder read the pixels without the head of their packing.
  const apple = pngOf(small, zeros(110), chunk('CgBI', Buffer.alloc(4)))
  t.same(await reader.read('account', apple), [], 'it is read as any PNG')
})

t.test('pictures of every depth and colour are read', async t => {
  const sides = { width: 33, height: 17 }
  for (const [depth, colour, bits] of [
    [1, 0, 1],
    [2, 0, 2],
    [4, 0, 4],
    [8, 0, 8],
    [16, 0, 16],
    [8, 2, 24],
    [16, 2, 48],
    [8, 4, 16],
    [16, 4, 32],
    [8, 6, 32],
    [16, 6, 64],
  ] as const) {
    const row = (width: number): number => 1 + Math.ceil((width * bits) / 8)
    const name = `depth ${depth}, colour ${colour}`
    t.same(
      await reader.read(
        'account',
        pngOf({ ...sides, depth, colour }, zeros(sides.height * row(sides.width))),
      ),
      [],
      name,
    )
    // The passes of a picture of 33 by 17: their columns and rows.
    const passes = [
      [5, 3],
      [4, 3],
      [9, 2],
      [8, 5],
      [17, 4],
      [16, 9],
      [33, 8],
    ] as const
    t.same(
      await reader.read(
        'account',
        pngOf(
          { ...sides, depth, colour, interlace: 1 },
          zeros(passes.reduce((sum, [columns, rows]) => sum + rows * row(columns), 0)),
        ),
      ),
      [],
      `${name}, interlaced`,
    )
  }
})
