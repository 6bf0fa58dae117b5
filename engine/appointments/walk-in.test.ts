/** People who stand in the pharmacy without an appointment: the seat that they get, and when none. */
import t from 'tap'
import type { Requirement } from '../../protocol/appointments/statuses.ts'
import type { Terms } from '../../protocol/appointments/terms.ts'
import type { Principal } from '../../protocol/kernel/principal.ts'
import { appointmentLimits } from '../../protocol/appointments/limits.ts'
import { appointment, calendar, eventsOf, outcome } from './fixture-states.ts'
import { appointmentId, at, customer, made, pharmacy, Played, terms } from './fixtures.ts'
import { view } from './view.ts'

const admit = (
  p: Played,
  n: number,
  {
    start_ms = null as number | null,
    given = terms as Terms,
    settles = [] as Requirement[],
    by = pharmacy as Principal,
  } = {},
): string =>
  p.send('admit', by, {
    ...made(n, given),
    customer_id: appointmentId(n),
    start_ms,
    settles,
  })

t.test('the seat of the slot that has begun, then the next one, without notice', async t => {
  const p = new Played(at('09:40'))
  t.equal(admit(p, 1), 'calendar_described slot_claimed appointment_checked_in')
  t.match(p.one(1), { status: 'checked_in', startMs: at('09:30'), endMs: at('10:00') })
  t.equal(admit(p, 2), 'slot_claimed appointment_checked_in')
  t.match(p.one(2), { status: 'checked_in', startMs: at('10:00') })
  t.equal(admit(p, 2), '', 'a repeat changes nothing')
  p.book(3, at('11:00'))
  t.equal(p.book(4, at('10:00')), 'slot_too_soon')
  t.equal(p.book(4, at('11:00')), 'slot_taken', 'a booking is as it was')
  t.equal(
    p.send('complete', pharmacy, { appointment_id: appointmentId(1) }),
    'appointment_fulfilled',
  )
})

t.test('a named slot, at most two hours ahead and not over', async t => {
  const p = new Played(at('09:40'))
  t.equal(admit(p, 1, { start_ms: at('09:00') }), 'slot_past')
  t.equal(admit(p, 1, { start_ms: at('11:41') }), 'slot_too_far')
  t.equal(admit(p, 1, { start_ms: at('10:10') }), 'slot_closed')
  t.match(admit(p, 1, { start_ms: at('11:30') }), 'slot_claimed')
  t.equal(admit(p, 2, { start_ms: at('11:30') }), 'slot_taken')
  const last = new Played(at('10:00'))
  t.match(admit(last, 1, { start_ms: at('11:30') }), 'slot_claimed')
  t.match(admit(last, 2, { start_ms: at('10:00') }), 'slot_claimed', 'the one that begins now')
  t.equal(admit(new Played(at('09:30')), 1, { start_ms: at('09:00') }), 'slot_past')
})

t.test('no seat: all are taken, or nothing is open', async t => {
  const p = new Played(at('09:40'))
  for (let n = 1; n <= 5; n++) t.match(admit(p, n), 'slot_claimed', `place ${n}`)
  t.equal(admit(p, 6), 'slot_taken')
  t.equal(admit(new Played(at('12:00')), 1), 'slot_closed')
  t.equal(admit(new Played(at('06:59')), 1), 'slot_closed', 'it opens in more than two hours')
  t.match(admit(new Played(at('07:00')), 1), 'slot_claimed')
  t.equal(admit(new Played(at('09:40')), 1, { given: { ...terms, active: false } }), 'slot_closed')
})

t.test('seats that are held or promised stay with those who have them', async t => {
  const p = new Played(at('08:55'))
  const given = { ...terms, notice_minutes: 0, rules: [{ ...terms.rules[0]!, to: '10:00' }] }
  p.book(1, at('09:00'), given)
  p.book(2, at('09:30'), given)
  p.wait(3, at('09:30'), at('10:00'), given)
  p.send('cancel', pharmacy, { appointment_id: appointmentId(2) })
  t.match(p.one(3), { status: 'proposed', offered: true })
  t.equal(admit(p, 4, { given }), 'slot_taken')
})

t.test('papers and payment are seen to at the counter, or nobody is received', async t => {
  const given = { ...terms, required_documents: ['prescription'], prepaid: true }
  const p = new Played(at('09:40'))
  t.equal(admit(p, 1, { given, settles: ['payment'] }), 'appointment_incomplete')
  t.equal(p.state.kind, 'absent', 'a refusal leaves nothing behind')
  t.match(admit(p, 1, { given, settles: ['payment', 'documents'] }), 'appointment_checked_in')
})

t.test('the bounds of a calendar hold for them, and their data are those of a booking', async t => {
  const data = { ...made(1), customer_id: appointmentId(1), start_ms: null, settles: [] }
  const { liveOfCustomerMax } = appointmentLimits
  const own = (n: number) =>
    Array.from({ length: n }, (_, i) =>
      appointment({ id: appointmentId(100 + i), customerId: appointmentId(1) }),
    )
  const nowMs = at('11:00')
  t.equal(
    outcome(calendar(own(liveOfCustomerMax)), 'admit', pharmacy, data, nowMs),
    'appointment_limit_reached',
  )
  t.strictSame(
    eventsOf(
      calendar(own(liveOfCustomerMax - 1), { duration_minutes: 20 }),
      'admit',
      pharmacy,
      { ...data, notes: 'first door', customer_time_zone: 'UTC' },
      nowMs,
    ),
    [
      {
        type: 'slot_claimed',
        data: {
          appointment_id: appointmentId(1),
          customer_id: appointmentId(1),
          customer_name: 'Customer 1',
          customer_phone: '555',
          customer_time_zone: 'UTC',
          notes: 'first door',
          check_in_code: 'code-of-1',
          start_ms: at('11:00'),
          end_ms: at('11:20'),
          status: 'booked',
          missing: [],
          held_until_ms: null,
          reminders_ms: [],
        },
      },
      { type: 'appointment_checked_in', data: { appointment_id: appointmentId(1) } },
    ],
  )
})

t.test('only the pharmacy and administrators receive people', async t => {
  const p = new Played(at('09:40'))
  const other = { role: 'vendor', id: appointmentId(77) } as const
  t.equal(admit(p, 1, { by: customer(1) }), 'forbidden')
  t.equal(admit(p, 1, { by: other }), 'forbidden')
  t.match(admit(p, 1, { by: { role: 'admin', id: 'a' } }), 'slot_claimed')
})

t.test('the view has no account for the person', async t => {
  const p = new Played(at('09:40'))
  admit(p, 1)
  p.book(2, at('11:00'))
  const place = { serviceId: 's', vendorId: 'v' }
  t.equal(view(place, p.one(1)).user_id, null)
  t.equal(view(place, p.one(2)).user_id, customer(2).id)
})
