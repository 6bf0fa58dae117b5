/**
 * The waiting list without commands: who is promised a seat, which promises become offers, and when
 * the window opens, against a walk over the time.
 */
import assert from 'node:assert/strict'
import t from 'tap'
import { appointmentLimits } from '../../protocol/appointments/limits.ts'
import { dayMs, minuteMs } from '../../protocol/appointments/zones.ts'
import fc from '../../protocol/testing/properties.ts'
import type { Principal } from '../../protocol/kernel/principal.ts'
import { decide } from './decide.ts'
import { appointment, calendarOf, states } from './fixture-states.ts'
import { appointmentId, at, made, pharmacy, serviceId, terms } from './fixtures.ts'
import type { Appointment, OpenCalendar } from './state.ts'
import { offerOf, opensAtMs, promises } from './waiting.ts'
import { words } from './words.ts'

const now = at('06:00')
const open = { ...terms, notice_minutes: 0 }
const calendar = (
  all: readonly Appointment[],
  given: object = {},
  more: Partial<OpenCalendar> = {},
) => calendarOf(all, { terms: { ...open, ...given }, ...more })
/** Customer `n` waits for places between two times. */
const waits = (n: number, fromMs = at('09:00'), toMs = at('10:00')): Appointment => ({
  ...states.waitlist,
  id: appointmentId(n),
  wish: { fromMs, toMs },
})
const place = (n: number, time: string, minutes = 30) => ({
  appointmentId: appointmentId(n),
  startMs: at(time),
  endMs: at(time) + minutes * minuteMs,
})
/** The promises as texts such as `1 at 09:00`. */
const told = (given: OpenCalendar, nowMs = now): string[] =>
  promises(given, nowMs).map(({ type, data }) => {
    if (type !== 'seat_promised') throw new Error(type)
    t.equal(data.end_ms - data.start_ms, given.terms.duration_minutes * minuteMs)
    const n = Number(data.appointment_id.slice(-3))
    return `${n} at ${new Date(data.start_ms).toISOString().slice(11, 16)}`
  })

t.test('each of those who wait has the first place that suits, the longest wait first', async t => {
  t.strictSame(told(calendar([waits(2), waits(1), waits(3)])), ['2 at 09:00', '1 at 09:30'])
  t.strictSame(told(calendar([waits(2), waits(1), waits(3)], { capacity: 2 })), [
    '2 at 09:00',
    '1 at 09:00',
    '3 at 09:30',
  ])
  t.strictSame(told(calendar([waits(1), waits(2, at('09:30'))], { duration_minutes: 20 })), [
    '1 at 09:00',
    '2 at 09:30',
  ])
  t.strictSame(told(calendar([appointment({ id: appointmentId(9) }), waits(1)])), ['1 at 09:30'])
  t.strictSame(told(calendar([])), [])
})

t.test('nobody is promised two places, and only an entry of the list is promised one', async t => {
  t.strictSame(told(calendar([waits(1), waits(2)], {}, { promised: [place(1, '11:00')] })), [
    '2 at 09:00',
  ])
  t.strictSame(
    told(calendar([{ ...states.offered, startMs: at('11:00'), endMs: at('11:30') }])),
    [],
  )
  t.strictSame(told(calendar([{ ...states.waitlist, wish: null }])), [])
})

t.test('a place ends within the times that suit, and leaves time to accept it', async t => {
  const until = (toMs: number) => told(calendar([waits(1, at('09:00'), toMs)]))
  t.strictSame(until(at('09:30')), ['1 at 09:00'])
  t.strictSame(until(at('09:30') - 1), [])
  const { offerEndsBeforeMs, offerLeastMs } = appointmentLimits
  for (const [offer_minutes, least] of [
    [60, offerLeastMs],
    [5, 5 * minuteMs],
  ] as const) {
    const last = at('09:00') - offerEndsBeforeMs - least
    const given = calendar([waits(1, at('08:00'), at('09:30'))], { offer_minutes })
    t.strictSame(told(given, last), ['1 at 09:00'])
    t.strictSame(told(given, last + 1), [])
    const promised = calendar([waits(1)], { offer_minutes }, { promised: [place(1, '09:00')] })
    t.equal(offerOf(promised, waits(1), last)!.type, 'waitlist_offered')
    t.equal(offerOf(promised, waits(1), last + 1)!.type, 'seat_withdrawn')
  }
})

