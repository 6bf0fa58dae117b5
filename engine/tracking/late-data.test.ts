/**
 * The late-data policy as a table: the frames of a device in the order of their arrival, and the
 * verdict on each. Then the policy is compared with a second implementation, which keeps a set
 * instead of bits. Numbers in brackets are the invariants of SPEC.md.
 */
import assert from 'node:assert/strict'
import fc from '../../protocol/testing/properties.ts'
import t from 'tap'
import { distanceKm } from '../../protocol/river/geo.ts'
import { limits } from '../../protocol/kernel/limits.ts'
import { DriverTable } from '../fleet/driver-table.ts'
import { applyFrame, verdicts, type Verdict } from './late-data.ts'
import { trackingLimits } from './limits.ts'

/** Engine time of every row, ms since the epoch. */
const nowMs = 10_000_000
/**
 * seq, device time (s before now; negative is ahead), metres east of the start, and the delay of
 * the arrival against the others, s.
 */
type Frame = [seq: number, secondsAgo: number, metres?: number, heardAfter?: number]
const metre = 1 / 111_195

function device() {
  const table = new DriverTable(1, 2)
  const number = table.ensure('00000000-0000-7000-8000-0000000000d1')
  return {
    table,
    number,
    hear: ([seq, secondsAgo, metres = 0, heardAfter = 0]: Frame): Verdict =>
      verdicts[
        applyFrame(
          table,
          number,
          nowMs + heardAfter * 1000,
          seq,
          nowMs - secondsAgo * 1000,
          0,
          metres * metre,
          Number.NaN,
          Number.NaN,
        )
      ]!,
  }
}
const fast = trackingLimits.impossibleSpeedMps + 1
const count = (from: number, to: number): Frame[] =>
  Array.from({ length: to - from + 1 }, (_, i) => [from + i, 1_000 - from - i])

