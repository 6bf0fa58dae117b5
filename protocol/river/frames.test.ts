import { isDeepStrictEqual } from 'node:util'
import fc from '../testing/properties.ts'
import { pack, unpack } from 'msgpackr'
import t from 'tap'
import { FrameColumns, parseFrame } from './frame-parse.ts'
import {
  checkFrame,
  encodeFrame,
  encodeFrames,
  frameErrorName,
  FrameReader,
  type LocationFrame,
} from './frames.ts'

const nowMs = 1_760_000_000_000
const good: LocationFrame = {
  seq: 7,
  timestampMs: nowMs,
  latitude: 51.5,
  longitude: -0.1,
  headingDeg: 90,
  speedMps: 12.5,
  accuracyM: 5,
}
const reader = new FrameReader()

/** Bytes of a message from numbers and byte lists: `raw(0x97, f64(1.5))`. */
const raw = (...parts: (number | number[] | Uint8Array)[]): Uint8Array =>
  Uint8Array.from(parts.flatMap(part => (typeof part === 'number' ? [part] : [...part])))
const scalar = (type: number, width: number, write: (view: DataView) => void): number[] => {
  const view = new DataView(new ArrayBuffer(width))
  write(view)
  return [type, ...new Uint8Array(view.buffer)]
}
const f64 = (value: number): number[] => scalar(0xcb, 8, view => view.setFloat64(0, value))
const f32 = (value: number): number[] => scalar(0xca, 4, view => view.setFloat32(0, value))
const u64 = (value: bigint): number[] => scalar(0xcf, 8, view => view.setBigUint64(0, value))
const i64 = (value: bigint): number[] => scalar(0xd3, 8, view => view.setBigInt64(0, value))
const u32 = (value: number): number[] => scalar(0xce, 4, view => view.setUint32(0, value))
const i32 = (value: number): number[] => scalar(0xd2, 4, view => view.setInt32(0, value))
const nil = 0xc0
/** A frame in the form that we write, whose field `at` is replaced by the bytes given. */
const withField = (at: number, bytes: number[] | number): Uint8Array => {
  const fields = [u32(1), f64(nowMs), f64(1), f64(2), f32(3), f32(4), f32(5)].map((field, index) =>
    index === at ? bytes : field,
  )
  return raw(0x97, ...fields)
}
/** What the reader says: the error's name, or the number of frames. */
const verdict = (bytes: Uint8Array): string | number => {
  const code = reader.read(bytes, nowMs)
  return code < 0 ? frameErrorName(code) : code
}
const orNull = (value: number): number | null => (Number.isNaN(value) ? null : value)
const frameAt = (index: number): LocationFrame => {
  return {
    seq: reader.seq[index]!,
    timestampMs: reader.timestampMs[index]!,
    latitude: reader.latitude[index]!,
    longitude: reader.longitude[index]!,
    headingDeg: orNull(reader.headingDeg[index]!),
    speedMps: orNull(reader.speedMps[index]!),
    accuracyM: orNull(reader.accuracyM[index]!),
  }
}

t.test('every numeric encoding of msgpack is a number', async t => {
  for (const [bytes, at, expected] of [
    [[0x05], 2, 5],
    [[0xff], 2, -1],
    [[0xe0], 2, -32],
    [[0xcc, 80], 2, 80],
    [[0xcd, 0, 80], 2, 80],
    [u32(80), 2, 80],
    [u64(80n), 2, 80],
    [[0xd0, 0xb0], 2, -80],
    [[0xd1, 0xff, 0xb0], 2, -80],
    [i32(-80), 2, -80],
    [i64(-80n), 2, -80],
    [f32(-80.5), 2, -80.5],
    [f64(-80.25), 2, -80.25],
    [f64(3), 0, 3],
    [i64(0xffff_ffffn), 0, 0xffff_ffff],
    [u64(BigInt(nowMs)), 1, nowMs],
    [f64(nowMs + 30_000), 1, nowMs + 30_000],
    [f64(-0), 3, 0],
    [f64(-0), 4, 0],
    [f64(359.999_999_999), 4, 359.999_999_999],
    [f32(Math.fround(359.9)), 4, Math.fround(359.9)],
    [f32(-0), 4, 0],
    [f32(150), 5, 150],
    [nil, 4, null],
    [nil, 5, null],
    [nil, 6, null],
    [f64(150), 5, 150],
    [f64(90), 2, 90],
    [f64(-180), 3, -180],
  ] as const) {
    t.equal(verdict(withField(at, bytes as number[])), 1, `${String(bytes)} at ${at}`)
    t.ok(Object.is(Object.values(frameAt(0))[at], expected), `${String(bytes)} is ${expected}`)
  }
  t.equal(verdict(raw(0xdc, 0, 7, encodeFrame(good).subarray(1))), 1, 'array16 header')
  t.equal(verdict(raw(0xdd, 0, 0, 0, 7, encodeFrame(good).subarray(1))), 1, 'array32 header')
  t.equal(verdict(raw(0xdd, 0, 0, 0, 1, encodeFrame(good))), 1, 'array of one frame')
  t.equal(
    verdict(raw(0x97, ...Array.from({ length: 7 }, () => encodeFrame(good)))),
    7,
    'seven frames are not one',
  )
})

