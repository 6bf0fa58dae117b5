/** The times of reminders, against a walk back over the clock minute by minute. */
import assert from 'node:assert/strict'
import t from 'tap'
import fc from '../../protocol/testing/properties.ts'
import { minuteMs } from '../../protocol/appointments/zones.ts'
import { at, terms } from './fixtures.ts'
import { plannedReminders } from './planning.ts'

const clock = (zone: string) => {
  const format = new Intl.DateTimeFormat('en-GB', {
    timeZone: zone,
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  })
  return (ms: number): string => format.format(ms)
}
const zones = ['UTC', 'Asia/Kathmandu', 'America/New_York', 'Pacific/Kiritimati']
const clocks = new Map(zones.map(zone => [zone, clock(zone)]))
const planned = (
  reminder_minutes: number[],
  quiet_hours: { from: string; to: string } | null,
  zone: string,
  startMs: number,
  nowMs: number,
) => plannedReminders({ ...terms, reminder_minutes, quiet_hours }, zone, startMs, nowMs)

/** The last minute before the quiet hours, walking back from a moment within them. */
function slowly(zone: string, quiet: { from: string; to: string }, fromMs: number): number {
  const read = clocks.get(zone)!
  const isQuiet = (time: string) =>
    quiet.from < quiet.to
      ? quiet.from <= time && time < quiet.to
      : quiet.from !== quiet.to && (quiet.from <= time || time < quiet.to)
  if (!isQuiet(read(fromMs))) return fromMs
  let ms = Math.floor(fromMs / minuteMs) * minuteMs
  while (isQuiet(read(ms))) ms -= minuteMs
  return ms
}

t.test('any quiet hours, zone and time: as minute by minute', async t => {
  const Time = fc
    .integer({ min: 0, max: 24 * 60 - 1 })
    .map(n => `${String(Math.floor(n / 60)).padStart(2, '0')}:${String(n % 60).padStart(2, '0')}`)
  let moved = 0
  fc.assert(
    fc.property(
      fc.constantFrom(...zones),
      fc.record({ from: Time, to: Time }),
      fc.integer({ min: 0, max: 3 * 24 * 60 * 60_000 }),
      fc.array(fc.integer({ min: 1, max: 4 * 24 * 60 }), { minLength: 1, maxLength: 5 }),
      fc.integer({ min: 0, max: 2 * 24 * 60 }),
      (zone, quiet, sinceMs, minutes, before) => {
        const startMs = at('06:00') + sinceMs
        const nowMs = startMs - before * minuteMs
        const plain = minutes.map(one => startMs - one * minuteMs)
        const slow = plain.map(ms => slowly(zone, quiet, ms))
        moved += slow.filter((ms, i) => ms !== plain[i]).length
        const should = [...new Set(slow)].filter(ms => ms > nowMs).toSorted((a, b) => a - b)
        assert.deepEqual(planned(minutes, quiet, zone, startMs, nowMs), should)
      },
    ),
    { numRuns: 300, seed: 31 },
  )
  t.ok(moved > 300, `${moved} were moved`)
})

t.test(
  'without quiet hours reminders come when they should, once, and not in the past',
  async t => {
    const start = at('09:00')
    t.strictSame(planned([60, 120, 60], null, 'UTC', start, at('06:00')), [
      at('07:00'),
      at('08:00'),
    ])
    t.strictSame(planned([60, 120], null, 'UTC', start, at('07:00')), [at('08:00')])
    t.strictSame(planned([60, 120], null, 'UTC', start, at('07:00') - 1), [
      at('07:00'),
      at('08:00'),
    ])
    t.strictSame(planned([], { from: '21:00', to: '08:00' }, 'UTC', start, 0), [])
  },
)

t.test('the first and the last minute of the quiet hours', async t => {
  const quiet = { from: '21:00', to: '08:00' }
  const one = (atMs: number) => planned([1], quiet, 'UTC', atMs + minuteMs, 0)
  t.strictSame(one(at('08:00')), [at('08:00')])
  t.strictSame(one(at('07:59')), [at('20:59') - 24 * 60 * minuteMs])
  t.strictSame(one(at('21:00')), [at('20:59')])
  t.strictSame(one(at('20:59')), [at('20:59')])
  t.strictSame(one(at('21:00') + 1_234), [at('20:59')], 'a full minute')
})

t.test('quiet hours that begin in the gap of a clock, or in its repeated hour', async t => {
  const zone = 'America/New_York'
  const march = Date.parse('2027-03-14T09:00Z')
  t.equal(clock(zone)(march), '05:00')
  const [gap] = planned([1], { from: '02:30', to: '08:00' }, zone, march + minuteMs, 0)
  t.equal(clock(zone)(gap!), '01:29', 'as much earlier as the quiet hours seem to last')
  const november = Date.parse('2027-11-07T08:00Z')
  t.equal(clock(zone)(november), '03:00')
  const [fold] = planned([1], { from: '01:30', to: '08:00' }, zone, november + minuteMs, 0)
  t.equal(new Date(fold!).toISOString(), '2027-11-07T05:29:00.000Z', 'the first of both hours')
})
