/**
 * [ASVS V5.2.2, V5.2.6; OWASP API4] Files by their content: they are accepted, cut or refused, and
 * no bytes break the readers.
 */
import fc from '../../protocol/testing/properties.ts'
import t from 'tap'
import { CaduceusError } from '../../protocol/kernel/errors.ts'
import { fileLimits } from './storage/file-limits.ts'
import { growthMax, startCounting } from '../kernel/fixture-work.ts'
import { inspectMedia, type MediaFamily } from './media.ts'
import {
  doc,
  docOf,
  docx,
  docxOf,
  film,
  firefoxOgg,
  firefoxWebm,
  heic,
  jpeg,
  jpegOf,
  m4a,
  mp3,
  ogg,
  pdf,
  png,
  pngOf,
  theora,
  txt,
  wav,
  webm,
  webp,
  webpOf,
} from './samples.ts'

const all: MediaFamily[] = ['image', 'photo', 'sound', 'document']
const papers: MediaFamily[] = [...all, 'writing']
const joined = (...parts: (Uint8Array | string)[]): Uint8Array =>
  new Uint8Array(Buffer.concat(parts.map(part => Buffer.from(part as string))))
/** The content type, or the code of the refusal. */
const outcome = (data: Uint8Array, families: readonly MediaFamily[] = papers): string => {
  try {
    return inspectMedia(data, families).contentType
  } catch (error) {
    if (error instanceof CaduceusError) return error.code
    throw error
  }
}
const samples = { jpeg, png, webp, heic, pdf, wav, ogg, webm, m4a, mp3, doc, docx, txt }

// Before the readers run for the first time: V8 counts only code that it compiles from now on.
const grows = await startCounting(t)

t.test('each type is recognised by its bytes and kept whole', async t => {
  for (const [name, data, type, extension] of [
    ['jpeg', jpeg, 'image/jpeg', 'jpg'],
    ['png', png, 'image/png', 'png'],
    ['webp', webp, 'image/webp', 'webp'],
    ['pdf', pdf, 'application/pdf', 'pdf'],
    ['wav', wav, 'audio/wav', 'wav'],
    ['ogg', ogg, 'audio/ogg', 'ogg'],
    ['webm', webm, 'audio/webm', 'webm'],
    ['m4a', m4a, 'audio/mp4', 'm4a'],
    ['a recording of Firefox', firefoxOgg, 'audio/ogg', 'ogg'],
    ['another of Firefox', firefoxWebm, 'audio/webm', 'webm'],
    ['mp3', mp3, 'audio/mpeg', 'mp3'],
    ['mp3 without a tag', mp3.subarray(22), 'audio/mpeg', 'mp3'],
    ['webp with a canvas', webpOf(24, 16), 'image/webp', 'webp'],
    ['doc', doc, 'application/msword', 'doc'],
    ['doc', docOf(4, 0xfffe, 12), 'application/msword', 'doc'],
    [
      'docx',
      docx,
      'application/vnd.openxmlformats-officedocument.wordprocessingml.document',
      'docx',
    ],
    ['text', txt, 'text/plain', 'txt'],
  ] as const) {
    const media = inspectMedia(data, papers)
    t.equal(media.contentType, type, name)
    t.equal(media.extension, extension, name)
    t.same(media.data, data, name)
  }
})

t.test('a type that is unknown or not for the kind is unsupported', async t => {
  for (const [name, data, families] of [
    ['a PDF as a photo', pdf, ['image']],
    ['a photo as a sound', jpeg, ['sound']],
    ['a sound as a photo', mp3, ['image', 'document']],
    ['SVG', joined('<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'), all],
    ['HTML', joined('<!doctype html><script>alert(1)</script>'), all],
    ['GIF', joined('GIF89a'), all],
    ['BMP', joined('BM'), all],
    ['ZIP', joined('PK\x03\x04'), all],
    ['ELF', joined('\x7fELF'), all],
    ['nothing', joined(), all],
    ['a PDF that begins later', joined('GIF89a%PDF-1.4', pdf), all],
    ['a RIFF of another kind', joined('RIFF\x04\0\0\0AVI '), all],
    ['one sync word', Uint8Array.of(0xff, 0xe0), all],
  ] as const)
    t.equal(outcome(data, families), 'unsupported_media_type', name)
})

