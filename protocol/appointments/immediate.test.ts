/** The slot for a person who stands in the pharmacy, against a look at every slot of the day. */
import assert from 'node:assert/strict'
import t from 'tap'
import fc from '../testing/properties.ts'
import { weekdays } from '../pharmacies/weekdays.ts'
import { immediateSlot, slotsBetween, type SlotTerms } from './availability.ts'
import { minuteMs } from './zones.ts'

const morning = Date.parse('2027-06-07T08:00Z')
const terms: SlotTerms = {
  active: true,
  time_zone: 'UTC',
  duration_minutes: 30,
  interval_minutes: 30,
  capacity: 1,
  notice_minutes: 600,
  buffer_before_minutes: 0,
  buffer_after_minutes: 0,
  window_days: 366,
  rules: [{ days: [...weekdays], from: '09:00', to: '12:00' }],
  overrides: [],
  leave: [],
  closures: [],
}
const Place = fc.integer({ min: 0, max: 50 }).map(n => morning + n * 5 * minuteMs)

t.test('any calendar: the last free slot that has begun, or the first to come', async t => {
  const seen: Record<string, number> = {}
  fc.assert(
    fc.property(
      fc.record({
        duration_minutes: fc.constantFrom(15, 30, 60),
        interval_minutes: fc.constantFrom(5, 15, 30),
        capacity: fc.integer({ min: 1, max: 2 }),
        active: fc.oneof(
          { weight: 9, arbitrary: fc.constant(true) },
          { weight: 1, arbitrary: fc.constant(false) },
        ),
        closures: fc.array(fc.constant({ from: '2027-06-07T10:00', to: '2027-06-07T11:00' }), {
          maxLength: 1,
        }),
      }),
      fc.array(Place, { maxLength: 6 }),
      fc.option(Place),
      Place,
      fc.integer({ min: 0, max: 24 }),
      (given, taken, askedMs, nowMs, ahead) => {
        const now = { ...terms, ...given }
        const lasts = now.duration_minutes * minuteMs
        const seats = taken.map(startMs => ({ startMs, endMs: startMs + lasts }))
        const aheadMs = ahead * 5 * minuteMs
        const slots = slotsBetween(
          { ...now, notice_minutes: 0 },
          seats,
          morning,
          morning + 300 * minuteMs,
          morning - 1,
        )
        const here = slots.startsMs
          .map((atMs, i) => ({ atMs, free: slots.seats[i]! > 0 }))
          .filter(
            ({ atMs }) =>
              atMs + lasts > nowMs &&
              atMs <= nowMs + aheadMs &&
              (askedMs === null || atMs === askedMs),
          )
        const free = here.filter(one => one.free).map(({ atMs }) => atMs)
        const startMs = free.findLast(atMs => atMs <= nowMs) ?? free[0]
        const is = immediateSlot(now, seats, askedMs, nowMs, aheadMs)
        if (askedMs !== null && askedMs + lasts <= nowMs) assert.deepEqual(is, { verdict: 'past' })
        else if (askedMs !== null && askedMs > nowMs + aheadMs)
          assert.deepEqual(is, { verdict: 'too_far' })
        else if (startMs !== undefined) assert.deepEqual(is, { startMs })
        else {
          const isClosed = here.every(({ atMs }) =>
            now.closures.some(
              () => atMs < morning + 180 * minuteMs && atMs + lasts > morning + 120 * minuteMs,
            ),
          )
          assert.deepEqual(is, { verdict: isClosed ? 'closed' : 'taken' })
        }
        const name = 'verdict' in is ? is.verdict : 'free'
        seen[name] = (seen[name] ?? 0) + 1
      },
    ),
    { numRuns: 2_000, seed: 61 },
  )
  for (const name of ['free', 'past', 'too_far', 'closed', 'taken'])
    t.ok((seen[name] ?? 0) > 20, `${name}: ${seen[name]}`)
})
