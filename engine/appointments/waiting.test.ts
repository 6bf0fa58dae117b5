/**
 * The waiting list, command by command: nobody loses their place in it to an offer that could not be
 * accepted, nobody comes before whoever waits, and it does not grow without bounds. Times are of
 * June 2027 in UTC.
 */
import t from 'tap'
import { appointmentLimits } from '../../protocol/appointments/limits.ts'
import { dayMs } from '../../protocol/appointments/zones.ts'
import type { CalendarCommand } from './commands.ts'
import { evolve } from './evolve.ts'
import {
  appointmentId,
  at,
  customer,
  made,
  pharmacy,
  Played,
  serviceId,
  terms,
} from './fixtures.ts'
import { nextDue } from './wake.ts'

const of = (n: number) => ({ appointment_id: appointmentId(n) })
const open = { ...terms, notice_minutes: 0, cancel_minutes: 0 }
const two = { ...open, revision: 2, capacity: 2 }
const describe = (given = two) => ({ vendor_id: made(1).vendor_id, terms: given })

/** Customer 1 has the slot of 09:00, and customers 2 to 4 wait for it. */
function full(): Played {
  const p = new Played(at('06:00'))
  p.book(1, at('09:00'), open)
  for (const n of [2, 3, 4]) p.wait(n, at('09:00'), at('09:30'), open)
  return p
}
const statuses = (p: Played) => [2, 3, 4].map(n => p.one(n).status)

t.test('a seat that becomes free too late is promised to nobody, and all wait on', async t => {
  const p = full()
  p.until(at('08:40'))
  t.equal(p.send('cancel', customer(1), of(1)), 'appointment_cancelled')
  t.same(statuses(p), ['waitlist', 'waitlist', 'waitlist'])
  t.equal(p.book(5, at('09:00'), open), 'slot_claimed', 'whoever books late may have it')
})

t.test('an offer that lapses too late for another one takes one entry and not all', async t => {
  const p = full()
  p.until(at('08:30'))
  p.send('cancel', customer(1), of(1))
  t.match(p.one(2), { status: 'proposed', heldUntilMs: at('08:50') })
  t.same(p.until(at('08:59')), ['appointment_cancelled'])
  t.match(p.one(2).cancelCause, 'offer_lapsed')
  t.same(statuses(p), ['cancelled', 'waitlist', 'waitlist'])
})

/** The commit that frees the seat, without the offer that follows it. */
function promised(): Played {
  const p = full()
  p.until(at('08:00'))
  const before = p.state
  p.send('cancel', customer(1), of(1))
  const types = ['appointment_cancelled', 'seat_promised']
  const commit = p.events.filter(({ type }) => types.includes(type)).slice(-2)
  p.state = commit.reduce((state, event) => evolve(state, event, p.nowMs), before)
  return p
}
const offer: CalendarCommand = {
  verb: 'offer',
  by: { role: 'system', id: 'calendar' },
  serviceId,
  data: of(2),
}

t.test('a promise whose offer comes too late is withdrawn, and its customer waits on', async t => {
  const p = promised()
  p.nowMs = at('08:45')
  t.equal(p.tell(offer), 'seat_withdrawn')
  t.same(statuses(p), ['waitlist', 'waitlist', 'waitlist'])
  t.equal(p.book(5, at('09:00'), open), 'slot_claimed')
  t.equal(p.tell(offer), '', 'a repeat changes nothing')
})

t.test('a promise of a slot that was closed meanwhile is withdrawn', async t => {
  const p = promised()
  const closures = [{ from: '2027-06-07T00:00', to: '2027-06-08T00:00' }]
  p.send('describe', pharmacy, describe({ ...open, revision: 2, closures } as never))
  t.equal(p.tell(offer), 'seat_withdrawn')
  t.equal(p.one(2).status, 'waitlist')
})

