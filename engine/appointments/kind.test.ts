/** A calendar as a kind: its answers, rows, views and deadlines, as the runtime asks for them. */
import t from 'tap'
import { Compile } from 'typebox/compile'
import { AppointmentView } from '../../protocol/appointments/view.ts'
import { closedAppointmentVerbs } from '../../protocol/dispatch/appointment-commands.ts'
import { appointmentEvents } from '../../protocol/dispatch/appointment-events.ts'
import type { AppointmentEvent } from '../../protocol/dispatch/events.ts'
import type { ActorCommand } from '../actors/effects.ts'
import type { EngineParts } from '../actors/kind.ts'
import { appointment, calendarOf, states, step } from './fixture-states.ts'
import { appointmentId, at, customer, pharmacy, serviceId } from './fixtures.ts'
import { calendarKind as kind } from './kind.ts'
import { absentCalendar } from './state.ts'
import { calendarTables } from './tables.ts'
import { view } from './view.ts'

const about = { appointment_id: appointmentId(1) }
const source = { slot: 4, seq: 9 }
const full = appointment({
  customerTimeZone: 'Asia/Kathmandu',
  notes: 'first door',
  priceMinor: 1_250,
  timeZone: 'Asia/Kathmandu',
  wish: { fromMs: at('09:00'), toMs: at('10:00') },
  missing: ['documents'],
  offered: true,
  heldUntilMs: at('08:40'),
  steps: [
    { ...step('one', 'done'), name: 'One', atMs: at('09:05'), byId: 'p', byName: 'Pat' },
    step('two'),
  ],
  remindersMs: [at('08:00'), at('08:30')],
  rescheduledFromMs: at('07:00'),
  cancelCause: 'vendor',
  reason: 'ill',
  updatedAtMs: at('06:01'),
  bookedAtMs: at('06:02'),
  arrivedAtMs: at('06:03'),
  checkedInAtMs: at('06:04'),
  endedAtMs: at('06:05'),
})
const iso = (time: string) => `2027-06-07T${time}:00.000Z`
const fullView = {
  id: appointmentId(1),
  service_id: serviceId,
  vendor_id: pharmacy.id,
  user_id: customer(1).id,
  service_name: 'Flu vaccination',
  status: 'booked',
  customer_name: 'Customer 1',
  customer_phone: '555',
  customer_time_zone: 'Asia/Kathmandu',
  notes: 'first door',
  start: iso('09:00'),
  end: iso('09:30'),
  start_local: '2027-06-07T14:45',
  time_zone: 'Asia/Kathmandu',
  wish: { from: iso('09:00'), to: iso('10:00') },
  missing: ['documents'],
  offered: true,
  held_until: iso('08:40'),
  steps: [
    {
      id: 'one',
      name: 'One',
      minutes: 5,
      outcome: 'done',
      at: iso('09:05'),
      by_id: 'p',
      by_name: 'Pat',
    },
    { id: 'two', name: 'two', minutes: 5, outcome: null, at: null, by_id: null, by_name: null },
  ],
  reminders: [iso('08:00'), iso('08:30')],
  sequence: 3,
  rescheduled_from: iso('07:00'),
  price: 12.5,
  currency: 'USD',
  check_in_code: 'code-of-1',
  cancel_cause: 'vendor',
  reason: 'ill',
  created_at: iso('06:00'),
  updated_at: iso('06:01'),
  booked_at: iso('06:02'),
  arrived_at: iso('06:03'),
  checked_in_at: iso('06:04'),
  ended_at: iso('06:05'),
}
const bareView = {
  ...fullView,
  status: 'waitlist',
  customer_time_zone: null,
  notes: null,
  start: null,
  end: null,
  start_local: null,
  time_zone: 'UTC',
  wish: { from: iso('09:00'), to: iso('10:00') },
  missing: [],
  offered: false,
  held_until: null,
  steps: [],
  reminders: [],
  rescheduled_from: null,
  price: null,
  cancel_cause: null,
  reason: null,
  updated_at: iso('06:00'),
  booked_at: null,
  arrived_at: null,
  checked_in_at: null,
  ended_at: null,
}

t.test('the view of an appointment, with everything and with nothing', async t => {
  t.strictSame(view(calendarOf([]), full), fullView)
  t.strictSame(view(calendarOf([]), states.waitlist), bareView)
  t.equal(view(calendarOf([]), states.booked).wish, null)
  const walkedIn = appointment({ customerId: appointmentId(1) })
  t.equal(view(calendarOf([]), walkedIn).user_id, null, 'a person without an account')
  t.equal(view(calendarOf([]), appointment({ priceMinor: 0 })).price, 0)
  t.ok(Compile(AppointmentView).Check(fullView))
  t.ok(Compile(AppointmentView).Check(bareView))
})

