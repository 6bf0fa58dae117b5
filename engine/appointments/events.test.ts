/** The data of the events that a command gives, and the last moment at which it may give them. */
import t from 'tap'
import { appointmentLimits } from '../../protocol/appointments/limits.ts'
import { dayMs, minuteMs } from '../../protocol/appointments/zones.ts'
import type { Principal } from '../../protocol/kernel/principal.ts'
import { decide } from './decide.ts'
import {
  appointment,
  calendar,
  calendarOf,
  eventsOf,
  outcome,
  states,
  tell,
} from './fixture-states.ts'
import { appointmentId, at, customer, made, pharmacy, serviceId, terms } from './fixtures.ts'
import { absentCalendar, type Appointment, type OpenCalendar } from './state.ts'

const now = at('06:00')
const about = { appointment_id: appointmentId(1) }
const open = { ...terms, notice_minutes: 0, cancel_minutes: 0 }
const admin: Principal = { role: 'admin', id: 'a' }
const who = {
  ...about,
  customer_id: customer(1).id,
  customer_name: 'Customer 1',
  customer_phone: '555',
  customer_time_zone: null,
  notes: null,
  check_in_code: 'code-of-1',
}
const nine = { start_ms: at('09:00'), end_ms: at('09:30') }
const booked = { status: 'booked', held_until_ms: null, reminders_ms: [] }
/** An hour before 09:00 and 10:00 is within these hours in Kathmandu, and not in UTC. */
const kathmandu = { reminder_minutes: [60], quiet_hours: { from: '13:00', to: '15:00' } }
t.test('book: who it is for, its time, and the state in which it begins', async t => {
  const book = (given: object = {}, more: object = {}, nowMs = now) =>
    eventsOf(
      calendar([], given),
      'book',
      customer(1),
      { ...made(1, { ...open, ...given }), start_ms: at('09:00'), ...more },
      nowMs,
    )
  const claimed = (data: object) => [
    { type: 'slot_claimed', data: { ...who, ...nine, missing: [], ...booked, ...data } },
  ]
  t.strictSame(book(), claimed({}))
  t.strictSame(
    book({}, { notes: 'ill', customer_time_zone: 'Asia/Kathmandu' }),
    claimed({ notes: 'ill', customer_time_zone: 'Asia/Kathmandu' }),
  )
  t.strictSame(book({ duration_minutes: 20 }), claimed({ end_ms: at('09:20') }))
  t.strictSame(book({ confirmation: 'manual' }), claimed({ status: 'pending' }))
  const held = { status: 'proposed', held_until_ms: at('07:00') }
  t.strictSame(book({ prepaid: true }), claimed({ missing: ['payment'], ...held }))
  t.strictSame(
    book({ required_documents: ['x'], confirmation: 'manual' }),
    claimed({ missing: ['documents'], ...held }),
  )
  t.strictSame(
    book({ required_documents: ['x'], prepaid: true, hold_minutes: 300 }),
    claimed({ missing: ['documents', 'payment'], status: 'proposed', held_until_ms: at('09:00') }),
    'a hold ends at the beginning at the latest',
  )
  t.strictSame(book({ reminder_minutes: [60] }), claimed({ reminders_ms: [at('08:00')] }))
  t.strictSame(
    book({ reminder_minutes: [60], confirmation: 'manual' }),
    claimed({ status: 'pending' }),
    'nobody is reminded before it is confirmed',
  )
  t.strictSame(
    book(kathmandu, { customer_time_zone: 'Asia/Kathmandu' }),
    claimed({ customer_time_zone: 'Asia/Kathmandu', reminders_ms: [at('07:14')] }),
    'in the zone of the customer',
  )
  t.strictSame(book(kathmandu), claimed({ reminders_ms: [at('08:00')] }))
})

