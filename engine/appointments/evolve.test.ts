/** The changes that each event makes to a calendar and its appointment, and what it leaves alone. */
import t from 'tap'
import { appointmentLimits } from '../../protocol/appointments/limits.ts'
import { dayMs } from '../../protocol/appointments/zones.ts'
import type { AppointmentEvent } from '../../protocol/dispatch/events.ts'
import { evolve } from './evolve.ts'
import { appointment, calendarOf, states, step, type StateName } from './fixture-states.ts'
import { appointmentId, at, customer, made, pharmacy, serviceId, terms } from './fixtures.ts'
import {
  absentCalendar,
  appointmentIn,
  takenIn,
  type Appointment,
  type OpenCalendar,
} from './state.ts'

const now = at('08:30')
const about = { appointment_id: appointmentId(1) }
const differences = (before: object, after: object) =>
  Object.fromEntries(
    Object.entries(after).filter(
      ([name, value]) => value !== (before as Record<string, unknown>)[name],
    ),
  )
/** The fields of the appointment that the event changed, beside the time of the change. */
function changes(one: Appointment, event: AppointmentEvent): object {
  const before = calendarOf([appointment({ id: appointmentId(7) }), one])
  const after = evolve(before, event, now) as OpenCalendar
  t.equal(after.touchedId, one.id)
  t.equal(after.live[0], before.live[0], 'others are left alone')
  const { updatedAtMs, ...rest } = differences(one, appointmentIn(after, one.id)!)
  t.equal(updatedAtMs, now)
  return rest
}
const when = { start_ms: at('10:00'), end_ms: at('10:30') }
const place = { startMs: at('10:00'), endMs: at('10:30') }
const missing: 'payment'[] = ['payment']
const waits = { held_until_ms: at('08:40'), reminders_ms: [] }
const goes = { held_until_ms: null, reminders_ms: [at('08:45')] }
const ended = { endedAtMs: now }

