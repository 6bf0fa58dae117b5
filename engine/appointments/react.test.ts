/** The effects of each event of a calendar. */
import t from 'tap'
import type { AppointmentEvent } from '../../protocol/dispatch/events.ts'
import { appointment, calendarOf, states, stateNames } from './fixture-states.ts'
import { appointmentId, at, customer, pharmacy, serviceId } from './fixtures.ts'
import { lookAt, react } from './react.ts'
import type { Appointment } from './state.ts'

const source = { slot: 4, seq: 9 }
const about = { appointment_id: appointmentId(1) }
const effects = (event: AppointmentEvent, one: Appointment = states.booked) =>
  react(event, calendarOf([one]), source)
const push = (topic: string, type: string, given: object = {}) => ({
  do: 'push',
  push: {
    kind: 'topic',
    topic,
    message: {
      type,
      ...about,
      service_id: serviceId,
      service_name: 'Flu vaccination',
      status: 'booked',
      start: '2027-06-07T09:00:00.000Z',
      ...given,
    },
  },
})
const toBoth = (given: object = {}) => [
  push(`customer:${customer(1).id}`, 'appointment', given),
  push(`vendor:${pharmacy.id}`, 'appointment', given),
]

t.test('whatever changes an appointment is told to the customer and the pharmacy', async t => {
  const types = [
    'slot_claimed',
    'waitlist_joined',
    'waitlist_offered',
    'waitlist_accepted',
    'requirement_met',
    'appointment_confirmed',
    'appointment_rescheduled',
    'appointment_arrived',
    'appointment_checked_in',
    'step_completed',
    'appointment_fulfilled',
    'appointment_cancelled',
    'appointment_missed',
  ]
  for (const type of types)
    t.strictSame(effects({ type, data: about } as AppointmentEvent), toBoth(), type)
  t.strictSame(
    effects({ type: 'appointment_fulfilled', data: about }, states.fulfilled),
    toBoth({ status: 'fulfilled' }),
  )
  t.strictSame(
    effects({ type: 'waitlist_joined', data: about } as AppointmentEvent, states.waitlist),
    toBoth({ status: 'waitlist', start: null }),
  )
})

t.test('nobody hears of terms, windows, withdrawn promises and dropped reminders', async t => {
  for (const type of ['calendar_described', 'window_moved', 'seat_withdrawn', 'reminders_dropped'])
    t.strictSame(effects({ type, data: about } as AppointmentEvent), [], type)
})

t.test('an appointment that the calendar has forgotten is told to nobody', async t => {
  const other = { appointment_id: appointmentId(2) }
  for (const type of ['appointment_cancelled', 'reminder_due', 'seat_withdrawn'])
    t.strictSame(effects({ type, data: other } as AppointmentEvent), [])
})

t.test('a promise asks the calendar for its offer, under one id for each promise', async t => {
  t.strictSame(
    effects(
      { type: 'seat_promised', data: { ...about, start_ms: at('09:00'), end_ms: at('09:30') } },
      states.waitlist,
    ),
    [
      {
        do: 'command',
        to: {
          kind: 'appointment',
          actorId: serviceId,
          id: `${appointmentId(1)}:promised:4.9`,
          command: {
            verb: 'offer',
            by: { role: 'system', id: 'calendar' },
            serviceId,
            data: about,
          },
        },
      },
    ],
  )
})

t.test('a reminder is for the customer, unless the appointment has ended or moved', async t => {
  const due = {
    type: 'reminder_due',
    data: { ...about, start_ms: at('09:00'), due_ms: 1 },
  } as const
  t.strictSame(effects(due), [push(`customer:${customer(1).id}`, 'appointment_reminder')])
  t.strictSame(effects(due, appointment({ startMs: at('10:00') })), [])
  for (const state of stateNames) {
    const one = { ...states[state], startMs: at('09:00') }
    const isOver = state === 'fulfilled' || state === 'cancelled' || state === 'noshow'
    t.equal(effects(due, one).length, isOver ? 0 : 1, state)
  }
})

t.test('the calendar looks at itself under one id for each version', async t => {
  t.strictSame(lookAt(serviceId, 7), {
    kind: 'appointment',
    actorId: serviceId,
    id: 'look:7',
    command: { verb: 'look', by: { role: 'system', id: 'calendar' }, serviceId },
  })
})