const table: Record<string, [Frame, Verdict][]> = {
  'in order': [
    [[1, 3], 'accepted'],
    [[2, 2], 'accepted'],
    [[3, 1], 'accepted'],
  ],
  'late: an offline buffer sent after the live position': [
    [[10, 1], 'accepted'],
    [[7, 4], 'late'],
    [[8, 3], 'late'],
    [[9, 2], 'late'],
    [[11, 0], 'accepted'],
  ],
  'late frames of unknown numbers, far below the window': [
    [[1_000, 1], 'accepted'],
    [[3, 900], 'late'],
    [[3, 900], 'late'],
  ],
  'duplicate: the same frame again': [
    [[5, 2], 'accepted'],
    [[5, 2], 'duplicate'],
    [[6, 1], 'accepted'],
    [[5, 2], 'duplicate'],
    [[6, 1], 'duplicate'],
  ],
  'duplicate: a late frame twice': [
    [[5, 1], 'accepted'],
    [[4, 2], 'late'],
    [[4, 2], 'duplicate'],
  ],
  'duplicate time under another number': [
    [[5, 1], 'accepted'],
    [[6, 1], 'duplicate'],
    [[6, 0.5], 'accepted'],
  ],
  'restart: a device that counts from the beginning again is heard': [
    [[500, 3], 'accepted'],
    [[1, 2], 'accepted'],
    [[2, 1], 'accepted'],
    [[500, 3], 'late'],
  ],
  'restart within the window': [
    [[20, 3], 'accepted'],
    [[21, 2], 'accepted'],
    [[1, 1], 'accepted'],
    [[1, 1], 'duplicate'],
    [[2, 0], 'accepted'],
  ],
  'restart onto a number that was seen': [
    [[1, 3], 'accepted'],
    [[2, 2], 'accepted'],
    [[1, 1], 'accepted'],
    [[2, 0], 'accepted'],
  ],
  'a jump of more than the window forgets it': [
    [[1, 9], 'accepted'],
    [[100, 5], 'accepted'],
    [[100, 5], 'duplicate'],
    [[1, 9], 'late'],
    [[99, 6], 'late'],
    [[99, 6], 'duplicate'],
  ],
  'the number 0 and the greatest number': [
    [[0, 3], 'accepted'],
    [[0, 3], 'duplicate'],
    [[2 ** 32 - 1, 2], 'accepted'],
    [[2 ** 32 - 1, 2], 'duplicate'],
    [[0, 1], 'accepted'],
  ],
  'future: one frame with a wrong clock does not freeze the pin': [
    [[1, 2], 'accepted'],
    [[2, -limits.frameFutureMsMax / 1000 - 0.001], 'future'],
    [[3, 1], 'accepted'],
    [[4, -limits.frameFutureMsMax / 1000], 'accepted'],
  ],
  'future as the first frame': [
    [[1, -3_600], 'future'],
    [[2, 0], 'accepted'],
  ],
  'impossible: one wild point': [
    [[1, 10], 'accepted'],
    [[2, 9, fast * 10], 'impossible'],
    [[3, 8, 10], 'accepted'],
  ],
  'at the speed limit': [
    [[1, 10], 'accepted'],
    [[2, 0, trackingLimits.impossibleSpeedMps * 10 - 1], 'accepted'],
  ],
  'noise below 100 m is no speed': [
    [[1, 2], 'accepted'],
    [[2, 1.99, 95], 'accepted'],
    [[3, 1.98, 0], 'accepted'],
    [[4, 1.97, 105], 'impossible'],
  ],
  'small steps of noise do not add up: five frames in four milliseconds': [
    [[1, 20], 'accepted'],
    [[2, 19.999, 90], 'accepted'],
    [[3, 19.998, 180], 'impossible'],
    [[4, 19.997, 99], 'accepted'],
    [[5, 19.996, 189], 'impossible'],
  ],
  'small steps of noise do not add up: steps of a metre': [
    ...Array.from({ length: 100 }, (_, i): [Frame, Verdict] => [[i, 20 - i / 1000, i], 'accepted']),
    [[100, 19.9, 101], 'impossible'],
    [[101, 19.899, 102], 'impossible'],
    [[102, 19, 110], 'accepted'],
  ],
  'noise of 45 m forth and back on a fast way is accepted': Array.from(
    { length: 40 },
    (_, i): [Frame, Verdict] => [[i, 20 - i / 4, i * 8 + (i % 2) * 45], 'accepted'],
  ),
  'small steps are counted from a new beginning after ten seconds': [
    [[1, 25], 'accepted'],
    [[2, 24.999, 90], 'accepted'],
    [[3, 24.998, 180], 'impossible'],
    [[4, 15.001, 91], 'accepted'],
    [[5, 15, 180], 'accepted'],
    [[6, 14.999, 269], 'accepted'],
    [[7, 14.998, 358], 'impossible'],
  ],
  'anchor: three points in a row that agree over ten seconds move the pin': [
    [[1, 30, 500_000], 'accepted'],
    [[2, 29, 0, 0], 'impossible'],
    [[3, 24, 10, 5], 'impossible'],
    [[4, 19, 20, 10], 'accepted'],
    [[5, 18, 30, 11], 'accepted'],
  ],
  'anchor: four frames in four milliseconds do not move the pin': [
    [[1, 30, 500_000], 'accepted'],
    [[2, 29.003, 0], 'impossible'],
    [[3, 29.002, 0, 0.001], 'impossible'],
    [[4, 29.001, 0, 0.002], 'impossible'],
    [[5, 29, 0, 0.003], 'impossible'],
  ],
  'anchor: frames ten seconds apart by the device, all heard at once, do not move the pin': [
    [[1, 90, 500_000], 'accepted'],
    [[2, 80, 0], 'impossible'],
    [[3, 70, 0], 'impossible'],
    [[4, 60, 0], 'impossible'],
    [[5, 50, 0], 'impossible'],
    [[6, 40, 0, 9.999], 'impossible'],
    [[7, 30, 0, 10], 'accepted'],
  ],
  'anchor: frames of one moment of the device, heard over a long time, do not move the pin': [
    [[1, 90, 500_000], 'accepted'],
    [[2, 80, 0, 0], 'impossible'],
    [[3, 79, 0, 20], 'impossible'],
    [[4, 78, 0, 40], 'impossible'],
    [[5, 70.001, 0, 60], 'impossible'],
    [[6, 70, 0, 80], 'accepted'],
  ],
  'anchor: two points over ten seconds do not move the pin': [
    [[1, 90, 500_000], 'accepted'],
    [[2, 80, 0, 0], 'impossible'],
    [[3, 60, 0, 20], 'impossible'],
    [[4, 59, 0, 21], 'accepted'],
  ],
  'anchor: the ten seconds begin again after a true position': [
    [[1, 90, 500_000], 'accepted'],
    [[2, 80, 0, 0], 'impossible'],
    [[3, 75, 0, 5], 'impossible'],
    [[4, 74, 500_010, 6], 'accepted'],
    [[5, 73, 0, 7], 'impossible'],
    [[6, 68, 0, 12], 'impossible'],
    [[7, 66, 0, 14], 'impossible'],
    [[8, 63, 0, 17], 'accepted'],
  ],
  'anchor: points that do not agree with each other do not move the pin': [
    [[1, 10], 'accepted'],
    [[2, 9, 100_000], 'impossible'],
    [[3, 8, 300_000], 'impossible'],
    [[4, 7, 600_000], 'impossible'],
    [[5, 6, 5], 'accepted'],
  ],
  'anchor: the count begins again after a true position': [
    [[1, 10], 'accepted'],
    [[2, 9, 100_000], 'impossible'],
    [[3, 8, 100_010], 'impossible'],
    [[4, 7, 5], 'accepted'],
    [[5, 6, 100_020], 'impossible'],
    [[6, 5, 100_030], 'impossible'],
  ],
  'impossible: as far on the other side of the meridian': [
    [[1, 10, -100_000], 'accepted'],
    [[2, 9, 100_000], 'impossible'],
  ],
  'anchor: one wild point that is sent three times counts once': [
    [[1, 10], 'accepted'],
    [[2, 9, 100_000], 'impossible'],
    [[2, 9, 100_000], 'impossible'],
    [[2, 9, 100_000], 'impossible'],
    [[3, 8, 5], 'accepted'],
  ],
}