t.test('book: terms of its own come first, and not after a refusal', async t => {
  const data = { ...made(1, open), start_ms: at('09:00') }
  const [described, claimed] = eventsOf(absentCalendar, 'book', customer(1), data)
  t.strictSame(described, {
    type: 'calendar_described',
    data: { service_id: serviceId, vendor_id: pharmacy.id, terms: open },
  })
  t.equal(claimed!.type, 'slot_claimed')
  t.equal(
    outcome(absentCalendar, 'book', customer(1), { ...data, start_ms: at('13:00') }),
    'slot_closed',
  )
  const same = calendarOf([appointment()], { terms: { ...open, revision: 0 } })
  t.equal(outcome(same, 'book', customer(1), data), '', 'a repeat brings no terms either')
  t.equal(outcome(calendar([states.cancelled]), 'book', customer(1), data), '')
})

t.test('describe: newer terms only', async t => {
  const described = (revision: number) =>
    outcome(calendar(), 'describe', pharmacy, {
      vendor_id: pharmacy.id,
      terms: { ...open, revision },
    })
  t.strictSame([0, 1, 2].map(described), ['', '', 'calendar_described'])
})

t.test('the bounds of a calendar and of a customer', async t => {
  const { liveMax, liveOfCustomerMax, waitingMax } = appointmentLimits
  const many = (n: number, given: Partial<Appointment> = {}) =>
    Array.from({ length: n }, (_, i) =>
      appointment({
        id: appointmentId(100 + i),
        customerId: customer(100 + i).id,
        startMs: at('09:30'),
        endMs: at('10:00'),
        ...given,
      }),
    )
  const book = (all: Appointment[]) =>
    outcome(calendar(all), 'book', customer(1), { ...made(1, open), start_ms: at('09:00') })
  const wait = (all: Appointment[]) =>
    outcome(calendar(all), 'join_waitlist', customer(1), {
      ...made(1, open),
      from_ms: at('14:00'),
      to_ms: at('15:00'),
    })
  for (const [ask, done] of [
    [book, 'slot_claimed'],
    [wait, 'waitlist_joined'],
  ] as const) {
    t.equal(ask(many(liveMax - 1)), done)
    t.equal(ask(many(liveMax)), 'overloaded')
    const own = { customerId: customer(1).id }
    t.equal(ask(many(liveOfCustomerMax - 1, own)), done)
    t.equal(ask(many(liveOfCustomerMax, own)), 'appointment_limit_reached')
  }
  const waiting = {
    ...states.waitlist,
    wish: { fromMs: at('14:00'), toMs: at('15:00') },
  } as const
  const waits = (n: number) =>
    many(n, { status: 'waitlist', startMs: null, endMs: null, wish: waiting.wish })
  t.equal(wait(waits(waitingMax - 1)), 'waitlist_joined')
  t.equal(wait(waits(waitingMax)), 'overloaded')
  t.equal(book(waits(waitingMax)), 'slot_claimed')
  t.equal(wait([appointment()]), '', 'a repeat')
})

t.test('join_waitlist: the times that suit lie ahead, and not too far', async t => {
  const wait = (from_ms: number, to_ms: number, given: object = {}) =>
    outcome(calendar([], given), 'join_waitlist', customer(1), {
      ...made(1, { ...open, ...given }),
      from_ms,
      to_ms,
    })
  const length = { duration_minutes: 20 }
  t.equal(wait(at('05:00'), now + 20 * minuteMs, length), 'slot_past')
  t.equal(wait(at('05:00'), now + 20 * minuteMs + 1, length), 'waitlist_joined')
  const far = now + appointmentLimits.wishDaysMax * dayMs
  t.equal(wait(far - dayMs, far), 'waitlist_joined')
  t.equal(wait(far - dayMs, far + 1), 'slot_too_far')
  const days = { window_days: appointmentLimits.wishDaysMax + 5 }
  t.equal(wait(far, far + 5 * dayMs, days), 'waitlist_joined seat_promised')
  t.equal(wait(far, far + 5 * dayMs + 1, days), 'slot_too_far')
  const data = { ...made(1, open), from_ms: at('09:00'), to_ms: at('10:00'), notes: 'ill' }
  t.strictSame(eventsOf(calendar(), 'join_waitlist', customer(1), data), [
    {
      type: 'waitlist_joined',
      data: { ...who, notes: 'ill', from_ms: at('09:00'), to_ms: at('10:00') },
    },
    { type: 'seat_promised', data: { ...about, ...nine } },
  ])
})

