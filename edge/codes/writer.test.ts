/**
 * Codes that we write are read by independent programs: QR by zbarimg, DataMatrix by dmtxread. The
 * texts are those of links, labels and scripts beyond ASCII, up to the largest.
 */
import t from 'tap'
import { codeLimits } from './limits.ts'
import { bilevelPng } from './png.ts'
import { readBy, toolsOrSkip } from './fixture-tools.ts'
import { CodeReader } from './reader.ts'
import { CodeWriter, type WritingJob } from './writer.ts'

const clock = {
  after(ms: number, run: () => void) {
    const timer = setTimeout(run, ms)
    return () => clearTimeout(timer)
  },
}
const writer = new CodeWriter(clock)
t.teardown(() => writer.close())
const written = (
  text: string,
  symbology: WritingJob['symbology'],
  format: WritingJob['format'] = 'png',
): Promise<Uint8Array> => writer.write('account', { text, symbology, format }, 'key')

const texts = [
  'a',
  '0123456789',
  'https://dispatch.example.org/track/4f1c9a52e7d04b6f8a3d5c0e9b7f2a61',
  'two lines\nand a "quote" & <tag>',
]

t.test('zbarimg reads the QR codes that we write', { skip: toolsOrSkip(t, 'zbarimg') }, async t => {
  const { qrBytesMax } = codeLimits
  for (const text of [
    ...texts,
    'पेरासिटामोल ५०० मिग्रा',
    'ඖෂධ',
    'Größe 2 µg',
    'x'.repeat(qrBytesMax),
  ]) {
    t.equal(readBy('zbarimg', await written(text, 'qr_code')), text)
  }
})

t.test(
  'dmtxread reads the DataMatrix codes that we write',
  { skip: toolsOrSkip(t, 'dmtxread') },
  async t => {
    for (const text of [...texts, '5'.repeat(codeLimits.dataMatrixBytesMax)])
      t.equal(readBy('dmtxread', await written(text, 'data_matrix')), text)
  },
)

t.test('an SVG shows the same modules as the PNG, on a white ground', async t => {
  for (const symbology of ['qr_code', 'data_matrix'] as const) {
    const png = await written(texts[2]!, symbology)
    const svg = await written(texts[2]!, symbology, 'svg')
    const source = Buffer.from(svg).toString()
    const side = Number(/viewBox="0 0 (\d+) \1"/.exec(source)?.[1])
    t.ok(source.includes(`<path fill="#fff" d="M0 0h${side}v${side}H0z"/>`), 'the ground')
    t.same(painted(source, side), Buffer.from(png), symbology)
  }
})

/** The runs of the SVG's dark path, painted as a PNG. A module is eight pixels, one byte, wide. */
function painted(source: string, side: number): Buffer {
  const rowBytes = 1 + side
  const rows = Buffer.alloc(side * 8 * rowBytes)
  for (let y = 0; y < side; y++) {
    rows.fill(0xff, y * 8 * rowBytes + 1, y * 8 * rowBytes + rowBytes)
    // The seven rows below differ in nothing from the row above them.
    for (let i = 1; i < 8; i++) rows[(y * 8 + i) * rowBytes] = 2
  }
  for (const [, x, y, length] of source.matchAll(/M(\d+) (\d+)h(\d+)v1H\1z/g)) {
    const from = Number(y) * 8 * rowBytes + 1 + Number(x)
    rows.fill(0, from, from + Number(length))
  }
  return bilevelPng(side * 8, rows)
}

t.test('a text beyond the capacity is refused by its field', async t => {
  for (const [symbology, text] of [
    ['qr_code', 'x'.repeat(codeLimits.qrBytesMax + 1)],
    ['qr_code', 'é'.repeat(Math.ceil((codeLimits.qrBytesMax + 1) / 2))],
    ['data_matrix', 'x'.repeat(codeLimits.dataMatrixBytesMax + 1)],
  ] as const)
    await t.rejects(written(text, symbology), {
      code: 'invalid_request',
      fields: [{ field: 'key', rule: /bytes in UTF-8/ }],
    })
})

t.test('texts of any script are read by our reader, up to the largest', async t => {
  const reader = new CodeReader(clock)
  t.teardown(() => reader.close())
  for (const [symbology, bytes] of [
    ['qr_code', codeLimits.qrBytesMax],
    ['data_matrix', codeLimits.dataMatrixBytesMax],
  ] as const)
    for (const text of [
      'é',
      'Größe 2 µg',
      '日本',
      '💊 2×',
      'é'.repeat(bytes / 2),
      'x'.repeat(bytes),
    ])
      t.match(
        await reader.read('account', await written(text, symbology)),
        [{ text, symbology }],
        `${symbology} ${text.slice(0, 20)}`,
      )
})
