/**
 * The encoder, the reader and another implementation of MessagePack agree on random frames, and no
 * random bytes break the reader.
 */
import { isDeepStrictEqual } from 'node:util'
import fc from '../testing/properties.ts'
import { pack, unpack } from 'msgpackr'
import t from 'tap'
import { checkFrame, encodeFrame, encodeFrames, type LocationFrame } from './frames.ts'
import { nowMs, good, reader, raw, verdict, frameAt } from './fixture-frames.ts'

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
      'the encoder leaves out impossible values',
    )
  }
  t.equal(
    verdict(encodeFrame({ ...good, headingDeg: 359.999_999_99 })),
    1,
    'a heading stays in its range when it is rounded to float32',
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

t.test('frames are read as they were written, alone and together', async t => {
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

t.test('our reader reads the frames of msgpackr, and msgpackr reads ours', async t => {
  fc.assert(
    fc.property(frames, frame => {
      t.equal(reader.read(pack(asArray(frame)), nowMs), 1)
      t.same(frameAt(0), withoutNegativeZero(frame))
      t.same(unpack(encodeFrame(frame)), asArray(frame))
    }),
    { numRuns: 300 },
  )
})

t.test('the fast path and the slow path of the reader give the same answer', async () => {
  // We never write an array16 header, so the reader reads the seven fields behind it one by one.
  const slowly = (frame: Uint8Array): Uint8Array => raw(0xdc, 0, 7, frame.subarray(1))
  const answer = (bytes: Uint8Array) => {
    const count = verdict(bytes)
    return count === 1 ? frameAt(0) : count
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
        return isDeepStrictEqual(answer(message), answer(slowly(message)))
      },
    ),
    { numRuns: 5000 },
  )
})

void t.test(
  'frames that are encoded one by one keep their bytes, over many slabs, also when another frame is refused',
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
