/** What happens to a calendar by itself: when it is due, why, and the event that a look gives then. */
import t from 'tap'
import { appointmentLimits } from '../../protocol/appointments/limits.ts'
import { dayMs, minuteMs } from '../../protocol/appointments/zones.ts'
import type { Principal } from '../../protocol/kernel/principal.ts'
import { decide } from './decide.ts'
import { appointment, calendarOf, states } from './fixture-states.ts'
import { appointmentId, at, serviceId, terms } from './fixtures.ts'
import { absentCalendar, type Appointment, type OpenCalendar } from './state.ts'
import { nextDue } from './wake.ts'

const about = { appointment_id: appointmentId(1) }
const system: Principal = { role: 'system', id: 'calendar' }
const look = (calendar: OpenCalendar, nowMs: number) => {
  const decision = decide(calendar, { verb: 'look', by: system, serviceId }, nowMs)
  if (!decision.ok) throw new Error(decision.code)
  return decision.events
}
const calendar = (one: Appointment, given: Partial<typeof terms> = {}) =>
  calendarOf([one], {
    terms: { ...terms, notice_minutes: 0, duration_minutes: 20, grace_minutes: 15, ...given },
  })
const cancelled = (cause: string) => [
  { type: 'appointment_cancelled', data: { ...about, cause, reason: null } },
]
const fulfilled = [{ type: 'appointment_fulfilled', data: about }]
const closesMs = at('09:30') + appointmentLimits.closesAfterMs

const table: [string, OpenCalendar, number, string, object[]][] = [
  [
    'the times that suit are over',
    calendar(states.waitlist),
    at('09:40'),
    'unmet',
    cancelled('not_offered'),
  ],
  ['a hold', calendar(states.proposed), at('08:50'), 'lapse', cancelled('hold_expired')],
  ['an offer', calendar(states.offered), at('08:50'), 'lapse', cancelled('offer_lapsed')],
  ['unconfirmed', calendar(states.pending), at('09:00'), 'unconfirmed', cancelled('not_confirmed')],
  [
    'a reminder',
    calendar(appointment({ remindersMs: [at('08:00'), at('08:30')] })),
    at('08:00'),
    'remind',
    [{ type: 'reminder_due', data: { ...about, start_ms: at('09:00'), due_ms: at('08:00') } }],
  ],
  [
    'a no-show',
    calendar(states.booked, { automatic_no_show: true }),
    at('09:15'),
    'miss',
    [{ type: 'appointment_missed', data: about }],
  ],
  ['booked and forgotten', calendar(states.booked), closesMs, 'close', fulfilled],
  ['arrived and forgotten', calendar(states.arrived), closesMs, 'close', fulfilled],
  [
    'checked in and forgotten',
    calendar(states.checked_in, { automatic_no_show: true }),
    closesMs,
    'close',
    fulfilled,
  ],
]
for (const [name, state, atMs, why, events] of table)
  t.test(name, async t => {
    t.strictSame(nextDue(state), { atMs, why, appointment: state.live[0] })
    t.strictSame(look(state, atMs - 1), [], 'it is not yet due')
    t.strictSame(look(state, atMs), events)
  })

t.test('several reminders that are over are one', async t => {
  const state = calendar(appointment({ remindersMs: [at('08:00'), at('08:30'), at('08:50')] }))
  t.match(look(state, at('08:49')), [{ data: { due_ms: at('08:30') } }])
  t.match(look(state, at('08:50')), [{ data: { due_ms: at('08:50') } }])
})

t.test('from its beginning on nobody is reminded', async t => {
  const state = calendar(appointment({ remindersMs: [at('08:00')] }), { automatic_no_show: true })
  t.match(look(state, at('09:00') - 1), [{ type: 'reminder_due' }])
  t.strictSame(look(state, at('09:00')), [{ type: 'reminders_dropped', data: about }])
})

t.test('nothing is due of what has ended or has no time', async t => {
  t.equal(nextDue(absentCalendar), null)
  t.equal(nextDue(calendarOf([])), null)
  const ended = (['fulfilled', 'cancelled', 'noshow'] as const).map(name => ({
    ...states[name],
    endedAtMs: null,
  }))
  const timeless = [
    { ...states.waitlist, wish: null },
    { ...states.proposed, heldUntilMs: null },
    { ...states.pending, startMs: null },
    ...(['booked', 'arrived', 'checked_in'] as const).map(name => ({
      ...states[name],
      endMs: null,
    })),
  ]
  for (const one of [...ended, ...timeless]) t.equal(nextDue(calendar(one)), null, one.status)
  t.strictSame(look(calendarOf([]), at('09:00')), [])
  t.equal(
    nextDue(calendar({ ...states.booked, startMs: null }, { automatic_no_show: true }))!.why,
    'close',
  )
})

t.test('the first of several is due, and of equal ones that which was made first', async t => {
  const at9 = appointment({ id: appointmentId(9), status: 'pending' })
  const at8 = appointment({ id: appointmentId(8), status: 'pending', startMs: at('08:00') })
  const due = (...all: Appointment[]) => {
    const first = nextDue(calendarOf(all))
    return first !== null && 'appointment' in first ? first.appointment : null
  }
  t.equal(due(at9, at8), at8)
  t.equal(due(at8, at9), at8)
  t.equal(due(at8, { ...states.waitlist, wish: null }), at8)
  const same = { ...at8, id: appointmentId(7) }
  t.equal(due(at8, same), at8)
  t.equal(due(same, at8), same)
})

t.test('the window opens before a later deadline, and after an earlier one', async t => {
  const week = { ...terms, notice_minutes: 0, window_days: 7 }
  const wish = { fromMs: at('09:00', 9), toMs: at('09:30', 9) }
  const given = { terms: week, openedUntilMs: at('06:00', 7) }
  const waits = { ...states.waitlist, wish }
  const opens = at('09:00', 2) + 1
  const state = calendarOf([waits], given)
  t.strictSame(nextDue(state), { atMs: opens, why: 'open' })
  t.strictSame(look(state, opens - 1), [])
  t.strictSame(look(state, opens), [
    { type: 'window_moved', data: { service_id: serviceId, until_ms: opens + 7 * dayMs } },
    {
      type: 'seat_promised',
      data: { ...about, start_ms: wish.fromMs, end_ms: wish.fromMs + 30 * minuteMs },
    },
  ])
  const earlier = appointment({ id: appointmentId(2), status: 'pending' })
  t.equal(nextDue(calendarOf([waits, earlier], given))!.why, 'unconfirmed')
})