const table: [string, Appointment, AppointmentEvent, object][] = [
  [
    'offered',
    { ...states.waitlist, timeZone: 'Asia/Kathmandu' },
    { type: 'waitlist_offered', data: { ...about, ...when, held_until_ms: at('08:40') } },
    {
      status: 'proposed',
      offered: true,
      ...place,
      timeZone: 'UTC',
      heldUntilMs: at('08:40'),
      sequence: 4,
    },
  ],
  [
    'accepted and booked',
    states.offered,
    { type: 'waitlist_accepted', data: { ...about, status: 'booked', missing: [], ...goes } },
    {
      status: 'booked',
      missing: [],
      heldUntilMs: null,
      remindersMs: goes.reminders_ms,
      offered: false,
      wish: null,
      sequence: 4,
      bookedAtMs: now,
    },
  ],
  [
    'accepted, and something is missing',
    states.offered,
    { type: 'waitlist_accepted', data: { ...about, status: 'proposed', missing, ...waits } },
    {
      missing,
      heldUntilMs: at('08:40'),
      remindersMs: waits.reminders_ms,
      offered: false,
      wish: null,
      sequence: 4,
    },
  ],
  [
    'one of two requirements met',
    appointment({ ...states.proposed, missing: ['documents', 'payment'] }),
    {
      type: 'requirement_met',
      data: { ...about, what: 'documents', status: 'proposed', ...waits },
    },
    { missing, heldUntilMs: at('08:40'), remindersMs: waits.reminders_ms, sequence: 4 },
  ],
  [
    'the last requirement met',
    states.proposed,
    { type: 'requirement_met', data: { ...about, what: 'documents', status: 'booked', ...goes } },
    {
      missing: [],
      status: 'booked',
      heldUntilMs: null,
      remindersMs: goes.reminders_ms,
      sequence: 4,
      bookedAtMs: now,
    },
  ],
  [
    'confirmed',
    states.proposed,
    { type: 'appointment_confirmed', data: { ...about, reminders_ms: goes.reminders_ms } },
    {
      status: 'booked',
      missing: [],
      heldUntilMs: null,
      remindersMs: goes.reminders_ms,
      sequence: 4,
      bookedAtMs: now,
    },
  ],
  [
    'confirmed a second time',
    appointment({ ...states.pending, bookedAtMs: at('06:30') }),
    { type: 'appointment_confirmed', data: { ...about, reminders_ms: goes.reminders_ms } },
    { status: 'booked', missing: [], remindersMs: goes.reminders_ms, sequence: 4 },
  ],
  [
    'rescheduled',
    appointment({ ...states.booked, timeZone: 'Asia/Kathmandu' }),
    {
      type: 'appointment_rescheduled',
      data: { ...about, ...when, previous_start_ms: at('09:00'), status: 'pending', ...waits },
    },
    {
      ...place,
      timeZone: 'UTC',
      status: 'pending',
      heldUntilMs: at('08:40'),
      remindersMs: waits.reminders_ms,
      rescheduledFromMs: at('09:00'),
      sequence: 4,
    },
  ],
  [
    'arrived',
    appointment({ remindersMs: [at('08:50')] }),
    { type: 'appointment_arrived', data: about },
    { status: 'arrived', arrivedAtMs: now, remindersMs: [] },
  ],
  [
    'received without a word before',
    appointment({ remindersMs: [at('08:50')] }),
    { type: 'appointment_checked_in', data: about },
    { status: 'checked_in', arrivedAtMs: now, checkedInAtMs: now, remindersMs: [] },
  ],
  [
    'received after the arrival',
    appointment({ status: 'arrived', arrivedAtMs: at('08:20') }),
    { type: 'appointment_checked_in', data: about },
    { status: 'checked_in', checkedInAtMs: now, remindersMs: [] },
  ],
  [
    'a step is done',
    appointment({ status: 'checked_in', steps: [step('one'), step('two')] }),
    {
      type: 'step_completed',
      data: { ...about, step_id: 'two', outcome: 'skipped', person_id: 'p', person_name: 'Pat' },
    },
    {
      steps: [
        step('one'),
        { ...step('two'), outcome: 'skipped', atMs: now, byId: 'p', byName: 'Pat' },
      ],
    },
  ],
  [
    'fulfilled',
    appointment({ status: 'checked_in' }),
    { type: 'appointment_fulfilled', data: about },
    { status: 'fulfilled', remindersMs: [], ...ended },
  ],
  [
    'cancelled',
    appointment({ ...states.proposed, remindersMs: [at('08:50')] }),
    { type: 'appointment_cancelled', data: { ...about, cause: 'vendor', reason: 'ill' } },
    {
      status: 'cancelled',
      cancelCause: 'vendor',
      reason: 'ill',
      sequence: 4,
      heldUntilMs: null,
      remindersMs: [],
      ...ended,
    },
  ],
  [
    'missed',
    states.booked,
    { type: 'appointment_missed', data: about },
    { status: 'noshow', remindersMs: [], ...ended },
  ],
  [
    'reminded',
    appointment({ remindersMs: [at('08:00'), at('08:30'), at('08:50')] }),
    {
      type: 'reminder_due',
      data: { ...about, start_ms: at('09:00'), due_ms: at('08:30') },
    },
    { remindersMs: [at('08:50')] },
  ],
  [
    'reminders dropped',
    appointment({ remindersMs: [at('08:00')] }),
    { type: 'reminders_dropped', data: about },
    { remindersMs: [] },
  ],
  ['a promise that ends', states.waitlist, { type: 'seat_withdrawn', data: about }, {}],
]
for (const [name, one, event, should] of table)
  t.test(`${event.type}: ${name}`, async t => {
    t.strictSame(changes(one, event), should)
    t.throws(() => evolve(absentCalendar, event, now), /has no terms/)
    t.throws(() => evolve(calendarOf([]), event, now), /is not there/)
  })