t.test('an offer ends when its time is over, or some time before its beginning', async t => {
  const promised = calendar([waits(1)], { offer_minutes: 60 }, { promised: [place(1, '09:00')] })
  const offered = (nowMs: number) => offerOf(promised, waits(1), nowMs)
  const data = {
    appointment_id: appointmentId(1),
    start_ms: at('09:00'),
    end_ms: at('09:30'),
  }
  t.strictSame(offered(now), {
    type: 'waitlist_offered',
    data: { ...data, held_until_ms: at('07:00') },
  })
  t.strictSame(offered(at('08:00')), {
    type: 'waitlist_offered',
    data: { ...data, held_until_ms: at('08:50') },
  })
})

t.test('each promise becomes an offer of its own place, unless that is gone', async t => {
  const two = [place(1, '09:00'), place(2, '09:30')]
  const list = [waits(1), waits(2)]
  const both = calendar(list, {}, { promised: two })
  for (const [i, one] of list.entries())
    t.match(offerOf(both, one, now), {
      type: 'waitlist_offered',
      data: { appointment_id: one.id, start_ms: two[i]!.startMs },
    })
  t.equal(offerOf(both, waits(3), now), null)
  const withdrawn = { type: 'seat_withdrawn', data: { appointment_id: appointmentId(1) } }
  const offered = (promised: OpenCalendar['promised'], given: object = {}, all = list) =>
    offerOf(calendar(all, given, { promised }), waits(1), now)
  t.strictSame(offered([place(1, '09:00'), place(2, '09:00')]), withdrawn, 'two have one seat')
  t.match(offered([place(1, '09:00'), place(2, '09:00')], { capacity: 2 }), {
    type: 'waitlist_offered',
  })
  t.strictSame(offered([place(1, '09:00', 20)]), withdrawn, 'it takes longer by now')
  t.strictSame(offered([place(1, '09:00')], { active: false }), withdrawn)
  t.strictSame(
    offered([place(1, '09:00')], {}, [...list, appointment({ id: appointmentId(9) })]),
    withdrawn,
  )
})

t.test('an offer frees nothing, and what is withdrawn frees its seat', async t => {
  const by: Principal = { role: 'system', id: 'calendar' }
  const tell = (state: OpenCalendar) => {
    const data = { appointment_id: appointmentId(1) }
    const decision = decide(state, { verb: 'offer', by, serviceId, data }, now)
    return decision.ok ? decision.events.map(({ type }) => type) : decision.code
  }
  const list = [waits(1), waits(2)]
  t.strictSame(tell(calendar(list, {}, { promised: [place(1, '09:00')] })), ['waitlist_offered'])
  t.strictSame(tell(calendar(list, {}, { promised: [place(1, '09:00', 20)] })), [
    'seat_withdrawn',
    'seat_promised',
    'seat_promised',
  ])
  t.strictSame(tell(calendar(list)), [])
})

const week = { window_days: 7 }
const opens = (all: readonly Appointment[], given: object = {}, more: Partial<OpenCalendar> = {}) =>
  opensAtMs(calendar(all, { ...week, ...given }, { openedUntilMs: now + 7 * dayMs, ...more }))

t.test('the window opens for the first place that anybody waits for', async t => {
  const ninth = waits(1, at('09:15', 9), at('10:30', 9))
  t.equal(opens([ninth]), at('09:30', 2) + 1)
  t.equal(opens([ninth, waits(2, at('08:00', 9), at('10:30', 9))]), at('09:00', 2) + 1)
  t.equal(opens([ninth, waits(2)]), at('09:30', 2) + 1, 'one waits for a place within the window')
  t.equal(opens([waits(2), ninth]), at('09:30', 2) + 1)
  t.equal(opens([ninth], {}, { promised: [{ ...place(1, '09:00') }] }), null)
  t.equal(
    opens(
      [ninth],
      {},
      { promised: [{ ...place(2, '09:00'), startMs: at('09:30', 9), endMs: at('10:00', 9) }] },
    ),
    at('10:00', 2) + 1,
  )
})