t.test('numbers that are wrong are out of range', async t => {
  for (const [at, bytes, why] of [
    [0, [0xff], 'seq -1'],
    [0, u64(0x1_0000_0000n), 'seq 2^32'],
    [0, f64(1.5), 'seq 1.5'],
    [0, f64(NaN), 'seq NaN'],
    [1, [0xff], 'timestamp -1'],
    [1, f64(-0.5), 'a fraction before 1970'],
    [1, u64(2n ** 53n), 'timestamp 2^53'],
    [1, u64(2n ** 64n - 1n), 'timestamp 2^64 - 1'],
    [1, f64(2 ** 53), 'timestamp 2^53 as a float'],
    [1, i64(-(2n ** 63n)), 'timestamp -2^63'],
    [1, f64(Infinity), 'timestamp Infinity'],
    [2, f64(90.0001), 'latitude 90.0001'],
    [2, f64(-90.0001), 'latitude -90.0001'],
    [2, f64(NaN), 'latitude NaN'],
    [2, f32(NaN), 'latitude NaN as float32'],
    [3, f64(180.0001), 'longitude 180.0001'],
    [3, f64(-180.0001), 'longitude -180.0001'],
    [3, f64(-Infinity), 'longitude -Infinity'],
    [3, f32(Infinity), 'longitude Infinity as float32'],
  ] as const) {
    t.equal(verdict(withField(at, bytes as number[])), 'frame_out_of_range', why)
  }
})

t.test(
  'what cannot be true of heading, speed and accuracy is not known, and the position counts',
  async t => {
    for (const [at, bytes, expected, why] of [
      [4, f64(-1), null, 'heading -1'],
      [4, [0xff], null, 'heading -1 as one byte'],
      [4, f32(-0.5), null, 'heading -0.5'],
      [4, f64(360), 0, 'heading 360'],
      [4, f32(360), 0, 'heading 360 as float32'],
      [4, f64(360.001), null, 'heading over 360'],
      [4, f64(NaN), null, 'heading NaN'],
      [4, f32(NaN), null, 'heading NaN as float32'],
      [4, f64(-Infinity), null, 'heading -Infinity'],
      [5, f64(-1), null, 'speed -1'],
      [5, f32(-1), null, 'speed -1 as float32'],
      [5, f64(150.1), null, 'speed 150.1'],
      [5, f64(Infinity), null, 'speed Infinity'],
      [5, f64(NaN), null, 'speed NaN'],
      [6, f64(0), null, 'accuracy 0'],
      [6, [0x00], null, 'accuracy 0 as one byte'],
      [6, f32(0), null, 'accuracy 0 as float32'],
      [6, f64(-1), null, 'accuracy -1'],
      [6, f64(1e300), null, 'accuracy 1e300'],
      [6, f64(NaN), null, 'accuracy NaN'],
      [4, u64(2n ** 64n - 1n), null, 'a heading that no double holds'],
      [4, [0xa2, 0x31, 0x30], null, 'a text'],
      [5, [0xc3], null, 'true'],
      [6, [0x91, 0x01], null, 'a list'],
      [6, [0x81, 0xa1, 0x61, 0x01], null, 'a map'],
      [1, f64(nowMs + 0.999), nowMs, 'a fraction of a millisecond'],
      [1, f64(1.5), 1, 'one and a half'],
    ] as const) {
      t.equal(verdict(withField(at, bytes as unknown as number[])), 1, why)
      t.equal(Object.values(frameAt(0))[at], expected, why)
      t.equal(reader.refused, 0)
      // What is copied is what it was taken for: whoever reads it on the bus sees no heading of -1.
      const copied = new Uint8Array(reader.view.buffer).slice(reader.start[0], reader.end[0])
      t.equal((unpack(copied) as unknown[])[at], expected, `${why}, copied`)
      const others = frameAt(0)
      t.equal(
        verdict(
          raw(
            0x93,
            encodeFrame({ ...good, seq: 5 }),
            withField(at, bytes as unknown as number[]),
            encodeFrame({ ...good, seq: 9 }),
          ),
        ),
        3,
        `${why}, among others`,
      )
      t.same([frameAt(0).seq, frameAt(1), frameAt(2).seq], [5, others, 9])
    }
  },
)

