/**
 * Batches of positions between edges and engines: a bad entry loses nothing but itself, and no
 * bytes break the reader.
 */
import fc from '../testing/properties.ts'
import { pack, unpack } from 'msgpackr'
import t from 'tap'
import { encodeFrame, encodeFrames, FrameReader, type LocationFrame } from './frames.ts'
import { entryHead, LocationBatch, LocationBatchReader } from './location-batch.ts'

const nowMs = 1_760_000_000_000
const id = '0190a5a0-1234-7abc-8def-0123456789ab'
const words = [0x0190a5a0, 0x12347abc, 0x8def0123, 0x456789ab]
const good: LocationFrame = {
  seq: 1,
  timestampMs: nowMs,
  latitude: 1.5,
  longitude: 2.5,
  headingDeg: null,
  speedMps: 3,
  accuracyM: null,
}
const frame = encodeFrame(good)
/** A text as a string of MessagePack. */
const str8 = (text: string): Uint8Array =>
  Uint8Array.of(0xd9, text.length, ...new TextEncoder().encode(text))
const messages = new FrameReader()
/** Appends all frames of a message, and returns how many fitted. */
const append = (batch: LocationBatch, head: Int32Array, message: Uint8Array): number =>
  batch.append(head, messages, 0, messages.read(message, nowMs))
const entry = Uint8Array.of(0x92, ...str8(id), ...frame)
const reader = new LocationBatchReader()

const body = (...parts: (readonly number[] | Uint8Array)[]): Uint8Array =>
  Uint8Array.from(parts.flatMap(part => [...part]))
/**
 * Reads a body to its end: the numbers of its frames, the refused entries, and whether it broke.
 */
const readAll = (bytes: Uint8Array): { seqs: number[]; refused: number; broken: boolean } => {
  const seqs: number[] = []
  reader.open(bytes, nowMs)
  while (reader.next()) seqs.push(reader.seq)
  t.equal(reader.accepted, seqs.length)
  return { seqs, refused: reader.refused, broken: reader.broken }
}

t.test('a batch is read as it was built, also by msgpackr', async t => {
  const batch = new LocationBatch()
  const head = entryHead(id)
  for (let seq = 0; seq < 100; seq++) {
    const bytes = encodeFrame({ ...good, seq })
    t.equal(append(batch, head, bytes), 1)
  }
  t.equal(batch.count, 100)
  const length = batch.byteLength
  const taken = batch.take()
  t.equal(taken.length, length)
  t.equal(batch.count, 0)
  t.same(readAll(taken), {
    seqs: Array.from({ length: 100 }, (_, seq) => seq),
    refused: 0,
    broken: false,
  })
  t.same(
    (unpack(taken) as unknown[])[3],
    [id, [3, nowMs, 1.5, 2.5, null, 3, null]],
    'msgpackr reads it',
  )
  t.same(
    readAll(batch.take()),
    { seqs: [], refused: 0, broken: false },
    'an empty batch is an empty array',
  )
})

t.test('an entry has the id and the fields of its frame', async t => {
  for (const text of [id, id.toUpperCase()]) {
    reader.open(body([0x91, 0x92], str8(text), frame), nowMs)
    t.ok(reader.next())
    t.same([reader.id0, reader.id1, reader.id2, reader.id3], words)
    t.same(
      [
        reader.timestampMs,
        reader.latitude,
        reader.longitude,
        reader.headingDeg,
        reader.speedMps,
        reader.accuracyM,
      ],
      [nowMs, 1.5, 2.5, NaN, 3, NaN],
    )
    t.equal(reader.frameEnd - reader.frameStart, frame.length)
    t.notOk(reader.next())
  }
})

t.test('the reader tells whether an entry is of the same driver as the entry before', async t => {
  const other = '0190a5a0-1234-7abc-8def-0123456789ac'
  const long = body([0x92, 0xdb, 0, 0, 0, 36], str8(id).slice(2), frame)
  const longOther = body([0x92, 0xdb, 0, 0, 0, 36], str8(other).slice(2), frame)
  const entryOf = (text: string, of = frame) => body([0x92], str8(text), of)
  const future = encodeFrame({ ...good, timestampMs: nowMs + 30_001 })
  for (const [entries, expected, why] of [
    [
      [entry, entry, entryOf(other), entryOf(other), entry],
      [
        [false, 0xab],
        [true, 0xab],
        [false, 0xac],
        [true, 0xac],
        [false, 0xab],
      ],
      'runs',
    ],
    [
      [entry, entryOf(id.toUpperCase())],
      [
        [false, 0xab],
        [false, 0xab],
      ],
      'another spelling of the id is read again',
    ],
    [
      [long, long, longOther],
      [
        [false, 0xab],
        [false, 0xab],
        [false, 0xac],
      ],
      'with a longer head the bytes that are compared do not have the whole id',
    ],
    [
      [entry, [5], entry],
      [
        [false, 0xab],
        [true, 0xab],
      ],
      'a bad entry in between',
    ],
    [
      [entry, entryOf(other, future), entry],
      [
        [false, 0xab],
        [false, 0xab],
      ],
      'an entry with a refused frame is not compared',
    ],
    [[entryOf(other, future), entryOf(other)], [[false, 0xac]], 'also when it is the first'],
  ] as const) {
    reader.open(body([0x90 | entries.length], ...entries), nowMs)
    const seen: unknown[] = []
    while (reader.next()) seen.push([reader.sameDriver, reader.id3 & 0xff])
    t.same(seen, expected, why)
  }
  reader.open(body([0x91], entry), nowMs)
  t.ok(reader.next())
  t.notOk(reader.sameDriver, 'the first entry of a body is not compared')
})