const bookedBy = (given: object = {}): AppointmentEvent => ({
  type: 'slot_claimed',
  data: {
    ...about,
    customer_id: customer(1).id,
    customer_name: 'Ann',
    customer_phone: '555',
    customer_time_zone: 'Asia/Kathmandu',
    notes: 'first door',
    check_in_code: 'code-of-1',
    status: 'booked',
    ...when,
    missing: [],
    held_until_ms: null,
    reminders_ms: [at('09:00')],
    ...given,
  },
})
const priced = {
  ...terms,
  price_minor: 1_250,
  currency: 'NPR',
  time_zone: 'Asia/Kathmandu',
  steps: [{ id: 'one', name: 'One', minutes: 5 }],
}
const asMade: Appointment = {
  id: appointmentId(1),
  status: 'booked',
  customerId: customer(1).id,
  customerName: 'Ann',
  customerPhone: '555',
  customerTimeZone: 'Asia/Kathmandu',
  notes: 'first door',
  checkInCode: 'code-of-1',
  serviceName: 'Flu vaccination',
  priceMinor: 1_250,
  currency: 'NPR',
  timeZone: 'Asia/Kathmandu',
  ...place,
  wish: null,
  missing: [],
  offered: false,
  heldUntilMs: null,
  steps: [
    { id: 'one', name: 'One', minutes: 5, outcome: null, atMs: null, byId: null, byName: null },
  ],
  remindersMs: [at('09:00')],
  sequence: 0,
  rescheduledFromMs: null,
  cancelCause: null,
  reason: null,
  createdAtMs: now,
  updatedAtMs: now,
  bookedAtMs: now,
  arrivedAtMs: null,
  checkedInAtMs: null,
  endedAtMs: null,
}

t.test('an appointment is made with the promises of the terms', async t => {
  const before = calendarOf([appointment({ id: appointmentId(7) })], { terms: priced })
  const after = evolve(before, bookedBy(), now) as OpenCalendar
  t.strictSame(after, { ...before, live: [before.live[0], asMade], touchedId: appointmentId(1) })
  const held = evolve(
    before,
    bookedBy({ status: 'proposed', missing, held_until_ms: at('08:40'), reminders_ms: [] }),
    now,
  ) as OpenCalendar
  t.strictSame(held.live[1], {
    ...asMade,
    status: 'proposed',
    missing,
    heldUntilMs: at('08:40'),
    remindersMs: [],
    bookedAtMs: null,
  })
  t.throws(() => evolve(absentCalendar, bookedBy(), now), /has no terms/)
})

t.test('whoever waits has a wish and no place', async t => {
  const {
    status: _,
    start_ms,
    end_ms,
    missing: __,
    held_until_ms: ___,
    reminders_ms: ____,
    ...who
  } = bookedBy().data as Extract<AppointmentEvent, { type: 'slot_claimed' }>['data']
  const before = calendarOf([], { terms: priced })
  const after = evolve(
    before,
    { type: 'waitlist_joined', data: { ...who, from_ms: start_ms, to_ms: end_ms } },
    now,
  ) as OpenCalendar
  t.strictSame(after.live, [
    {
      ...asMade,
      status: 'waitlist',
      startMs: null,
      endMs: null,
      wish: { fromMs: at('10:00'), toMs: at('10:30') },
      remindersMs: [],
      bookedAtMs: null,
    },
  ])
  t.equal(after.touchedId, appointmentId(1))
})