t.test('exactly (0, 0) is no position; a step beside it is one', async t => {
  for (const zero of [0, -0])
    t.equal(
      verdict(raw(0x97, u32(1), f64(nowMs), f64(zero), f64(0), nil, nil, nil)),
      'frame_out_of_range',
    )
  t.equal(
    verdict(raw(0x97, 1, u64(BigInt(nowMs)), 0, 0, nil, nil, nil)),
    'frame_out_of_range',
    'as single bytes',
  )
  for (const [lat, lng] of [
    [0, 1e-9],
    [1e-9, 0],
    [0, 5],
    [5, 0],
  ] as const)
    t.equal(verdict(raw(0x97, u32(1), f64(nowMs), f64(lat), f64(lng), nil, nil, nil)), 1)
  t.equal(checkFrame({ ...good, latitude: 0, longitude: 0 }, nowMs), 'frame_out_of_range')
})

t.test('a false frame is refused, and the other 63 count', async t => {
  const list = Array.from({ length: 64 }, (_, seq) => ({ ...good, seq }))
  for (const [bad, code, seq] of [
    [withField(2, f64(91)), 'frame_out_of_range', 7],
    [withField(1, f64(nowMs + 60_000)), 'frame_in_future', 7],
    [raw(0x96, u32(1), f64(1), f64(1), f64(1), nil, nil), 'frame_malformed', -1],
    [raw(0x05), 'frame_malformed', -1],
    [withField(3, [0xa1, 0x31]), 'frame_malformed', -1],
  ] as const)
    // What begins with a number is one frame, and no list of them.
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

t.test('timestamps from the future', async t => {
  t.equal(verdict(withField(1, f64(nowMs + 30_000))), 1)
  t.equal(verdict(withField(1, f64(nowMs + 30_001))), 'frame_in_future')
  t.equal(verdict(withField(1, u64(2n ** 53n - 1n))), 'frame_in_future')
})

t.test('shapes that are wrong are malformed', async t => {
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
    'shape is judged before range',
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
    // The reader keeps to its view, whatever lies behind it in the buffer.
    for (let length = 0; length < message.length; length++) {
      if (verdict(message.subarray(0, length)) !== 'frame_malformed')
        t.fail(`view cut at ${length} of ${message.length}`)
    }
  }
})

t.test(
  'a frame that needs bytes beyond the end given is malformed, though they are there',
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
      'bytes can be copied verbatim',
    )
  }
  t.equal(
    verdict(raw(0xdc, 0, 65, ...Array.from({ length: 65 }, () => encodeFrame(good)))),
    'frame_too_many',
  )
  t.equal(
    verdict(raw(0xdd, 0xff, 0xff, 0xff, 0xff, encodeFrame(good))),
    'frame_too_many',
    'a claim is enough',
  )
  t.equal(verdict(new Uint8Array(50_000).fill(0xdd)), 'frame_too_many', 'nested array32')
  t.throws(() => encodeFrames([...frames, good]), /frame_too_many/)
  t.throws(() => encodeFrames([]), /frame_too_many/)
})

t.test('a refused message says which frame', async t => {
  const message = raw(0x93, encodeFrame(good), encodeFrame(good), withField(2, f64(91)))
  t.equal(verdict(message), 2)
  t.same([reader.refusedIndex, frameErrorName(reader.refusedCode)], [2, 'frame_out_of_range'])
})

