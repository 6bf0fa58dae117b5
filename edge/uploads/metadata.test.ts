/**
 * [ASVS V8.3.4, V12.1; OWASP API3] Metadata of a camera, above all the position, does not reach the
 * disk. The pictures come from a browser; the test inserts the segments that a phone writes.
 */
import t from 'tap'
import { inspectMedia } from './media.ts'
import { heic, jpeg, png, webpOf } from './samples.ts'

const latin1 = (text: string): Buffer => Buffer.from(text, 'latin1')
const kept = (data: Uint8Array): Buffer =>
  Buffer.from(inspectMedia(new Uint8Array(data), ['image']).data)
/** Exif of a phone: the orientation, and a position in its own directory. `II` or `MM`. */
function exif(orientation: number, order: 'II' | 'MM' = 'II'): Buffer {
  const tiff = Buffer.alloc(60)
  const little = order === 'II'
  const uint16 = (value: number, at: number) =>
    little ? tiff.writeUInt16LE(value, at) : tiff.writeUInt16BE(value, at)
  const uint32 = (value: number, at: number) =>
    little ? tiff.writeUInt32LE(value, at) : tiff.writeUInt32BE(value, at)
  tiff.write(order, 0, 'latin1')
  uint16(42, 2)
  uint32(8, 4)
  uint16(2, 8)
  uint16(0x0112, 10)
  uint16(3, 12)
  uint32(1, 14)
  uint16(orientation, 18)
  uint16(0x8825, 22)
  uint16(4, 24)
  uint32(1, 26)
  uint32(38, 30)
  tiff.write('N 27.7172 E 85.3240', 38, 'latin1')
  return tiff
}
function segment(marker: number, body: Buffer): Buffer {
  const head = Buffer.from([0xff, marker, 0, 0])
  head.writeUInt16BE(2 + body.length, 2)
  return Buffer.concat([head, body])
}
const withSegments = (...segments: Buffer[]): Buffer =>
  Buffer.concat([jpeg.subarray(0, 2), ...segments, jpeg.subarray(2)])

t.test(
  "a JPEG loses position, previews, comments and editors' notes, and keeps pixels and colours",
  async t => {
    const photo = withSegments(
      segment(0xe1, Buffer.concat([latin1('Exif\0\0'), exif(1)])),
      segment(0xe1, latin1('http://ns.adobe.com/xap/1.0/\0<x:xmpmeta GPSLatitude="27,43.0N"/>')),
      segment(0xed, latin1("Photoshop 3.0\0the patient's name")),
      segment(0xe2, latin1('MPF\0a second picture')),
      segment(0xfe, latin1('taken by somebody')),
      segment(0xe5, latin1('vendor notes')),
    )
    t.same(kept(photo), Buffer.from(jpeg), 'the picture is left as it was')
    t.ok(kept(photo).includes('ICC_PROFILE'), 'the colour profile stays')
  },
)

t.test('metadata between the scans of a progressive JPEG is removed too', async t => {
  const end = jpeg.length - 2
  const late = Buffer.concat([
    jpeg.subarray(0, end),
    segment(0xe1, Buffer.concat([latin1('Exif\0\0'), exif(1)])),
    jpeg.subarray(end),
  ])
  t.same(kept(late), Buffer.from(jpeg))
})

t.test('a photo keeps a valid orientation and nothing else of its Exif data', async t => {
  for (const order of ['II', 'MM'] as const)
    for (const orientation of [3, 6, 8]) {
      const small = kept(
        withSegments(segment(0xe1, Buffer.concat([latin1('Exif\0\0'), exif(orientation, order)]))),
      )
      const at = small.indexOf('Exif\0\0')
      t.equal(small[at + 6 + 19], orientation, `${order} ${orientation}`)
      t.notOk(small.includes('27.7172'), 'without the position')
      t.same(kept(small), small, 'a second pass changes nothing')
    }
  for (const [name, body] of [
    ['a value that is none', exif(99)],
    ['cut short', exif(6).subarray(0, 12)],
    ['no TIFF', latin1('nonsense that goes on for a while')],
    [
      'a directory outside',
      Buffer.concat([
        exif(6).subarray(0, 4),
        Buffer.from([0xff, 0xff, 0xff, 0xff]),
        Buffer.alloc(20),
      ]),
    ],
  ] as const)
    t.same(
      kept(withSegments(segment(0xe1, Buffer.concat([latin1('Exif\0\0'), body])))),
      Buffer.from(jpeg),
      name,
    )
})

t.test('a PNG keeps only its picture', async t => {
  const chunk = (name: string, body: Buffer) => {
    const head = Buffer.alloc(8)
    head.writeUInt32BE(body.length)
    head.write(name, 4, 'latin1')
    return Buffer.concat([head, body, Buffer.alloc(4)])
  }
  const noted = Buffer.concat([
    png.subarray(0, 33),
    chunk('eXIf', exif(1)),
    chunk('tEXt', latin1('Comment\0home')),
    chunk('iTXt', latin1('XML:com.adobe.xmp\0GPS')),
    chunk('tIME', Buffer.alloc(7)),
    chunk('gAMA', Buffer.alloc(4)),
    png.subarray(33),
  ])
  t.same(
    kept(noted),
    Buffer.concat([png.subarray(0, 33), chunk('gAMA', Buffer.alloc(4)), png.subarray(33)]),
  )
})

t.test('a WebP keeps only its picture, and its canvas names no removed chunk', async t => {
  const plain = Buffer.from(webpOf(24, 16))
  const chunk = (name: string, body: Buffer) => {
    const head = Buffer.alloc(8)
    head.write(name, 0, 'latin1')
    head.writeUInt32LE(body.length, 4)
    return Buffer.concat([head, body, Buffer.alloc(body.length & 1)])
  }
  const noted = Buffer.concat([
    plain,
    chunk('EXIF', exif(6)),
    chunk('XMP ', latin1('<x:xmpmeta>home</x:xmpmeta>')),
  ])
  noted.writeUInt32LE(noted.length - 8, 4)
  noted[20]! |= 0x0c
  t.same(kept(noted), plain)
})

t.test('a HEIC loses its Exif, and a film behind it, and keeps its picture', async t => {
  const photo = Buffer.from(heic)
  t.ok(photo.includes('85.3240'), 'the photo tells where it was taken')
  const film = Buffer.concat([Buffer.from([0, 0, 0, 16]), latin1('mpvdthe film')])
  const clean = Buffer.from(
    inspectMedia(new Uint8Array(Buffer.concat([photo, film])), ['photo']).data,
  )
  t.equal(clean.length, photo.length + film.length, 'no place inside of the file moves')
  t.notOk(clean.includes('85.3240'))
  t.notOk(clean.includes('the film'))
  const exif = photo.indexOf('II*\0', 0, 'latin1') - 10
  t.same(clean.subarray(0, exif), photo.subarray(0, exif), 'the picture is left as it was')
})