t.test('a file that only begins like its type is damaged', async t => {
  const withChunk = (name: string) =>
    joined(
      png.subarray(0, 33),
      Uint8Array.of(0, 0, 0, 0),
      name,
      Uint8Array.of(0, 0, 0, 0),
      png.subarray(33),
    )
  for (const [name, data] of [
    ['the first bytes of a PNG', png.subarray(0, 9)],
    ['a PNG without pixels', joined(png.subarray(0, 33), png.subarray(-12))],
    ['an animated PNG', withChunk('acTL')],
    ['a JPEG signature before HTML', joined(jpeg.subarray(0, 4), '<script>alert(1)</script>')],
    ['a JPEG cut off', jpeg.subarray(0, -2)],
    ['a JPEG that leaves its height open', jpegOf(24, 0)],
    ['a WebP cut off', webp.subarray(0, -1)],
    ['an animated WebP', joined(webpOf(24, 16).subarray(0, 30), 'ANIM', new Uint8Array(8))],
    ['a PDF cut off', pdf.subarray(0, 40)],
    ['a WebM with a film', film],
    ['an Ogg with a film', theora],
    [
      'a Matroska',
      joined(
        webm.subarray(0, 24),
        Buffer.from(webm).toString('latin1').replace('webm', 'mkvx').slice(24),
      ),
    ],
    ['an MP4 without tracks', m4a.subarray(0, 32)],
    [
      'an MP4 with a film',
      Buffer.from(Buffer.from(m4a).toString('latin1').replace('soun', 'vide'), 'latin1'),
    ],
    ['an MP3 of one frame', mp3.subarray(22, 22 + 417)],
    ['a tag before HTML', joined(mp3.subarray(0, 22), '<html>')],
    ['a WAV without sound', wav.subarray(0, 36)],
    ['a HEIC cut off', heic.subarray(0, -60)],
    ['a HEIC of a film', joined(heic, Uint8Array.of(0, 0, 0, 8), 'moov')],
    ['a HEIC without its picture', heic.subarray(0, 28)],
    ['an archive that is no document', docxOf(['word/document.xml'])],
    [
      'a document with macros',
      docxOf(['[Content_Types].xml', 'word/document.xml', 'word/vbaProject.bin']),
    ],
    ['a table in the shell of a document', doc.subarray(0, 1_024)],
    ['a document of the other byte order', docOf(3, 0xfeff, 9)],
    ['a document of an older version', docOf(2, 0xfffe, 9)],
    ['a document of version 3 with the sectors of version 4', docOf(3, 0xfffe, 12)],
    ['a document of version 4 with the sectors of version 3', docOf(4, 0xfffe, 9)],
  ] as const)
    t.equal(outcome(data), 'file_malformed', name)
})

t.test('text is only text', async t => {
  for (const [name, data] of [
    ['a control character', joined('a\0b')],
    ['half a character', Uint8Array.of(0x61, 0xc3)],
    ['bytes of Latin 1', Uint8Array.of(0x61, 0xe4, 0x62)],
  ] as const)
    t.equal(outcome(data), 'unsupported_media_type', name)
  t.equal(outcome(joined('Café\n')), 'text/plain')
})

t.test('a file of two types keeps the bytes of the first alone', async t => {
  const archive = joined('PK\x03\x04 an archive, a script, or the film that a phone hides')
  for (const [name, data] of Object.entries({ jpeg, png, webp, ogg, wav, docx }))
    t.same(inspectMedia(joined(data, archive), papers).data, data, name)
  t.equal(outcome(joined('GIF89a/*', jpeg)), 'unsupported_media_type', 'the first bytes decide')
})

t.test('a pixel bomb is recognised by its header', async t => {
  const side = fileLimits.imageSidePixelsMax
  for (const [name, data, expected] of [
    ['a PNG of the largest size', pngOf(8_000, 8_000), 'image/png'],
    ['a PNG one row too many', pngOf(8_000, 8_001), 'image_too_large'],
    ['a long thin PNG', pngOf(side + 1, 1), 'image_too_large'],
    ['a PNG of 4 billion a side', pngOf(0xffffffff, 0xffffffff), 'image_too_large'],
    ['a PNG of nothing', pngOf(0, 10), 'file_malformed'],
    [
      'a kilobyte that unpacks to a megabyte',
      pngOf(100_000, 100_000, 1024 * 1024),
      'image_too_large',
    ],
    ['a JPEG', jpegOf(65_535, 65_535), 'image_too_large'],
    ['a WebP', webpOf(16_384, 16_384), 'image_too_large'],
    [
      'a JPEG with a second, larger header',
      joined(jpeg.subarray(0, 2), jpegOf(65_000, 65_000).subarray(2, -2), jpeg.subarray(2)),
      'image_too_large',
    ],
  ] as const)
    t.equal(outcome(data), expected, name)
})

t.test('no bytes break the readers: cut files, changed files, or any bytes', async t => {
  for (const [name, data] of Object.entries(samples)) {
    for (let length = 0; length < data.length; length++) outcome(data.subarray(0, length))
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat({ max: data.length - 1 }), fc.nat({ max: 255 })), {
          minLength: 1,
          maxLength: 6,
        }),
        changes => {
          const copy = data.slice()
          for (const [at, value] of changes) copy[at] = value
          outcome(copy)
        },
      ),
      { numRuns: 500 },
    )
    t.pass(name)
  }
  const heads = Object.values(samples).map(data => data.subarray(0, 12))
  fc.assert(
    fc.property(fc.constantFrom(...heads), fc.uint8Array({ maxLength: 400 }), (head, rest) => {
      outcome(joined(head, rest))
    }),
    { numRuns: 3_000 },
  )
})

t.test('twice as large a file is at most twice the work of the readers', async t => {
  for (const [name, data] of Object.entries(samples)) {
    const heads = [data.subarray(0, 12), data.subarray(0, 40), data]
    const rests: Record<string, (size: number) => Uint8Array> = {
      'bytes of ones': size => Buffer.alloc(size, 0xff),
      zeros: size => Buffer.alloc(size),
      'the file again and again': size => Buffer.alloc(size, data),
    }
    for (const [rest, make] of Object.entries(rests)) {
      const growth = await grows(size => {
        const files = heads.map(head => joined(head, make(size)))
        return () => files.map(file => outcome(file))
      }, 400_000)
      t.ok(growth < growthMax, `${name} and ${rest}: ${growth.toFixed(2)} times the work`)
    }
  }
})