for (const [name, rows] of Object.entries(table))
  t.test(name, async t => {
    const { hear } = device()
    for (const [frame, verdict] of rows)
      t.equal(hear(frame), verdict, `${frame.join(' ')} → ${verdict}`)
  })

t.test('the last 64 numbers are remembered exactly, and no number before them', async t => {
  for (const back of [1, 30, 31, 32, 33, 62, 63]) {
    const { hear } = device()
    for (const frame of count(100, 200)) hear(frame)
    t.equal(hear([200 - back, 1_000 - 200 + back]), 'duplicate', `${back} back was seen`)
    const sparse = device()
    sparse.hear([200, 1])
    t.equal(sparse.hear([200 - back, 500]), 'late', `${back} back was not`)
    t.equal(sparse.hear([200 - back, 500]), 'duplicate', `${back} back is noted`)
    const jumping = device()
    jumping.hear([200, 500])
    jumping.hear([200 + back, 1])
    t.equal(jumping.hear([200, 500]), 'duplicate', `still known after a jump of ${back}`)
    t.equal(jumping.hear([201 + (back > 1 ? 0 : -2), 400]), 'late', 'and its neighbour is not')
  }
  for (const back of [64, 65, 1_000]) {
    const { hear } = device()
    hear([2_000 - back, 500])
    hear([2_000, 1])
    t.equal(
      hear([2_000 - back, 500]),
      'late',
      `${back} back is not remembered: the frame is late and not a duplicate`,
    )
  }
})

t.test('[7] a frame that was not accepted does not move the pin', async t => {
  for (const rows of Object.values(table)) {
    const { hear, table, number } = device()
    for (const [frame] of rows) {
      const before = [table.latitude(number), table.longitude(number), table.atMs(number)]
      if (hear(frame) !== 'accepted')
        t.same([table.latitude(number), table.longitude(number), table.atMs(number)], before)
    }
  }
})