t.test('confirm: by the pharmacy, with reminders in the zone of the customer', async t => {
  const confirmed = (one: Appointment) =>
    eventsOf(calendar([one], kathmandu), 'confirm', pharmacy, { ...about, settles: [] })
  const event = (...reminders_ms: number[]) => [
    { type: 'appointment_confirmed', data: { ...about, reminders_ms } },
  ]
  t.strictSame(confirmed(states.pending), event(at('08:00')))
  const timeZone = 'Asia/Kathmandu'
  t.strictSame(confirmed({ ...states.pending, timeZone }), event(at('07:14')))
  t.strictSame(confirmed({ ...states.pending, customerTimeZone: timeZone }), event(at('07:14')))
  t.strictSame(
    confirmed({ ...states.pending, customerTimeZone: 'UTC', timeZone }),
    event(at('08:00')),
  )
  const part = { ...states.proposed, missing: ['documents', 'payment'] as const }
  const settles = (what: string[]) =>
    outcome(calendar([part]), 'confirm', pharmacy, { ...about, settles: what })
  t.equal(settles(['documents']), 'appointment_incomplete')
  t.equal(settles(['payment', 'documents']), 'appointment_confirmed')
  for (const state of ['proposed', 'pending'] as const)
    t.equal(
      outcome(calendar([{ ...states[state], startMs: null, missing: [] }]), 'confirm', pharmacy, {
        ...about,
        settles: [],
      }),
      'appointment_state_conflict',
      'without a place',
    )
})

t.test('confirm: an offer is accepted with what the terms ask for now', async t => {
  const accepted = (given: object, by: Principal = customer(1)) =>
    eventsOf(
      calendar([states.offered], given),
      'confirm',
      by,
      { ...about, settles: [] },
      at('08:30'),
    )
  const event = (data: object) => [
    { type: 'waitlist_accepted', data: { ...about, missing: [], ...booked, ...data } },
  ]
  t.strictSame(accepted({ reminder_minutes: [10] }), event({ reminders_ms: [at('08:50')] }))
  t.strictSame(accepted({ confirmation: 'manual' }, admin), event({ status: 'pending' }))
  t.strictSame(
    accepted({ prepaid: true, hold_minutes: 5 }),
    event({ status: 'proposed', missing: ['payment'], held_until_ms: at('08:35') }),
  )
})

t.test('settle: the first deadline stays until nothing is missing', async t => {
  const settled = (missing: Appointment['missing'], what: string, given: object = {}) =>
    eventsOf(
      calendar([{ ...states.proposed, missing }], given),
      'settle',
      pharmacy,
      { ...about, what },
      at('08:30'),
    )
  const event = (data: object) => [{ type: 'requirement_met', data: { ...about, ...data } }]
  t.strictSame(
    settled(['documents', 'payment'], 'payment', { reminder_minutes: [10] }),
    event({
      what: 'payment',
      status: 'proposed',
      held_until_ms: at('08:50'),
      reminders_ms: [],
    }),
  )
  t.strictSame(
    settled(['documents'], 'documents', { reminder_minutes: [10] }),
    event({ what: 'documents', ...booked, reminders_ms: [at('08:50')] }),
  )
  const reminders = (given: Partial<Appointment>) =>
    (
      eventsOf(calendar([{ ...states.proposed, ...given }], kathmandu), 'settle', pharmacy, {
        ...about,
        what: 'documents',
      })[0]!.data as { reminders_ms: number[] }
    ).reminders_ms
  t.strictSame(reminders({}), [at('08:00')])
  t.strictSame(reminders({ timeZone: 'Asia/Kathmandu' }), [at('07:14')])
  t.strictSame(reminders({ customerTimeZone: 'Asia/Kathmandu' }), [at('07:14')])
  t.strictSame(
    settled(['documents'], 'documents', { confirmation: 'manual' }),
    event({ what: 'documents', ...booked, status: 'pending' }),
  )
  t.equal(
    outcome(calendar([{ ...states.proposed, startMs: null }]), 'settle', pharmacy, {
      ...about,
      what: 'documents',
    }),
    '',
  )
})