t.test('terms begin a calendar, and newer ones leave its appointments alone', async t => {
  const described: AppointmentEvent = {
    type: 'calendar_described',
    data: { service_id: serviceId, vendor_id: made(1).vendor_id, terms },
  }
  t.strictSame(evolve(absentCalendar, described, now), {
    kind: 'open',
    serviceId,
    vendorId: pharmacy.id,
    terms,
    live: [],
    ended: [],
    promised: [],
    openedUntilMs: now + terms.window_days * dayMs,
    touchedId: null,
  })
  const before = calendarOf([states.booked, states.noshow], { touchedId: appointmentId(1) })
  const newer = { ...terms, revision: 2, window_days: 7 }
  t.strictSame(
    evolve(before, { ...described, data: { ...described.data, terms: newer } } as never, now),
    { ...before, terms: newer, openedUntilMs: now + 7 * dayMs, touchedId: null },
  )
})

t.test('a window that moved, and a seat that was promised, change nothing else', async t => {
  const before = calendarOf([states.waitlist], { touchedId: appointmentId(1) })
  t.strictSame(
    evolve(before, { type: 'window_moved', data: { service_id: serviceId, until_ms: 77 } }, now),
    { ...before, openedUntilMs: 77, touchedId: null },
  )
  const other = { appointmentId: appointmentId(7), ...place }
  const promised = calendarOf([states.waitlist], { promised: [other] })
  t.strictSame(evolve(promised, { type: 'seat_promised', data: { ...about, ...when } }, now), {
    ...promised,
    promised: [other, { appointmentId: appointmentId(1), ...place }],
  })
})

t.test('what happens to an appointment ends the promise to it and no other', async t => {
  const promised = [1, 7].map(n => ({ appointmentId: appointmentId(n), ...place }))
  const before = calendarOf([states.waitlist], { promised })
  const after = (event: AppointmentEvent) => evolve(before, event, now) as OpenCalendar
  t.strictSame(after({ type: 'seat_withdrawn', data: about }).promised, [promised[1]])
  t.strictSame(
    after({
      type: 'appointment_cancelled',
      data: { ...about, cause: 'customer', reason: null },
    }).promised,
    [promised[1]],
  )
})

t.test('a calendar remembers the last that ended, oldest first', async t => {
  const { endedRememberedMax } = appointmentLimits
  let calendar = calendarOf(
    Array.from({ length: endedRememberedMax + 1 }, (_, n) => appointment({ id: appointmentId(n) })),
  )
  for (let n = 0; n <= endedRememberedMax; n++) {
    calendar = evolve(
      calendar,
      { type: 'appointment_missed', data: { appointment_id: appointmentId(n) } },
      now,
    ) as OpenCalendar
    t.equal(calendar.ended.length, Math.min(n + 1, endedRememberedMax))
    t.equal(calendar.ended.at(-1)!.id, appointmentId(n))
  }
  t.equal(calendar.ended[0]!.id, appointmentId(1), 'the first one is forgotten')
  t.strictSame(calendar.live, [])
})

t.test('a seat is taken by its appointment until it ends, and by a promise', async t => {
  const name = (state: StateName) => takenIn(calendarOf([states[state]])).length
  t.strictSame(
    (Object.keys(states) as StateName[]).filter(state => name(state) === 1),
    ['proposed', 'offered', 'pending', 'booked', 'arrived', 'checked_in'],
  )
  const two = [appointment(), appointment({ id: appointmentId(2), ...place })]
  const nine = { startMs: at('09:00'), endMs: at('09:30') }
  t.strictSame(takenIn(calendarOf(two)), [nine, place])
  t.strictSame(takenIn(calendarOf(two), appointmentId(1)), [place])
  const promise = { appointmentId: appointmentId(3), startMs: 1, endMs: 2 }
  t.strictSame(takenIn(calendarOf(two, { promised: [promise] }), appointmentId(2)), [promise, nine])
  for (const gone of [{ startMs: null }, { endMs: null }])
    t.strictSame(takenIn(calendarOf([appointment(gone)])), [], 'without a place')
  t.equal(appointmentIn(calendarOf(two), appointmentId(2)), two[1])
  t.equal(appointmentIn(calendarOf([states.noshow]), appointmentId(1)), states.noshow)
  t.equal(appointmentIn(calendarOf(two), appointmentId(3)), undefined)
})