t.test('[7] any frames get the verdicts of a second implementation', async t => {
  const frame = fc.record({
    heardAfter: fc.constantFrom(0, 0, 0, 1, 4, 11),
    seq: fc.oneof(fc.nat({ max: 150 }), fc.constantFrom(1_000, 2 ** 32 - 1)),
    secondsAgo: fc.oneof(
      fc.integer({ min: -32, max: 60 }),
      fc.integer({ min: 0, max: 100 }).map(tenths => tenths / 10),
    ),
    metres: fc.constantFrom(0, 0, 0, 50, 90, 140, 200, 1_000_000),
  })
  fc.assert(
    fc.property(fc.array(frame, { maxLength: 400 }), frames => {
      const { table, number, hear } = device()
      let live: { atMs: number; metres: number } | null = null
      let newest = 0
      let seen = new Set<number>()
      let suspect = { atMs: 0, metres: 0, count: 0, firstAtMs: 0, firstHeardMs: 0 }
      let clockMs = nowMs
      let heardAfter = 0
      let start: { atMs: number; metres: number } | null = null
      /** Too fast from the live position, or too far by small steps that are each too fast. */
      const leaps = (
        from: { atMs: number; metres: number },
        to: { atMs: number; metres: number },
      ): boolean => {
        if (
          Math.abs(to.metres - from.metres) * metre * 111_200 * 1000 <=
          trackingLimits.impossibleSpeedMps * (to.atMs - from.atMs)
        )
          return false
        if (wild(from, to)) return true
        if (start === null || from.atMs - start.atMs >= 10_000) start = from
        return wild(start, to)
      }
      const wild = (
        from: { atMs: number; metres: number },
        to: { atMs: number; metres: number },
      ): boolean => {
        const km = distanceKm(0, from.metres * metre, 0, to.metres * metre)
        return (
          km > 0.1 && km * 1_000_000 > trackingLimits.impossibleSpeedMps * (to.atMs - from.atMs)
        )
      }
      const note = (seq: number): void => {
        newest = Math.max(newest, seq)
        seen.add(seq)
        seen = new Set([...seen].filter(one => newest - one < 64))
      }
      const restart = (seq: number): void => {
        newest = seq
        seen = new Set([seq])
      }
      const judge = (seq: number, point: { atMs: number; metres: number }): Verdict => {
        if (point.atMs > clockMs + limits.frameFutureMsMax) return 'future'
        if (live === null) {
          restart(seq)
          live = point
          return 'accepted'
        }
        if (point.atMs === live.atMs) {
          note(seq)
          return 'duplicate'
        }
        if (point.atMs < live.atMs) {
          if (seen.has(seq)) return 'duplicate'
          note(seq)
          return 'late'
        }
        if (seen.has(seq) || seq < newest) restart(seq)
        else note(seq)
        if (leaps(live, point)) {
          const agrees = suspect.count > 0 && point.atMs > suspect.atMs && !wild(suspect, point)
          const next = agrees
            ? { ...suspect, ...point, count: suspect.count + 1 }
            : { ...point, count: 1, firstAtMs: point.atMs, firstHeardMs: clockMs }
          if (
            next.count < trackingLimits.reanchorFramesMin ||
            next.atMs - next.firstAtMs < 10_000 ||
            clockMs - next.firstHeardMs < 10_000
          ) {
            suspect = next
            return 'impossible'
          }
        }
        suspect = { ...suspect, count: 0 }
        live = point
        return 'accepted'
      }
      let lastMs = -Infinity
      for (const { seq, secondsAgo, metres, heardAfter: passes } of frames) {
        heardAfter += passes
        clockMs = nowMs + heardAfter * 1000
        const verdict = hear([seq, secondsAgo, metres, heardAfter])
        assert.equal(verdict, judge(seq, { atMs: nowMs - secondsAgo * 1000, metres }))
        if (verdict !== 'accepted') continue
        assert.ok(table.atMs(number) > lastMs, '[7] accepted frames only go forward in time')
        lastMs = table.atMs(number)
      }
    }),
    { numRuns: 500 },
  )
  t.pass()
})