t.test('a full batch takes no frame more, and there is room again after take', async t => {
  const batch = new LocationBatch(200)
  const head = entryHead(id)
  t.equal(append(batch, head, frame), 1)
  t.equal(append(batch, head, frame), 1)
  t.equal(append(batch, head, frame), 0)
  t.equal(batch.count, 2)
  t.same(readAll(batch.take()).seqs, [1, 1])
  const three = encodeFrames([good, { ...good, seq: 2 }, { ...good, seq: 3 }])
  t.equal(append(batch, head, three), 2, 'after take there is room for two of three')
  t.same(readAll(batch.take()).seqs, [1, 2])
  t.equal(batch.append(head, messages, 2, 3), 3, 'the rest')
  t.same(readAll(batch.take()).seqs, [3])
})

t.test('the bytes of frames of every length are copied', async t => {
  const batch = new LocationBatch(2_000)
  const frames = [
    [1, nowMs, 1.5, 2.5, null, 3, null],
    [2, nowMs, 1, -2, 359.5, 3.25, 1e6],
    [3, nowMs, -90, 180, null, null, null],
    [70_000, nowMs, 0, 5, 7, 200 / 2, 3],
  ]
  for (let round = 0; round < 4; round++)
    for (const fields of frames) append(batch, entryHead(id), pack(fields))
  t.same(
    unpack(batch.take()),
    Array.from({ length: 16 }, (_, index) => [id, frames[index % 4]]),
  )
})

t.test('entryHead takes only UUIDs', async t => {
  for (const bad of [
    '',
    id.slice(1),
    `${id}0`,
    id.replace('-', '0'),
    id.replace('a', 'g'),
    id.replace('0', 'İ'),
    'x'.repeat(36),
  ]) {
    t.throws(() => entryHead(bad), TypeError, bad)
  }
})

t.test('other encodings of a body, as other services write them, are read', async t => {
  t.same(readAll(body([0x92], entry, entry)).seqs, [1, 1], 'fixarray')
  t.same(readAll(body([0xdc, 0, 2], entry, entry)).seqs, [1, 1], 'array16')
  t.same(readAll(pack([[id, [5, nowMs, 1, 2, 3, 4, 5]]])).seqs, [5], 'msgpackr')
  t.same(readAll(body([0x91, 0x92, 0xda, 0, 36], str8(id).slice(2), frame)).seqs, [1], 'str16')
  t.same(
    readAll(body([0x91, 0xdc, 0, 2, 0xdb, 0, 0, 0, 36], str8(id).slice(2), frame)).seqs,
    [1],
    'str32 and array16',
  )
})

t.test('a bad entry is skipped and counted', async t => {
  const badFrames: unknown[] = [
    [1, nowMs, 91, 2, null, null, null],
    [1, nowMs + 30_001, 1, 2, null, null, null],
    [1, nowMs, NaN, 2, null, null, null],
    [1, nowMs, 1, 2, null, null],
    [1, nowMs, 1, 2, null, null, null, null],
    [1, nowMs, '1', 2, null, null, null],
    [[1, nowMs, 1, 2, null, null, null]],
    null,
    'frame',
    { seq: 1 },
    Buffer.from('bin'),
    new Date(0),
    Array.from({ length: 20 }, (_, n) => n),
    Array.from({ length: 70_000 }, (_, n) => n),
    Object.fromEntries(Array.from({ length: 20 }, (_, n) => [`k${n}`, n])),
    Buffer.alloc(70_000),
    [
      true,
      false,
      [[[]]],
      { a: { b: [1.5, -7, 2 ** 40, -(2 ** 40)] } },
      'x'.repeat(300),
      Buffer.alloc(300),
      'y'.repeat(70_000),
    ],
  ]
  const badEntries: unknown[] = [
    ...badFrames.map(bad => [id, bad]),
    ['not a uuid', [1, nowMs, 1, 2, null, null, null]],
    [id.replaceAll('-', '+'), [1, nowMs, 1, 2, null, null, null]],
    [id.replace('a', 'g'), [1, nowMs, 1, 2, null, null, null]],
    [id.replaceAll('-', ''), [1, nowMs, 1, 2, null, null, null]],
    [Buffer.from(id), [1, nowMs, 1, 2, null, null, null]],
    [7, [1, nowMs, 1, 2, null, null, null]],
    [id],
    [id, [1, nowMs, 1, 2, null, null, null], 1],
    [],
    {},
    5,
    null,
  ]
  for (const bad of badEntries) {
    t.same(
      readAll(body([0x93], entry, pack(bad), entry)),
      { seqs: [1, 1], refused: 1, broken: false },
      JSON.stringify(bad)?.slice(0, 60),
    )
  }
  const exts: number[][] = [
    [0xd4, 1, 0],
    [0xd5, 1, 0, 0],
    [0xd6, 1, 0, 0, 0, 0],
    [0xd7, 1, ...Array<number>(8).fill(0)],
    [0xd8, 1, ...Array<number>(16).fill(0)],
    [0xc7, 2, 1, 0, 0],
    [0xc8, 0, 2, 1, 0, 0],
    [0xc9, 0, 0, 0, 2, 1, 0, 0],
    [0xca, 0, 0, 0, 0],
    [0xd0, 0],
    [0xd1, 0, 0],
    [0xd2, 0, 0, 0, 0],
    [0xd3, ...Array<number>(8).fill(0)],
    [0xde, 0, 1, 1, 2],
    [0xdf, 0, 0, 0, 1, 1, 2],
    [0xdc, 0, 1, 1],
    [0xdd, 0, 0, 0, 1, 1],
  ]
  for (const bytes of exts) {
    t.same(
      readAll(body([0x93], entry, bytes, entry)),
      { seqs: [1, 1], refused: 1, broken: false },
      `type ${bytes[0]!.toString(16)}`,
    )
  }
})