const move = (
  one: Appointment,
  by: Principal,
  start_ms: number,
  given: object = {},
  nowMs = now,
): Parameters<typeof tell> => [
  calendar([one], given),
  'reschedule',
  by,
  { ...about, vendor_id: pharmacy.id, terms: { ...open, ...given }, start_ms },
  nowMs,
]

t.test('reschedule: the data of the new place', async t => {
  const moved = (...args: Parameters<typeof move>) => eventsOf(...move(...args))
  const event = (data: object) => [
    {
      type: 'appointment_rescheduled',
      data: {
        ...about,
        start_ms: at('10:00'),
        end_ms: at('10:30'),
        previous_start_ms: at('09:00'),
        ...booked,
        ...data,
      },
    },
  ]
  const own = customer(1)
  t.strictSame(moved(states.booked, own, at('10:00')), event({}))
  t.strictSame(
    moved(states.booked, own, at('10:00'), kathmandu),
    event({ reminders_ms: [at('09:00')] }),
  )
  for (const zoned of [{ timeZone: 'Asia/Kathmandu' }, { customerTimeZone: 'Asia/Kathmandu' }])
    t.strictSame(
      moved({ ...states.booked, ...zoned }, own, at('10:00'), kathmandu),
      event({ reminders_ms: [at('07:14')] }),
    )
  const manual = { confirmation: 'manual', reminder_minutes: [60] }
  t.strictSame(
    moved(states.booked, own, at('10:00'), manual),
    event({ status: 'pending' }),
    'the pharmacy confirms anew',
  )
  t.strictSame(
    moved(states.booked, pharmacy, at('10:00'), manual),
    event({ reminders_ms: [at('09:00')] }),
    'the pharmacy moved it itself',
  )
  t.strictSame(
    moved(states.pending, pharmacy, at('10:00'), manual),
    event({ status: 'pending' }),
    'a move confirms nothing',
  )
  const held = (heldUntilMs: number | null, start_ms = at('10:00'), given: object = {}) =>
    (
      moved({ ...states.proposed, heldUntilMs }, own, start_ms, given)[0]!.data as {
        held_until_ms: number
      }
    ).held_until_ms
  t.equal(held(at('08:50')), at('08:50'), 'the first deadline stays')
  t.equal(held(at('10:10')), at('10:00'), 'it ends at the new beginning at the latest')
  t.equal(held(null), at('10:00'))
  t.strictSame(
    moved({ ...states.booked, endMs: null }, own, at('10:00'), {
      duration_minutes: 60,
      interval_minutes: 60,
    }),
    event({ end_ms: at('11:00') }),
  )
  const described = move(states.booked, own, at('10:00'))
  t.strictSame(
    eventsOf(
      calendarOf([states.booked], { terms: { ...open, revision: 0 } }),
      ...(described.slice(1) as [string, Principal, object, number]),
    ).map(({ type }) => type),
    ['calendar_described', 'appointment_rescheduled'],
  )
  const older = calendarOf([states.booked], { terms: { ...open, revision: 0 } })
  t.equal(
    outcome(
      older,
      ...(move(states.booked, own, at('09:00')).slice(1) as [string, Principal, object]),
    ),
    '',
    'a repeat brings no terms either',
  )
})

