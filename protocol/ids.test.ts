/** Ids carry their time and sort by it, whatever the clock and the chance give; times as text are what Date writes. */
import fc from './testing/properties.ts'
import t from 'tap'
import { isUuid, uuidTimeMs, uuidV7 } from './ids.ts'
import { isoTime } from './iso-time.ts'

const chance = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })
const timeMs = fc.double({ min: 0, max: 2 ** 48, maxExcluded: true, noNaN: true })

t.test('a UUIDv7 says its version, its variant and its time (RFC 9562, 5.7)', async t => {
  fc.assert(fc.property(timeMs, fc.array(chance, { minLength: 4, maxLength: 4 }), (nowMs, chances) => {
    let next = 0
    const id = uuidV7(nowMs, () => chances[next++]!)
    return isUuid(id) && id === id.toLowerCase() && id[14] === '7' && '89ab'.includes(id[19]!) && uuidTimeMs(id) === Math.floor(nowMs) &&
      // Every random bit is one of the four numbers'.
      id.slice(15, 18) === Math.floor(chances[0]! * 0x1000).toString(16).padStart(3, '0') &&
      id.slice(24) === Math.floor(chances[2]! * 2 ** 24).toString(16).padStart(6, '0') + Math.floor(chances[3]! * 2 ** 24).toString(16).padStart(6, '0')
  }))
  t.pass()
})

t.test('ids of later milliseconds sort later', async t => {
  fc.assert(fc.property(timeMs, timeMs, (a, b) => Math.floor(a) >= Math.floor(b) || uuidV7(a, () => 0.999) < uuidV7(b, () => 0)))
  t.pass()
})

t.test('times as text, also again and again', async t => {
  fc.assert(fc.property(fc.array(fc.integer({ min: -8.64e15, max: 8.64e15 }).chain(ms => fc.constantFrom(ms, ms, 0))), times => times.every(ms => isoTime(ms) === new Date(ms).toISOString())))
  t.throws(() => isoTime(Number.NaN), RangeError)
  t.throws(() => isoTime(8.64e15 + 1), RangeError)
})