t.test('a malformed body is read up to its fault, and is then broken', async t => {
  for (const [bytes, seqs, refused, why] of [
    [body(), [], 0, 'empty'],
    [body([0xc0]), [], 0, 'not an array'],
    [new TextEncoder().encode('{"a":1}'), [], 0, 'JSON'],
    [body([0xdd, 0xff, 0xff, 0xff, 0xff]), [], 0, 'four billion and nothing'],
    [body([0xdd, 0xff, 0xff, 0xff, 0xff], entry), [1], 0, 'four billion and one'],
    [body([0x92], entry), [1], 0, 'one short'],
    [body([0x91], entry, entry), [1], 0, 'bytes behind'],
    [body([0x93], entry, [0xc1], entry), [1], 0, 'the unused type'],
    [body([0x92], entry, [0xdb, 0xff, 0xff, 0xff, 0xff]), [1], 0, 'a string of four billion'],
    [body([0x92], entry, [0xdf, 0xff, 0xff, 0xff, 0xff]), [1], 0, 'a map of four billion'],
    [body([0x92], [0x05], [0xdd, 0xff, 0xff, 0xff, 0xff, 0x01]), [], 1, 'an array of four billion'],
    [body([0x91], new Uint8Array(100_000).fill(0x91)), [], 0, 'nesting without end'],
    [body([0x91], new Uint8Array(100_000).fill(0xdf)), [], 0, 'maps without end'],
  ] as const) {
    t.same(readAll(bytes), { seqs, refused, broken: true }, why)
  }
  for (let length = 0; length < entry.length; length++) {
    if (!readAll(body([0x92], entry, entry.slice(0, length))).broken) t.fail(`cut at ${length}`)
  }
  const deep = body([0x92], new Uint8Array(10_000).fill(0x91), [0xc0], entry)
  t.same(
    readAll(deep),
    { seqs: [1], refused: 1, broken: false },
    'deep nesting that ends is one bad entry',
  )
})

t.test('no bytes make the reader throw or read for ever', async () => {
  const interesting = fc.constantFrom(
    0x91,
    0x92,
    0x97,
    0xd9,
    36,
    0xc0,
    0xc4,
    0xc7,
    0xcb,
    0xdc,
    0xdd,
    0xde,
    0xdf,
    0xff,
    0,
  )
  const changed = fc.array(fc.tuple(fc.nat(), interesting), { maxLength: 4 }).map(changes => {
    const bytes = body([0x94], entry, entry, entry, entry)
    for (const [at, byte] of changes) bytes[at % bytes.length] = byte
    return bytes
  })
  fc.assert(
    fc.property(
      fc.oneof(
        fc.uint8Array({ maxLength: 300 }),
        fc.array(interesting, { maxLength: 300 }).map(list => Uint8Array.from(list)),
        changed,
      ),
      bytes => {
        reader.open(bytes, nowMs)
        let entries = 0
        while (reader.next()) entries++
        return entries + reader.refused <= bytes.length
      },
    ),
    { numRuns: 3000 },
  )
})

t.test('any value of msgpackr in the place of an entry is skipped whole', async t => {
  const value = fc.anything({
    maxDepth: 4,
    withBigInt: false,
    withDate: true,
    withNullPrototype: false,
    values: [
      fc.string(),
      fc.double(),
      fc.integer(),
      fc.boolean(),
      fc.constant(null),
      fc.uint8Array().map(bytes => Buffer.from(bytes)),
    ],
  })
  fc.assert(
    fc.property(fc.array(value, { maxLength: 10 }), values => {
      const result = readAll(
        body([0xdc, 0, values.length + 1], ...values.map(each => pack(each)), entry),
      )
      t.same(result, { seqs: [1], refused: values.length, broken: false })
    }),
    { numRuns: 300 },
  )
})
