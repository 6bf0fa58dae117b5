/**
 * Codes that independent programs wrote are read: QR by qrencode and zint, DataMatrix by dmtxwrite
 * and zint, Code 128 by zint. The thread that reads is replaced when it fails and ends when idle.
 */
import t, { type Test } from 'tap'
import { jpeg } from '../uploads/samples.ts'
import { toolsOrSkip, writtenBy, zintModules } from './fixture-tools.ts'
import { codeLimits } from './limits.ts'
import { bilevelPng } from './png.ts'
import { CodeReader } from './reader.ts'
import { label } from './samples.ts'
import type { ThreadBounds } from './thread.ts'

/** A reader whose timers run when the test says so. */
function startReader(t: Test, bounds: Partial<ThreadBounds> = {}) {
  const timers: { ms: number; run: () => void; stopped: boolean }[] = []
  const reader = new CodeReader(
    {
      after(ms, run) {
        const timer = { ms, run, stopped: false }
        timers.push(timer)
        return () => {
          timer.stopped = true
        }
      },
    },
    { ...codeLimits.reading, ...bounds },
  )
  t.teardown(() => reader.close())
  return {
    reader,
    /** Number of timers of this length that were not stopped. */
    running: (ms: number): number =>
      timers.filter(timer => timer.ms === ms && !timer.stopped).length,
    /** Runs the newest timer of this length that was not stopped. */
    elapse: (ms: number): void =>
      timers.findLast(timer => timer.ms === ms && !timer.stopped)!.run(),
  }
}

const gs1 = '[01]09506000134352[17]261231[10]ABC123[21]XYZ'
/** The element strings in the code: a separator stands behind the batch alone. */
const gs1Text = '01095060001343521726123110ABC123\x1d21XYZ'
const link = 'https://dispatch.example.org/track/4f1c9a52e7d04b6f8a3d5c0e9b7f2a61'

t.test(
  'codes of other programs are read, with symbology and content',
  { skip: toolsOrSkip(t, 'qrencode', 'zint', 'dmtxwrite') },
  async t => {
    const { reader } = startReader(t)
    for (const [name, picture, text, symbology, identifier, isGs1] of [
      ['qrencode', writtenBy('qrencode', [link]), link, 'qr_code', ']Q1', false],
      [
        'qrencode, Nepali',
        writtenBy('qrencode', ['पेरासिटामोल']),
        'पेरासिटामोल',
        'qr_code',
        ']Q1',
        false,
      ],
      [
        'qrencode, coloured',
        writtenBy('qrencode', ['--foreground=204080', '--background=FFEECC', link]),
        link,
        'qr_code',
        ']Q1',
        false,
      ],
      ['zint QR', writtenBy('zint', ['-b', 'QRCODE', '-d', link]), link, 'qr_code', ']Q1', false],
      [
        'zint QR, GS1, turned',
        writtenBy('zint', ['-b', 'QRCODE', '--gs1', '--rotate=90', '-d', gs1]),
        gs1Text,
        'qr_code',
        ']Q3',
        true,
      ],
      [
        'zint DataMatrix, GS1',
        writtenBy('zint', ['-b', 'DATAMATRIX', '--gs1', '-d', gs1]),
        gs1Text,
        'data_matrix',
        ']d2',
        true,
      ],
      [
        'zint DataMatrix, light on dark',
        writtenBy('zint', [
          '-b',
          'DATAMATRIX',
          '--reverse',
          '--whitesp=2',
          '--vwhitesp=2',
          '-d',
          'box 12',
        ]),
        'box 12',
        'data_matrix',
        ']d1',
        false,
      ],
      [
        'zint Code 128',
        writtenBy('zint', ['-b', 'CODE128', '-d', 'PACK-0042']),
        'PACK-0042',
        'code_128',
        ']C0',
        false,
      ],
      [
        'zint GS1-128',
        writtenBy('zint', ['-b', 'GS1_128', '-d', gs1]),
        gs1Text,
        'code_128',
        ']C1',
        true,
      ],
      [
        'dmtxwrite',
        writtenBy('dmtxwrite', [], { input: 'lot 7731' }),
        'lot 7731',
        'data_matrix',
        ']d1',
        false,
      ],
      [
        'dmtxwrite, JPEG',
        writtenBy('dmtxwrite', ['-f', 'JPEG'], { name: 'code.jpg', input: 'lot 7731' }),
        'lot 7731',
        'data_matrix',
        ']d1',
        false,
      ],
    ] as const) {
      const codes = await reader.read('account', picture)
      t.match(
        codes,
        [
          {
            text,
            symbology,
            symbology_identifier: identifier,
            gs1: isGs1,
            bytes: Buffer.from(text).toString('base64'),
          },
        ],
        name,
      )
      t.equal(codes.length, 1, name)
    }
  },
)