t.test('the window does not open for nobody, for no place, and not within the notice', async t => {
  const ninth = waits(1, at('09:00', 9), at('09:30', 9))
  t.equal(opens([]), null)
  t.equal(opens([waits(1)]), null)
  t.equal(opens([waits(1, at('09:00', 9), at('09:30', 9) - 1)]), null, 'too short')
  t.equal(opens([ninth], { active: false }), null)
  t.equal(
    opens([ninth], { closures: [{ from: '2027-06-16T00:00', to: '2027-06-17T00:00' }] }),
    null,
  )
  t.equal(opens([ninth], { notice_minutes: 7 * 24 * 60 }), null)
  t.equal(opens([ninth], { notice_minutes: 7 * 24 * 60 - 1 }), at('09:00', 2) + 1)
})

t.test('a place that was opened already is not opened again', async t => {
  const ninth = waits(1, at('09:00', 9), at('10:30', 9))
  t.equal(opens([ninth], {}, { openedUntilMs: at('09:00', 9) }), at('09:00', 2) + 1)
  t.equal(opens([ninth], {}, { openedUntilMs: at('09:00', 9) + 1 }), at('09:30', 2) + 1)
  t.equal(opens([ninth], {}, { openedUntilMs: at('10:00', 9) + 1 }), null)
  // A snapshot of an older release does not say how far it was opened: to the end of the window
  // when the entry was made.
  const { openedUntilMs: _, ...older } = calendar([ninth], week)
  t.equal(opensAtMs(older), at('09:00', 2) + 1)
  const late = { ...ninth, createdAtMs: at('09:00', 2) + 1 }
  t.equal(opensAtMs({ ...older, live: [late] }), at('09:30', 2) + 1)
})

t.test('any wishes: the window opens when the first promise is possible', async t => {
  let found = 0
  const Wish = fc.record({
    from: fc.integer({ min: 0, max: 12 * 48 }),
    slots: fc.integer({ min: 1, max: 6 }),
  })
  fc.assert(
    fc.property(
      fc.array(Wish, { minLength: 1, maxLength: 4 }),
      fc.integer({ min: 1, max: 8 }),
      fc.constantFrom(20, 30, 60),
      fc.integer({ min: 0, max: 3 }),
      (wishes, window_days, duration_minutes, leave) => {
        const list = wishes.map(({ from, slots }, n) =>
          waits(n, now + from * 30 * minuteMs, now + (from + slots) * 30 * minuteMs),
        )
        const state = calendar(
          list,
          {
            window_days,
            duration_minutes,
            leave: [{ from: '2027-06-07T00:00', to: `2027-06-${10 + leave}T10:00` }],
          },
          { openedUntilMs: now + window_days * dayMs },
        )
        if (promises(state, now).length > 0) return
        let should: number | null = null
        for (let ms = now; should === null && ms < now + 13 * dayMs; ms += 30 * minuteMs)
          if (promises(state, ms + 1).length > 0) should = ms + 1
        assert.equal(opensAtMs(state), should)
        if (should !== null) found++
      },
    ),
    { numRuns: 150, seed: 51 },
  )
  t.ok(found > 20, `${found} opened`)
})

t.test(
  'whoever books at the moment at which the window opens comes after whoever waits',
  async t => {
    const state = calendar([waits(1, at('09:00', 9), at('09:30', 9))], week, {
      openedUntilMs: now + 7 * dayMs,
    })
    const decision = decide(
      state,
      {
        verb: 'describe',
        by: pharmacy,
        serviceId,
        data: { vendor_id: made(1).vendor_id, terms: state.terms },
      },
      at('09:00', 2) + 1,
    )
    t.match(decision, { events: [{ type: 'window_moved' }, { type: 'seat_promised' }] })
  },
)

t.test('every name in a state, beside those of the terms, is a word', async t => {
  const names = (value: unknown): string[] =>
    typeof value !== 'object' || value === null
      ? []
      : Object.entries(value).flatMap(([name, member]) => [
          ...(Array.isArray(value) ? [] : [name]),
          ...names(member),
        ])
  const state = calendar(Object.values(states), {}, { promised: [place(1, '09:00')] })
  t.strictSame(
    names({ ...state, terms: {} }).filter(name => !words.numbers.has(name)),
    [],
  )
  for (const { status } of Object.values(states)) t.ok(words.numbers.has(status), status)
})