t.test('the row is that of the appointment that changed; the terms have none', async t => {
  const [table] = calendarTables
  const calendar = calendarOf([full, appointment({ id: appointmentId(2) })], {
    touchedId: appointmentId(1),
  })
  const row = kind.row(calendar, 12, 0, false)
  t.strictSame(row, { version: 12, one: full, view: fullView })
  t.equal(table.takes!(row), true)
  t.strictSame(Object.fromEntries(table.columns.map(({ name, of }) => [name, of(row)])), {
    id: appointmentId(1),
    service_id: serviceId,
    vendor_id: pharmacy.id,
    user_id: customer(1).id,
    created_at: at('06:00'),
    status: 'booked',
    start_at: at('09:00'),
    end_at: at('09:30'),
    updated_at: at('06:01'),
    ended_at: at('06:05'),
    record: fullView,
    version: 12,
  })
  t.strictSame(
    table.columns.filter(({ isFixed }) => isFixed === true).map(({ name }) => name),
    ['id', 'service_id', 'vendor_id', 'user_id', 'created_at'],
  )
  for (const touchedId of [null, appointmentId(77)]) {
    const none = kind.row(calendarOf([full], { touchedId }), 12, 0, false)
    t.strictSame(none, { version: 12, one: null, view: null })
    t.equal(table.takes!(none), false)
  }
  t.throws(() => kind.row(absentCalendar, 1, 0, true), /has no row/)
})

const told: ActorCommand[] = []
const attendant = kind.attend!({
  actors: { tell: (one: ActorCommand) => void told.push(one) },
} as unknown as EngineParts)

t.test('a command from the wire is one of the calendar, and is answered with the view', async t => {
  const data = { ...about, code: 'x' }
  const command = await attendant.plan({
    verb: 'check_in',
    by: pharmacy,
    actor_id: serviceId,
    data,
  } as never)
  t.strictSame(command, { verb: 'check_in', by: pharmacy, serviceId, data })
  const calendar = calendarOf([states.waitlist])
  const answer = (state: object, one: object) =>
    attendant.reply({ ok: true, state } as never, one as never, {} as never)
  t.strictSame(answer(calendar, command), { ok: true, appointment: bareView })
  t.strictSame(answer(calendar, { ...command, data: { appointment_id: appointmentId(2) } }), {
    ok: true,
    appointment: null,
  })
  const none = { ok: true, appointment: null }
  t.strictSame(answer(absentCalendar, command), none)
  t.strictSame(answer(calendar, { verb: 'describe', data: {} }), none)
  t.strictSame(answer(calendar, { verb: 'look' }), none)
})

t.test('when its time has come, the engine asks the calendar to look, once a version', async t => {
  attendant.due!({ actorId: serviceId, version: 8 } as never)
  t.strictSame(told, [
    {
      kind: 'appointment',
      actorId: serviceId,
      id: 'look:8',
      command: { verb: 'look', by: { role: 'system', id: 'calendar' }, serviceId },
    },
  ])
})

t.test('other services neither make appointments nor move them', async t => {
  t.strictSame(Object.keys(kind.closedToServices!), [...closedAppointmentVerbs])
  t.strictSame(Object.keys(kind.closedToServices!), [
    'describe',
    'book',
    'admit',
    'join_waitlist',
    'reschedule',
  ])
  for (const reason of Object.values(kind.closedToServices!)) t.match(reason, '/api/appointments')
})

t.test('what else the runtime asks of a calendar', async t => {
  const command = { verb: 'cancel', by: pharmacy, serviceId, data: about } as const
  const calendar = calendarOf([states.pending])
  t.equal(kind.creates(command), false)
  t.equal(kind.actorOf(command), pharmacy)
  t.strictSame(kind.resume(calendar), [])
  t.equal(kind.finished(calendar), false)
  t.equal(kind.attentive(calendar), false)
  t.equal(kind.pharmacyOf!(calendar), pharmacy.id)
  t.equal(kind.pharmacyOf!(absentCalendar), null)
  t.equal(kind.wakeAtMs(calendar), at('09:00'))
  t.equal(kind.wakeAtMs(calendarOf([])), null)
  t.equal(kind.wakeAtMs(absentCalendar), null)
})

t.test('a fact is about its appointment, and one of the terms about the service', async t => {
  for (const [type, { example }] of Object.entries(appointmentEvents))
    t.equal(
      kind.aboutOf!({ type, data: example } as AppointmentEvent),
      (example as { appointment_id?: string }).appointment_id ?? null,
      type,
    )
})

t.test('nothing follows from an event of no calendar', async t => {
  const event: AppointmentEvent = { type: 'appointment_arrived', data: about }
  t.equal(kind.react(event, calendarOf([states.booked]), 0, source).length, 2)
  t.strictSame(kind.react(event, absentCalendar, 0, source), [])
})

t.test('its machine: terms open it, and every event leaves it open', async t => {
  const { steps, nameOf } = kind.machine
  t.strictSame(steps['absent'], { calendar_described: 'open' })
  t.strictSame(
    steps['open'],
    Object.fromEntries(Object.keys(appointmentEvents).map(type => [type, 'open'])),
  )
  t.strictSame([absentCalendar, calendarOf([])].map(nameOf), ['absent', 'open'])
})