t.test('checkFrame and the encoder refuse what the reader refuses', async t => {
  for (const [change, expected] of [
    [{}, null],
    [{ headingDeg: null, speedMps: null, accuracyM: null }, null],
    [{ seq: -1 }, 'frame_out_of_range'],
    [{ seq: 2 ** 32 }, 'frame_out_of_range'],
    [{ latitude: 90.0001 }, 'frame_out_of_range'],
    [{ latitude: NaN }, 'frame_out_of_range'],
    [{ longitude: -181 }, 'frame_out_of_range'],
    [{ latitude: '51' }, 'frame_malformed'],
    [{ latitude: null }, 'frame_malformed'],
    [{ seq: undefined }, 'frame_malformed'],
    [{ timestampMs: 5n }, 'frame_malformed'],
  ] as const) {
    const frame = { ...good, ...change } as LocationFrame
    t.equal(checkFrame(frame, nowMs), expected, String(Object.entries(change)))
    if (expected !== null && typeof frame.timestampMs === 'number')
      t.throws(() => encodeFrame(frame), new RegExp(expected))
  }
  t.equal(checkFrame({ ...good, timestampMs: nowMs + 30_001 }, nowMs), 'frame_in_future')
  for (const [change, expected] of [
    [{ headingDeg: -1, speedMps: -1, accuracyM: 0 }, [null, null, null]],
    [{ headingDeg: 360 }, [0, good.speedMps, good.accuracyM]],
    [{ headingDeg: NaN, speedMps: 151, accuracyM: Infinity }, [null, null, null]],
    [{ headingDeg: '5', speedMps: undefined, accuracyM: -5 }, [null, null, null]],
    [{ timestampMs: 5.9 }, [good.headingDeg, good.speedMps, good.accuracyM]],
  ] as const) {
    t.equal(verdict(encodeFrame({ ...good, ...change } as LocationFrame)), 1)
    t.same(
      [frameAt(0).headingDeg, frameAt(0).speedMps, frameAt(0).accuracyM],
      expected,
      'the encoder leaves out what cannot be true',
    )
  }
  t.equal(
    verdict(encodeFrame({ ...good, headingDeg: 359.999_999_99 })),
    1,
    'rounding to float32 does not leave the range',
  )
  t.equal(frameAt(0).headingDeg, 0)
})

const float32 = (min: number, max: number) =>
  fc.float({ min: Math.fround(min), max: Math.fround(max), noNaN: true, maxExcluded: true })
const frames: fc.Arbitrary<LocationFrame> = fc
  .record({
    seq: fc.integer({ min: 0, max: 0xffff_ffff }),
    timestampMs: fc.integer({ min: 0, max: nowMs + 30_000 }),
    latitude: fc.double({ min: -90, max: 90, noNaN: true }),
    longitude: fc.double({ min: -180, max: 180, noNaN: true }),
    headingDeg: fc.option(float32(0, 360)),
    speedMps: fc.option(float32(0, 150)),
    accuracyM: fc.option(float32(0.001, 1e6)),
  })
  .filter(({ latitude, longitude }) => latitude !== 0 || longitude !== 0)
const asArray = (frame: LocationFrame): unknown[] => Object.values(frame)
const withoutNegativeZero = (frame: LocationFrame): LocationFrame =>
  Object.fromEntries(
    Object.entries(frame).map(([name, value]) => [name, value === null ? null : value + 0]),
  ) as unknown as LocationFrame

t.test('frames survive the round trip, alone and together', async t => {
  fc.assert(
    fc.property(fc.array(frames, { minLength: 1, maxLength: 64 }), list => {
      if (reader.read(encodeFrames(list), nowMs) !== list.length) return false
      for (let index = 0; index < list.length; index++)
        t.same(frameAt(index), withoutNegativeZero(list[index]!))
      const alone = encodeFrame(list[0]!)
      return (
        reader.read(alone, nowMs) === 1 && reader.start[0] === 0 && reader.end[0] === alone.length
      )
    }),
    { numRuns: 50 },
  )
})