t.test(
  'several codes of one picture are read, each at its place',
  { skip: toolsOrSkip(t, 'zint') },
  async t => {
    const { reader } = startReader(t)
    const side = 640
    const rowBytes = 1 + side / 8
    const rows = Buffer.alloc(side * rowBytes, 0xff)
    for (let y = 0; y < side; y++) rows[y * rowBytes] = 0
    /** Paints modules of eight by eight pixels; `height` stretches a linear code. */
    const paint = (modules: boolean[][], column: number, row: number, height = 1): void => {
      for (const [y, line] of modules.entries())
        for (const [x, dark] of line.entries())
          for (let i = 0; dark && i < 8 * height; i++)
            rows[((row + y * height) * 8 + i) * rowBytes + 1 + column + x] = 0
    }
    paint(zintModules('QRCODE', 'a parcel'), 4, 4)
    paint(zintModules('DATAMATRIX', 'a pack'), 50, 4)
    // A linear code as wide as this needs its own band.
    paint(zintModules('CODE128', '0042'), 8, 50, 12)
    const codes = await reader.read('account', bilevelPng(side, rows))
    t.same(codes.map(code => `${code.symbology} ${code.text}`).sort(), [
      'code_128 0042',
      'data_matrix a pack',
      'qr_code a parcel',
    ])
    const { corners } = codes.find(code => code.symbology === 'qr_code')!
    t.ok(
      corners.every(({ x, y }) => x >= 28 && x <= 212 && y >= 28 && y <= 212),
      JSON.stringify(corners),
    )
  },
)

t.test('a picture without a code has none', async t => {
  const { reader } = startReader(t)
  t.same(await reader.read('account', jpeg), [])
})

t.test('a picture that takes too long is given up, and the next one is read', async t => {
  const { reader, elapse } = startReader(t)
  const slow = reader.read('account', label)
  await new Promise(setImmediate)
  elapse(codeLimits.reading.jobMsMax)
  await t.rejects(slow, { code: 'image_too_large', fields: [{ field: 'file' }] })
  t.notOk(reader.isRunning, 'its thread has ended')
  t.match(await reader.read('account', label), [{ text: gs1Text, gs1: true }])
})

t.test('the thread ends when no picture comes, and starts again', async t => {
  const { reader, elapse, running } = startReader(t)
  t.notOk(reader.isRunning, 'it starts with the first picture')
  await reader.read('account', label)
  await reader.read('account', label)
  t.ok(reader.isRunning)
  t.equal(running(codeLimits.reading.idleMs), 1, 'each picture begins the wait anew')
  elapse(codeLimits.reading.idleMs)
  t.notOk(reader.isRunning)
  t.match(await reader.read('account', label), [{ gs1: true }])
})

t.test('an account may send as many pictures at once as its bound, others beside it', async t => {
  const { reader } = startReader(t, { jobsMax: 9, jobsPerAccountMax: 2 })
  const settled = Promise.allSettled([
    reader.read('one', label),
    reader.read('one', label),
    reader.read('one', label),
    reader.read('other', label),
  ])
  const outcomes = (await settled).map(one =>
    one.status === 'fulfilled' ? one.value.length : one.reason,
  )
  t.match(outcomes, [1, 1, { code: 'overloaded', retryAfterSeconds: 5 }, 1])
})
