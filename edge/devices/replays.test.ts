/** Frames of phones: their numbers, those that were taken before, and fields that phones leave out. */
import t from 'tap'
import { checkFrame, type LocationFrame } from '../../protocol/river/frames.ts'
import type { Fix } from './fix.ts'
import { deviceLimits } from './limits.ts'
import { readNeutral } from './neutral.ts'
import { Replays } from './replays.ts'
import { frameOf, refusalOf } from './river.ts'
import { readTraccar } from './traccar.ts'

const now = Date.UTC(2026, 10, 30, 12)
const fix: Fix = {
  atMs: now - 1_250,
  latitude: 27.7,
  longitude: 85.3,
  headingDeg: 10,
  speedMps: 5,
  accuracyM: 4,
  batteryPercent: 80,
  simulated: true,
}
const frame = (n: number): LocationFrame => frameOf({ ...fix, atMs: now - n * 1_000 }, now)

t.test('the number of a frame is its time in tenths of a second', async t => {
  t.strictSame(frameOf(fix, now), {
    seq: Math.floor((now - 1_250) / 100) % 2 ** 32,
    timestampMs: now - 1_250,
    latitude: 27.7,
    longitude: 85.3,
    headingDeg: 10,
    speedMps: 5,
    accuracyM: 4,
  })
  t.equal(frameOf({ ...fix, atMs: null }, now).timestampMs, now, 'without a time: its arrival')
  t.equal(frameOf({ ...fix, atMs: 2 ** 32 * 100 + 500 }, now).seq, 5)
})

t.test('a frame is refused for its time or for its place', async t => {
  t.equal(refusalOf(frame(0), now), null)
  t.equal(refusalOf({ ...frame(0), latitude: 91 }, now), 'out_of_range')
  const later = { ...frame(0), timestampMs: now + 3_600_000 }
  t.equal(checkFrame(later, now), 'frame_in_future')
  t.equal(refusalOf(later, now), 'future')
})

t.test('a frame is fresh until it was noted, and once in a request', async t => {
  let clock = now
  const replays = new Replays(() => clock)
  const ids = (frames: readonly LocationFrame[]) => frames.map(({ timestampMs }) => timestampMs)
  const [a, b, c] = [frame(3), frame(2), frame(1)] as const
  t.same(ids(replays.fresh('one', [a, b, a])), ids([a, b]))
  t.same(ids(replays.fresh('one', [a])), ids([a]), 'the bus has not taken it yet')
  replays.note('one', [a, b])
  t.same(ids(replays.fresh('one', [a, c, b])), ids([c]))
  t.same(ids(replays.fresh('two', [a])), ids([a]), 'another device')
  t.equal(replays.fresh('one', [{ ...a, latitude: 1 }]).length, 1, 'another place')
  t.equal(replays.fresh('one', [{ ...a, longitude: 1 }]).length, 1)
  replays.note('one', [c])
  t.equal(replays.fresh('one', [a, b, c]).length, 0)
  clock += deviceLimits.replayMs
  t.equal(replays.fresh('one', [a, b, c]).length, 3, 'it is forgotten after a while')
})

t.test('the oldest frames of a device are forgotten beyond the bound', async t => {
  const replays = new Replays(() => now)
  const most = deviceLimits.replayPositionsPerDevice
  const frames = Array.from({ length: most }, (_, i) => frame(i))
  replays.note('one', frames)
  t.equal(replays.fresh('one', frames).length, 0)
  replays.note('one', [frame(most)])
  t.same(replays.fresh('one', [...frames, frame(most)]), [frame(0)])
})

const plain = {
  atMs: null,
  latitude: 60,
  longitude: 30,
  headingDeg: null,
  speedMps: null,
  accuracyM: null,
  batteryPercent: null,
  simulated: false,
}
const read = (query: string, body = '') => readNeutral({ query, body: Buffer.from(body) })

t.test('the neutral path knows each value by several names', async t => {
  const full = { ...plain, headingDeg: 1, speedMps: 2, accuracyM: 3, batteryPercent: 4 }
  for (const query of [
    'latitude=60&longitude=30&heading=1&speed=2&accuracy=3&battery=4&timestamp=5&simulated=1',
    'lat=60&lon=30&bearing=1&speed=2&accuracy=3&batt=4&time=5&mock=true',
    'latitude=&lat=60&lng=30&heading=&direction=1&speed=2&accuracy=3&battery=&batt=4&time=5&mock=1',
  ])
    t.strictSame(read(query), [{ ...full, atMs: 5_000, simulated: true }], query)
  t.strictSame(read('lat=60&lon=30'), [plain])
  t.strictSame(read('', 'lat=60&lon=30'), [plain], 'a form')
  t.strictSame(read('lat=60', 'lon=30'), [plain], 'both')
})

t.test('the neutral path takes objects and lists, and the unit of the query', async t => {
  const one = { lat: 60, lon: 30, speed: 36 }
  t.match(read('speed_unit=kmh', JSON.stringify(one)), [{ speedMps: 10 }])
  t.match(read('speed_unit=kmh', JSON.stringify({ ...one, speed_unit: 'mps' })), [{ speedMps: 36 }])
  t.strictSame(read('speed_unit=mph', JSON.stringify(one)), ['unreadable'])
  t.strictSame(read('', JSON.stringify([{ lat: 60, lon: 30 }, 5, {}])), [
    plain,
    'unreadable',
    'no_position',
  ])
  t.strictSame(read('', '{'), ['unreadable'])
  t.strictSame(readNeutral({ query: '', body: null }), ['unreadable'])
})

t.test('Traccar: what has no place, or cannot be read, is said', async t => {
  const traccar = (query: string, body: unknown = '') =>
    readTraccar({
      query,
      body: Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)),
    })
  t.strictSame(readTraccar({ query: 'lat=60&lon=30', body: null }), ['unreadable'])
  t.strictSame(traccar('', '{'), ['unreadable'])
  for (const nothing of [{}, { device_id: 'a' }, []])
    t.strictSame(traccar('', nothing), ['no_position'])
  t.strictSame(traccar('', { location: 5 }), ['unreadable'])
  t.strictSame(traccar('', { location: {} }), ['no_position'])
  for (const valid of ['0', 'false'])
    t.strictSame(traccar(`lat=60&lon=30&valid=${valid}`), ['no_position'])
  const coords = { latitude: 60, longitude: 30 }
  t.strictSame(traccar('', { location: { coords } }), [plain], 'without a battery')
  t.strictSame(traccar('', { location: { coords, battery: { level: 0.5 } } }), [
    { ...plain, batteryPercent: 50 },
  ])
})