t.test('reschedule and cancel: until the time of the terms, and the pharmacy longer', async t => {
  const given = { cancel_minutes: 120 }
  const at7 = at('07:00')
  const own = customer(1)
  const moving = (by: Principal, nowMs: number) =>
    outcome(...move(states.booked, by, at('11:00'), given, nowMs))
  t.equal(moving(own, at7), 'appointment_rescheduled')
  t.equal(moving(own, at7 + 1), 'appointment_too_late')
  t.equal(moving(pharmacy, at('09:00') - 1), 'appointment_rescheduled')
  t.equal(moving(pharmacy, at('09:00')), 'appointment_too_late')
  for (const state of ['pending', 'booked'] as const) {
    const cancel = (by: Principal, nowMs: number) =>
      outcome(calendar([states[state]], given), 'cancel', by, about, nowMs)
    t.equal(cancel(own, at7), 'appointment_cancelled')
    t.equal(cancel(own, at7 + 1), 'appointment_too_late')
    t.equal(cancel(pharmacy, at('12:00')), 'appointment_cancelled')
  }
  t.equal(
    outcome(
      calendar([{ ...states.booked, startMs: null }], given),
      'cancel',
      own,
      about,
      at('08:00'),
    ),
    'appointment_cancelled',
  )
  t.equal(
    outcome(calendar([{ ...states.cancelled, wish: states.waitlist.wish }]), 'cancel', own, {
      ...about,
      if_waiting: true,
    }),
    '',
    'an entry that has left the list',
  )
  const [event] = eventsOf(calendar([states.booked]), 'cancel', own, about)
  t.strictSame(event!.data, { ...about, cause: 'customer', reason: null })
})

t.test('reschedule: the verdict on the new slot, and no notice for the pharmacy', async t => {
  const given = { notice_minutes: 240, window_days: 7 }
  const moving = (by: Principal, start_ms: number) =>
    outcome(...move(states.booked, by, start_ms, given))
  t.equal(moving(customer(1), at('09:30')), 'slot_too_soon')
  t.equal(moving(pharmacy, at('09:30')), 'appointment_rescheduled')
  for (const by of [customer(1), pharmacy]) {
    t.equal(moving(by, at('05:00')), 'slot_past')
    t.equal(moving(by, at('09:00', 8)), 'slot_too_far')
    t.equal(moving(by, at('13:00')), 'slot_closed')
    t.equal(
      outcome(
        calendar(
          [
            states.booked,
            appointment({ id: appointmentId(2), startMs: at('10:00'), endMs: at('10:30') }),
          ],
          given,
        ),
        'reschedule',
        by,
        { ...about, vendor_id: pharmacy.id, terms: { ...open, ...given }, start_ms: at('10:00') },
      ),
      'slot_taken',
    )
  }
  t.equal(
    outcome(...move({ ...states.booked, startMs: null }, pharmacy, at('10:00'))),
    'appointment_state_conflict',
  )
})

t.test('a seat that becomes free goes to whoever waits, with the event that frees it', async t => {
  const waits = {
    ...states.waitlist,
    id: appointmentId(2),
    wish: { fromMs: at('09:00'), toMs: at('09:30') },
  }
  const full = calendar([states.booked, waits])
  const promise = { type: 'seat_promised', data: { appointment_id: appointmentId(2), ...nine } }
  t.strictSame(eventsOf(full, 'cancel', pharmacy, about)[1], promise)
  t.strictSame(
    eventsOf(full, 'reschedule', pharmacy, {
      ...about,
      vendor_id: pharmacy.id,
      terms: open,
      start_ms: at('10:00'),
    })[1],
    promise,
  )
  const held = calendar([{ ...states.proposed, heldUntilMs: at('08:00') }, waits])
  const look = { verb: 'look', by: admin, serviceId } as const
  t.match(decide(held, look, at('08:00')), { events: [{ type: 'appointment_cancelled' }, promise] })
  const withdrawn: OpenCalendar = {
    ...calendar([{ ...states.waitlist, wish: { fromMs: at('09:00'), toMs: at('09:30') } }, waits]),
    promised: [{ appointmentId: appointmentId(1), startMs: at('09:00'), endMs: at('09:20') }],
  }
  const offer = { verb: 'offer', by: admin, serviceId, data: about } as const
  t.match(decide(withdrawn, offer, now), {
    events: [
      { type: 'seat_withdrawn', data: about },
      { type: 'seat_promised', data: about },
    ],
  })
})
