/**
 * The shape of a message of frames: the bytes that are malformed, the number of frames that one
 * message may have, and a wrong frame among good ones.
 */
import t from 'tap'
import { FrameColumns, parseFrame } from './frame-parse.ts'
import { encodeFrame, encodeFrames, frameErrorName } from './frames.ts'
import {
  nowMs,
  good,
  reader,
  raw,
  f64,
  u32,
  nil,
  withField,
  verdict,
  frameAt,
} from './fixture-frames.ts'

t.test('a wrong frame is refused, and the other 63 count', async t => {
  const list = Array.from({ length: 64 }, (_, seq) => ({ ...good, seq }))
  for (const [bad, code, seq] of [
    [withField(2, f64(91)), 'frame_out_of_range', 7],
    [withField(1, f64(nowMs + 60_000)), 'frame_in_future', 7],
    [raw(0x96, u32(1), f64(1), f64(1), f64(1), nil, nil), 'frame_malformed', -1],
    [raw(0x05), 'frame_malformed', -1],
    [withField(3, [0xa1, 0x31]), 'frame_malformed', -1],
  ] as const)
    // A list whose first element is a number is one frame, so this frame is not put first.
    for (const place of bad.length === 1 ? [1, 63] : [0, 1, 31, 63]) {
      const message = raw(
        0xdc,
        0,
        64,
        ...list.map((frame, index) => (index === place ? bad : encodeFrame(frame))),
      )
      t.equal(reader.read(message, nowMs), 63, `${code} at ${place}`)
      t.same(
        Array.from({ length: 63 }, (_, index) => frameAt(index).seq),
        list.map(frame => frame.seq).filter(seq => seq !== place),
      )
      t.same(
        [
          reader.refused,
          frameErrorName(reader.refusedCode),
          reader.refusedIndex,
          reader.refusedSeqLast,
        ],
        [1, code, place, seq === -1 ? -1 : 1],
      )
    }
})

t.test('messages and required fields of a wrong shape are malformed', async t => {
  const frame = encodeFrame(good)
  const seven = [u32(1), f64(nowMs), f64(1), f64(2), f64(3), f64(4)]
  for (const [bytes, why] of [
    [raw(), 'empty'],
    [raw(0x90), 'empty array'],
    [raw(0xdc, 0, 0), 'empty array16'],
    [raw(0xdd, 0, 0, 0, 0), 'empty array32'],
    [raw(0x90, frame), 'empty array and a frame behind it'],
    [raw(0x96, ...seven), 'six fields'],
    [raw(0x98, ...seven, f64(5), f64(6)), 'eight fields'],
    [raw(0x07), 'a bare number'],
    [raw(nil), 'nil'],
    [raw(0xc1), 'the unused type'],
    [raw(frame, 0), 'a byte behind'],
    [raw(frame, frame), 'two frames without an array'],
    [raw(0x91, frame, 0), 'a byte behind an array'],
    [raw(0x91, 0x91, frame), 'an array too deep'],
    [raw(0x91, 0x90), 'an empty frame'],
    [raw(0xdd, 0xff, 0xff, 0xff, 0xff), 'four billion and nothing'],
    [raw(0xdd, 0xff, 0xff, 0xff, 0xff, 0x01), 'four billion numbers'],
    [raw(0xdc), 'half an array16 header'],
    [raw(0xdd, 0, 0, 0), 'half an array32 header'],
    [raw(0x81, 0xa1, 0x61, 0x01), 'a map'],
    [raw(0xdf, 0xff, 0xff, 0xff, 0xff), 'a map of four billion'],
    [raw(0xdb, 0xff, 0xff, 0xff, 0xff), 'a string of four billion'],
    [raw(0xc6, 0xff, 0xff, 0xff, 0xff), 'a bin of four billion'],
    [raw(0xc9, 0xff, 0xff, 0xff, 0xff, 1), 'an ext of four billion'],
    [new TextEncoder().encode('{"type":"location"}'), 'JSON'],
    [new Uint8Array(10_000).fill(0x91), 'ten thousand nested arrays'],
    [new Uint8Array(10_000).fill(0x97), 'ten thousand nested arrays of seven'],
  ] as const) {
    t.equal(verdict(bytes), 'frame_malformed', why)
  }
  const intruders: [number[], string][] = [
    [[0xa1, 0x31], 'fixstr'],
    [[0xd9, 1, 0x31], 'str8'],
    [[0xda, 0, 1, 0x31], 'str16'],
    [[0xdb, 0, 0, 0, 1, 0x31], 'str32'],
    [[0xc4, 1, 1], 'bin8'],
    [[0xc5, 0, 1, 1], 'bin16'],
    [[0xc6, 0, 0, 0, 1, 1], 'bin32'],
    [[0xc2], 'false'],
    [[0xc3], 'true'],
    [[0xc1], 'unused'],
    [[0x80], 'map'],
    [[0xde, 0, 0], 'map16'],
    [[0xdf, 0, 0, 0, 0], 'map32'],
    [[0x90], 'array'],
    [[0xdc, 0, 0], 'array16'],
    [[0xdd, 0, 0, 0, 0], 'array32'],
    [[0xd4, 1, 1], 'fixext1'],
    [[0xd6, 0xff, 0, 0, 0, 0], 'timestamp ext'],
    [[0xd8, 1, ...Array<number>(16).fill(0)], 'fixext16'],
    [[0xc7, 1, 1, 1], 'ext8'],
    [[0xc8, 0, 1, 1, 1], 'ext16'],
    [[0xc9, 0, 0, 0, 1, 1, 1], 'ext32'],
    [[0xd4, 0x72, 0x40], 'msgpackr record definition'],
  ]
  for (const [bytes, why] of intruders) {
    for (let at = 0; at < 4; at++)
      t.equal(verdict(withField(at, bytes)), 'frame_malformed', `${why} in field ${at}`)
    for (let at = 4; at < 7; at++)
      t.equal(
        verdict(withField(at, bytes)),
        why === 'unused' ? 'frame_malformed' : 1,
        `${why} in field ${at}`,
      )
  }
  for (let at = 0; at < 4; at++)
    t.equal(verdict(withField(at, nil)), 'frame_malformed', `nil in field ${at}`)
  t.equal(
    verdict(raw(0x97, f64(NaN), f64(nowMs), 0xc2, ...seven.slice(3), nil)),
    'frame_malformed',
    'the shape is checked before the range',
  )
})