t.test(
  'a seat that new terms make goes to whoever waits, whichever command brings them',
  async t => {
    const booked = full()
    t.equal(booked.book(5, at('09:00'), two), 'slot_taken', 'the new seat is not for a new booking')
    t.equal(
      booked.book(5, at('10:00'), two),
      'calendar_described seat_promised slot_claimed waitlist_offered',
    )
    t.match(booked.one(2), { status: 'proposed', startMs: at('09:00') })

    const moved = full()
    moved.book(5, at('10:00'), open)
    const move = { ...describe(), ...of(5), start_ms: at('09:00') }
    t.equal(moved.send('reschedule', customer(5), move), 'slot_taken')

    const joined = full()
    t.equal(
      joined.wait(5, at('09:00'), at('09:30'), two),
      'calendar_described seat_promised waitlist_joined waitlist_offered',
    )
    t.equal(joined.one(2).status, 'proposed')
    t.equal(joined.one(5).status, 'waitlist')
  },
)

t.test('the times that suit lie within the window, or the next 62 days', async t => {
  const p = new Played(at('06:00'))
  const { wishDaysMax } = appointmentLimits
  const short = { ...open, window_days: 7 }
  const long = { ...open, window_days: 90 }
  t.equal(p.wait(1, at('09:00'), p.nowMs + wishDaysMax * dayMs + 1, short), 'slot_too_far')
  t.equal(p.wait(1, at('09:00'), Date.UTC(9999, 0), short), 'slot_too_far')
  t.match(p.wait(1, at('14:00'), p.nowMs + wishDaysMax * dayMs, short), /^calendar_described waitl/)
  const q = new Played(at('06:00'))
  t.equal(q.wait(1, at('14:00'), q.nowMs + 90 * dayMs + 1, long), 'slot_too_far')
  t.match(q.wait(1, at('14:00'), q.nowMs + 90 * dayMs, long), 'waitlist_joined')
})

t.test('the list has its own bound, so those who wait leave room for bookings', async t => {
  const p = new Played(at('06:00'))
  p.book(0, at('09:00'), open)
  for (let n = 1; n <= appointmentLimits.waitingMax; n++) p.wait(n, at('09:00'), at('09:30'), open)
  t.equal(p.wait(1_001, at('09:00'), at('09:30'), open), 'overloaded')
  t.equal(p.book(1_001, at('09:30'), open), 'slot_claimed')
})

t.test('a place that opens because the window moves on is offered when it opens', async t => {
  const p = new Played(at('06:00'))
  const week = { ...open, window_days: 7 }
  p.wait(1, at('09:15', 9), at('10:30', 9), week)
  p.wait(2, at('09:00', 9), at('10:30', 9), week)
  t.same(p.until(at('09:00', 2)), [], 'the window ends before it')
  t.same(p.until(at('09:00', 2) + 1), ['window_moved seat_promised waitlist_offered'])
  t.match(p.one(2), { status: 'proposed', startMs: at('09:00', 9) })
  t.same(p.until(at('09:30', 2) + 1), ['window_moved seat_promised waitlist_offered'])
  t.match(p.one(1), { status: 'proposed', startMs: at('09:30', 9) })
})

t.test(
  'who books a place that opened while the engine was away comes after whoever waits',
  async t => {
    const p = new Played(at('06:00'))
    const week = { ...open, window_days: 7 }
    p.wait(1, at('09:00', 9), at('10:30', 9), week)
    p.nowMs = at('10:00', 2)
    t.equal(p.book(2, at('09:00', 9), week), 'slot_taken')
    t.equal(
      p.book(2, at('09:30', 9), week),
      'window_moved seat_promised slot_claimed waitlist_offered',
    )
  },
)

t.test(
  'the calendar sleeps while nothing opens: closed days, inactive, too much notice',
  async t => {
    const asleep = (given: object): boolean => {
      const p = new Played(at('06:00'))
      p.wait(1, at('09:00', 9), at('10:30', 9), { ...open, window_days: 7, ...given })
      return nextDue(p.state)?.why === 'unmet'
    }
    t.notOk(asleep({}))
    t.ok(asleep({ active: false }))
    t.ok(asleep({ notice_minutes: 7 * 24 * 60 }))
    t.ok(asleep({ closures: [{ from: '2027-06-16T00:00', to: '2027-06-17T00:00' }] }))
  },
)