t.test('msgpackr writes what we read and reads what we write', async t => {
  fc.assert(
    fc.property(frames, frame => {
      t.equal(reader.read(pack(asArray(frame)), nowMs), 1)
      t.same(frameAt(0), withoutNegativeZero(frame))
      t.same(unpack(encodeFrame(frame)), asArray(frame))
    }),
    { numRuns: 300 },
  )
})

t.test('the fast way and the slow way say the same', async () => {
  // An array16 header is never canonical, so the same seven fields behind it are read one by one.
  const slowly = (frame: Uint8Array): Uint8Array => raw(0xdc, 0, 7, frame.subarray(1))
  const told = (bytes: Uint8Array) => {
    const said = verdict(bytes)
    return said === 1 ? frameAt(0) : said
  }
  const changes = fc.array(
    fc.tuple(
      fc.nat(),
      fc.constantFrom(0, 1, 0x3f, 0x40, 0x56, 0x7f, 0x80, 0xc0, 0xca, 0xcb, 0xce, 0xff),
    ),
    { maxLength: 2 },
  )
  fc.assert(
    fc.property(
      frames,
      changes,
      fc.nat({ max: 4 }),
      fc.nat({ max: 4 }),
      (frame, changes, cut, padding) => {
        const bytes = encodeFrame(frame)
        for (const [at, byte] of changes) bytes[1 + (at % (bytes.length - 1))] = byte
        const message = raw(bytes.subarray(0, bytes.length - cut), new Uint8Array(padding))
        return isDeepStrictEqual(told(message), told(slowly(message)))
      },
    ),
    { numRuns: 5000 },
  )
})

void t.test(
  'frames encoded one by one stay as they were, over many slabs, and one that is refused spoils none',
  async t => {
    const frames = Array.from({ length: 1_000 }, (_, seq): LocationFrame => ({
      seq,
      timestampMs: nowMs,
      latitude: seq / 100,
      longitude: 2,
      headingDeg: seq % 3 === 0 ? null : 3,
      speedMps: 4,
      accuracyM: seq % 2 === 0 ? null : 5,
    }))
    const encoded = frames.map(frame => {
      t.throws(() => encodeFrame({ ...frame, latitude: 91 }), RangeError)
      return encodeFrame(frame)
    })
    const wrong = frames.filter(
      (frame, i) =>
        verdict(encoded[i]!) !== 1 || JSON.stringify(frameAt(0)) !== JSON.stringify(frame),
    )
    t.same(wrong, [])
  },
)

t.test('a frame from the future tells its number', async t => {
  t.equal(verdict(encodeFrames([good, { ...good, seq: 8, timestampMs: nowMs + 30_001 }])), 1)
  t.equal(frameErrorName(reader.refusedCode), 'frame_in_future')
  t.equal(reader.refusedSeq, 8)
  t.equal(verdict(withField(0, [0x05])), 1)
  t.equal(
    verdict(raw(0x97, 0x09, f64(nowMs + 60_000), f64(1), f64(2), nil, nil, nil)),
    'frame_in_future',
  )
  t.equal(reader.refusedSeq, 9)
})

t.test('no bytes make the reader throw, and what it accepts is in range', async () => {
  const types = fc.constantFrom(
    0x97,
    0x91,
    0x92,
    0xc0,
    0xca,
    0xcb,
    0xce,
    0xcf,
    0xd3,
    0xdc,
    0xdd,
    0xd9,
    0x81,
    0,
    7,
  )
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 400 }),
    fc
      .array(fc.oneof(types, fc.integer({ min: 0, max: 255 })), { maxLength: 400 })
      .map(list => Uint8Array.from(list)),
    // A good message with some bytes changed.
    fc
      .tuple(
        fc.array(frames, { minLength: 1, maxLength: 4 }),
        fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { maxLength: 3 }),
      )
      .map(([list, changes]) => {
        const message = encodeFrames(list)
        for (const [at, byte] of changes) message[at % message.length] = byte
        return message
      }),
  )
  fc.assert(
    fc.property(bytes, message => {
      const count = reader.read(message, nowMs)
      if (count < 0) return count >= -4
      for (let index = 0; index < count; index++)
        if (checkFrame(frameAt(index), nowMs) !== null) return false
      return (
        count >= 1 &&
        count <= 64 &&
        count + reader.refused <= 64 &&
        reader.end[count - 1]! > reader.start[count - 1]!
      )
    }),
    { numRuns: 3000 },
  )
})