t.test('a message cut at any byte is malformed', async t => {
  for (const message of [
    encodeFrame(good),
    encodeFrames([good, { ...good, headingDeg: null }]),
    encodeFrames(Array.from({ length: 20 }, () => good)),
  ]) {
    for (let length = 0; length < message.length; length++) {
      if (verdict(message.slice(0, length)) !== 'frame_malformed')
        t.fail(`cut at ${length} of ${message.length}`)
    }
    // The reader reads only its view, although the buffer has more bytes behind it.
    for (let length = 0; length < message.length; length++) {
      if (verdict(message.subarray(0, length)) !== 'frame_malformed')
        t.fail(`view cut at ${length} of ${message.length}`)
    }
  }
})

t.test(
  'a frame that needs bytes beyond the given end is malformed, although the buffer has these bytes',
  async t => {
    const bytes = new Uint8Array(100)
    bytes.set(encodeFrame(good))
    const length = encodeFrame(good).length
    for (let end = 0; end <= length; end++)
      t.equal(
        parseFrame(new DataView(bytes.buffer), 0, end, nowMs, new FrameColumns(1), 0),
        end < length ? -1 : length,
        `end ${end}`,
      )
  },
)

t.test('64 frames are read, 65 are too many', async t => {
  const frames = Array.from({ length: 64 }, (_, seq) => ({ ...good, seq }))
  const message = encodeFrames(frames)
  t.equal(verdict(message), 64)
  for (let index = 0; index < 64; index++) {
    t.same(frameAt(index), frames[index])
    t.same(
      new Uint8Array(reader.view.buffer).slice(reader.start[index], reader.end[index]),
      encodeFrame(frames[index]!),
      'the bytes of a frame can be copied',
    )
  }
  t.equal(
    verdict(raw(0xdc, 0, 65, ...Array.from({ length: 65 }, () => encodeFrame(good)))),
    'frame_too_many',
  )
  t.equal(
    verdict(raw(0xdd, 0xff, 0xff, 0xff, 0xff, encodeFrame(good))),
    'frame_too_many',
    'the number in the header is enough',
  )
  t.equal(verdict(new Uint8Array(50_000).fill(0xdd)), 'frame_too_many', 'nested array32')
  t.throws(() => encodeFrames([...frames, good]), /frame_too_many/)
  t.throws(() => encodeFrames([]), /frame_too_many/)
})

t.test('the reader tells which frame of a message it refused', async t => {
  const message = raw(0x93, encodeFrame(good), encodeFrame(good), withField(2, f64(91)))
  t.equal(verdict(message), 2)
  t.same([reader.refusedIndex, frameErrorName(reader.refusedCode)], [2, 'frame_out_of_range'])
})
