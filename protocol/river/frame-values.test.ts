/**
 * The numbers of a frame: every encoding of MessagePack is read, and each field has its range. A
 * position out of its range refuses the frame. A heading, speed or accuracy that is impossible only
 * becomes unknown.
 */
import { unpack } from 'msgpackr'
import t from 'tap'
import { checkFrame, encodeFrame, encodeFrames, frameErrorName } from './frames.ts'
import {
  nowMs,
  good,
  reader,
  raw,
  f64,
  f32,
  u64,
  i64,
  u32,
  i32,
  nil,
  withField,
  verdict,
  frameAt,
} from './fixture-frames.ts'

t.test('every encoding of a number in MessagePack is read', async t => {
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

t.test('an impossible number, time or position is out of range', async t => {
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
  'an impossible heading, speed or accuracy becomes unknown, and the position counts',
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
      // The bytes that are copied to the bus have the value that was read, so no reader of the bus
      // gets a heading of -1.
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

t.test('exactly (0, 0) is no position, and a place beside it is one', async t => {
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

t.test('a frame more than 30 seconds ahead is in the future', async t => {
  t.equal(verdict(withField(1, f64(nowMs + 30_000))), 1)
  t.equal(verdict(withField(1, f64(nowMs + 30_001))), 'frame_in_future')
  t.equal(verdict(withField(1, u64(2n ** 53n - 1n))), 'frame_in_future')
})

t.test('the reader tells the number of a frame from the future', async t => {
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