t.test('a shorter window opens later, and a longer one at once', async t => {
  const p = new Played(at('06:00'))
  p.wait(1, at('09:00', 9), at('09:30', 9), { ...open, window_days: 8 })
  p.send('describe', pharmacy, describe({ ...open, revision: 2, window_days: 5 } as never))
  t.same(p.until(at('09:00', 4)), [])
  t.same(p.until(at('09:00', 4) + 1), ['window_moved seat_promised waitlist_offered'])

  const freed = new Played(at('06:00'))
  freed.book(2, at('09:00', 7), { ...open, window_days: 8 })
  freed.wait(1, at('09:00', 7), at('09:30', 7), { ...open, window_days: 8 })
  freed.send('describe', pharmacy, describe({ ...open, revision: 2, window_days: 5 } as never))
  t.equal(freed.send('cancel', customer(2), of(2)), 'appointment_cancelled')
  t.same(freed.until(at('09:00', 2)), [], 'it is beyond the shorter window')
  t.same(freed.until(at('09:00', 2) + 1), ['window_moved seat_promised waitlist_offered'])

  const q = new Played(at('06:00'))
  q.wait(1, at('09:00', 9), at('09:30', 9), { ...open, window_days: 8 })
  t.equal(
    q.send('describe', pharmacy, describe({ ...open, revision: 2, window_days: 10 } as never)),
    'calendar_described seat_promised waitlist_offered',
  )
})

t.test('a seat beyond the first window that becomes free too late is looked at once', async t => {
  const p = new Played(at('06:00'))
  const week = { ...open, window_days: 7 }
  p.wait(1, at('09:00', 9), at('09:30', 9), week)
  p.wait(2, at('09:00', 9), at('09:30', 9), week)
  p.until(at('09:00', 2) + 1)
  p.send('confirm', customer(1), { ...of(1), settles: [] })
  p.until(at('08:50', 9))
  t.equal(p.send('cancel', customer(1), of(1)), 'appointment_cancelled')
  t.same(p.until(at('08:59', 9)), [])
  t.same(p.until(at('09:00', 9)), ['appointment_cancelled'])
  t.match(p.one(2), { status: 'cancelled', cancelCause: 'not_offered' })
})

t.test('leaving the list never cancels an appointment', async t => {
  const p = full()
  const leave = (n: number) => p.send('cancel', customer(n), { ...of(n), if_waiting: true })
  t.equal(leave(1), 'appointment_state_conflict')
  t.equal(p.one(1).status, 'booked')
  p.send('cancel', customer(1), of(1))
  t.equal(leave(1), 'appointment_state_conflict', 'it was never an entry')
  p.send('confirm', customer(2), { ...of(2), settles: [] })
  t.equal(leave(2), 'appointment_state_conflict', 'the offer was accepted')
  t.equal(leave(3), 'appointment_cancelled')
  t.equal(leave(3), '')
})

t.test('a place has the zone of the terms by which it was given', async t => {
  const london = { ...open, revision: 2, time_zone: 'Europe/London' }
  const p = full()
  p.book(5, at('10:00'), open)
  t.equal(
    p.send('reschedule', customer(5), { ...describe(london), ...of(5), start_ms: at('08:30', 1) }),
    'calendar_described appointment_rescheduled',
  )
  t.equal(p.one(5).timeZone, 'Europe/London')
  p.send('cancel', pharmacy, of(1))
  t.match(p.one(2), { status: 'proposed', timeZone: 'Europe/London' })
})

t.test(
  'nobody is reminded of an appointment that has begun, or that is at another time',
  async t => {
    const reminding = { ...open, reminder_minutes: [60] }
    const p = new Played(at('06:00'))
    p.book(1, at('09:00'), reminding)
    // The engine was away.
    p.nowMs = at('09:01')
    t.same(p.later(0), ['reminders_dropped'])
    t.same(p.one(1).remindersMs, [])
    t.same(p.later(1), [], 'and nothing is due before the calendar closes it')
  },
)
