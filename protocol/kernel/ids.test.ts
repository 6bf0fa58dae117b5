/**
 * Ids have their time and sort by it, for any clock and any random numbers. Times as text are as
 * Date writes them.
 */
import fc from '../testing/properties.ts'
import t from 'tap'
import { isUuid, uuidTimeMs, uuidV7 } from './ids.ts'
import { isoTime } from './iso-time.ts'
import { slotCount, slotOf } from './slots.ts'

const chance = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })
const timeMs = fc.double({ min: 0, max: 2 ** 48, maxExcluded: true, noNaN: true })

t.test('a UUIDv7 has its version, its variant and its time (RFC 9562, 5.7)', async t => {
  fc.assert(
    fc.property(timeMs, fc.array(chance, { minLength: 4, maxLength: 4 }), (nowMs, chances) => {
      let next = 0
      const id = uuidV7(nowMs, () => chances[next++]!)
      return (
        isUuid(id) &&
        id === id.toLowerCase() &&
        id[14] === '7' &&
        '89ab'.includes(id[19]!) &&
        uuidTimeMs(id) === Math.floor(nowMs) &&
        // Every random bit comes from one of the four numbers.
        id.slice(15, 18) ===
          Math.floor(chances[0]! * 0x1000)
            .toString(16)
            .padStart(3, '0') &&
        id.slice(24) ===
          Math.floor(chances[2]! * 2 ** 24)
            .toString(16)
            .padStart(6, '0') +
            Math.floor(chances[3]! * 2 ** 24)
              .toString(16)
              .padStart(6, '0')
      )
    }),
  )
  t.pass()
})

t.test('ids of later milliseconds sort later', async t => {
  fc.assert(
    fc.property(
      timeMs,
      timeMs,
      (a, b) => Math.floor(a) >= Math.floor(b) || uuidV7(a, () => 0.999) < uuidV7(b, () => 0),
    ),
  )
  t.pass()
})

t.test('a time as text is as Date writes it, also when the same time is repeated', async t => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: -8.64e15, max: 8.64e15 }).chain(ms => fc.constantFrom(ms, ms, 0))),
      times => times.every(ms => isoTime(ms) === new Date(ms).toISOString()),
    ),
  )
  t.throws(() => isoTime(Number.NaN), RangeError)
  t.throws(() => isoTime(8.64e15 + 1), RangeError)
})

t.test('the slot of an id never changes, and slots get similar numbers of ids', async t => {
  // With another hash or another number of slots no stored actor would be found.
  const pinned: [string, number][] = [
    ['00000000-0000-0000-0000-000000000000', 30],
    ['0190a5a0-1234-7abc-8def-000000000001', 43],
    ['0190a5a0-1234-7abc-8def-000000000002', 34],
    ['018f4e6a-7c00-7000-8000-0000000000ff', 28],
    ['ffffffff-ffff-4fff-bfff-ffffffffffff', 19],
    ['019a0000-0000-7fff-9abc-123456789abc', 41],
  ]
  for (const [id, slot] of pinned) t.equal(slotOf(id), slot, id)
  const counts = Array.from({ length: slotCount }, () => 0)
  for (let n = 0; n < 64_000; n++)
    counts[slotOf(uuidV7(1_700_000_000_000 + n, () => (n * 0.618) % 1))]!++
  t.ok(
    Math.min(...counts) > 800 && Math.max(...counts) < 1_200,
    `of 64,000 ids each slot has ${Math.min(...counts)} to ${Math.max(...counts)}`,
  )
})
